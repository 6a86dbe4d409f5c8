"""The model and the simulation of docs/scaling.md: laws that hold whatever was measured."""

from collections import Counter
from xml.etree import ElementTree

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bench.scaling.charts import charts
from bench.scaling.costs import Costs
from bench.scaling.crowd import HOT, Document, Habits, crowd
from bench.scaling.fitting import fitted
from bench.scaling.load import commits_a_second, room_cost, spread
from bench.scaling.loss import join_cost, lose, vanished
from bench.scaling.model import demand, parts, wall
from bench.scaling.placement import Ring, bound, by_chance, by_document, within_bound
from bench.scaling.tables import text
from bench.scaling.trials import Trials

COSTS = Costs.read()
FEW = settings(max_examples=20, deadline=None)
KEYS = [f"document {number}" for number in range(2_000)]
sizes = st.integers(min_value=2, max_value=24)
crowds = st.builds(crowd, st.integers(2, 300), st.integers(0, 1000))


# --- Placement ---


@FEW
@given(sizes)
def test_another_process_takes_its_share_and_moves_nothing_else(processes: int) -> None:
    before, after = Ring(range(processes)), Ring(range(processes + 1))
    moved = [key for key in KEYS if before.owner(key) != after.owner(key)]
    assert {after.owner(key) for key in moved} == {processes}
    assert 0.5 < len(moved) / len(KEYS) * (processes + 1) < 1.6


@FEW
@given(sizes)
def test_of_a_lost_process_only_its_own_documents_move_and_to_many(processes: int) -> None:
    before, after = Ring(range(processes)), Ring(range(1, processes))
    moved = [key for key in KEYS if before.owner(key) != after.owner(key)]
    assert {before.owner(key) for key in moved} == {0}
    assert len({after.owner(key) for key in moved}) > 0.7 * (processes - 1)


@FEW
@given(sizes, st.sampled_from(KEYS))
def test_a_walk_begins_at_the_owner_and_meets_everybody_once(processes: int, key: str) -> None:
    ring = Ring(range(processes), points=8)
    walked = list(ring.walk(key))
    assert walked[0] == ring.owner(key) and sorted(walked) == list(range(processes))


@FEW
@given(crowds, sizes, st.floats(min_value=1.0, max_value=2.0))
def test_no_process_gets_more_than_the_bound_and_everybody_a_seat(
    documents: list, processes: int, factor: float
) -> None:
    placed = within_bound(documents, processes, Ring(range(processes), points=8), factor)
    assert [seats.total() for seats in placed] == [document.people for document in documents]
    taken = sum(placed, Counter())
    assert max(taken.values()) <= bound(documents, processes, factor)


@FEW
@given(crowds, sizes)
def test_by_document_each_has_one_process_and_nobody_hears_of_it_elsewhere(documents: list, processes: int) -> None:
    ring = Ring(range(processes), points=8)
    alone = spread(documents, by_document(documents, ring), processes, COSTS)
    assert alone.rooms == 1 and alone.heard == 0 and alone.delivered == alone.published
    anywhere = spread(documents, by_chance(documents, processes, 1), processes, COSTS)
    assert anywhere.heard > 0 and anywhere.rooms > 1 and anywhere.mean > alone.mean


# --- The model ---


@FEW
@given(st.lists(st.floats(0.1, 100), min_size=3, max_size=3))
def test_a_fit_finds_the_costs_that_made_the_runs(costs: list[float]) -> None:
    causes = [(1, 0, 2), (3, 1, 1), (0, 5, 1), (2, 2, 9)]
    runs = [
        dict(zip("abc", row, strict=True)) | {"cpu": sum(n * cost for n, cost in zip(row, costs, strict=True))}
        for row in causes
    ]
    assert list(fitted(runs, "abc", "cpu").values()) == pytest.approx(costs)


def test_nothing_costs_less_than_nothing() -> None:
    runs = [{"a": 1.0, "b": 1.0, "cpu": 1.0}, {"a": 1.0, "b": 2.0, "cpu": 0.5}, {"a": 2.0, "b": 2.0, "cpu": 2.0}]
    assert min(fitted(runs, ("a", "b"), "cpu").values()) == 0


