"""A document as one process has it open: who sits there, what they were told, what waits to be committed.

Everything that reaches the sockets comes through `deliver`, whoever committed it and however it became known: an
own commit, another process's announcement, a look into the log. The cursor makes that safe: what is old is
dropped, what leaves a gap is fetched from the log.
"""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any, TypeAlias
from uuid import UUID

from django.db import connection

from collabdocs import meters
from documents import history
from documents.oplog import Log
from documents.ot.rebase import Entry, Submission
from documents.ot.tail import Tail
from realtime import protocol
from realtime.elsewhere import Elsewhere
from realtime.follower import Follower
from realtime.handing import hand_out
from realtime.heard import HeardComments
from realtime.listener import Listener
from realtime.presence import Presences, Present
from realtime.seat import Seat

logger = logging.getLogger(__name__)

PAGE = 500  # entries read from the log at once, at most
MUCH_WORK = 5_000_000  # code points to copy, about a millisecond
TRAILS = {"sqlite": 0.0, "mongodb": 5.0}  # seconds that a new primary may not show what was acknowledged before
LOOK_AGAIN = 0.25  # seconds
SHOW_EVERY = 0.1  # seconds between presences of one client, and longer where showing them is much work
Read: TypeAlias = Callable[[Callable[[], Any]], Awaitable[Any]]


@dataclass(frozen=True, slots=True)
class Waiting:
    """A submission in the inbox, who is to hear what became of it, and when its frame was read (by perf_counter)."""

    seat: Seat
    submission: Submission
    received: float


