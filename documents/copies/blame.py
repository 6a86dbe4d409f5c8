"""Who wrote what: the same replay as for texts, over tags instead of letters.

Each code point of a text has a tag, which stands for the operation that inserted it. The tags of a text are kept as
a string of the same length, whose code points number the origins; so `ot.apply` moves, keeps and deletes tags
exactly as it does letters, and what it inserts is the tag of the operation itself.

Copies are made every few thousand versions, when somebody asks or off the road: between them lies a bounded replay.
"""

import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import accumulate, groupby, islice, pairwise
from uuid import UUID

import orjson
from django.db.models import QuerySet

from documents import logtable
from documents.copies import texts
from documents.errors import CorruptLog
from documents.logtable import Origin, Step
from documents.models import BlameCheckpoint
from documents.ot.operation import Operation, length_change

EVERY = 4_000  # versions between copies
SLICE = 1_000  # entries asked for at once
AT_ONCE = 16  # entries in memory: each may be large
MOST_TAGS = 0x110000  # code points of Python's str, and more than a text may have
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True)
class Run:
    """Some code points in a row that one operation inserted."""

    length: int
    origin: Origin


@dataclass(slots=True)
class Blame:
    """The tags of the text at a version, and the origins that they number."""

    version: int
    tags: str
    origins: list[Origin]

    def extend(self, origin: Origin, operation: Operation) -> None:
        """Follow one operation."""
        self.follow([(origin, operation)])

    def follow(self, found: Sequence[tuple[Origin, Operation]]) -> None:
        """Follow operations, on the stretches that they touch. CorruptLog naming the first that does not apply."""
        if len(self.origins) + len(found) > MOST_TAGS:
            self.renumber()
        steps, length = [], len(self.tags)
        for tag, (origin, operation) in enumerate(found, start=len(self.origins)):
            length += length_change(operation)
            tagged = tuple(chr(tag) * len(part) if isinstance(part, str) else part for part in operation)
            steps.append(Step(origin.version, tagged, length))
        self.version, self.tags = texts.replay(self.version, self.tags, steps)
        self.origins.extend(origin for origin, _ in found)

    def renumber(self) -> None:
        """Forget the origins of which nothing is left."""
        left = sorted(map(ord, set(self.tags)))
        self.tags = self.tags.translate({old: new for new, old in enumerate(left)})
        self.origins = [self.origins[old] for old in left]

    def runs(self) -> Iterator[Run]:
        """From the start of the text to its end; two neighbours are of different operations."""
        for tag, run in groupby(self.tags):
            yield Run(sum(1 for _ in run), self.origins[ord(tag)])


def runs_at(document_id: UUID, version: int) -> list[Run]:
    """Who wrote the text at a version; CorruptLog if the log does not carry that far."""
    return list(blame_at(document_id, version).runs())


def blame_at(document_id: UUID, version: int) -> Blame:
    """From the newest copy at or below a version; makes the copies that are due on the way."""
    blame = newest_copy(document_id, version)
    while blame.version < version:
        upto = min(version, blame.version + SLICE, _next_due(blame.version))
        found = logtable.origins(document_id, after=blame.version, upto=upto)
        while some := list(islice(found, AT_ONCE)):
            blame.follow(some)
        if blame.version != upto:
            raise CorruptLog(f"document {document_id} has no version {blame.version + 1}")
        if upto % EVERY == 0:
            keep(document_id, blame)
    return blame


def checkpoint_if_due(document_id: UUID, before: int, head: int) -> None:
    """Make the copy that came due between two versions."""
    if before // EVERY < head // EVERY:
        blame_at(document_id, head // EVERY * EVERY)


def keep(document_id: UUID, blame: Blame) -> None:
    """Keep a copy."""
    blame.renumber()
    defaults = {"version": blame.version, "data": zlib.compress(encode(blame), 3)}
    BlameCheckpoint.objects.update_or_create(key=logtable.log_key(document_id, blame.version), defaults=defaults)


def drop_all(document_id: UUID) -> None:
    """Delete all copies of a document."""
    _copies(document_id, logtable.MAX_VERSION).delete()


def copied_versions(document_id: UUID) -> list[int]:
    """The versions that have a copy, oldest first."""
    return list(_copies(document_id, logtable.MAX_VERSION).order_by("key").values_list("version", flat=True))


def drop(document_id: UUID, versions: Sequence[int]) -> None:
    """Delete copies."""
    _copies(document_id, logtable.MAX_VERSION).filter(version__in=versions).delete()


def bytes_of(document_id: UUID) -> int:
    """What the copies of a document take, in bytes."""
    return sum(len(data) for data in _copies(document_id, logtable.MAX_VERSION).values_list("data", flat=True))


def _next_due(version: int) -> int:
    return (version // EVERY + 1) * EVERY


def newest_copy(document_id: UUID, upto: int) -> Blame:
    """The newest copy at or below a version; version 0 is the empty text."""
    row = _copies(document_id, upto).order_by("-key").values_list("version", "data").first()
    if row is None:
        return Blame(0, "", [])
    try:
        return decode(row[0], zlib.decompress(row[1]))
    except (zlib.error, LookupError, TypeError, ValueError, OverflowError) as error:
        raise CorruptLog(f"the copy of version {row[0]} is unreadable: {error}") from error


def _copies(document_id: UUID, upto: int) -> QuerySet[BlameCheckpoint]:
    keys = {"key__gt": logtable.log_key(document_id, 0), "key__lte": logtable.log_key(document_id, upto)}
    return BlameCheckpoint.objects.filter(**keys)


# --- The form of a copy: columns of small integers, most of them differences, which compress well ---------------


def encode(blame: Blame) -> bytes:
    """The copy of a blame, as JSON; decode(version, encode(blame)) == blame."""
    authors = list(dict.fromkeys(origin.author for origin in blame.origins))
    numbers = {author: number for number, author in enumerate(authors)}
    runs = [(ord(tag), sum(1 for _ in run)) for tag, run in groupby(blame.tags)]
    columns = {
        "authors": authors,
        "author": [numbers[origin.author] for origin in blame.origins],
        "version": _differences([origin.version for origin in blame.origins]),
        "time": _differences([(origin.created_at - EPOCH) // MICROSECOND for origin in blame.origins]),
        "tag": _differences([tag for tag, _ in runs]),
        "length": [length for _, length in runs],
    }
    return orjson.dumps(columns)


def decode(version: int, data: bytes) -> Blame:
    columns = orjson.loads(data)
    authors = [None if author is None else UUID(author) for author in columns["authors"]]
    rows = zip(columns["author"], accumulate(columns["version"]), accumulate(columns["time"]), strict=True)
    origins = [Origin(at, authors[number], EPOCH + time * MICROSECOND) for number, at, time in rows]
    runs = zip(accumulate(columns["tag"]), columns["length"], strict=True)
    return Blame(version, "".join(chr(tag) * length for tag, length in runs), origins)


def _differences(numbers: Sequence[int]) -> list[int]:
    return [after - before for before, after in pairwise([0, *numbers])]
