"""`python -m loadtest.summary LABEL=FILE.json …` prints runs as one Markdown table."""

import sys
from collections.abc import Mapping
from pathlib import Path

from loadtest.figures import Figures
from loadtest.ledger import ACKNOWLEDGED, JOINED, SEEN

HEAD = (
    "| run | documents | operations/s | submit→acknowledged p50 / p95 / p99 | submit→seen p50 / p95 / p99 "
    "| join p50 / p95 | server CPU % | generator CPU %, late p99 | others CPU % |"
)


def row(label: str, figures: Figures) -> str:
    """Milliseconds, and percent of one core."""
    strain = figures.strain
    cells = [label, f"{figures.documents}", f"{figures.operations / figures.seconds:.0f}"]
    cells += [_points(figures, name, "p50", "p95", "p99") for name in (ACKNOWLEDGED, SEEN)]
    cells += [_points(figures, JOINED, "p50", "p95"), str(strain["server_cpu_percent"])]
    cells += [f"{strain['generator_cpu_percent']}, {strain['generator_lag_ms']['p99']:.0f} ms"]
    return f"| {' | '.join([*cells, str(strain['others_cpu_percent'])])} |"


def _points(figures: Figures, name: str, *points: str) -> str:
    found: Mapping[str, float] = figures.latencies.get(name) or figures.latencies[f"WS {name}"]  # Locust's
    return " / ".join(f"{found[point]:.3g}" if found[point] < 1000 else f"{found[point]:.0f}" for point in points)


def main(*runs: str) -> None:
    print("\n".join([HEAD, "|---" * HEAD.count(" | ") + "|---|"]))
    for label, _, path in (run.rpartition("=") for run in runs):
        print(row(label, Figures.read(Path(path))))


if __name__ == "__main__":
    main(*sys.argv[1:])
