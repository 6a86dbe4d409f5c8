"""What the rooms of one document, each in a process of its own, tell each other of who is present.

Every telling is a hint that may be lost, doubled or late. What was lost, the next roll makes up for: each room tells
of everybody in it every eight seconds while it knows that the document is open elsewhere, and every minute otherwise.
Who opens a document asks, and is answered at once. Who joins or leaves is always told of: an older socket of a client
that joins is closed wherever it is. When that is lost, the two live side by side and harm nobody.
"""

import asyncio
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias
from uuid import UUID

from documents.ot.rebase import Entry
from realtime import protocol
from realtime.presence import Present, is_far, move, within
from realtime.protocol import Range

if TYPE_CHECKING:
    from realtime.room import Room

TELL_EVERY = 0.1  # seconds between two tellings of a room, each of all that is new
ROLL, LONELY_ROLL = 8.0, 60.0  # seconds between two tellings of everybody; lonely: nobody else was heard of
SHARED_FOR = 30.0  # seconds that a document is taken to be open elsewhere after something was heard
MOST_TOLD = 50  # people in one message
MOST_AHEAD = 64  # tellings kept until the room has the text they speak of


@dataclass(frozen=True, slots=True)
class Person:
    """One client in a room. `selection` is None for one who has left; `has_joined` marks a join that is news."""

    client_id: UUID
    user: dict[str, Any]
    selection: tuple[Range, ...] | None
    since: int
    has_joined: bool = False


@dataclass(frozen=True, slots=True)
class Here:
    """Who is present in one process, or has left, by a room whose text is at `version`. `told` numbers its tellings."""

    document_id: UUID
    version: int
    told: int
    people: tuple[Person, ...]


@dataclass(frozen=True, slots=True)
class WhoIsThere:
    """A question to all other rooms of a document."""

    document_id: UUID


Telling: TypeAlias = Here | WhoIsThere


class Elsewhere:
    """One room's ear and mouth. `tell` announces without waiting."""

    def __init__(self, room: "Room", tell: Callable[[Telling], None]) -> None:
        self._room, self._tell = room, tell
        self._told = 0
        self._news: dict[UUID, bool] = {}  # of whom to tell, and whether they have just joined
        self._telling: asyncio.TimerHandle | None = None
        self._told_at = self._rolled_at = self._heard_at = float("-inf")
        self._ahead: deque[tuple[Here, float]] = deque(maxlen=MOST_AHEAD)

    @property
    def is_shared(self) -> bool:
        """Other processes seem to have the document open."""
        return self._now() - self._heard_at < SHARED_FOR

    # --- Telling ---

    def note(self, present: Present, *, has_joined: bool = False) -> None:
        """Somebody here came, went or moved: tell of it soon; of moves only, if anybody seems to hear it."""
        if has_joined or present.selection is None or self.is_shared:
            self._news[present.client_id] = has_joined or self._news.get(present.client_id, False)
            self._tell_soon()

    def call_roll(self) -> None:
        """Tell of everybody here, now and then."""
        if self._now() - self._rolled_at >= (ROLL if self.is_shared else LONELY_ROLL):
            self._tell_all()

    def tell_now(self) -> None:
        """Tell what is to be told."""
        if self._telling is not None:
            self._telling.cancel()
        self._telling, self._told_at = None, self._now()
        news, self._news = self._news, {}
        known = [(self._room.presences.known(client_id), joined) for client_id, joined in news.items()]
        people = [_person(present, joined) for present, joined in known if present is not None and present.is_here]
        for start in range(0, len(people), MOST_TOLD):
            self._tell(self._here(people[start : start + MOST_TOLD]))

    def roll(self) -> Here | None:
        """Everybody here, if there is anybody."""
        people = [_person(present) for present in self._room.presences if present.is_here]
        return self._here(people) if people else None

    def _tell_all(self) -> None:
        self._rolled_at = self._now()
        self._news = {present.client_id: False for present in self._room.presences if present.is_here} | self._news
        self._tell_soon()

    def _tell_soon(self) -> None:
        if self._telling is None and self._news:
            wait = max(0.0, self._told_at + TELL_EVERY - self._now())
            self._telling = asyncio.get_running_loop().call_later(wait, self.tell_now)

    def _here(self, people: Sequence[Person]) -> Here:
        self._told += 1
        return Here(self._room.document_id, self._room.cursor, self._told, tuple(people))

    # --- Hearing ---

    def hear(self, telling: Telling, age: float = 0.0) -> None:
        """Learn what was told `age` seconds ago, now or when the room has that text. A stranger is answered."""
        if isinstance(telling, WhoIsThere) or not self.is_shared:
            self._tell_all()
        self._heard_at = self._now()
        if isinstance(telling, Here):
            self._ahead.append((telling, self._now() - age))
            self.catch_up()

    def catch_up(self) -> None:
        """Learn what waited for the text that the room has now."""
        waiting = list(self._ahead)
        self._ahead.clear()
        for here, seen in waiting:
            if here.version > self._room.cursor:
                self._ahead.append((here, seen))
            else:
                self._learn(here, seen)

    def _learn(self, here: Here, seen: float) -> None:
        since = self._known_since(here)
        for person in here.people:
            if not self._is_foreign(person):
                self._close_former(person)
                selection = self._brought_here(person, since)
                told = Present(person.client_id, person.user, selection, seen, person.since, here.told, is_here=False)
                if self._room.presences.hear(told):
                    self._room.show_soon(person.client_id)

    def _known_since(self, here: Here) -> Sequence[Entry] | None:
        """The entries to move its selections over; None if some are not at hand, or it is too much work."""
        entries = self._room.known_since(here.version)
        ranges = [pair for person in here.people for pair in person.selection or ()]
        return None if entries is None or is_far(ranges, entries) else entries

    def _brought_here(self, person: Person, entries: Sequence[Entry] | None) -> tuple[Range, ...] | None:
        """Where a selection lies in the room's text; nowhere, if that can't be told."""
        if not person.selection:
            return person.selection
        moved = () if entries is None else move(person.selection, entries, owner=person.client_id)
        return moved if within(moved, self._room.length) else ()

    def _is_foreign(self, person: Person) -> bool:
        seat = self._room.seats.get(person.client_id)
        return seat is not None and str(seat.user_id) != person.user["id"]

    def _close_former(self, person: Person) -> None:
        """The later join wins. Of two in one millisecond neither is closed, so that one is left in any case."""
        seat = self._room.seats.get(person.client_id)
        if seat is not None and person.has_joined and self._room.joins[person.client_id] < person.since:
            seat.close(protocol.JOINED_ELSEWHERE)

    def _now(self) -> float:
        return self._room.presences.clock()


def _person(present: Present, has_joined: bool = False) -> Person:
    return Person(present.client_id, present.user, present.selection, present.since, has_joined)
