"""The log: what the target has of a document's is its beginning, and the rest is appended in order of version.

So a move goes on after the newest entry, wherever it was killed; also on a database that keeps the first rows of a
batch when the others don't get through.
"""

from collections.abc import Iterable, Iterator
from itertools import chain
from uuid import UUID

from django.db import transaction
from django.db.models import QuerySet

from documents.logtable import MAX_VERSION, log_key
from documents.models import Operation
from documents.moving.tables import SOURCE, TARGET, Advance, Row, Table, batched

LOG = Table(Operation)


def carry(advance: Advance) -> int:
    """Append what the target lacks; how many entries."""
    count = 0
    tails = chain.from_iterable(_tail(document_id, advance) for document_id in _documents())
    for batch in batched(tails):
        _insert(batch)
        count += len(batch)
        advance(len(batch))
    return count


def _documents() -> Iterator[UUID]:
    """Whose logs the source has: for each one look into the index of keys."""
    after = ""
    while key := _keys(SOURCE, key__gt=after).order_by("key").first():
        document_id = UUID(key.partition(":")[0])
        yield document_id
        after = log_key(document_id, MAX_VERSION)


def _tail(document_id: UUID, advance: Advance) -> Iterable[Row]:
    """The source's entries after the newest one of the target."""
    whole = {"key__gt": log_key(document_id, 0), "key__lte": log_key(document_id, MAX_VERSION)}
    newest = _keys(TARGET, **whole).order_by("-key").first()
    if newest is None:
        return LOG.rows(SOURCE, **whole)
    advance(int(newest.partition(":")[2]))
    return LOG.rows(SOURCE, **whole | {"key__gt": newest})


def _keys(using: str, **which: str) -> QuerySet[Operation, str]:
    return Operation.objects.using(using).filter(**which).values_list("key", flat=True)


def _insert(rows: list[Row]) -> None:
    with transaction.atomic(using=TARGET):
        Operation.objects.using(TARGET).bulk_create(LOG.made(rows))
