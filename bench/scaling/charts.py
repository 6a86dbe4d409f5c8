"""The plots of docs/scaling.md."""

from collections.abc import Callable, Mapping

from bench.growth.plot import Chart, Line
from bench.scaling.costs import Costs
from bench.scaling.crowd import Habits
from bench.scaling.load import room_cost
from bench.scaling.model import FULL, demand, parts
from bench.scaling.trials import Trials

ROOMS = (10, 50, 200, 500, 1000, 2000, 5000)
CROWDS: Mapping[str, Callable[[int], int]] = {
    "20 type": lambda people: min(20, people),
    "one in ten types": lambda people: max(1, people // 10),
    "all type": lambda people: people,
}
SIZES = (3_000, 10_000, 30_000, 100_000, 300_000, 1_000_000)
PARTS = {"RabbitMQ, cores": 0, "Redis, cores": 1}  # by their places in `parts`
LOST = {"killed": False, "vanished": False, "drained": False, "killed, hot room": True}


def charts(trials: Trials) -> Mapping[str, Chart]:
    """By the names of their files."""
    return {
        "scaling-parts": Chart("What open documents need", "open documents", _parts(trials.costs), is_log=True),
        "scaling-placement": Chart("Load: the worst process (p99) beside the mean", "processes", _imbalances(trials)),
        "scaling-loss": Chart("Seconds until all are back, after one process of so many", "processes", _lost(trials)),
        "scaling-room": Chart("One room: cores of its process", "people in it", _rooms(trials.costs), is_log=True),
    }


def _parts(costs: Costs) -> list[Line]:
    asked = {size: demand(size, costs) for size in SIZES}
    needed = [
        Line(name, [(size, parts(each, costs)[at].needed) for size, each in asked.items()])
        for name, at in PARTS.items()
    ]
    return [Line("processes", [(size, each.processes) for size, each in asked.items()]), *needed]


def _imbalances(trials: Trials) -> list[Line]:
    return [
        Line(f"by {name}", [(processes, spreads[name].imbalance) for processes, spreads in trials.spreads.items()])
        for name in ("chance", "document", "bound")
    ]


def _lost(trials: Trials) -> list[Line]:
    return [
        Line(name, [(n, trials.losses[n, FULL, name.partition(",")[0], hot].last) for _, n in trials.clusters])
        for name, hot in LOST.items()
    ]


def _rooms(costs: Costs) -> list[Line]:
    return [
        Line(name, [(people, room_cost(people, typing(people), costs, Habits())) for people in ROOMS])
        for name, typing in CROWDS.items()
    ]
