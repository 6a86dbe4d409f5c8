"""A process is lost, and everybody who was there comes back to the others: how hard, and how soon is all well?

Each process that is left serves those who come one after the other, with what it has left of its core. Who has waited
for `ADMISSION` is sent away (1012) and comes again, as `realtime/consumers.py` and `editor/src/connection.ts` have it.
"""

import random
from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from heapq import heapify, heappop, heappush
from math import ceil, inf

from bench.scaling.costs import Costs
from bench.scaling.crowd import Document
from bench.scaling.placement import Ring

FIRST_WAIT, RESTART_WAIT = 0.5, 2.0  # seconds: `Timing.backoff` and `restart` of the editor; a random part of it
IDLE_PING, BUSY_PING, PONG = 12.0, 2.0, 2.5  # seconds until an editor finds a line dead that says nothing
ADMISSION = 5.0  # seconds
REFUSING = 0.001  # seconds of CPU, a guess: to let in, to find out that it has waited too long, and to close
MOST_BUSY = 0.95  # of a core, before those who come back; above it nothing would ever end
BIN = 0.1  # seconds
PATIENCE = 300.0  # seconds that the simulation goes on: who is not back by then may never be

Chance = random.Random
Finding = Callable[[Chance, bool], float]  # seconds until an editor tries again; whether it waits for an answer


def killed(chance: Chance, _: bool) -> float:
    """The process dies and its machine lives: the line is cut at once."""
    return chance.uniform(0, FIRST_WAIT)


def vanished(chance: Chance, is_typing: bool) -> float:
    """The machine is gone without a word: each editor finds out by its own ping."""
    silence = BUSY_PING if is_typing else chance.uniform(0, IDLE_PING)
    return silence + PONG + chance.uniform(0, FIRST_WAIT)


def drained(chance: Chance, _: bool) -> float:
    """A release: closed in turn over DRAIN_SECONDS (5), each with 1012."""
    return chance.uniform(0, 5.0) + chance.uniform(0, RESTART_WAIT)


@dataclass(frozen=True, slots=True)
class Recovery:
    moved: float  # share of the documents
    sockets: int
    peak: float  # tries a second, of the worst tenth of a second, at all processes together
    half: float  # seconds until so many were back
    p99: float
    last: float
    away: int  # sockets that were not back in PATIENCE
    refused: int  # tries that had waited too long
    busiest: float  # the share of a core that the busiest process that is left has for its documents afterwards


def lose(
    documents: Sequence[Document], processes: int, costs: Costs, seed: int, *, find: Finding = killed, busy: float = 0.5
) -> Recovery:
    """Lose the process in which the first document is; `busy` is every process's share of a core before."""
    before, chance = Ring(range(processes)), random.Random(seed)
    lost = before.owner(documents[0].key)
    after = Ring([process for process in range(processes) if process != lost])
    moved = [document for document in documents if before.owner(document.key) == lost]
    comers = [
        (find(chance, number < document.typists), (document.number, number), after.owner(document.key))
        for document in moved
        for number in range(document.people)
    ]
    rest = _Rest(busy, len(comers))
    back, tries, refused = rest.serve(comers, costs, chance)
    return Recovery(
        moved=len(moved) / len(documents),
        sockets=len(comers),
        peak=max(tries.values()) / BIN,
        half=_when(back, 0.5, len(comers)),
        p99=_when(back, 0.99, len(comers)),
        last=_when(back, 1.0, len(comers)),
        away=len(comers) - len(back),
        refused=refused,
        busiest=max(map(rest.load, rest.back), default=busy),
    )


def _when(back: Sequence[float], share: float, comers: int) -> float:
    """Seconds until such a share of all who come was back; infinite, if it never was."""
    wanted = max(1, ceil(share * comers))
    return back[wanted - 1] if wanted <= len(back) else inf


class _Rest:
    """The processes that are left. Whoever is back brings their share of the lost one's work along."""

    def __init__(self, busy: float, comers: int) -> None:
        self._busy, self._comers = busy, comers
        self.back: Counter[int] = Counter()  # by process
        self._free: defaultdict[int, float] = defaultdict(float)

    def load(self, process: int) -> float:
        """The share of its core that editing takes now."""
        return self._busy * (1 + self.back[process] / self._comers)

    def serve(
        self, comers: Sequence[tuple[float, tuple[int, int], int]], costs: Costs, chance: Chance
    ) -> tuple[list[float], Counter[int], int]:
        """When each was back, in order; the tries in each BIN; and how many were refused."""
        waiting, back = list(comers), list[float]()
        here: Counter[int] = Counter()  # by document
        tries: Counter[int] = Counter()
        refused = 0
        heapify(waiting)
        while waiting and waiting[0][0] < PATIENCE:
            now, (document, number), process = heappop(waiting)
            tries[int(now / BIN)] += 1
            if self._free[process] - now > ADMISSION:
                refused += 1
                self._work(process, now, REFUSING)
                heappush(waiting, (now + ADMISSION + chance.uniform(0, RESTART_WAIT), (document, number), process))
            else:
                back.append(self._work(process, now, join_cost(here[document], costs)))
                here[document] += 1
                self.back[process] += 1
        return sorted(back), tries, refused

    def _work(self, process: int, now: float, seconds: float) -> float:
        """When so much work, which comes now, is done."""
        begins = max(now, self._free[process])
        self._free[process] = begins + seconds / (1 - min(MOST_BUSY, self.load(process)))
        return self._free[process]


def join_cost(there: int, costs: Costs) -> float:
    """Seconds of CPU for one who comes to so many: they are told of each other. The first one opens the room."""
    return costs.join + there * costs.coming["meetings"] + (costs.opening if not there else 0.0)
