"""Whether the copies say what the log says: it is replayed from its beginning, in slices, with its copies beside it.

The log is only read. Nothing can be said after the first entry that is bad, so no copy of a later version is called
bad then: it may be all that is left of that text.

Copies are read before the entries they are compared with, so none that a running server makes meanwhile is found
above the log's end.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial
from heapq import merge
from operator import attrgetter
from uuid import UUID

from documents import logtable
from documents.copies import blame, revisions, rows, texts
from documents.copies.blame import Blame
from documents.copies.revisions import Revision
from documents.errors import CorruptLog
from documents.logtable import Origin
from documents.models import Document, SearchCopy
from documents.ot.operation import InvalidOperation, parse, validate
from documents.ot.rebase import Entry
from documents.ot.revisions import fold

SLICE = 1_000  # entries, or rows, read at once


@dataclass(frozen=True, slots=True)
class Fault:
    """Something bad at a version. `mend` deletes a bad copy, or makes it right; the log's own faults have none."""

    version: int
    what: str
    mend: Callable[[], object] | None = None


@dataclass(slots=True)
class State:
    """What the log says up to a version; who wrote what only as far as anybody asks."""

    blamed_upto: int
    version: int = 0
    text: str = ""
    blame: Blame = field(default_factory=lambda: Blame(0, "", []))
    revision: Revision | None = None

    def follow(self, entry: Entry) -> None:
        """Go on by one entry; CorruptLog if it does not fit."""
        try:
            if validate(parse(list(entry.operation)), len(self.text)) != entry.operation:
                raise InvalidOperation("The operation is not in canonical form.")
        except InvalidOperation as error:
            raise CorruptLog(f"version {entry.version} does not apply: {error}") from error
        self.version, self.text = texts.replay(self.version, self.text, [entry])
        *_, self.revision = fold(self.revision, [entry])
        if self.version <= self.blamed_upto:
            self._blame(entry)

    def _blame(self, entry: Entry) -> None:
        self.blame.extend(Origin(entry.version, entry.author, entry.created_at), entry.operation)
        if self.version % blame.EVERY == 0:
            self.blame.renumber()


@dataclass(frozen=True, slots=True)
class Copy:
    """A copy of something at a version, and how to see whether it agrees with the log up to there."""

    version: int
    name: str
    agrees: Callable[[State], bool]
    mend: Callable[[], object]


def faults(document_id: UUID) -> Iterator[Fault]:
    """All that is bad in a document's log and its copies, by version."""
    blamed = blame.copied_versions(document_id)
    copies = merge(
        _row(document_id),
        _texts(document_id),
        _blames(document_id, blamed),
        _revisions(document_id),
        _search(document_id),
        key=attrgetter("version"),
    )
    upcoming, state = next(copies, None), State(max(blamed, default=0))
    try:
        for _ in _states(document_id, state):
            while upcoming and upcoming.version <= state.version:
                yield from _compared(upcoming, state)
                upcoming = next(copies, None)
    except CorruptLog as error:
        yield Fault(state.version + 1, str(error))
        return
    while upcoming:
        if upcoming.version > state.version:
            what = f"{upcoming.name} of version {upcoming.version}: the log ends at version {state.version}"
            yield Fault(upcoming.version, what, upcoming.mend)
        upcoming = next(copies, None)


def _compared(copy: Copy, state: State) -> Iterator[Fault]:
    name = f"{copy.name} of version {copy.version}"
    try:
        if not copy.agrees(state):
            yield Fault(copy.version, f"{name}: the log says something else", copy.mend)
    except CorruptLog as error:
        yield Fault(copy.version, f"{name}: {error}", copy.mend)


# --- The log --------------------------------------------------------------------------------------------------


def _states(document_id: UUID, state: State) -> Iterator[State]:
    """The state at version 0, 1, 2, …: one object that goes on."""
    yield state
    for entry in _entries(document_id):
        state.follow(entry)
        yield state


def _entries(document_id: UUID) -> Iterator[Entry]:
    """The log in slices; CorruptLog where the first bad version is, all before it having been given."""
    after, limit = 0, SLICE
    while True:
        try:
            found = logtable.a_page(document_id, after=after, limit=limit)
        except (CorruptLog, AttributeError, TypeError, ValueError) as error:
            if limit == 1:
                why = error.__cause__ if isinstance(error, CorruptLog) else error
                what = f"is unreadable: {why}" if why else "is missing"
                raise CorruptLog(f"version {after + 1} {what}") from error
            limit = 1
            continue
        if not found:
            return
        yield from found
        after = found[-1].version


# --- The copies, each kind by version ---------------------------------------------------------------------------


def _row(document_id: UUID) -> Iterator[Copy]:
    """The document's row may trail, and nothing else in it is a copy of the log."""

    def mend(version: int) -> None:
        newest = logtable.newest(document_id)
        lying = Document.objects.filter(pk=document_id, version=version)
        lying.update(version=newest.version if newest else 0)

    for version in Document.objects.filter(pk=document_id).values_list("version", flat=True):
        yield Copy(version, "row", lambda _: True, partial(mend, version))


def _texts(document_id: UUID) -> Iterator[Copy]:
    def agrees(version: int, state: State) -> bool:
        return texts.copy_at(document_id, version) in (state.text, None)  # None: deleted meanwhile

    for version in texts.copied_versions(document_id):
        yield Copy(version, "text copy", partial(agrees, version), partial(texts.drop, document_id, [version]))


def _blames(document_id: UUID, versions: list[int]) -> Iterator[Copy]:
    def agrees(version: int, state: State) -> bool:
        found = blame.newest_copy(document_id, version)
        try:
            return found.version != version or list(found.runs()) == list(state.blame.runs())
        except LookupError as error:
            raise CorruptLog(f"it names an origin that it does not hold: {error}") from error

    for version in versions:
        yield Copy(version, "blame copy", partial(agrees, version), partial(blame.drop, document_id, [version]))


def _revisions(document_id: UUID) -> Iterator[Copy]:
    """Each must begin where the one before it ends. One alone can't be made again, so all go."""

    def agrees(row: Revision, reached: int, state: State) -> bool:
        return row == state.revision and row.from_version == reached + 1

    reached = 0
    for row in _revision_rows(document_id):
        mend = partial(revisions.drop_all, document_id)
        yield Copy(row.to_version, f"revision {row.number}", partial(agrees, row, reached), mend)
        reached = row.to_version


def _revision_rows(document_id: UUID) -> Iterator[Revision]:
    upto = SLICE
    while found := revisions.page(document_id, upto=upto, limit=SLICE):
        yield from reversed(found)
        upto += SLICE


def _search(document_id: UUID) -> Iterator[Copy]:
    def agrees(text: str, state: State) -> bool:
        return text == rows.fold(state.text)

    found = SearchCopy.objects.filter(pk=document_id)
    for version, text in found.values_list("version", "text"):
        yield Copy(version, "search copy", partial(agrees, text), found.delete)
