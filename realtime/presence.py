"""Who is in a room and where their selections lie: moved through every edit, forgotten when nobody renews it. Pure."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from typing import Any
from uuid import UUID

from documents.ot import transform_position
from documents.ot.rebase import Entry
from realtime.protocol import Range

EXPIRES_AFTER = 30.0  # seconds without a sign of life


@dataclass(frozen=True, slots=True)
class Present:
    """One client. `selection` lies in the room's text; `seen` is a monotonic time in seconds."""

    client_id: UUID
    user: dict[str, Any]
    selection: tuple[Range, ...]
    seen: float


@dataclass(slots=True)
class Presences:
    """Everybody present in one room, by client."""

    clock: Callable[[], float]
    _present: dict[UUID, Present] = field(default_factory=dict)

    def __iter__(self) -> Iterator[Present]:
        return iter(tuple(self._present.values()))

    def put(self, client_id: UUID, user: dict[str, Any], selection: Iterable[Range]) -> Present:
        present = Present(client_id, user, tuple(selection), self.clock())
        self._present[client_id] = present
        return present

    def get(self, client_id: UUID) -> Present | None:
        return self._present.get(client_id)

    def renew(self, client_id: UUID) -> None:
        """A sign of life."""
        if present := self._present.get(client_id):
            self._present[client_id] = replace(present, seen=self.clock())

    def leave(self, client_id: UUID) -> Present | None:
        return self._present.pop(client_id, None)

    def expire(self) -> list[Present]:
        """Forget those not heard of for 30 seconds, and return them."""
        now = self.clock()
        gone = [present for present in self if now - present.seen > EXPIRES_AFTER]
        for present in gone:
            del self._present[present.client_id]
        return gone

    def move(self, entries: Iterable[Entry]) -> None:
        """Carry every selection over committed entries."""
        for entry in entries:
            for present in self:
                if present.selection:
                    moved = move(present.selection, [entry], own=present.client_id == entry.client_id)
                    self._present[present.client_id] = replace(present, selection=moved)


def move(selection: Iterable[Range], entries: Iterable[Entry], *, own: bool = False) -> tuple[Range, ...]:
    """Where ranges lie after entries. What others insert at a caret leaves it; what its owner types moves it."""
    ranges = tuple(selection)
    for entry in entries:
        ranges = tuple(
            (
                transform_position(anchor, entry.operation, before=not own),
                transform_position(head, entry.operation, before=not own),
            )
            for anchor, head in ranges
        )
    return ranges


def within(selection: Iterable[Range], length: int) -> bool:
    """Whether all positions lie in a text of `length` code points."""
    return all(position <= length for pair in selection for position in pair)
