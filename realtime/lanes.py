"""Which lane the commits of a room take."""

from concurrent.futures import Executor, ThreadPoolExecutor
from weakref import WeakKeyDictionary

from django.db import connection

from realtime.commits import CommitLane
from realtime.listener import Listener
from realtime.room import Room, Waiting

THREADS = 8  # commits under way at once where each room has its lane


class Lanes:
    """SQLite has one writer, so all rooms of a process share a lane, and a sync to disk. Elsewhere each has its own:
    none waits for another's round trips, nor for the races it loses to other processes."""

    def __init__(self, name: str = "commits") -> None:
        has_one_writer = connection.features.supports_transactions
        self.executor: Executor = ThreadPoolExecutor(1 if has_one_writer else THREADS, name)
        self._shared = CommitLane(self.executor) if has_one_writer else None
        self._own: WeakKeyDictionary[Room, CommitLane] = WeakKeyDictionary()
        self._has_stopped = False

    def submit(self, room: Room, waiting: Waiting) -> None:
        if not self._has_stopped:
            self._of(room).submit(room, waiting)

    async def answered(self, listener: Listener) -> None:
        """Return when nothing that it submitted waits for an answer."""
        for lane in self._all():
            await lane.answered(listener)

    async def drained(self) -> None:
        """Return when nothing is under way any more."""
        for lane in self._all():
            await lane.drained()

    def stop(self) -> None:
        """Try nothing any more: see `CommitLane.stop`."""
        self._has_stopped = True
        for lane in self._all():
            lane.stop()

    def _of(self, room: Room) -> CommitLane:
        if self._shared is not None:
            return self._shared
        lane = self._own.get(room)
        if lane is None:
            lane = self._own[room] = CommitLane(self.executor, leaves_gaps=True)
        return lane

    def _all(self) -> list[CommitLane]:
        return [self._shared] if self._shared is not None else list(self._own.values())
