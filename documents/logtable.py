"""The log's table: its keys, its rows, and how it is read. Entries go in by `oplog.py` alone;
`moving/log.py` carries whole logs to another database."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

import orjson
from django.db import connection
from django.db.models import Model, QuerySet, Subquery, Sum
from django.db.models.functions import Length

from documents.errors import CorruptLog, TooHeavy
from documents.models import BlameCheckpoint, Checkpoint, NamedVersion, Revision
from documents.models import Operation as Row
from documents.ot.operation import Operation
from documents.ot.rebase import Entry

MAX_VERSION = 10**12 - 1
MUCH = 500_000  # characters of JSON in one page of entries
FORGOTTEN_AT_ONCE = 1000  # rows
FEW = 16  # rows fetched at once where each may be large
COLUMNS = ("_id", "version", "client_id", "seq", "author_id", "operation", "length", "created_at")
INSERT = f"INSERT INTO documents_operation ({', '.join(COLUMNS)}) VALUES ({', '.join(['%s'] * len(COLUMNS))})"
FIELDS = ("version", "client_id", "seq", "author_id", "operation", "length", "created_at")


def log_key(document_id: UUID, version: int) -> str:
    """The primary key of an entry (or of a copy of the text at that version); sorts by version."""
    return f"{document_id.hex}:{version:012d}"


def as_kept(time: datetime) -> datetime:
    """As finely as the database keeps it, so that what is announced is what will be read: MongoDB, milliseconds."""
    return time.replace(microsecond=time.microsecond // 1000 * 1000) if connection.vendor == "mongodb" else time


def a_page(document_id: UUID, *, after: int, limit: int, upto: int = MAX_VERSION) -> list[Entry]:
    """At most `limit` entries after a version, oldest first; fewer, but one, where they weigh much."""
    page: list[Entry] = []
    room = MUCH
    rows = _range(document_id, after, upto).order_by("key").values_list(*FIELDS)[:limit]
    for row in rows.iterator(chunk_size=FEW):
        page.append(_entry(row))
        room -= len(row[FIELDS.index("operation")])
        if room <= 0:
            break
    is_cut = room <= 0 or len(page) == limit
    _require_dense(document_id, page, after, MAX_VERSION if is_cut else upto)
    return page


def entries(document_id: UUID, *, after: int, upto: int = MAX_VERSION, limit: int | None = None) -> list[Entry]:
    """Entries with versions in after+1 … upto, oldest first, at most `limit`; CorruptLog if one is missing.

    Who says `upto` knows that the log goes that far.
    """
    found = _range(document_id, after, upto).order_by("key").values_list(*FIELDS)[:limit]
    read = [_entry(row) for row in found]
    _require_dense(document_id, read, after, upto if len(read) != limit else MAX_VERSION)
    return read


class Step(NamedTuple):
    """What replaying takes of an entry."""

    version: int
    operation: Operation
    length: int


def steps(document_id: UUID, *, after: int, upto: int = MAX_VERSION) -> list[Step]:
    """Like `entries`, without who and when, which take most of the time that reading a tail takes."""
    found = _range(document_id, after, upto).order_by("key").values_list("version", "operation", "length")
    read = [Step(version, _operation(version, operation), length) for version, operation, length in found]
    _require_dense(document_id, read, after, upto)
    return read


def _require_dense(document_id: UUID, read: Sequence[Entry | Step], after: int, upto: int) -> None:
    """CorruptLog unless these are all versions in after+1 … upto, or all that follow, for MAX_VERSION."""
    for expected, entry in enumerate(read, start=after + 1):
        if entry.version != expected:
            raise CorruptLog(f"document {document_id} has no version {expected}")
    reached = after + len(read)
    if reached < upto < MAX_VERSION:
        raise CorruptLog(f"document {document_id} has no version {reached + 1}")


class Origin(NamedTuple):
    """Where a piece of text comes from."""

    version: int
    author: UUID | None
    created_at: datetime


def origins(document_id: UUID, *, after: int, upto: int) -> Iterator[tuple[Origin, Operation]]:
    """Each operation in after+1 … upto with who and when, as far as there is no hole."""
    rows = _range(document_id, after, upto).order_by("key")
    found = rows.values_list("version", "author_id", "created_at", "operation").iterator(FEW)
    for expected, (version, author, created_at, operation) in enumerate(found, start=after + 1):
        if version != expected:
            return
        yield Origin(version, author, created_at), _operation(version, operation)


def newest_first(document_id: UUID, *, upto: int, limit: int) -> list[Entry]:
    """At most `limit` entries at and below version `upto`, newest first. TooHeavy if they weigh too much."""
    upto = max(0, upto)
    found = a_page(document_id, after=max(0, upto - limit), upto=upto, limit=limit)
    if len(found) < min(limit, upto):
        raise TooHeavy
    return found[::-1]


def newest(document_id: UUID) -> Entry | None:
    """The head's entry, or None for an empty log."""
    row = _range(document_id, 0, MAX_VERSION).order_by("-key").values_list(*FIELDS).first()
    return _entry(row) if row else None


