"""Which process a socket goes to, by the rule of the proxy before them all."""

import random
from bisect import bisect
from collections import Counter
from collections.abc import Iterator, Sequence
from hashlib import blake2b
from math import ceil

from bench.scaling.crowd import Document

POINTS = 160  # of each process on the ring, as nginx' `hash … consistent` has
Seats = Counter[int]  # how many sockets of one document, by process


class Ring:
    """Consistent hashing: each process stands at many points, and a key belongs to the next point after its own."""

    def __init__(self, processes: Sequence[int], points: int = POINTS) -> None:
        marks = sorted(
            (_place(f"process {process}/{point}"), process) for process in processes for point in range(points)
        )
        self._places = [place for place, _ in marks]
        self._owners = [owner for _, owner in marks]
        self._processes = len(set(processes))

    def owner(self, key: str) -> int:
        return self._owners[self._after(key)]

    def walk(self, key: str) -> Iterator[int]:
        """Every process once, the owner first, then who comes next on the ring."""
        at, seen = self._after(key), set[int]()
        while len(seen) < self._processes:
            owner = self._owners[at % len(self._owners)]
            if owner not in seen:
                seen.add(owner)
                yield owner
            at += 1

    def _after(self, key: str) -> int:
        return bisect(self._places, _place(key)) % len(self._places)


def by_chance(documents: Sequence[Document], processes: int, seed: int) -> list[Seats]:
    """Each socket anywhere: a balancer that knows no documents."""
    chance = random.Random(seed)
    return [Counter(chance.choices(range(processes), k=document.people)) for document in documents]


def by_document(documents: Sequence[Document], ring: Ring) -> list[Seats]:
    """All sockets of a document in one process: what deploy/nginx does."""
    return [Counter({ring.owner(document.key): document.people}) for document in documents]


def within_bound(documents: Sequence[Document], processes: int, ring: Ring, factor: float = 1.25) -> list[Seats]:
    """As by document, but a process that has `factor` times the average passes a socket on to the next one on the ring
    (HAProxy's hash-balance-factor). So the sockets of a large document may sit in several."""
    most = bound(documents, processes, factor)
    taken: Counter[int] = Counter()
    placed = []
    for document in documents:
        seats: Seats = Counter()
        left = document.people
        for process in ring.walk(document.key):
            seats[process] = min(left, most - taken[process])
            taken[process] += seats[process]
            left -= seats[process]
            if not left:
                break
        placed.append(+seats)
    return placed


def bound(documents: Sequence[Document], processes: int, factor: float) -> int:
    """Sockets that one process takes at most; `factor` is at least 1, so that there is room for all."""
    return ceil(factor * sum(document.people for document in documents) / processes)


def _place(key: str) -> int:
    return int.from_bytes(blake2b(key.encode(), digest_size=8).digest())
