"""Least squares, without a library: costs that are no less than nothing."""

from collections.abc import Mapping, Sequence

Row = Mapping[str, float]


def fitted(runs: Sequence[Row], causes: Sequence[str], effect: str) -> dict[str, float]:
    """What one of each cause costs, so that the runs' *relative* errors have the least squares. None costs less than 0.

    A cause that comes out negative is left out, and the rest fitted again.
    """
    costs = _solved(runs, causes, effect)
    if not costs or min(costs.values()) >= 0:
        return {cause: costs.get(cause, 0.0) for cause in causes}
    least = min(costs, key=costs.__getitem__)
    return {least: 0.0} | fitted(runs, [cause for cause in causes if cause != least], effect)


def predicted(run: Row, costs: Mapping[str, float]) -> float:
    return sum(cost * run[cause] for cause, cost in costs.items())


def _solved(runs: Sequence[Row], causes: Sequence[str], effect: str) -> dict[str, float]:
    """By the normal equations; each run weighs the same, however much it cost in all."""
    rows = [[run[cause] / run[effect] for cause in causes] for run in runs]
    square = [[sum(row[i] * row[j] for row in rows) for j in range(len(causes))] for i in range(len(causes))]
    return dict(zip(causes, _eliminated(square, [sum(column) for column in zip(*rows, strict=True)]), strict=True))


def _eliminated(square: list[list[float]], right: list[float]) -> list[float]:
    """Gauss, with the largest pivot. ValueError where the runs can't tell two causes apart."""
    table = [[*row, value] for row, value in zip(square, right, strict=True)]
    scale = max((abs(value) for row in square for value in row), default=0.0)
    for at in range(len(table)):
        best = max(range(at, len(table)), key=lambda row: abs(table[row][at]))
        table[at], table[best] = table[best], table[at]
        if abs(table[at][at]) <= 1e-13 * scale:
            raise ValueError("these runs do not tell their causes apart")
        for row in range(len(table)):
            if row != at:
                share = table[row][at] / table[at][at]
                table[row] = [value - share * other for value, other in zip(table[row], table[at], strict=True)]
    return [row[-1] / row[at] for at, row in enumerate(table)]