class Room:
    """Lives on the event loop alone; only the commit lane uses its log, and only while `taken`."""

    def __init__(self, document_id: UUID, log: Log, read: Read) -> None:
        self.document_id, self.log = document_id, log
        self.cursor, self.length = log.head, log.length  # the version handed out, and its text's code points
        self.seats: dict[UUID, Seat] = {}
        self.joins: dict[UUID, int] = {}  # of each seat, which of its client's joins it is; later ones are greater
        self.followers: set[Follower] = set()
        self.coming: set[Seat] = set()  # who is told of the document, and not seated yet
        self._joining = 0
        self.inbox: list[Waiting] = []
        self.committing = 0  # submissions taken out of it, and not answered yet
        self.presences = Presences(time.monotonic)
        self.comments = HeardComments()
        self.elsewhere: Elsewhere | None = None  # None where this process is alone
        self.empty_since = self.checked_at = time.monotonic()
        self.copied = self.checked_version = self.cursor
        self._read = read
        self._recent = Tail(self.cursor)  # for those who join, or were cut off shortly
        self._text: tuple[int, str] | None = None
        self._catching_up: asyncio.Task[None] | None = None
        self._found: set[int] = set()  # versions that were read in the log, and not announced yet
        self._to_show: set[UUID] = set()
        self._showing: asyncio.TimerHandle | None = None
        self._shown_at, self._show_every = 0.0, SHOW_EVERY

    # --- What becomes known ---

    def deliver(self, entries: Sequence[Entry]) -> None:
        """Hand entries to every seat in one frame, once, if they follow on what was handed out; else fetch the gap."""
        if self._found:
            self._found.difference_update(entry.version for entry in entries)
        news = [entry for entry in entries if entry.version > self.cursor]
        if not news:
            return
        if news[0].version != self.cursor + 1:
            self.fetch_gap()
            return
        self.cursor, self.length = news[-1].version, news[-1].length
        self._recent.extend(news)
        self.presences.move(news)
        hand_out(news, self.seats)
        if self.elsewhere is not None:
            self.elsewhere.catch_up()
        for follower in self.followers:
            follower.wake()

    def tell(self, kind: str, **fields: Any) -> None:
        """Say something of the document to everybody."""
        self.broadcast(protocol.encode(kind, **fields))
        for follower in self.followers:
            follower.tell(kind, **fields)

    def broadcast(self, frame: str, *, but: UUID | None = None) -> None:
        """The same bytes for every seat."""
        event = {"type": "websocket.send", "text": frame}
        for seat in self.seats.values():
            if seat.client_id != but:
                seat.push_event(event)

    def fetch_gap(self) -> None:
        """Read in the log what was missed, once at a time."""
        if self._catching_up is None or self._catching_up.done():
            self._catching_up = asyncio.create_task(self._fill_gap())

    async def _fill_gap(self) -> None:
        try:
            await self.catch_up()
        except Exception:  # the next look after the rooms tries again
            logger.exception("Document %s: what others wrote can't be read just now", self.document_id)

    async def catch_up(self) -> None:
        """Deliver everything that the log has after the cursor."""
        while entries := await self._read(partial(history.operations_since, self.document_id, self.cursor, PAGE)):
            found = [entry.version for entry in entries if entry.version > self.cursor]
            self.deliver(entries)
            self._found.update(found)

    def count_found(self) -> None:
        """Count what was read in the log since the last time; what was announced meanwhile was only late."""
        meters.CAUGHT_UP.inc(len(self._found))
        self._found.clear()

    async def reach(self, version: int) -> None:
        """Catch up with a version that somebody says there is, for as long as it may be there and not to be read."""
        deadline = time.monotonic() + TRAILS[connection.vendor]
        while self.cursor < version:
            await self.catch_up()
            if self.cursor >= version or time.monotonic() >= deadline:
                return
            await asyncio.sleep(LOOK_AGAIN)

    # --- What joining needs ---

    async def text(self) -> tuple[int, str]:
        """(version, text) at the cursor or later. Raises rather than answer an empty text for one it can't read."""
        if self._text is not None and self._text[0] >= self.cursor:
            return self._text
        if self._text is not None and (known := self.known_since(self._text[0])):
            text = await self._replay(*self._text, known)
        else:
            text = await self._read(partial(history.current_text, self.document_id))
        if self._text is None or self._text[0] < text[0]:  # somebody else may have read a newer one meanwhile
            self._text = text
        return text

    async def _replay(self, version: int, text: str, entries: Sequence[Entry]) -> tuple[int, str]:
        """Beside the loop, if it is much work."""
        work = partial(history.replay, version, text, entries)
        return work() if len(text) * len(entries) < MUCH_WORK else await self._read(work)

    async def operations_after(self, version: int) -> Sequence[Entry]:
        """A page of entries after a version, from memory where they are."""
        if known := self.known_since(version):
            return known
        page: list[Entry] = await self._read(partial(history.operations_since, self.document_id, version, PAGE))
        return page

    def known_since(self, version: int) -> Sequence[Entry] | None:
        """The entries from `version` to the cursor, if all of them are in memory."""
        return self._recent.after(version) if self._recent.start <= version <= self.cursor else None

    def news_for(self, head: int) -> Iterable[Entry]:
        """Entries that a log which has read up to `head` does not know yet."""
        return self._recent.after(head)

    # --- Who sits here ---

    @contextmanager
    def kept_open(self) -> Iterator[None]:
        """While somebody is joining, the room stays though nobody sits there yet."""
        self._joining += 1
        try:
            yield
        finally:
            self._joining -= 1

    @contextmanager
    def telling(self, seat: Seat) -> Iterator[None]:
        """While somebody is told everything up to now: what concerns all listeners concerns them, too."""
        self.coming.add(seat)
        try:
            yield
        finally:
            self.coming.discard(seat)

    @property
    def listeners(self) -> Sequence[Listener]:
        """Seats, followers, and who is coming."""
        return [*self.seats.values(), *self.followers, *self.coming]

    @contextmanager
    def followed_by(self, follower: Follower) -> Iterator[None]:
        """While somebody reads along."""
        self.followers.add(follower)
        try:
            yield
        finally:
            self.followers.discard(follower)
            self.empty_since = time.monotonic()

    def admit(self, seat: Seat, told: Iterable[Present], join: int = 0) -> bool:
        """Give a seat that has been told everything up to the cursor all that comes. Its former socket is closed.

        `told` is whom it knows to be present: what has changed since, it hears now. `join` is from `next_join`, 0 for
        one now. False for a join that took so long that its client has joined again since: that one stays.
        """
        join = join or self.next_join(seat.client_id)
        present = self.presences.get(seat.client_id)  # in another process, perhaps
        if max(self.joins.get(seat.client_id, 0), present.since if present else 0) > join:
            return False
        if former := self.seats.get(seat.client_id):
            former.close(protocol.JOINED_ELSEWHERE)
        self.seats[seat.client_id] = seat
        self.joins[seat.client_id] = max(join, self._after_known(seat.client_id))
        self._tell_changes(seat, {present.client_id: present for present in told})
        self._enter(seat, has_joined=True)
        return True

    def renew(self, seat: Seat) -> None:
        """A sign of life. Who had been given up is present again."""
        if not self.presences.renew(seat.client_id):
            self._enter(seat)

    def _enter(self, seat: Seat, *, has_joined: bool = False) -> None:
        present = self.presences.put(seat.client_id, seat.user, (), self.joins[seat.client_id])
        self.show_presence(present, has_joined=has_joined)

    def next_join(self, client_id: UUID) -> int:
        """The number of a join that begins now: milliseconds since 1970, so that it is the greatest in whatever
        process; or more, if clocks differ."""
        return max(round(1000 * time.time()), self._after_known(client_id))

    def _after_known(self, client_id: UUID) -> int:
        known = self.presences.known(client_id)
        return 0 if known is None else known.since + 1

    def _tell_changes(self, seat: Seat, told: dict[UUID, Present]) -> None:
        now = {present.client_id: present for present in self.presences if present.client_id != seat.client_id}
        for client_id in told.keys() - now.keys() - {seat.client_id}:
            seat.push(protocol.presence(client_id, told[client_id].user, self.cursor, None))
        for client_id, present in now.items():
            if client_id not in told or told[client_id].selection != present.selection:
                seat.push(protocol.presence(client_id, present.user, self.cursor, present.selection))

    def leave(self, seat: Seat) -> None:
        if self.seats.get(seat.client_id) is not seat:
            return
        del self.seats[seat.client_id], self.joins[seat.client_id]
        if left := self.presences.leave(seat.client_id):
            self.show_presence(left)
        if not self.seats:
            self.empty_since = time.monotonic()

    def show(self, seat: Seat, selection: Sequence[protocol.Range]) -> None:
        """Keep a seat's selections, and show them to the others at most ten times a second."""
        self.presences.put(seat.client_id, seat.user, selection, self.joins[seat.client_id])
        self.show_soon(seat.client_id)

    def show_soon(self, client_id: UUID) -> None:
        """Show what is known of somebody then."""
        self._to_show.add(client_id)
        if self._showing is None:
            wait = max(0.0, self._shown_at + self._show_every - time.monotonic())
            self._showing = asyncio.get_running_loop().call_later(wait, self._show_all)

    def _show_all(self) -> None:
        started, self._showing = time.monotonic(), None
        to_show, self._to_show = self._to_show, set()
        for client_id in to_show:
            known = self.presences.known(client_id)
            if known and not (known.is_here and known.selection is None):  # which was shown at once
                self.show_presence(known)
        self._shown_at = time.monotonic()
        self._show_every = max(SHOW_EVERY, 10 * (self._shown_at - started))

    def show_presence(self, known: Present, *, has_joined: bool = False) -> None:
        """Show what is known of somebody to all others, and if they are here, soon to those elsewhere."""
        frame = protocol.presence(known.client_id, known.user, self.cursor, known.selection)
        self.broadcast(frame, but=known.client_id)
        if self.elsewhere is not None and known.is_here:
            self.elsewhere.note(known, has_joined=has_joined)

    def is_idle(self, seconds: float) -> bool:
        is_used = self.seats or self.followers or self._joining or self.inbox
        return not is_used and time.monotonic() - self.empty_since > seconds

    def newest(self) -> Entry | None:
        """The newest entry that came by since the room was opened."""
        return self._recent.newest

    def close(self, code: int) -> None:
        """Close every seat, and end every follower."""
        for listener in self.listeners:
            listener.close(code)

    # --- What waits to be committed ---

    def take(self) -> list[Waiting]:
        """Empty the inbox into one batch, without what closed seats left: who still may sends that again."""
        batch, self.inbox = self.inbox, []
        batch = [waiting for waiting in batch if waiting.seat.closing is None]
        self.committing = len(batch)
        return batch
