"""The tables of docs/scaling.md."""

from collections.abc import Sequence
from itertools import groupby
from math import isfinite
from operator import itemgetter

from bench.scaling.crowd import Habits
from bench.scaling.load import fullest_room
from bench.scaling.model import FULL, SIZES, demand, memory, parts, wall
from bench.scaling.trials import Trials

Cells = Sequence[object]


def table(head: Cells, rows: Sequence[Cells]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(map(str, line)) + " |" for line in lines)


def short(value: float) -> str:
    """To two digits, with thousands set apart."""
    if not isfinite(value):
        return "never"
    if value == 0 or abs(value) < 0.005:
        return "0"
    rounded = float(f"{value:.2g}")
    return f"{rounded:,.0f}" if abs(rounded) >= 10 else f"{rounded:g}"


def text(trials: Trials) -> str:
    return "\n\n".join(tell(trials) for tell in (fitted, residuals, sizes, services, placements, lost, rooms))


def fitted(trials: Trials) -> str:
    """The coefficients."""
    costs, micro = trials.costs, 1e6
    rows = [
        ("an operation", costs.typing["operations"] * micro),
        ("a commit", costs.typing["commits"] * micro),
        ("the same with MongoDB, RabbitMQ and Redis", (costs.typing["commits"] + costs.remote_commit) * micro),
        ("a frame to a socket", costs.typing["frames"] * micro),
        ("a join", costs.join * micro),
        ("for each who is there already", costs.coming["meetings"] * micro),
        ("opening a room", costs.opening * micro),
        ("an HTTP request", costs.request * micro),
        ("the same with MongoDB and Redis", (costs.request + costs.remote_request) * micro),
        ("an idle room, a second", costs.idle["rooms"] * micro),
        ("an idle socket, a second", costs.idle["sockets"] * micro),
    ]
    return table(("what", "CPU µs"), [(name, short(value)) for name, value in rows])


def residuals(trials: Trials) -> str:
    rows = [
        (part, ", ".join(f"{run} {share:+.0%}" for _, run, share in runs))
        for part, runs in groupby(trials.costs.residuals(), key=itemgetter(0))
    ]
    return table(("runs", "the model beside what was measured"), rows)


def sizes(trials: Trials) -> str:
    asked = [demand(size, trials.costs) for size in SIZES]
    rows: dict[str, list[float]] = {
        "sockets": [each.sockets for each in asked],
        "operations a second": [each.operations for each in asked],
        "announcements a second": [each.announcements for each in asked],
        "frames a second": [each.frames for each in asked],
        "HTTP requests a second": [each.requests for each in asked],
        "cores: typing": [each.typing + each.hearing for each in asked],
        "cores: sitting there": [each.sitting for each in asked],
        "cores: coming, and HTTP": [each.visiting for each in asked],
        f"processes, {FULL:.0%} busy": [each.processes for each in asked],
        "MiB of each, with empty texts": [memory(each, trials.costs) / 2**20 for each in asked],
        "GB of log a day": [each.disk / 1e9 for each in asked],
    }
    head = ["open documents", *(f"{size:,}" for size in SIZES)]
    return table(head, [(name, *map(short, values)) for name, values in rows.items()])


def services(trials: Trials) -> str:
    """What there must be beside the processes, and from where on one is not enough."""
    asked = [(size, demand(size, trials.costs)) for size in SIZES[1:]]
    needed = [{part.name: part.needed for part in parts(each, trials.costs)} for _, each in asked]
    rows = [
        (name, *(short(each[name]) for each in needed), f"{wall(name, trials.costs):,}", "yes" if can_grow else "no")
        for name, can_grow in ((part.name, part.can_grow) for part in parts(asked[0][1], trials.costs))
    ]
    head = ("needed", *(f"{size:,}" for size, _ in asked), "one is full at", "can be added")
    return table(head, rows)


def placements(trials: Trials) -> str:
    rows = [
        (processes, name, *map(short, (each.mean, each.imbalance, each.rooms, each.heard, each.delivered)))
        for processes, spreads in trials.spreads.items()
        for name, each in spreads.items()
    ]
    head = ("processes", "placed by", "cores, mean", "p99 / mean", "rooms a document")
    return table((*head, "announcements heard elsewhere, an operation", "in all queues"), rows)


def lost(trials: Trials) -> str:
    rows = [
        (
            *(processes, f"{busy:.0%}", name, "yes" if hot else "no"),
            *(f"{each.sockets:,}", f"{each.moved:.1%}"),
            *map(short, (each.peak, each.half, each.p99, each.last)),
            f"{each.refused:,}",
        )
        for (processes, busy, name, hot), each in trials.losses.items()
    ]
    head = ("processes", "busy", "one is", "hot room", "sockets", "documents moved", "tries a second, peak")
    return table((*head, "half are back, s", "99 %", "all", "sent away"), rows)


def rooms(trials: Trials) -> str:
    rows = [(f"{share:.0%}", f"{fullest_room(share, trials.costs, Habits()):,}") for share in (0.02, 0.1, 0.5, 1.0)]
    return table(("of the people type", "people that fill one process"), rows)
