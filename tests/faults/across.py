"""How far behind are those who read at other processes, what is acknowledged meanwhile, and what the logs say of it.

In the crowd's own documents that can't be measured: each process that commits there reads the log on its way.
"""

import asyncio
import time
from bisect import bisect_left
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from itertools import pairwise
from statistics import median

from collabdocs_client import Document

from tests.faults.crowd import Sheet
from tests.faults.guests import SLOWER, records
from tests.faults.run import Trouble

LIVE = 0.5  # seconds to another process; by looks into the log alone it takes two
CAUGHT_UP = 5.0  # seconds to another process, whatever happens between them
RESUMED = 20.0  # seconds until everything is as before, when what was broken is whole again
WINDOW = 2.5  # seconds that are judged at once: longer than from look to look
LONGEST_PAUSE = 2.0  # seconds without an acknowledgement, where it is not much shorter in peace
MOST_LINES = 10  # that one outage may write into the log of one process


class Reader:
    """When one copy of a document came to which version."""

    def __init__(self, document: Document) -> None:
        self.document = document
        self._times: list[float] = []
        self._versions: list[int] = []

    async def watches(self) -> None:
        async for _ in self.document.watch():
            self._times.append(time.monotonic())
            self._versions.append(self.document.version)

    def saw(self, version: int) -> float:
        """When; now, if not yet."""
        place = bisect_left(self._versions, version)
        return self._times[place] if place < len(self._times) else time.monotonic()


class Across:
    """A document of which one process knows by its own writer, and all others by being told or by looking."""

    def __init__(self, sheet: Sheet, readers: Sequence[Reader]) -> None:
        self.sheet, self.readers = sheet, readers

    def behind(self, since: float) -> float:
        """Seconds from an acknowledgement to the last of the readers, at most."""
        slowest = max((max(lags) for reader in self.readers if (lags := self._lags(reader, since))), default=None)
        assert slowest is not None, "nothing was acknowledged at the process whose neighbours listen"
        assert slowest < CAUGHT_UP, f"others were {slowest:.1f} s behind"
        return slowest

    async def is_live_again(self) -> float:
        """Wait until every reader hears most of it at once; the seconds it took."""
        began = time.monotonic()
        while True:
            since = time.monotonic()
            await asyncio.sleep(WINDOW)
            usual = [median(self._lags(reader, since) or [CAUGHT_UP]) for reader in self.readers]
            if max(usual) < LIVE:
                return since - began
            assert since - began < RESUMED, f"others still are {max(usual):.1f} s behind, {since - began:.0f} s later"

    def _lags(self, reader: Reader, since: float) -> list[float]:
        answered = [(r.answered_at, r.version) for r in records([self.sheet]) if r.answered_at > since and r.version]
        return [max(0.0, reader.saw(version) - at) for at, version in answered]


@asynccontextmanager
async def across(trouble: Trouble) -> AsyncIterator[Across]:
    """Somebody begins to type at the first process, and is read at each of the others; all of that is judged, too."""
    crowd, (first, *others) = trouble.crowd, trouble.rig.servers
    sheet = await crowd.sheet()
    writer = await crowd.typist("across", sheet, "alice", first)
    typists = [await crowd.typist(f"reader{n}", sheet, "vera", server) for n, server in enumerate(others)]
    readers = [Reader(typist.document) for typist in typists]
    watching = [asyncio.create_task(reader.watches()) for reader in readers]
    crowd.lets(writer)
    try:
        yield Across(sheet, readers)
    finally:
        for task in watching:
            task.cancel()


def went_on(trouble: Trouble, sheets: Sequence[Sheet], since: float) -> str:
    """How many were acknowledged from a moment on; asserts that it never stopped, or not much longer than in peace."""
    (usual, _), (longest, count) = _pause(sheets, *trouble.peace), _pause(sheets, since, time.monotonic())
    pause = f"the longest pause {longest:.1f} s, in peace {usual:.1f}"
    assert longest < max(LONGEST_PAUSE, SLOWER * usual), pause
    return f"{count} acknowledged meanwhile, {pause}"


def _pause(sheets: Sequence[Sheet], since: float, until: float) -> tuple[float, int]:
    """The longest time without an acknowledgement, and how many there were."""
    answered = sorted(r.answered_at for r in records(sheets) if r.version is not None and since < r.answered_at < until)
    return max(later - earlier for earlier, later in pairwise([since, *answered, until])), len(answered)


class Logs:
    """What the processes have written into their logs since now."""

    def __init__(self, trouble: Trouble) -> None:
        self._read = [(server, len(server.log())) for server in trouble.rig.servers]

    async def hear(self, words: str) -> None:
        """Wait until one of the processes says it; none goes on about it."""
        deadline = time.monotonic() + RESUMED
        while not any(counts := self._counts(words)):
            assert time.monotonic() < deadline, f"nobody noticed: no log says {words!r}"
            await asyncio.sleep(0.1)
        assert max(counts) <= MOST_LINES, f"a log says {words!r} {max(counts)} times"

    def _counts(self, words: str) -> list[int]:
        return [server.log()[length:].count(words) for server, length in self._read]