def entry_at(document_id: UUID, version: int) -> Entry | None:
    row = Row.objects.filter(key=log_key(document_id, version)).values_list(*FIELDS).first()
    return _entry(row) if row else None


def find(document_id: UUID, client_id: UUID, seq: int, *, upto: int = MAX_VERSION) -> Entry | None:
    """What a client committed under this seq."""
    own = _range(document_id, 0, upto).filter(client_id=client_id, seq=seq)
    row = own.values_list(*FIELDS).first()
    return _entry(row) if row else None


def newest_of(document_id: UUID, client_id: UUID, *, upto: int = MAX_VERSION) -> Entry | None:
    """The newest entry of a client."""
    own = _range(document_id, 0, upto).filter(client_id=client_id)
    row = own.order_by("-key").values_list(*FIELDS).first()
    return _entry(row) if row else None


def versions_of_length(document_id: UUID, length: int, *, after: int) -> list[int]:
    """The versions after one whose text has so many code points, newest first."""
    found = _range(document_id, after, MAX_VERSION).filter(length=length).order_by("-key")
    return list(found.values_list("version", flat=True))


def weight(document_id: UUID, *, after: int, upto: int) -> int:
    """What the operations in after+1 … upto weigh, in characters of their JSON."""
    total = _range(document_id, after, upto).aggregate(weight=Sum(Length("operation")))["weight"]
    return int(total or 0)


def head_columns(document_id: UUID) -> dict[str, Subquery]:
    """The head's version and time as columns of another query (None for an empty log): `head`, `committed_at`."""
    newest = _range(document_id, 0, MAX_VERSION).order_by("-key")
    return {"head": Subquery(newest.values("version")[:1]), "committed_at": Subquery(newest.values("created_at")[:1])}


def outgrown(heads: dict[UUID, int]) -> list[UUID]:
    """Of documents with their heads as far as known, those that have a later entry. One query."""
    nexts = {log_key(document_id, head + 1): document_id for document_id, head in heads.items()}
    found = Row.objects.filter(key__in=nexts).values_list("key", flat=True)
    return [nexts[key] for key in found]


def forget(document_id: UUID) -> None:
    """Delete a document's whole log and whatever else has its keys; the oldest entries last, so that who stops in
    between leaves a log without a hole."""
    for model in (NamedVersion, Revision, BlameCheckpoint, Checkpoint):
        keyed(model, document_id).delete()
    while keys := list(keyed(Row, document_id).order_by("-key").values_list("key", flat=True)[:FORGOTTEN_AT_ONCE]):
        Row.objects.filter(key__in=keys).delete()


def keyed(model: type[Model], document_id: UUID) -> QuerySet[Any]:
    """The rows of a table that has a document's keys."""
    return model._default_manager.filter(key__gte=log_key(document_id, 0), key__lte=log_key(document_id, MAX_VERSION))


def add(news: Sequence[tuple[UUID, Entry]]) -> None:
    """Insert entries of documents. IntegrityError where a version is taken; then some of them may have landed all the
    same, unless a transaction is around it."""
    if connection.vendor == "mongodb":
        Row.objects.bulk_create([_row_of(entry, document_id) for document_id, entry in news])
        return
    with connection.cursor() as cursor:  # every edit passes here, and the ORM would take more time than the insert
        cursor.executemany(INSERT, [_columns_of(entry, document_id) for document_id, entry in news])


def _row_of(entry: Entry, document_id: UUID) -> Row:
    return Row(
        key=log_key(document_id, entry.version),
        version=entry.version,
        client_id=entry.client_id,
        seq=entry.seq,
        author_id=entry.author,
        operation=orjson.dumps(entry.operation).decode(),
        length=entry.length,
        created_at=entry.created_at,
    )


def _columns_of(entry: Entry, document_id: UUID) -> tuple[Any, ...]:
    """As the ORM writes them on SQLite."""
    return (
        log_key(document_id, entry.version),
        entry.version,
        entry.client_id.hex,
        entry.seq,
        entry.author and entry.author.hex,
        orjson.dumps(entry.operation).decode(),
        entry.length,
        connection.ops.adapt_datetimefield_value(entry.created_at),
    )


def _entry(row: tuple) -> Entry:
    version, client_id, seq, author, operation, length, created_at = row
    return Entry(
        version=version,
        client_id=client_id,
        seq=seq,
        author=author,
        operation=_operation(version, operation),
        length=length,
        created_at=created_at,
    )


def _operation(version: int, kept: str) -> Operation:
    """What is kept in a row; CorruptLog if it is no list in JSON, or holds what is no text."""
    try:
        return tuple(orjson.loads(kept))
    except (ValueError, TypeError) as error:
        raise CorruptLog(f"version {version} is unreadable: {error}") from error


def _range(document_id: UUID, after: int, upto: int) -> QuerySet[Row]:
    return Row.objects.filter(key__gt=log_key(document_id, after), key__lte=log_key(document_id, upto))
