"""The log folded for people: runs of one author without a long pause."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from uuid import UUID

from .operation import deleted_length, inserted_length
from .rebase import Entry

PAUSE = timedelta(minutes=5)


@dataclass(frozen=True, slots=True, kw_only=True)
class Revision:
    """Versions from_version … to_version, all by one author; `inserted` and `deleted` in code points."""

    number: int
    from_version: int
    to_version: int
    author: UUID | None
    started_at: datetime
    ended_at: datetime
    inserted: int
    deleted: int


def fold(last: Revision | None, entries: Iterable[Entry]) -> Iterator[Revision]:
    """The revisions that entries make after a last one, which goes on if they belong to it.

    Folding in parts is folding at once: each revision is a function of the log up to its `to_version`.
    """
    for entry in entries:
        if last is not None and _goes_on(last, entry):
            last = _with(last, entry)
            continue
        if last is not None:
            yield last
        last = _begun(entry, 1 if last is None else last.number + 1)
    if last is not None:
        yield last


def _goes_on(last: Revision, entry: Entry) -> bool:
    return entry.author == last.author and entry.created_at - last.ended_at <= PAUSE


def _with(last: Revision, entry: Entry) -> Revision:
    return replace(
        last,
        to_version=entry.version,
        ended_at=max(last.ended_at, entry.created_at),
        inserted=last.inserted + inserted_length(entry.operation),
        deleted=last.deleted + deleted_length(entry.operation),
    )


def _begun(entry: Entry, number: int) -> Revision:
    return Revision(
        number=number,
        from_version=entry.version,
        to_version=entry.version,
        author=entry.author,
        started_at=entry.created_at,
        ended_at=entry.created_at,
        inserted=inserted_length(entry.operation),
        deleted=deleted_length(entry.operation),
    )
