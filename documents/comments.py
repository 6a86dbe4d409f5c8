"""Comments: what people say of a stretch of a text, and what others answer. `threads` reads them.

A stretch comes with the version of the text that it was chosen in, and moves with the operations from there on. A
thread has one level: answers stand where its first comment does, and it is resolved as a whole. Every change is
announced with the comment as everybody sees it; what an announcement did not reach, the looks after the rooms find.
"""

import uuid
from collections.abc import Mapping
from datetime import timedelta
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import IntegrityError, transaction
from django.utils import timezone

from accounts.models import User
from documents import events, history, logtable, permissions, services, threads
from documents.copies import anchors, cached
from documents.errors import Busy, Forbidden, InvalidText, NotFound, TooMany
from documents.events import ShownComment
from documents.models import Comment, Document
from documents.ot.rebase import VersionTooOld, VersionUnknown

MAX_BODY = 10_000  # code points
MAX_QUOTE = 500  # code points
REMEMBERED = timedelta(minutes=10)  # how long processes may find that a comment is deleted, before its row goes
TRIES = 5
A_MOMENT = timedelta(milliseconds=1)  # the least that every database tells apart


def add(
    document: Document,
    *,
    author: User,
    body: str,
    stretch: tuple[int, int] | None = None,
    version: int | None = None,
    parent_id: UUID | None = None,
    comment_id: UUID | None = None,
) -> ShownComment:
    """Say something of a stretch (start, end) of the text at a version (None: the head), or, with a parent, in answer
    to that: where the thread stands. Given the same `comment_id` again, it is the same comment."""
    now = logtable.as_kept(timezone.now())
    comment = _pinned(document, stretch, version) if parent_id is None else _answer(document, parent_id)
    comment.pk, comment.author_id = comment_id or uuid.uuid4(), author.id
    comment.body, comment.created_at, comment.changed_at = _clean(body), now, now
    _require_room(document.id)
    anchors.bring_to(max(document.head, comment.version), document.id, [comment])
    try:
        with transaction.atomic():
            comment.save(force_insert=True)
    except IntegrityError:
        return threads.shown(document.id, [Comment.objects.get(pk=comment.pk)], document.head)[0]
    return _tell(document, comment)


def change(
    document: Document, comment_id: str, *, actor: User, body: str | None = None, is_resolved: bool | None = None
) -> ShownComment:
    """Another body, by its author only; or a thread resolved or reopened, by anybody; or both. None: as it is."""
    for _ in range(TRIES):
        comment = threads.find(document, comment_id)
        columns = _rewritten(comment, actor, body) | _settled(comment, actor, is_resolved)
        if not columns:
            return threads.shown(document.id, [comment], document.head)[0]
        if _put(comment, columns):
            return _tell(document, comment)
    raise Busy


def delete(document: Document, comment_id: str, *, actor: User) -> None:
    """Take away a comment of one's own, or anybody's in a document that one manages."""
    for _ in range(TRIES):
        comment = threads.find(document, comment_id)
        if comment.deleted_at is not None:
            raise NotFound("There is no such comment.")
        if comment.author_id != actor.id and not permissions.may(document.role, "manage"):
            raise Forbidden("A comment is deleted by its author, or by who manages the document.")
        if _put(comment, {"body": "", "author_id": None, "deleted_at": logtable.as_kept(timezone.now())}):
            _tell(document, comment)
            return
    raise Busy


def _pinned(document: Document, stretch: tuple[int, int] | None, version: int | None) -> Comment:
    """A comment on a stretch of the text at a version, not saved yet."""
    if stretch is None:
        raise InvalidText("A comment needs a range, or a parent that has one.")
    version = _base(document, version)
    text = cached.text(document.id, version) if version else ""
    start, end = stretch
    if not 0 <= start <= end <= len(text):
        raise InvalidText(f"That range is not in the text, which has {len(text)} code points at version {version}.")
    quote = text[start : min(end, start + MAX_QUOTE)]
    return Comment(document_id=document.id, start=start, end=end, version=version, quote=quote)


def _base(document: Document, version: int | None) -> int:
    """The version that somebody names, if it is there and not too far behind."""
    if version is None:
        return document.head
    if version > document.head and version > history.head(document.id):
        raise VersionUnknown(f"There is no version {version} yet.")
    if document.head - version > settings.MAX_BASE_AGE:
        raise VersionTooOld("Catch up first, and name the range in a newer text.")
    return version


def _answer(document: Document, parent_id: UUID) -> Comment:
    """An answer to the first comment of a thread, which stands where that does; not saved yet."""
    try:
        parent = threads.find(document, str(parent_id))
    except NotFound:
        raise InvalidText("There is no such comment to answer.") from None
    if parent.parent_id is not None:
        raise InvalidText("This is an answer itself: answer the first comment of its thread.")
    anchor = {"start": parent.start, "end": parent.end, "version": parent.version, "quote": parent.quote}
    return Comment(document_id=document.id, parent_id=parent.pk, **anchor)


def _require_room(document_id: UUID) -> None:
    """TooMany where there are many; forgets those that were deleted a while ago."""
    here = Comment.objects.filter(document_id=document_id)
    answered = here.filter(deleted_at=None).exclude(parent_id=None).values_list("parent_id", flat=True)
    here.filter(deleted_at__lt=timezone.now() - REMEMBERED).exclude(pk__in=list(answered)).delete()
    if here.count() >= settings.MAX_COMMENTS:
        raise TooMany(f"A document has at most {settings.MAX_COMMENTS} comments.")


def _clean(body: str) -> str:
    body = services.clean_text(body)
    if not 1 <= len(body) <= MAX_BODY:
        raise InvalidText(f"A comment has 1 to {MAX_BODY} characters.")
    return body


def _rewritten(comment: Comment, actor: User, body: str | None) -> dict[str, Any]:
    if body is None:
        return {}
    if comment.author_id != actor.id:
        raise Forbidden("What a comment says is changed by its author only.")
    body = _clean(body)
    return {"body": body} if body != comment.body else {}


def _settled(comment: Comment, actor: User, is_resolved: bool | None) -> dict[str, Any]:
    if is_resolved is None:
        return {}
    if comment.parent_id is not None:
        raise InvalidText("A thread is resolved as a whole, by its first comment.")
    if is_resolved == (comment.resolved_at is not None):
        return {}
    now = logtable.as_kept(timezone.now())
    return {"resolved_at": now, "resolved_by_id": actor.id} if is_resolved else {"resolved_at": None}


def _put(comment: Comment, columns: Mapping[str, Any]) -> bool:
    """Change it, unless somebody else has since it was read. Its changes have times that grow, whatever clocks say."""
    changed_at = max(logtable.as_kept(timezone.now()), comment.changed_at + A_MOMENT)
    as_read = Comment.objects.filter(pk=comment.pk, changed_at=comment.changed_at)
    if not as_read.update(changed_at=changed_at, **columns):
        return False
    for name, value in {"changed_at": changed_at, **columns}.items():
        setattr(comment, name, value)
    return True


def _tell(document: Document, comment: Comment) -> ShownComment:
    [shown] = threads.shown(document.id, [comment], document.head)
    events.announce(events.Commented(document.id, shown))
    return shown
