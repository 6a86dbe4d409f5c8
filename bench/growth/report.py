"""The tables and charts that results make."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from bench.growth.curves import SOCKETS, STEP
from bench.growth.figures import exponent, line, medians, ratios, table
from bench.growth.plot import Chart, Line

Medians = dict[int, dict[str, float]]  # of a curve, by what grows
SEATED = range(STEP, SOCKETS + 1, STEP)
COST, SHARE = "CPU µs/operation", "CPU µs/delivery"
OTHERS = "others' CPU %"  # of one core, while a point was measured
EDITS = (OTHERS, "operations/s", "p50 ms", COST)
OPENING = ("opening bytes", "first opening ms", "opening CPU ms", "opening p50 ms")
GROWS = {"text": "code points", "history": "operations in the log"}


def curve_of(found: Sequence[Mapping[str, Any]]) -> Medians:
    return {point["x"]: medians(point["runs"]) for point in found}


def tables(curves: Mapping[str, Medians]) -> Iterator[str]:
    """In Markdown; the last column of each says how a figure stands beside the first row's."""
    for name, across in GROWS.items():
        if name in curves:
            yield grown(across, curves[name], EDITS)
            yield grown(across, curves[name], OPENING)
    if "readers" in curves:
        yield grown("sockets", curves["readers"], (OTHERS, "operations/s", "operations/frame", "p50 ms", COST, SHARE))
        yield marginal(curves["readers"])
    if "sockets" in curves:
        yield seats(curves["sockets"])


def grown(across: str, curve: Medians, names: Sequence[str]) -> str:
    """The last of the names is compared."""
    compared = ratios([values[names[-1]] for values in curve.values()])
    rows = [[x, *(curve[x][name] for name in names), ratio] for x, ratio in zip(curve, compared, strict=True)]
    head = table([across, *names, "beside the first"], rows)
    return f"{head}\n\nGrows as {across} to the power of {steepness(curve, names[-1]):.2f}."


def steepness(curve: Medians, name: str) -> float:
    return exponent(list(curve), [values[name] for values in curve.values()])


def marginal(curve: Medians) -> str:
    """What an operation costs by itself, and for each socket that sees it."""
    base, slope = line(list(curve), [values[COST] for values in curve.values()])
    return f"An operation costs {base:.0f} µs and {slope:.1f} µs for each socket."


def seats(curve: Medians) -> str:
    head = ["sockets", *(f"{figure}, {kind}" for figure in ("KiB/socket", "CPU ms/join") for kind in kinds(curve))]
    rows = [[n, *(v[f"{name}, {n}"] for name in ("KiB/socket", "CPU ms/join") for v in curve.values())] for n in SEATED]
    idle = [f"{kind} {values['idle CPU ms/s']:.1f}" for kind, values in zip(kinds(curve), curve.values(), strict=True)]
    others = max(values[OTHERS] for values in curve.values())
    return f"{table(head, rows)}\n\nIdle CPU, ms a second: {', '.join(idle)}. Others used {others:.0f} % of a core."


def kinds(curve: Medians) -> list[str]:
    return ["in one document" if documents == 1 else "each its own" for documents in curve]


def charts(curves: Mapping[str, Medians]) -> dict[str, Chart]:
    """By the names of their files."""
    drawn = {}
    for name, across in GROWS.items():
        if name in curves:
            title = f"One edit against {across}: CPU, µs"
            drawn[name] = Chart(title, across, [_line(COST, curves[name])])
            title = f"Opening a document against {across}: ms"
            lines = [_line(figure, curves[name]) for figure in ("opening p50 ms", "opening CPU ms", "first opening ms")]
            drawn[f"opening-{name}"] = Chart(title, across, lines)
    if "readers" in curves:
        lines = [_line(COST, curves["readers"]), _line(SHARE, curves["readers"])]
        drawn["readers"] = Chart("20 operations a second against sockets: CPU, µs", "sockets", lines, is_log=True)
    if "sockets" in curves:
        drawn["memory"] = Chart("Idle sockets: KiB each", "sockets", _seats("KiB/socket", curves["sockets"]))
        drawn["joining"] = Chart("Joining: CPU, ms", "sockets there", _seats("CPU ms/join", curves["sockets"]))
    return drawn


def _line(name: str, curve: Medians) -> Line:
    return Line(name, [(x, values[name]) for x, values in curve.items()])


def _seats(name: str, curve: Medians) -> list[Line]:
    return [
        Line(kind, [(n, values[f"{name}, {n}"]) for n in SEATED])
        for kind, values in zip(kinds(curve), curve.values(), strict=True)
    ]


def draw(curves: Mapping[str, Medians], folder: Path) -> None:
    for name, chart in charts(curves).items():
        (folder / f"growth-{name}.svg").write_text(chart.svg())
