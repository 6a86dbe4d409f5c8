"""Revisions as rows, so that the newest of a long log, and a page far back, are found without folding all of it.

Rows are numbered in their document and are right up to the version they name; the last one grows. Two who fold at
once write the same, or one the beginning of what the other writes: a row never shrinks.
"""

from uuid import UUID

from django.db import IntegrityError, transaction
from django.db.models import QuerySet

from documents import logtable
from documents.models import Revision as Row
from documents.ot.revisions import Revision, fold

EVERY = 2_000  # versions after which it is done unasked
SLICE = 2_000  # entries folded at once

__all__ = ["Revision", "catch_up", "page"]


def page(document_id: UUID, *, upto: int, limit: int) -> list[Revision]:
    """At most `limit` rows with numbers up to `upto`, newest first."""
    found = _rows(document_id, max(0, upto - limit), max(0, upto)).order_by("-key")
    return [_revision(row) for row in found]


def catch_up(document_id: UUID, head: int) -> Revision | None:
    """Fold what was committed since the last row; the last revision, which may reach beyond the head."""
    last = _last(document_id)
    while (reached := last.to_version if last else 0) < head:
        folded = list(fold(last, logtable.a_page(document_id, after=reached, upto=head, limit=SLICE)))
        _keep(document_id, [revision for revision in folded if revision != last])
        last = folded[-1]
    return last


def fold_if_due(document_id: UUID, before: int, head: int) -> None:
    """Fold when so much came since an earlier version that whoever asks should not have to wait for it."""
    if before // EVERY < head // EVERY:
        catch_up(document_id, head)


def drop_all(document_id: UUID) -> None:
    """Delete all rows of a document."""
    _rows(document_id, 0, logtable.MAX_VERSION).delete()


def _last(document_id: UUID) -> Revision | None:
    row = _rows(document_id, 0, logtable.MAX_VERSION).order_by("-key").first()
    return _revision(row) if row else None


def _keep(document_id: UUID, revisions: list[Revision]) -> None:
    """Write rows, by one commit where the database has transactions."""
    with transaction.atomic():
        for revision in revisions:
            _put(document_id, revision)


def _put(document_id: UUID, revision: Revision) -> None:
    columns = {
        "number": revision.number,
        "from_version": revision.from_version,
        "to_version": revision.to_version,
        "author_id": revision.author,
        "started_at": revision.started_at,
        "ended_at": revision.ended_at,
        "inserted": revision.inserted,
        "deleted": revision.deleted,
    }
    key = logtable.log_key(document_id, revision.number)
    try:
        with transaction.atomic():
            Row.objects.create(key=key, **columns)
    except IntegrityError:
        Row.objects.filter(key=key, to_version__lt=revision.to_version).update(**columns)


def _revision(row: Row) -> Revision:
    return Revision(
        number=row.number,
        from_version=row.from_version,
        to_version=row.to_version,
        author=row.author_id,
        started_at=row.started_at,
        ended_at=row.ended_at,
        inserted=row.inserted,
        deleted=row.deleted,
    )


def _rows(document_id: UUID, after: int, upto: int) -> QuerySet[Row]:
    keys = {"key__gt": logtable.log_key(document_id, after), "key__lte": logtable.log_key(document_id, upto)}
    return Row.objects.filter(**keys)
