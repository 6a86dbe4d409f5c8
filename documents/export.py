"""What is kept of a person, for them to take away: texts and papers, each made when its turn comes.

Texts are those that they may see, and their own in the trash. What they said in comments is theirs wherever they said
it; the words of a text that it is about are not, so a quote goes with it only where they may still see that text.
"""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any, TypeVar
from uuid import UUID

import orjson
from django.db.models import Model, QuerySet

from accounts import api_tokens, sessions
from accounts.models import User
from accounts.serializers import ApiTokenSerializer
from documents import history, permissions, trash
from documents.errors import CorruptLog, NotFound
from documents.files.outgoing import Exported, Paper
from documents.models import Comment, Document, Role, ShareLink

T = TypeVar("T", bound=Model)

PROFILE, COMMENTS, LINKS = "profile.json", "comments.json", "share-links.json"
TRASH = "trash/"
MANY = 100  # rows held at once; a comment has 10,000 code points at most
LINK_FACTS = ("id", "role", "created_at", "expires_at", "ended_at")

# --- Texts ----------------------------------------------------------------------------------------------------


def texts(user: User) -> Iterator[Exported]:
    """All documents that they may see, then those in their trash."""
    visible = permissions.visible_documents(user).order_by("created_at", "pk")
    deleted = permissions.deleted_documents(user).order_by("created_at", "pk")
    yield from visible_texts(user, list(visible.values_list("pk", flat=True)))
    yield from _deleted_texts(user, list(deleted.values_list("pk", flat=True)))


def visible_texts(user: User, ids: Iterable[UUID]) -> Iterator[Exported]:
    """The documents one by one, each as it is when its turn comes; those that are gone by then are left out."""
    for document_id in ids:
        try:
            document = permissions.get_document(user, document_id)
        except NotFound:
            continue
        yield _taken_out(document, {"role": document.role})


def _deleted_texts(user: User, ids: Iterable[UUID]) -> Iterator[Exported]:
    for document_id in ids:
        try:
            document = trash.find_deleted(user, document_id)
            found = _taken_out(document, {"role": Role.OWNER, "deleted_at": document.deleted_at}, TRASH)
            trash.find_deleted(user, document_id)  # one that was purged meanwhile looks empty
        except NotFound:
            continue
        yield found


def _taken_out(document: Document, facts: dict[str, object], folder: str = "") -> Exported:
    """The document with its text, or without if its log is corrupt; an outage is none and ends the download."""
    version: int
    text: str | None
    try:
        version, text = history.current_text(document.id)  # the cache is for what is read again
    except CorruptLog:
        version, text = document.version, None
    return Exported(
        doc_id=document.id,
        title=document.title,
        version=version,
        updated_at=document.updated_at,
        text=text,
        facts=facts,
        folder=folder,
    )


# --- Papers ---------------------------------------------------------------------------------------------------


def papers(user: User) -> Iterator[Paper]:
    """Who they are here, what they said, and whom they let in by links."""
    yield PROFILE, [_json(_profile(user))]
    yield COMMENTS, _listed("comments", _comments(user))
    yield LINKS, _listed("share_links", _links(user))


def _profile(user: User) -> dict[str, Any]:
    kept = ("id", "username", "email", "email_proved_at", "color", "date_joined", "last_login")
    facts = {name: getattr(user, name) for name in kept}
    live = sessions.live_sessions(user).values("created_at", "expires_at")
    made = ApiTokenSerializer(api_tokens.live_tokens(user), many=True).data
    return {**facts, "sessions": list(live), "api_tokens": made}


def _comments(user: User) -> Iterator[dict[str, Any]]:
    for some in _in_batches(Comment.objects.filter(author_id=user.id)):
        visible = _visible(user, [comment.document_id for comment in some])
        yield from (_said(comment, comment.document_id in visible) for comment in some)


def _said(comment: Comment, is_visible: bool) -> dict[str, Any]:
    facts = {"id": comment.pk, "doc_id": comment.document_id, "parent": comment.parent_id}
    quote = comment.quote if is_visible else None
    return {**facts, "body": comment.body, "created_at": comment.created_at, "quote": quote}


def _visible(user: User, documents: Sequence[UUID]) -> set[UUID]:
    roles = permissions.roles_in({document_id: [user.id] for document_id in documents})
    return {document_id for document_id, people in roles.items() if user.id in people}


def _links(user: User) -> Iterator[dict[str, Any]]:
    for some in _in_batches(ShareLink.objects.filter(created_by=user)):
        yield from ({"doc_id": link.document_id, **{name: getattr(link, name) for name in LINK_FACTS}} for link in some)


def _in_batches(found: QuerySet[T]) -> Iterator[list[T]]:
    """The rows, the oldest first: no cursor stays open while a slow client reads."""
    found = found.order_by("created_at", "pk")
    ids = list(found.values_list("pk", flat=True))
    for start in range(0, len(ids), MANY):
        yield list(found.filter(pk__in=ids[start : start + MANY]))


def _listed(name: str, things: Iterable[Any]) -> Iterator[bytes]:
    """A JSON object with one list, a thing at a time."""
    yield b'{"%s": [' % name.encode()
    for number, thing in enumerate(things):
        yield (b",\n" if number else b"\n") + _json(thing)
    yield b"]}\n"


def _json(value: Any) -> bytes:
    return orjson.dumps(value, option=orjson.OPT_INDENT_2)
