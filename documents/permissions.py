"""Who may do what with a document."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias, cast
from uuid import UUID

from django.db.models import Q, QuerySet, Subquery
from django.utils import timezone

from accounts.models import User
from accounts.scopes import WHOLE, Scope
from documents import logtable
from documents.errors import Forbidden, NoSuchPerson, NotFound
from documents.models import Collaborator, Document, Role

Verb: TypeAlias = Literal["view", "comment", "edit", "manage"]

ALLOWED: dict[Verb, frozenset[str]] = {
    "view": frozenset({Role.OWNER, Role.EDITOR, Role.COMMENTER, Role.VIEWER}),
    "comment": frozenset({Role.OWNER, Role.EDITOR, Role.COMMENTER}),
    "edit": frozenset({Role.OWNER, Role.EDITOR}),
    "manage": frozenset({Role.OWNER}),
}


RANKS = (None, *reversed(Role))
LOCKED = "This document is locked: nobody may change it now."


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody who works on a document, and as what; `by_link`: for as long as a share link lasts."""

    user: User
    role: str
    by_link: bool = False

    @property
    def can_own(self) -> bool:
        """Whether the document may be handed to them."""
        return can_own(self.user)


def may(role: str | None, verb: Verb) -> bool:
    return role in ALLOWED[verb]


def abilities(role: str) -> dict[str, bool]:
    """What a role is good for, by verb."""
    return {verb: may(role, verb) for verb in ALLOWED}


def rank(role: str | None) -> int:
    """How much a role is good for, next to others; none is the least."""
    return RANKS.index(role)


def limited(role: str | None, scope: Scope, *, is_locked: bool = False) -> str | None:
    """What is left of a role in a session of this scope, and in a document that is locked: reading."""
    return Role.VIEWER if role and (is_locked or scope.is_read_only) else role


# --- One document ---------------------------------------------------------------------------------------------


def role_in(user_id: UUID, document_id: UUID, scope: Scope = WHOLE) -> str | None:
    """The user's role in a document by id; None for no such document, or none that they may see."""
    document = Document.objects.filter(pk=document_id, deleted_at=None).first()
    if document is None or not scope.covers(document_id):
        return None
    return limited(given_role(document, user_id), scope, is_locked=document.locked)


def given_role(document: Document, user_id: UUID) -> str | None:
    """What somebody was made in a document, whatever a lock or a session leaves of it just now."""
    return Role.OWNER if document.owner_id == user_id else _given(document.id, user_id).first()


def get_document(user: User, document_id: UUID, *, may: Verb = "view") -> Document:
    """The document, with the user's `role` and the log's `head` set on it; one query.

    NotFound for one that does not exist, is deleted, or that the user may not know of; Forbidden for one that
    may be seen but not this.
    """
    document: Any = _with_access(user.id, document_id) if user.scope.covers(document_id) else None
    role = None if document is None else Role.OWNER if document.owner_id == user.id else document.given
    if document is None or role is None:
        raise NotFound
    document.role = limited(role, user.scope, is_locked=document.locked)
    if document.role not in ALLOWED[may]:
        raise Forbidden(LOCKED if document.locked else None)
    document.head = document.head or 0
    document.updated_at = max(document.updated_at, document.committed_at or document.updated_at)
    return cast(Document, document)


def _with_access(user_id: UUID, document_id: UUID) -> Any:
    """The document, its owner, the role given to the user and the log's head, in one query."""
    given = _given(document_id, user_id)[:1]
    found = Document.objects.filter(pk=document_id, deleted_at=None).select_related("owner")
    return found.annotate(given=Subquery(given), **logtable.head_columns(document_id)).first()


def _given(document_id: UUID, user_id: UUID) -> Any:
    return _in_force().filter(document_id=document_id, user_id=user_id).values_list("role", flat=True)


def _in_force() -> QuerySet[Collaborator]:
    """Roles that have not run out with the link that gave them."""
    return Collaborator.objects.exclude(expires_at__lte=timezone.now())


# --- Many documents -------------------------------------------------------------------------------------------


def roles_in(people: Mapping[UUID, Collection[UUID]]) -> dict[UUID, dict[UUID, str]]:
    """The roles of some users in some documents. A document that is gone is missing, and so is a stranger."""
    documents = Document.objects.filter(pk__in=list(people), deleted_at=None).values_list("pk", "owner_id", "locked_at")
    roles: dict[UUID, dict[UUID, str]] = {document_id: {owner: Role.OWNER} for document_id, owner, _ in documents}
    users = set().union(*people.values())
    shared = _in_force().filter(document_id__in=list(roles), user_id__in=users)
    for document_id, user_id, role in shared.values_list("document_id", "user_id", "role"):
        roles[document_id].setdefault(user_id, role)
    for document_id, _, locked_at in documents:
        if locked_at is not None:
            roles[document_id] = dict.fromkeys(roles[document_id], Role.VIEWER)
    return roles


def visible_documents(user: User) -> QuerySet[Document]:
    """All documents that the user may see, in the scope of this session."""
    shared = _in_force().filter(user_id=user.id).values_list("document_id", flat=True)
    mine = Q(owner_id=user.id) | Q(pk__in=list(shared))
    found = Document.objects.filter(mine, deleted_at=None).select_related("owner")
    return found if user.scope.document_id is None else found.filter(pk=user.scope.document_id)


def roles_among(user: User, documents: list[Document]) -> dict[UUID, str]:
    """The user's role in each of these documents; who lost it meanwhile has none."""
    ids = [document.id for document in documents]
    shared = dict(_in_force().filter(user_id=user.id, document_id__in=ids).values_list("document_id", "role"))
    given = {d.id: Role.OWNER if d.owner_id == user.id else shared.get(d.id) for d in documents}
    kept = {d.id: limited(given[d.id], user.scope, is_locked=d.locked) for d in documents}
    return {document_id: role for document_id, role in kept.items() if role}


def deleted_documents(user: User) -> QuerySet[Document]:
    """The user's trash: documents of theirs that can be brought back."""
    found = Document.objects.filter(owner_id=user.id, purged_at=None).exclude(deleted_at=None).select_related("owner")
    return found if user.scope.document_id is None else found.filter(pk=user.scope.document_id)


def require_may_create(user: User) -> None:
    """Forbidden for a session in which no documents are made: a guest's, or that of a narrow API token."""
    if not user.scope.may_create:
        raise Forbidden("This session is not good for that: it is bound to one document, or for reading only.")


# --- People ---------------------------------------------------------------------------------------------------


def collaborators(document: Document) -> list[Person]:
    """Everybody with a role, the owner first."""
    others = _in_force().filter(document_id=document.id).select_related("user")
    people = [Person(c.user, c.role, c.link_id is not None) for c in others if c.user_id != document.owner_id]
    return [Person(document.owner, Role.OWNER), *sorted(people, key=lambda person: person.user.shown_name)]


def can_own(user: User) -> bool:
    """Whether somebody may own documents: no guest, and nobody who can't log in."""
    return user.is_active and not user.is_guest


def find_person(username: str | None, email: str | None) -> User:
    """Somebody by name or by e-mail; NoSuchPerson if there is none."""
    user = User.objects.by_name(username) if username is not None else User.objects.by_known_email(email or "")
    if user is None or not user.is_active:
        raise NoSuchPerson
    return user


def collaborator(document: Document, user_id: str) -> User:
    """Somebody who has a role in the document."""
    for person in collaborators(document):
        if str(person.user.id) == user_id.lower():
            return person.user
    raise NotFound("There is no such collaborator.")
