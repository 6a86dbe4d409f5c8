"""What a run has shown, as numbers, JSON and Markdown."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Self

POINTS = {"p50": 0.5, "p95": 0.95, "p99": 0.99, "max": 1.0}
SHOWN_BREACHES = 20


def percentiles(seconds: Sequence[float]) -> dict[str, float]:
    """In milliseconds: of all samples, so many were at most so long."""
    ordered = sorted(seconds) or [0.0]
    last = len(ordered) - 1
    return {name: round(1000 * ordered[round(last * share)], 2) for name, share in POINTS.items()}


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """`latencies` are, by name, counts and milliseconds; `strain` is what it cost; `failures` what Locust counted.

    `operations` is what is in the logs of all documents at the end, the initial texts not counted. `server_says` is of
    the server's own histograms, where it shows them: milliseconds are upper ends of buckets.
    """

    kind: str
    users: int
    editors: int
    documents: int
    seconds: float
    latencies: Mapping[str, Mapping[str, float]]
    operations: int
    acknowledged: int
    lines_lost: int
    failures: int
    breaches: Sequence[str]
    strain: Mapping[str, Any]
    server_says: Mapping[str, Mapping[str, float]] = field(default_factory=dict)

    @property
    def is_good(self) -> bool:
        return not self.failures and not self.breaches

    def write(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(asdict(self), ensure_ascii=False, indent=1) + "\n")

    @classmethod
    def read(cls, path: Path) -> Self:
        return cls(**json.loads(path.read_text()))

    def markdown(self) -> str:
        """A table of latencies, what the machine did, and the verdict."""
        rows = [f"| {name} | {' | '.join(_row(each))} |" for name, each in self.latencies.items()]
        rows += [f"| the server: {name} | {' | '.join(_row(each, '≤ '))} |" for name, each in self.server_says.items()]
        return "\n".join(
            [self._title(), "", "| ms | count | p50 | p95 | p99 | max |", "|---|---|---|---|---|---|", *rows]
        )

    def remarks(self) -> list[str]:
        """What to know before believing the table, and whether the clients and the server agree."""
        return [self._machine(), *self._verdict()]

    def _title(self) -> str:
        each = f"{self.users} users, {self.editors} of them editing {self.documents} documents, {self.seconds:.0f} s"
        return f"{self.kind}: {each}; {self.operations / self.seconds:.1f} operations a second"

    def _machine(self) -> str:
        strain, lag = self.strain, self.strain["generator_lag_ms"]
        server = f"server {strain['server_cpu_percent']} %, {strain['server_rss_mib']} MiB"
        known = server if strain["server_cpu_percent"] is not None else "server elsewhere"
        generator = f"load generator {strain['generator_cpu_percent']} %, late by {lag['p99']} ms (p99)"
        others = f"everybody else {strain['others_cpu_percent']} %, on {strain['cores']} cores"
        return f"CPU in percent of one core: {known}; {generator}; {others}"

    def _verdict(self) -> list[str]:
        counted = f"{self.acknowledged} submissions acknowledged, {self.operations} operations in the logs"
        said = [f"{counted}; {self.lines_lost} lines lost; {self.failures} requests failed"]
        if not self.breaches:
            return [*said, "Nothing lost, nothing doubled: all clients agree with the server."]
        return [*said, f"{len(self.breaches)} BREACHES:", *self.breaches[:SHOWN_BREACHES]]


def _row(figures: Mapping[str, float], prefix: str = "") -> list[str]:
    return [f"{figures['count']:g}", *(f"{prefix}{figures[name]:g}" for name in POINTS)]
