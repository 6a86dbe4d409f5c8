"""Who may do what with a document."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias, cast
from uuid import UUID

from django.db.models import Q, QuerySet, Subquery

from accounts.models import User
from documents import logtable
from documents.errors import Forbidden, NoSuchPerson, NotFound
from documents.models import Collaborator, Document, Role

Verb: TypeAlias = Literal["view", "edit", "manage"]

ALLOWED: dict[Verb, frozenset[str]] = {
    "view": frozenset({Role.OWNER, Role.EDITOR, Role.COMMENTER, Role.VIEWER}),
    "edit": frozenset({Role.OWNER, Role.EDITOR}),
    "manage": frozenset({Role.OWNER}),
}


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody who works on a document, and as what."""

    user: User
    role: str


def role_of(user_id: UUID, document: Document) -> str | None:
    """The user's role, or None for a stranger."""
    if document.owner_id == user_id:
        return Role.OWNER
    return Collaborator.objects.filter(document_id=document.id, user_id=user_id).values_list("role", flat=True).first()


def role_in(user_id: UUID, document_id: UUID) -> str | None:
    """The user's role in a document by id; None for no such document, or none that they may see."""
    document = Document.objects.filter(pk=document_id, deleted_at=None).first()
    return role_of(user_id, document) if document else None


def roles_in(people: Mapping[UUID, Collection[UUID]]) -> dict[UUID, dict[UUID, str]]:
    """The roles of some users in some documents. A document that is gone is missing, and so is a stranger."""
    documents = Document.objects.filter(pk__in=list(people), deleted_at=None).values_list("pk", "owner_id")
    roles: dict[UUID, dict[UUID, str]] = {document_id: {owner: Role.OWNER} for document_id, owner in documents}
    users = set().union(*people.values())
    shared = Collaborator.objects.filter(document_id__in=list(roles), user_id__in=users)
    for document_id, user_id, role in shared.values_list("document_id", "user_id", "role"):
        roles[document_id].setdefault(user_id, role)
    return roles


def may(role: str | None, verb: Verb) -> bool:
    return role in ALLOWED[verb]


def get_document(user: User, document_id: UUID, *, may: Verb = "view") -> Document:
    """The document, with the user's `role` and the log's `head` set on it; one query.

    NotFound for one that does not exist, is deleted, or that the user may not know of; Forbidden for one that
    may be seen but not this.
    """
    document: Any = _with_access(user.id, document_id)
    role = None if document is None else Role.OWNER if document.owner_id == user.id else document.given
    if document is None or role is None:
        raise NotFound
    if role not in ALLOWED[may]:
        raise Forbidden
    document.role = role
    document.head = document.head or 0
    document.updated_at = max(document.updated_at, document.committed_at or document.updated_at)
    return cast(Document, document)


def _with_access(user_id: UUID, document_id: UUID) -> Any:
    """The document, its owner, the role given to the user and the log's head, in one query."""
    given = Collaborator.objects.filter(document_id=document_id, user_id=user_id).values("role")[:1]
    found = Document.objects.filter(pk=document_id, deleted_at=None).select_related("owner")
    return found.annotate(given=Subquery(given), **logtable.head_columns(document_id)).first()


def visible_documents(user: User) -> QuerySet[Document]:
    """All documents that the user may see."""
    shared = Collaborator.objects.filter(user_id=user.id).values_list("document_id", flat=True)
    mine = Q(owner_id=user.id) | Q(pk__in=list(shared))
    return Document.objects.filter(mine, deleted_at=None).select_related("owner")


def roles_among(user: User, documents: list[Document]) -> dict[UUID, str]:
    """The user's role in each of these documents."""
    ids = [document.id for document in documents]
    shared = Collaborator.objects.filter(user_id=user.id, document_id__in=ids).values_list("document_id", "role")
    return dict(shared) | {document.id: Role.OWNER for document in documents if document.owner_id == user.id}


def collaborators(document: Document) -> list[Person]:
    """Everybody with a role, the owner first."""
    others = Collaborator.objects.filter(document_id=document.id).select_related("user")
    people = [Person(c.user, c.role) for c in others if c.user_id != document.owner_id]
    return [Person(document.owner, Role.OWNER), *sorted(people, key=lambda person: person.user.username)]


def find_person(username: str | None, email: str | None) -> User:
    """Somebody by name or by e-mail; NoSuchPerson if there is none."""
    user = User.objects.by_name(username) if username is not None else User.objects.by_email(email or "")
    if user is None or not user.is_active:
        raise NoSuchPerson
    return user


def collaborator(document: Document, user_id: str) -> User:
    """Somebody who has a role in the document."""
    for person in collaborators(document):
        if str(person.user.id) == user_id.lower():
            return person.user
    raise NotFound("There is no such collaborator.")
