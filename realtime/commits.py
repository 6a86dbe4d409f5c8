"""Group commit: what arrives during a commit is committed together, in one thread hop and one sync to disk."""

import asyncio
import logging
import time
from collections.abc import Iterable, Sequence
from concurrent.futures import Executor
from weakref import WeakKeyDictionary

from django.db import close_old_connections

from accounts.asking import serve_nobody
from collabdocs import meters
from documents import services
from documents.oplog import Log, Outcome
from documents.ot.rebase import Entry, Refused, Submission
from realtime import protocol
from realtime.listener import Listener
from realtime.room import Room, Waiting

logger = logging.getLogger(__name__)

REST_FOR_A_SEAT = 40e-6  # seconds, some four times of what a frame to one seat costs a processor
SHORTEST_REST, LONGEST_REST = 0.002, 0.03  # seconds
LONGEST_GAP = 0.5  # seconds
FIRST_PAUSE, LONGEST_PAUSE, PATIENCE = 0.05, 1.0, 10.0  # seconds between tries of an unknown outcome, and in all

Job = tuple[Log, Iterable[Entry], Sequence[Submission]]


class CommitLane:
    """Commits for its rooms, one batch of all of them at a time.

    A room that many sit in rests after its commit, so that more operations share the next one, and its frames: what a
    crowd costs is frames. So no room keeps a processor busy with more than a fifth of its time, and where few sit, or
    little is typed, nobody waits.

    With `leaves_gaps` it also rests for twice as long as its insert took. Where no lock orders the processes that write
    to one log, who has lost a race needs a read and an insert, and who has won it only the insert: without rest the
    winner would win for ever.
    """

    def __init__(self, executor: Executor, *, leaves_gaps: bool = False) -> None:
        self._executor, self._leaves_gaps = executor, leaves_gaps
        self._rooms: dict[Room, None] = {}
        self._running: asyncio.Task[None] | None = None
        self._troubled: dict[Room, asyncio.Task[None]] = {}
        self._resting: dict[Room, asyncio.TimerHandle] = {}
        self._unanswered: WeakKeyDictionary[Listener, Submission] = WeakKeyDictionary()  # the newest of each
        self._batch_ended = asyncio.Event()
        self._has_stopped = False

    def submit(self, room: Room, waiting: Waiting) -> None:
        self._unanswered[waiting.seat] = waiting.submission
        waiting.seat.receipts[waiting.submission.seq] = waiting.received
        room.inbox.append(waiting)
        self._wake(room)

    async def answered(self, listener: Listener) -> None:
        """Return when nothing that it submitted waits for an answer."""
        while listener in self._unanswered:
            await self._batch_ended.wait()

    async def drained(self) -> None:
        """Return when nothing is under way any more."""
        while True:
            tasks = [task for task in (self._running, *self._troubled.values()) if task and not task.done()]
            if tasks:
                await asyncio.wait(tasks)
            elif any(room.inbox for room in self._resting):
                await self._batch_ended.wait()
            else:
                return

    def stop(self) -> None:
        """Try nothing any more. What is under way stays unknown, and what comes now is not taken: clients resend."""
        self._has_stopped = True
        for task in (self._running, *self._troubled.values(), *self._resting.values()):
            if task is not None:
                task.cancel()

    def _wake(self, room: Room) -> None:
        if self._has_stopped or room in self._troubled or room in self._resting:
            return
        self._rooms[room] = None
        if self._running is None or self._running.done():
            self._running = asyncio.create_task(self._run())

    async def _run(self) -> None:
        serve_nobody()  # it is everybody's, whoever woke it
        while self._rooms:
            batches = [(room, room.take()) for room in self._rooms if room not in self._troubled]
            self._rooms.clear()
            if not await self._commit(batches):
                for room, batch in batches:
                    self._troubled[room] = asyncio.create_task(self._persist(room, batch))
            for room, _ in batches:
                self._rest(room)

    async def _commit(self, batches: Sequence[tuple[Room, list[Waiting]]]) -> bool:
        """Commit batches and tell what became of them; False when that is unknown."""
        jobs = [(room.log, room.news_for(room.log.head), [w.submission for w in batch]) for room, batch in batches]
        cursors = [room.cursor for room, _ in batches]
        loop = asyncio.get_running_loop()
        try:
            outcomes = await loop.run_in_executor(self._executor, _commit, jobs)
        except Exception:  # whatever a database may raise, the outcome is unknown, and never an answer
            logger.exception("A commit failed; it will be tried again")
            return False
        for (room, batch), cursor, results in zip(batches, cursors, outcomes, strict=True):
            _answer(batch, results, cursor)
            self._forget(batch)
            room.committing = 0
        return True

    def _forget(self, batch: Sequence[Waiting]) -> None:
        """These are answered: what was committed had been announced before."""
        for waiting in batch:
            if self._unanswered.get(waiting.seat) is waiting.submission:
                del self._unanswered[waiting.seat]
        self._batch_ended.set()
        self._batch_ended = asyncio.Event()

    async def _persist(self, room: Room, batch: list[Waiting]) -> None:
        """Try one room's batch again, alone, until it is known; at last close its sockets: their clients resend."""
        deadline, pause = time.monotonic() + PATIENCE, FIRST_PAUSE
        try:
            while not await self._commit([(room, batch)]):
                if time.monotonic() > deadline:
                    room.take()
                    room.close(protocol.RESTARTING)
                    room.committing = 0
                    return
                await asyncio.sleep(pause)
                pause = min(2 * pause, LONGEST_PAUSE)
            room.fetch_gap()  # what an earlier try had committed was never announced
        finally:
            del self._troubled[room]
            if room.inbox:
                self._wake(room)

    def _rest(self, room: Room) -> None:
        if seconds := self._rest_of(room):
            self._rooms.pop(room, None)  # what has come during the commit waits, too
            self._resting[room] = asyncio.get_running_loop().call_later(seconds, self._end_rest, room)

    def _rest_of(self, room: Room) -> float:
        """Seconds from a room's commit to its next one, at least."""
        rest = min(REST_FOR_A_SEAT * len(room.seats), LONGEST_REST)
        rest = rest if rest >= SHORTEST_REST else 0.0
        return max(rest, min(2 * room.log.insert_seconds, LONGEST_GAP)) if self._leaves_gaps else rest

    def _end_rest(self, room: Room) -> None:
        del self._resting[room]
        if room.inbox:
            self._wake(room)


def _commit(jobs: Sequence[Job]) -> list[list[Outcome]]:
    """The thread's part. Fresh entries reach the sockets by their announcement."""
    try:
        for log, news, _ in jobs:
            log.learn(news)
        return services.commit([(log, submissions) for log, _, submissions in jobs])
    except Exception:
        close_old_connections()
        raise


def _answer(batch: Sequence[Waiting], outcomes: Sequence[Outcome], cursor: int) -> None:
    """Tell refusals, and what had been delivered before, to those who asked. The rest goes to everybody."""
    for waiting, outcome in zip(batch, outcomes, strict=True):
        seat, seq = waiting.seat, waiting.submission.seq
        if isinstance(outcome, Refused):
            seat.receipts.pop(seq, None)
            seat.push(protocol.error(outcome.code, outcome.detail, seq))
        elif outcome.version <= cursor:
            seat.push(protocol.operations([outcome]))
            if (received := seat.receipts.pop(seq, None)) is not None:
                meters.ACKNOWLEDGE_SECONDS.observe(time.perf_counter() - received)
