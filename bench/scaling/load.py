"""What documents make their processes do, and what that costs: the model, for one document and for a placement."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import exp
from statistics import mean

from bench.scaling.costs import Costs
from bench.scaling.crowd import Document, Habits
from bench.scaling.placement import Seats


def commits_a_second(rate: float, seats: int, costs: Costs) -> float:
    """Of a room to which `rate` submissions a second come, by chance: a commit, a rest, and a wait for the next one
    (`realtime/commits.py`: the more sit there, the longer it rests, and the more share a frame)."""
    if not rate:
        return 0.0
    rest = min(costs["rest_for_a_seat"] * seats, costs["longest_rest"])
    busy = costs["commit_seconds"] + (rest if rest >= costs["shortest_rest"] else 0.0)
    return 1 / (busy + exp(-rate * busy) / rate)


def typing_cost(rate: float, commits: float, frames: float, costs: Costs, *, remote: bool) -> float:
    """Cores, for so many operations, commits and frames a second."""
    commit = costs.typing["commits"] + (costs.remote_commit if remote else 0.0)
    return rate * costs.typing["operations"] + commits * commit + frames * costs.typing["frames"]


def sitting_cost(rooms: float, sockets: float, costs: Costs) -> float:
    """Cores, for being open and saying nothing."""
    return rooms * costs.idle["rooms"] + sockets * costs.idle["sockets"]


def visiting_cost(sockets: float, rooms: float, habits: Habits, costs: Costs, *, remote: bool) -> float:
    """Cores, for coming and looking around; each document is taken to be opened once while somebody stays."""
    request = costs.request + (costs.remote_request if remote else 0.0)
    return (sockets * (costs.join + habits.requests * request) + rooms * costs.opening) / habits.stay


def room_cost(people: int, typists: int, costs: Costs, habits: Habits, *, remote: bool = True) -> float:
    """Cores, of one process in which a whole document is."""
    rate = typists * habits.rate
    commits = commits_a_second(rate, people, costs)
    return typing_cost(rate, commits, commits * people, costs, remote=remote) + sitting_cost(1, people, costs)


def fullest_room(typists: float, costs: Costs, habits: Habits, *, most: int = 100_000) -> int:
    """How many people one process can have in one document, all of one core, if such a share of them types."""
    low, high = 1, most
    while low < high:
        people = (low + high + 1) // 2
        if room_cost(people, max(1, round(typists * people)), costs, habits) <= 1.0:
            low = people
        else:
            high = people - 1
    return low


@dataclass(frozen=True, slots=True)
class Spread:
    """How a placement loads its processes. Announcements are for each operation; `rooms` for each document."""

    mean: float  # cores
    p99: float
    rooms: float
    published: float
    heard: float  # by other processes than the one that committed
    delivered: float  # to queues, the own one too

    @property
    def imbalance(self) -> float:
        return self.p99 / self.mean


def spread(documents: Sequence[Document], placed: Sequence[Seats], processes: int, costs: Costs) -> Spread:
    """The load of each process, with database and broker elsewhere."""
    habits, cores = Habits(), dict.fromkeys(range(processes), 0.0)
    operations = published = heard = delivered = 0.0
    for document, seats in zip(documents, placed, strict=True):
        rate = document.typists * habits.rate
        commits = {at: commits_a_second(rate * n / document.people, n, costs) for at, n in seats.items()}
        all_commits = sum(commits.values())
        for at, n in seats.items():
            cores[at] += typing_cost(rate * n / document.people, commits[at], all_commits * n, costs, remote=True)
            cores[at] += sitting_cost(1, n, costs) + visiting_cost(n, 1, habits, costs, remote=True)
            cores[at] += (all_commits - commits[at]) * hearing_cost(costs)
        operations, published = operations + rate, published + all_commits
        heard, delivered = heard + all_commits * (len(seats) - 1), delivered + all_commits * len(seats)
    ranked = sorted(cores.values())
    return Spread(
        mean=mean(ranked),
        p99=ranked[min(processes - 1, int(0.99 * processes))],
        rooms=sum(map(len, placed)) / len(documents),
        published=published / operations,
        heard=heard / operations,
        delivered=delivered / operations,
    )


def hearing_cost(costs: Costs) -> float:
    """Seconds of CPU; what was measured is one that is sent once and heard twice."""
    return costs["announcement_own_cpu_seconds"] / 3
