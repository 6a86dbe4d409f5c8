"""From one laptop to a million open documents: what they ask of each part, and how many of each part that takes."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil

from bench.scaling.costs import Costs
from bench.scaling.crowd import Habits
from bench.scaling.load import commits_a_second, hearing_cost, sitting_cost, typing_cost, visiting_cost

SIZES = (10, 1_000, 100_000, 1_000_000)
FULL = 0.5  # of a core: what is left is for the unlucky process, and for those who come from a lost one
DAY = 86_400 / 3  # seconds: as much work as eight hours of it make


@dataclass(frozen=True)
class Demand:
    """Of so many open documents, each in one process, on all parts together. All but counts is for each second."""

    documents: int
    sockets: float
    operations: float
    commits: float
    frames: float
    visits: float
    announcements: float  # published; who comes and goes is told of, too, and all rooms call their roll
    requests: float
    typing: float  # cores, and so the next ones
    sitting: float
    visiting: float
    hearing: float
    processes: int
    disk: float  # bytes a day

    @property
    def cores(self) -> float:
        return self.typing + self.sitting + self.visiting + self.hearing


def demand(documents: int, costs: Costs, habits: Habits | None = None) -> Demand:
    """One process on SQLite where that is enough; else MongoDB, the broker and Redis are elsewhere, and cost more."""
    alone = _demand(documents, costs, habits or Habits(), remote=False)
    return alone if alone.processes == 1 else _demand(documents, costs, habits or Habits(), remote=True)


def _demand(documents: int, costs: Costs, habits: Habits, *, remote: bool) -> Demand:
    operations = commits = frames = 0.0
    for people, share in habits.shares:
        rate = habits.typing_among(people) * habits.rate
        each = commits_a_second(rate, people, costs)
        busy = documents * share * habits.typing
        operations, commits, frames = operations + busy * rate, commits + busy * each, frames + busy * each * people
    sockets = documents * habits.people
    visits = sockets / habits.stay
    announcements = commits + 2 * visits + documents * (1 / habits.stay + 1 / costs["lonely_roll"])
    typing = typing_cost(operations, commits, frames, costs, remote=remote)
    sitting = sitting_cost(documents, sockets, costs)
    visiting = visiting_cost(sockets, documents, habits, costs, remote=remote)
    hearing = announcements * hearing_cost(costs) if remote else 0.0  # its own, which come back
    return Demand(
        documents=documents,
        sockets=sockets,
        operations=operations,
        commits=commits,
        frames=frames,
        visits=visits,
        announcements=announcements,
        requests=visits * habits.requests,
        typing=typing,
        sitting=sitting,
        visiting=visiting,
        hearing=hearing,
        processes=max(1, ceil((typing + sitting + visiting + hearing) / FULL)),
        disk=operations * costs["operation_bytes"] * DAY,
    )


@dataclass(frozen=True, slots=True)
class Part:
    """How many of something it takes, all of each used; `can_grow`: more of them can be added as things are."""

    name: str
    needed: float
    can_grow: bool


def parts(asked: Demand, costs: Costs) -> Sequence[Part]:
    """What a size takes beside the processes, where there are several."""
    keys = asked.documents * costs["keys_each_room"] / costs["look_seconds"]
    inserts = asked.operations / costs["shard_inserts_per_second"]
    return [
        Part("RabbitMQ, cores", asked.announcements * costs["announcement_broker_cpu_seconds"], True),
        Part(
            "Redis, its one core, by presence",
            presence_fields(asked, costs) * costs["presence_redis_cpu_seconds"],
            False,
        ),
        Part("each process, cores, by presence", presence_own(asked, costs), False),
        Part("MongoDB, shards, by inserts", inserts, True),
        Part("MongoDB, shards, by keys looked up", keys / costs["shard_keys_per_second"], True),
        Part("nginx, workers", asked.sockets / costs["proxy_sockets_each_worker"], True),
    ]


def presence_fields(asked: Demand, costs: Costs) -> float:
    """A second: every process asks every other one's hash for each document that it has open (`realtime/memory.py`)."""
    return (asked.processes - 1) * asked.documents / costs["look_seconds"]


def presence_own(asked: Demand, costs: Costs) -> float:
    """Cores, of each process, for reading what comes back."""
    return presence_fields(asked, costs) / asked.processes * costs["presence_own_cpu_seconds"]


def memory(asked: Demand, costs: Costs) -> float:
    """Bytes of one process, with empty texts."""
    own = asked.documents * costs.memory["rooms"] + asked.sockets * costs.memory["sockets"]
    return costs["process_bytes"] + own / asked.processes


def wall(name: str, costs: Costs, habits: Habits | None = None, *, limit: float = 1.0) -> int:
    """How many open documents need more than `limit` of a part (at least 100, to two digits)."""
    low, high = 100, 100_000_000
    while high - low > low / 100:
        middle = (low + high) // 2
        needed = {
            part.name: part.needed for part in parts(_demand(middle, costs, habits or Habits(), remote=True), costs)
        }
        low, high = (middle, high) if needed[name] <= limit else (low, middle)
    return int(float(f"{low:.1e}"))
