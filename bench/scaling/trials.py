"""The simulations that docs/scaling.md tells of. With one seed they come out the same, to the letter."""

from collections.abc import Iterator, Mapping, Sequence

from bench.scaling.costs import Costs
from bench.scaling.crowd import crowd
from bench.scaling.load import Spread, spread
from bench.scaling.loss import Finding, Recovery, drained, killed, lose, vanished
from bench.scaling.model import FULL
from bench.scaling.placement import Ring, by_chance, by_document, within_bound

CLUSTERS = ((3_400, 4), (13_600, 16), (85_000, 100))  # documents, processes: half a core of work for each
PAIR = (1_700, 2)
WAYS: Mapping[str, Finding] = {"killed": killed, "vanished": vanished, "drained": drained}

Case = tuple[int, float, str, bool]  # processes, how busy each was, what became of one, whether a hot room was there


class Trials:
    """All of them, by one file of costs and one seed."""

    def __init__(
        self, costs: Costs, seed: int = 1, clusters: Sequence[tuple[int, int]] = CLUSTERS, pair: tuple[int, int] = PAIR
    ) -> None:
        self.costs, self.seed, self.clusters, self.pair = costs, seed, clusters, pair
        self.spreads = {processes: self._spreads(documents, processes) for documents, processes in clusters}
        self.losses: Mapping[Case, Recovery] = dict(self._losses())

    def _spreads(self, documents: int, processes: int) -> Mapping[str, Spread]:
        people, ring = crowd(documents, self.seed), Ring(range(processes))
        placed = {
            "chance": by_chance(people, processes, self.seed),
            "document": by_document(people, ring),
            "bound": within_bound(people, processes, ring),
        }
        return {name: spread(people, seats, processes, self.costs) for name, seats in placed.items()}

    def _losses(self) -> Iterator[tuple[Case, Recovery]]:
        for documents, processes, busy in (
            (*self.pair, 0.4),
            (*self.pair, FULL),
            *((*each, FULL) for each in self.clusters),
        ):
            people = crowd(documents, self.seed)
            for name, find in WAYS.items():
                recovery = lose(people[1:], processes, self.costs, self.seed, find=find, busy=busy)
                yield (processes, busy, name, False), recovery
            yield (processes, busy, "killed", True), lose(people, processes, self.costs, self.seed, busy=busy)
