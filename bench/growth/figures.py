"""What is made of samples: medians of runs, ratios, how steeply something grows, tables."""

import statistics
from collections.abc import Mapping, Sequence
from math import log

Run = Mapping[str, float]


def medians(runs: Sequence[Run]) -> dict[str, float]:
    """Of each figure, over all runs of one point."""
    return {name: statistics.median(run[name] for run in runs) for name in runs[0]}


def ratios(values: Sequence[float]) -> list[float]:
    """Each beside the first."""
    return [value / values[0] for value in values]


def line(xs: Sequence[float], ys: Sequence[float]) -> tuple[float, float]:
    """(base, slope) of the straight line nearest to the points, by least squares."""
    slope, base = statistics.linear_regression(xs, ys)
    return base, slope


def exponent(xs: Sequence[float], ys: Sequence[float]) -> float:
    """The e of the curve x ** e nearest to the points: 0 is flat, 1 grows as x does."""
    return line([log(x) for x in xs], [log(y) for y in ys])[1]


def table(head: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    """In Markdown; numbers with three digits, or all they have before the point."""
    lines = [head, ["---"] * len(head), *([spoken(cell) for cell in row] for row in rows)]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def spoken(value: object) -> str:
    if not isinstance(value, int | float):
        return str(value)
    return f"{value:,.0f}" if abs(value) >= 100 or value == int(value) else f"{value:.3g}"
