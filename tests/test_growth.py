"""What `bench.growth` makes of samples is right, and each of its measurements works, on a tiny scale."""

import os
import time
from collections.abc import Sequence
from itertools import islice
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.growth import curves
from bench.growth.__main__ import measure
from bench.growth.curves import Curve, Point, edits, readers, sockets
from bench.growth.figures import exponent, line, medians, ratios, table
from bench.growth.plot import Chart, Line
from bench.growth.report import OTHERS, charts, curve_of, tables
from bench.growth.seed import RUN, replacements
from bench.growth.template import Watched
from documents.ot.operation import apply, length_change
from loadtest.plot import HEIGHT, WIDTH

SVG = "{http://www.w3.org/2000/svg}"
positive = st.floats(0.01, 1e6)
sizes = st.lists(st.integers(1, 10**6), min_size=2, max_size=6, unique=True).map(sorted)


@given(sizes, positive, st.floats(-2, 2))
def test_the_exponent_of_a_power_is_found(xs: Sequence[int], factor: float, power: float) -> None:
    assert exponent(xs, [factor * x**power for x in xs]) == pytest.approx(power, abs=1e-6)


@given(sizes, positive, positive)
def test_base_and_slope_of_a_line_are_found(xs: Sequence[int], base: float, slope: float) -> None:
    found = line(xs, [base + slope * x for x in xs])
    assert found == (pytest.approx(base, rel=1e-3, abs=1e-3 * slope * xs[-1]), pytest.approx(slope, rel=1e-3, abs=1e-3))


@given(st.lists(positive, min_size=1))
def test_ratios_are_to_the_first(values: Sequence[float]) -> None:
    assert [ratio * values[0] for ratio in ratios(values)] == pytest.approx(values)


def test_one_bad_run_of_three_changes_nothing() -> None:
    assert medians([{"a": 1.0, "b": 7.0}, {"a": 900.0, "b": 6.0}, {"a": 2.0, "b": 8.0}]) == {"a": 2.0, "b": 7.0}


def test_a_table_shows_three_digits_or_all_before_the_point() -> None:
    shown = table(["what", "n"], [["x", 123456.7], ["y", 1.23456], ["z", 20.0]])
    assert shown.splitlines()[2:] == ["| x | 123,457 |", "| y | 1.23 |", "| z | 20 |"]


@given(st.integers(RUN + 1, 500))
def test_typing_over_keeps_the_length_and_fits(length: int) -> None:
    text = "x" * length
    for operation in islice(replacements(length), 2 * RUN):
        assert operation and length_change(operation) == 0
        text = apply(text, operation)
    assert len(text) == length != text.count("x")


@given(st.lists(st.tuples(positive, positive), min_size=1, max_size=8), st.booleans())
def test_higher_means_more_and_further_right_means_larger(points: list[tuple[float, float]], is_log: bool) -> None:
    chart = Chart("a < b", "x & y", [Line("one", points)], is_log)
    picture = ElementTree.fromstring(chart.svg())
    dots = [(float(dot.get("cx") or 0), float(dot.get("cy") or 0)) for dot in picture.iter(f"{SVG}circle")]
    assert len(dots) == len(points)
    assert all(0 <= x <= WIDTH and 0 <= y <= HEIGHT for x, y in dots)
    upwards = sorted(zip(points, dots, strict=True), key=lambda each: each[0][1])
    assert [-y for _, (_, y) in upwards] == sorted(-y for _, (_, y) in upwards)
    along = sorted(zip(points, dots, strict=True), key=lambda each: each[0][0])
    assert [x for _, (x, _) in along] == sorted(x for _, (x, _) in along)


def test_cpu_is_that_of_all_threads_so_far() -> None:
    me = Watched(0, os.getpid(), "")
    before = time.process_time()
    said = me.cpu_seconds()
    assert before <= said <= time.process_time()


def test_memory_is_what_is_really_in_use() -> None:
    me, megabytes = Watched(0, os.getpid(), ""), 50
    before = me.memory()
    held = bytearray(b"x") * (megabytes << 20)
    assert me.memory() - before > 0.9 * len(held)


def test_every_measurement_works(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, small in {"CHORES": 0.0, "OPENINGS": 2, "STEP": 1, "SOCKETS": 2}.items():
        monkeypatch.setattr(curves, name, small)

    async def everything(server: Watched, point: Point, seconds: float) -> dict[str, float]:
        edited = await edits(server, point, seconds)
        assert edited["CPU µs/delivery"] == pytest.approx(edited["CPU µs/operation"] / 2)  # the writer, and a reader
        assert edited["opening bytes"] > point.length
        read = await readers(server, point, seconds)
        assert read["CPU µs/delivery"] == pytest.approx(read["CPU µs/operation"] / point.x)
        return edited | await sockets(server, point, seconds)

    found = measure(Curve("all", [Point(3, length=200, entries=40, documents=2)], everything), rounds=1, seconds=0.3)
    run = curve_of(found)[3]
    may_be_nothing = (OTHERS, "KiB/socket", "idle CPU")  # two sockets find room in pages that are there, for example
    assert all(value > 0 for name, value in run.items() if not name.startswith(may_be_nothing))
    assert run["opening bytes"] < 200 + 2000
    assert {"CPU ms/join, 1", "CPU ms/join, 2", "KiB/socket, 2", "idle CPU ms/s"} < run.keys()


def test_a_report_has_every_curve() -> None:
    names = ["operations/s", "operations/frame", "p50 ms", "CPU µs/operation", "CPU µs/delivery", "idle CPU ms/s"]
    names += [OTHERS, "opening bytes", "first opening ms", "opening CPU ms", "opening p50 ms"]
    names += [f"{kind}, {n}" for kind in ("KiB/socket", "CPU ms/join") for n in range(100, 501, 100)]
    made = {name: {x: dict.fromkeys(names, float(x)) for x in (1, 500)} for name in ("text", "history", "readers")}
    made["sockets"] = made["text"]
    text = "\n".join(tables(made))
    assert "An operation costs 0 µs and 1.0 µs for each socket." in text
    assert "Grows as code points to the power of 1.00." in text
    assert "| 500 | 500 |" in text
    names_of_files = {"text", "opening-text", "history", "opening-history", "readers", "memory", "joining"}
    assert charts(made).keys() == names_of_files
    for chart in charts(made).values():
        ElementTree.fromstring(chart.svg())
