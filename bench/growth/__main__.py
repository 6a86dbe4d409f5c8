"""Costs that must not grow: `python -m bench.growth` measures, prints tables and draws docs/plots/growth-*.svg.

    --curves text history readers sockets    some of them; what results.json says of the others stays
    --seconds 3  --rounds 3                  of each measurement; a point is the median of its rounds
    --draw                                   measure nothing: tables and plots of what results.json says

Each measurement has a server of its own, on a copy of one database made before. The points of a curve take turns, so
that a noisy moment hits all. With BENCH_LOCK=FILE every round of a curve waits for the lock of that file (flock).
"""

import argparse
import asyncio
import fcntl
import json
import os
import platform
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import Any

from bench.growth.curves import CURVES, Curve
from bench.growth.report import OTHERS, curve_of, draw, tables
from bench.growth.template import make, serving
from bench.server import ROOT
from loadtest.strain import Strain

RESULTS, PLOTS = Path(__file__).parent / "results.json", ROOT / "docs" / "plots"


@contextmanager
def turn() -> Iterator[None]:
    """Alone on the machine, among those that lock the same file."""
    with open(os.environ.get("BENCH_LOCK", os.devnull), "w") as file:
        if "BENCH_LOCK" in os.environ:
            fcntl.flock(file, fcntl.LOCK_EX)
        yield


def measure(curve: Curve, rounds: int, seconds: float) -> list[dict[str, Any]]:
    """`{x, runs}` of every point: each round goes through all of them, to and fro."""
    with tempfile.TemporaryDirectory() as folder:
        templates = [Path(folder) / str(n) for n, _ in enumerate(curve.points)]
        for path, point in zip(templates, curve.points, strict=True):
            with turn():
                make(path, length=point.length, entries=point.entries, documents=point.documents)
        found = [{"x": point.x, "runs": []} for point in curve.points]
        for n in range(rounds):
            with turn():
                _go_through(curve, templates, found, seconds, is_forth=n % 2 == 0)
    return found


def _go_through(
    curve: Curve, templates: Sequence[Path], found: Sequence[dict[str, Any]], seconds: float, *, is_forth: bool
) -> None:
    visits = list(zip(curve.points, templates, found, strict=True))
    for point, template, into in visits if is_forth else reversed(visits):
        with serving(template) as server:
            strain = Strain("", [server.pid])
            run = asyncio.run(curve.measure(server, point, seconds))
            into["runs"].append(run | {OTHERS: strain.report()["others_cpu_percent"]})


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.growth")
    parser.add_argument("--curves", nargs="*", default=[curve.name for curve in CURVES])
    parser.add_argument("--seconds", type=float, default=3)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--draw", action="store_true")
    given = parser.parse_args()
    results = json.loads(RESULTS.read_text()) if RESULTS.exists() else {}
    for curve in CURVES if not given.draw else ():
        if curve.name in given.curves:
            how = {"on": str(date.today()), "seconds": given.seconds, "cores": os.cpu_count()}
            found = measure(curve, given.rounds, given.seconds)
            results[curve.name] = how | {"python": platform.python_version(), "points": found}
            RESULTS.write_text(json.dumps(results, indent=1) + "\n")
    curves = {name: curve_of(result["points"]) for name, result in results.items()}
    print("\n\n".join(tables(curves)))
    draw(curves, PLOTS)


if __name__ == "__main__":
    main()
