"""Where comments stand: copies that are moved along the log, never over the same operation for ever.

Whoever reads moves them to the head in memory. What was moved far is kept, and off the road of edits they are brought
near the head every so many versions: so a read goes over a few hundred operations at most. A version only grows, and
two who move at once come to the same.
"""

from collections.abc import Iterator, Sequence
from uuid import UUID

from django.db import transaction

from documents import logtable
from documents.errors import CorruptLog
from documents.models import Comment
from documents.ot.anchors import Anchor, move_over
from documents.ot.operation import InvalidOperation, length_change, validate
from documents.ot.rebase import Entry

EVERY = 200  # versions after which it is done unasked, or kept by who reads
PAGE = 500  # entries read at once
BATCH = 50  # rows written by one commit


def bring_to(version: int, document_id: UUID, comments: Sequence[Comment]) -> None:
    """Move those below a version of the log to it, and keep what moved far. CorruptLog where that can't be told."""
    befores = {comment.pk: comment.version for comment in comments if comment.version < version}
    behind = [comment for comment in comments if comment.pk in befores]
    for page in _pages(document_id, min(befores.values(), default=version), version):
        for comment in behind:
            _move(comment, page)
    _keep([comment for comment in behind if version - befores[comment.pk] >= EVERY])


def bring_near_if_due(document_id: UUID, before: int, head: int) -> None:
    """Move a document's anchors when so much came since an earlier version that readers should not have to."""
    if before // EVERY < head // EVERY:
        far = Comment.objects.filter(document_id=document_id, version__lte=head - EVERY)
        bring_to(head, document_id, list(far))


def _pages(document_id: UUID, after: int, upto: int) -> Iterator[Sequence[Entry]]:
    base = logtable.entry_at(document_id, after) if 0 < after < upto else None
    length = base.length if base else 0
    while after < upto:
        page = logtable.a_page(document_id, after=after, limit=PAGE, upto=upto)
        for entry in page:
            _check(entry, length)
            length = entry.length
        yield page
        after = page[-1].version


def _check(entry: Entry, length: int) -> None:
    """CorruptLog for what a text of this length can't have become: an anchor moved over it would stand anywhere."""
    try:
        if length + length_change(validate(entry.operation, length)) == entry.length:
            return
    except (InvalidOperation, TypeError) as error:
        raise CorruptLog(f"version {entry.version} does not apply: {error}") from error
    raise CorruptLog(f"version {entry.version} has not {entry.length} code points")


def _move(comment: Comment, page: Sequence[Entry]) -> None:
    """Over those entries of a page that come after it."""
    news = page[max(0, comment.version + 1 - page[0].version) :]
    if not news:
        return
    anchor = move_over(Anchor(comment.start, comment.end, comment.quote), [entry.operation for entry in news])
    if anchor.end > news[-1].length:  # it was outside from the first
        raise CorruptLog(f"comment {comment.pk} stands outside the text at version {news[-1].version}")
    comment.start, comment.end, comment.version = anchor.start, anchor.end, news[-1].version


def _keep(comments: Sequence[Comment]) -> None:
    for start in range(0, len(comments), BATCH):
        with transaction.atomic():  # one sync to disk
            for comment in comments[start : start + BATCH]:
                older = Comment.objects.filter(pk=comment.pk, version__lt=comment.version)
                older.update(start=comment.start, end=comment.end, version=comment.version)
