"""Comments as they are read: in threads, where they stand now, as everybody sees them."""

import logging
from collections.abc import Mapping, Sequence
from datetime import datetime
from uuid import UUID

from accounts.models import User
from accounts.services import public_user
from documents import history
from documents.copies import anchors
from documents.errors import CorruptLog, NotFound
from documents.events import Commented, ShownComment
from documents.models import Comment, Document

logger = logging.getLogger(__name__)


def list_comments(document: Document, *, is_resolved: bool | None = None) -> list[ShownComment]:
    """All comments, or those of threads that are resolved or not: the oldest thread first, its answers behind it."""
    found = list(Comment.objects.filter(document_id=document.id).order_by("created_at", "pk"))
    listed = [
        comment
        for first, answers in _threads(found)
        if is_resolved in (None, first.resolved_at is not None)
        for comment in (first, *answers)
    ]
    return shown(document.id, listed, document.head)


def find(document: Document, comment_id: str) -> Comment:
    """A comment in the document, also the empty place of a deleted one that has answers; or NotFound."""
    try:
        comment = Comment.objects.filter(pk=UUID(comment_id), document_id=document.id).first()
    except ValueError:  # no UUID
        comment = None
    if comment is None or (comment.deleted_at is not None and not _has_answers(comment)):
        raise NotFound("There is no such comment.")
    return comment


def unheard(heard: Mapping[UUID, Mapping[str, datetime]], since: datetime, limit: int) -> list[Commented]:
    """At most `limit` comments changed in these documents since a time, but for those heard of (by id, as changed at
    that time); the oldest change first."""
    found = Comment.objects.filter(document_id__in=list(heard), changed_at__gt=since).order_by("changed_at")
    news: dict[UUID, list[Comment]] = {}
    for comment in [each for each in found if not _is_heard(each, heard[each.document_id])][:limit]:
        news.setdefault(comment.document_id, []).append(comment)
    return [event for document_id, comments in news.items() for event in _told(document_id, comments)]


def shown(document_id: UUID, comments: Sequence[Comment], head: int) -> list[ShownComment]:
    """As everybody sees them, all in the text at one version: the head, or a later one that some were moved to."""
    anchors.bring_to(max([head, *(comment.version for comment in comments)]), document_id, comments)
    ids = {comment.author_id for comment in comments if comment.author_id is not None}
    authors: dict[UUID | None, User] = {user.id: user for user in User.objects.filter(pk__in=ids)} if ids else {}
    return [_shown(comment, authors.get(comment.author_id)) for comment in comments]


def _threads(comments: Sequence[Comment]) -> list[tuple[Comment, list[Comment]]]:
    """First comments with their answers. A deleted one that has answers is an empty place; without, it is gone."""
    answers: dict[UUID | None, list[Comment]] = {}
    for comment in comments:
        if comment.parent_id is None or comment.deleted_at is None:
            answers.setdefault(comment.parent_id, []).append(comment)
    firsts = answers.pop(None, [])
    return [(each, answers.get(each.pk, [])) for each in firsts if each.deleted_at is None or each.pk in answers]


def _has_answers(comment: Comment) -> bool:
    return Comment.objects.filter(parent_id=comment.pk, deleted_at=None).exists()


def _is_heard(comment: Comment, heard: Mapping[str, datetime]) -> bool:
    known = heard.get(str(comment.pk))
    return known is not None and known >= comment.changed_at


def _told(document_id: UUID, comments: Sequence[Comment]) -> list[Commented]:
    try:
        return [Commented(document_id, comment) for comment in shown(document_id, comments, history.head(document_id))]
    except CorruptLog as error:  # one document's damage is not the others'
        logger.warning("Comments of document %s can't be told: %s", document_id, error)
        return []


def _shown(comment: Comment, author: User | None) -> ShownComment:
    return {
        "id": str(comment.pk),
        "author": public_user(author),
        "body": comment.body,
        "range": [comment.start, comment.end],
        "version": comment.version,
        "quote": comment.quote,
        "resolved": comment.resolved_at is not None,
        "parent": None if comment.parent_id is None else str(comment.parent_id),
        "created_at": _written(comment.created_at),
        "changed_at": _written(comment.changed_at),
        "deleted": comment.deleted_at is not None,
    }


def _written(time: datetime) -> str:
    """As the API writes times."""
    return time.isoformat().replace("+00:00", "Z")
