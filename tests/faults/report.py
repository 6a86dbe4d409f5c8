"""A table of runs, in Markdown."""

from collections.abc import Sequence

from tests.faults.run import Result

COLUMNS = [
    "fault",
    "mode",
    "acknowledged",
    "unknown",
    "resent",
    "in the log",
    "refused",
    "p50/p99",
    "recovered/settled",
    "verdict",
    "seen",
]
HEAD = f"| {' | '.join(COLUMNS)} |\n|{'---|' * len(COLUMNS)}\n"


def table(results: Sequence[Result]) -> str:
    return HEAD + "".join(f"{row(result)}\n" for result in results)


def row(result: Result) -> str:
    verdict = result.verdict
    names = sorted({breach.split()[0].rstrip(":") for breach in verdict.breaches})
    cells = (
        f"{result.fault.number} {result.fault.name}",
        result.mode,
        *map(str, (verdict.acknowledged, verdict.unknown, verdict.resent, verdict.recovered, verdict.refused)),
        f"{1000 * verdict.wait_at(50):.0f} / {1000 * verdict.wait_at(99):.0f} ms",
        f"{result.recovered:.1f} / {result.settled:.1f} s",
        ", ".join(names) or "valid",
        result.seen,
    )
    return f"| {' | '.join(cells)} |"
