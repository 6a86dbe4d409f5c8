"""Who is in a room and where their selections lie: moved through every edit, forgotten when nobody renews it. Pure."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any
from uuid import UUID

from documents.ot import transform_position
from documents.ot.rebase import Entry
from realtime.protocol import Range

EXPIRES_AFTER = 30.0  # seconds without a sign of life
MOST_EFFORT = 100_000  # components walked over for one message, some milliseconds


@dataclass(frozen=True, slots=True)
class Present:
    """One client. `selection` lies in the room's text; `seen` is a monotonic time in seconds."""

    client_id: UUID
    user: dict[str, Any]
    selection: tuple[Range, ...]
    seen: float

    def shown(self, version: int) -> dict[str, Any]:
        """As a joiner is told of it, when the room's text is at `version`."""
        return {"client_id": self.client_id, "user": self.user, "version": version, "selection": self.selection}


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

    def renew(self, client_id: UUID) -> bool:
        """A sign of life; False from somebody who is not known to be here (any more)."""
        present = self._present.get(client_id)
        if present is not None:
            self._present[client_id] = replace(present, seen=self.clock())
        return present is not None

    def leave(self, client_id: UUID) -> Present | None:
        return self._present.pop(client_id, None)

    def expire(self) -> list[Present]:
        """Forget those not heard of for 30 seconds, and return them."""
        now = self.clock()
        gone = [present for present in self if now - present.seen > EXPIRES_AFTER]
        for present in gone:
            del self._present[present.client_id]
        return gone

    def move(self, entries: Sequence[Entry]) -> None:
        """Carry every selection over committed entries."""
        for present in self:
            moved = move(present.selection, entries, owner=present.client_id)
            if moved != present.selection:
                self._present[present.client_id] = replace(present, selection=moved)


def move(selection: tuple[Range, ...], entries: Iterable[Entry], *, owner: UUID) -> tuple[Range, ...]:
    """Where ranges lie after entries. What others insert at a caret leaves it; what its owner types moves it."""
    if not selection:
        return selection
    for entry in entries:
        operation, before = entry.operation, entry.client_id != owner
        selection = tuple(
            (
                transform_position(anchor, operation, before=before),
                transform_position(head, operation, before=before),
            )
            for anchor, head in selection
        )
    return selection


def is_far(selection: Sequence[Range], entries: Iterable[Entry]) -> bool:
    """Whether moving ranges over entries is more work than showing them is worth."""
    return 2 * len(selection) * sum(len(entry.operation) for entry in entries) > MOST_EFFORT


def within(selection: Iterable[Range], length: int) -> bool:
    """Whether all positions lie in a text of `length` code points."""
    return all(position <= length for pair in selection for position in pair)