def test_runs_that_can_t_tell_are_refused() -> None:
    with pytest.raises(ValueError, match="apart"):
        fitted([{"a": 1.0, "b": 2.0, "cpu": 1.0}, {"a": 2.0, "b": 4.0, "cpu": 2.0}], ("a", "b"), "cpu")


def test_the_model_says_what_was_measured() -> None:
    """Within a sixth, also of the runs that it was not fitted to."""
    worst = max(COSTS.residuals(), key=lambda each: abs(each[2]))
    assert abs(worst[2]) < 1 / 6, worst


@FEW
@given(st.integers(1, 1_000_000), st.integers(1, 1_000_000))
def test_more_documents_never_need_less(one: int, other: int) -> None:
    fewer, more = (demand(size, COSTS) for size in sorted((one, other)))
    assert fewer.cores <= more.cores and fewer.processes <= more.processes and fewer.disk <= more.disk
    assert all(a.needed <= b.needed for a, b in zip(parts(fewer, COSTS), parts(more, COSTS), strict=True))


@FEW
@given(st.integers(500, 5_000), st.integers(500, 5_000), st.integers(1, 100))
def test_more_people_cost_a_large_room_more(one: int, other: int, typing: int) -> None:
    """From 500 on it rests no longer than before, however many come."""
    fewer, more = (room_cost(people, typing, COSTS, Habits()) for people in sorted((one, other)))
    assert fewer < more or one == other


@FEW
@given(st.floats(0.1, 1000), st.integers(1, 5_000))
def test_a_room_never_commits_oftener_than_it_is_given_something(rate: float, people: int) -> None:
    assert 0 < commits_a_second(rate, people, COSTS) <= rate


def test_a_wall_is_where_one_is_full() -> None:
    name = "RabbitMQ, cores"
    full = wall(name, COSTS)
    for documents, is_full in ((0.9 * full, False), (1.1 * full, True)):
        needed = {part.name: part.needed for part in parts(demand(round(documents), COSTS), COSTS)}
        assert (needed[name] > 1) is is_full


# --- Losing a process ---


def test_everybody_comes_back_and_sooner_where_more_are_left() -> None:
    few, many = (lose(crowd(850 * n, 1)[1:], n, COSTS, 1) for n in (4, 16))
    assert few.away == many.away == 0
    assert few.last > many.last and few.moved > many.moved
    assert few.half <= few.p99 <= few.last


def test_a_hot_room_comes_back_later_and_a_silent_loss_is_found_later() -> None:
    documents = crowd(3_400, 1)
    assert documents[0].people == HOT[0]
    cold, hot = lose(documents[1:], 4, COSTS, 1), lose(documents, 4, COSTS, 1)
    assert hot.last > cold.last
    silent = lose(documents[1:], 4, COSTS, 1, find=vanished)
    assert silent.half > cold.half and silent.peak < cold.peak


def test_one_room_of_many_comes_back_later_than_many_rooms_of_one() -> None:
    alone = [Document(number, 1, 0) for number in range(1_200)]
    together = [Document(0, lose(alone, 2, COSTS, 1).sockets, 0)]
    assert lose(together, 2, COSTS, 1).last > 1.3 * lose(alone, 2, COSTS, 1).last


def test_who_comes_to_many_costs_more_and_the_first_one_opens_the_room() -> None:
    assert join_cost(1, COSTS) < join_cost(100, COSTS) < join_cost(1000, COSTS)
    assert join_cost(0, COSTS) == pytest.approx(COSTS.join + COSTS.opening)


# --- What the document shows ---


def test_one_seed_makes_one_text_and_another_another() -> None:
    small = ((200, 2), (400, 4))
    first, again, other = (Trials(COSTS, seed, small, (100, 2)) for seed in (1, 1, 2))
    assert text(first) == text(again) != text(other)
    for name, chart in charts(first).items():
        assert chart.svg() == charts(again)[name].svg()
        assert ElementTree.fromstring(chart.svg()).tag.endswith("svg")


def test_another_figure_in_the_file_makes_another_answer() -> None:
    heavier = Costs({**COSTS.measured, "disk": {"operation_bytes": 2 * COSTS["operation_bytes"]}})
    assert demand(1000, heavier).disk == pytest.approx(2 * demand(1000, COSTS).disk)
