"""Who is in a room and where their selections lie: moved through every edit, forgotten when nobody renews it. Pure.

Other processes have rooms of the same document, and what they tell of their clients may come late, twice or in any
order. Each telling is numbered, and of two tellings of one client the greater number stands, whichever came first:
so everybody who has heard the same knows the same.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any
from uuid import UUID

from documents.ot import transform_position
from documents.ot.rebase import Entry
from realtime.protocol import Range

EXPIRES_AFTER = 30.0  # seconds without a sign of life
NOTED_EVERY = 1.0  # seconds between two signs of life that are noted
UNTOLD_AFTER = 25.0  # seconds without a telling of somebody in another process, which may end without a word
MOST_EFFORT = 100_000  # components walked over for one message, some milliseconds


@dataclass(frozen=True, slots=True)
class Present:
    """One client. `selection` lies in the room's text; `seen` is a monotonic time in seconds.

    Who has left is kept for a while with the selection None, so that nothing older brings them back. `since` numbers
    the client's joins, and `told` the tellings of its room.
    """

    client_id: UUID
    user: dict[str, Any]
    selection: tuple[Range, ...] | None
    seen: float
    since: int = 0
    told: int = 0
    is_here: bool = True  # in this process

    def shown(self, version: int) -> dict[str, Any]:
        """As a joiner is told of it, when the room's text is at `version`."""
        return {"client_id": self.client_id, "user": self.user, "version": version, "selection": self.selection}

    @property
    def lasts(self) -> float:
        """Seconds without news."""
        return EXPIRES_AFTER if self.is_here else UNTOLD_AFTER


@dataclass(slots=True)
class Presences:
    """Everybody present in one room, by client, and for a while who has left it."""

    clock: Callable[[], float]
    _known: dict[UUID, Present] = field(default_factory=dict)

    def __iter__(self) -> Iterator[Present]:
        return iter([present for present in self._known.values() if present.selection is not None])

    def put(self, client_id: UUID, user: dict[str, Any], selection: Iterable[Range], since: int = 0) -> Present:
        """Somebody in this process."""
        present = Present(client_id, user, tuple(selection), self.clock(), since)
        self._known[client_id] = present
        return present

    def get(self, client_id: UUID) -> Present | None:
        """Somebody who is present."""
        known = self._known.get(client_id)
        return None if known is None or known.selection is None else known

    def known(self, client_id: UUID) -> Present | None:
        """Somebody who is present, or has left lately."""
        return self._known.get(client_id)

    def renew(self, client_id: UUID) -> bool:
        """A sign of life; False from somebody who is not known to be here (any more)."""
        present = self.get(client_id)
        if present is not None and present.is_here and (now := self.clock()) - present.seen > NOTED_EVERY:
            self._known[client_id] = replace(present, seen=now)
        return present is not None

    def leave(self, client_id: UUID) -> Present | None:
        """Somebody in this process has left: what is known of them now. None if they were not present here."""
        present = self.get(client_id)
        return self._forget(present) if present is not None and present.is_here else None

    def hear(self, told: Present) -> bool:
        """What another process tells of somebody; True if it is news that shows."""
        known = self._known.get(told.client_id)
        if known is not None and (known.since, known.told) >= (told.since, told.told):
            return False
        self._known[told.client_id] = told
        before = None if known is None else known.selection
        return before != told.selection

    def expire(self) -> list[Present]:
        """Let those go who were not heard of for long, and return what is known of them now."""
        now = self.clock()
        late = [known for known in self._known.values() if now - known.seen > known.lasts]
        for known in late:
            if known.selection is None:
                del self._known[known.client_id]
        return [self._forget(known) for known in late if known.selection is not None]

    def move(self, entries: Sequence[Entry]) -> None:
        """Carry every selection over committed entries."""
        for present in [present for present in self._known.values() if present.selection]:
            moved = move(present.selection or (), entries, owner=present.client_id)
            if moved != present.selection:
                self._known[present.client_id] = replace(present, selection=moved)

    def _forget(self, present: Present) -> Present:
        left = self._known[present.client_id] = replace(present, selection=None, seen=self.clock())
        return left


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
