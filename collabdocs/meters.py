"""What a process measures of itself. All of it is defined here, and nothing here imports anything of ours.

Each process counts for itself, from its start, and is scraped by itself: sums over processes are Prometheus' work.
Labels have the few words and codes that stand in our code, and never an identifier, a name or a title.

All times are seconds. What is counted at each keystroke costs well below a microsecond: its labels are looked up here,
once, and its times are only put down (`Spread`). How much there is of something just now is asked when somebody scrapes
(`Level`), so that nobody keeps count.
"""

import threading
from bisect import bisect_left
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from itertools import accumulate

from prometheus_client import REGISTRY, CollectorRegistry, Counter, Gauge, Histogram
from prometheus_client.core import GaugeMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.registry import Collector

SECONDS = (0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10)
SIZES = (1, 2, 5, 10, 20, 50, 100, 200, 500)
MANY = 1000  # values that are put down before they are counted, at most


class Level(Collector):
    """A gauge that asks its `source`, from the thread that scrapes; absent while that is None, or answers None."""

    def __init__(self, name: str, documentation: str, registry: CollectorRegistry = REGISTRY) -> None:
        self._name, self._documentation = name, documentation
        self.source: Callable[[], float | None] | None = None
        registry.register(self)

    def describe(self) -> Iterable[Metric]:
        return [GaugeMetricFamily(self._name, self._documentation)]

    def collect(self) -> Iterable[Metric]:
        value = self.source() if self.source else None
        return [] if value is None else [GaugeMetricFamily(self._name, self._documentation, value=value)]


class Spread(Collector):
    """A histogram of what happens at each keystroke, in any thread: values are put down, and counted by whoever looks,
    or when there are many."""

    def __init__(
        self, name: str, documentation: str, buckets: Sequence[float], registry: CollectorRegistry = REGISTRY
    ) -> None:
        self._name, self._documentation = name, documentation
        self._bounds = tuple(map(float, buckets))
        self._counts, self._sum = [0] * (len(buckets) + 1), 0.0
        self._fresh: deque[float] = deque()
        self._counting = threading.Lock()
        registry.register(self)

    def observe(self, value: float) -> None:
        self._fresh.append(value)
        if len(self._fresh) >= MANY:
            with self._counting:
                self._count()

    def describe(self) -> Iterable[Metric]:
        return [HistogramMetricFamily(self._name, self._documentation)]

    def collect(self) -> Iterable[Metric]:
        with self._counting:
            self._count()
            upto, total = list(accumulate(self._counts)), self._sum
        buckets = zip([*map(str, self._bounds), "+Inf"], upto, strict=True)
        return [HistogramMetricFamily(self._name, self._documentation, list(buckets), total)]

    def _count(self) -> None:
        for _ in range(len(self._fresh)):
            value = self._fresh.popleft()
            self._counts[bisect_left(self._bounds, value)] += 1
            self._sum += value


# --- Who is here, and what waits ---

SOCKETS = Gauge("collabdocs_sockets", "Sockets that were let in, joined or not.")
STREAMS = Gauge("collabdocs_streams", "Readers by server-sent events.")
ROOMS = Level("collabdocs_rooms", "Documents that are open here, or were half a minute ago.")
WAITING_SUBMISSIONS = Level("collabdocs_waiting_submissions", "Submissions that wait for their commit, or are in it.")
WAITING_FRAMES = Level("collabdocs_waiting_frames", "Frames that wait for sockets which read slowly.")
WAITING_READS = Level("collabdocs_waiting_reads", "Pieces of database work that wait for one of the rooms' threads.")
WAITING_ANNOUNCEMENTS = Level("collabdocs_waiting_announcements", "Announcements on their way to the broker.")
BROKER_UP = Level("collabdocs_broker_up", "1 while the broker answers, else 0; absent where none is used.")
DRAINING = Level("collabdocs_draining", "1 while this process takes leave of everybody, else 0.")

# --- Operations ---

OPERATIONS = Counter(
    "collabdocs_operations",
    "Submissions, by socket or HTTP, by what became of them. resent: known already, and answered again.",
    ["outcome"],
)
COMMITTED, RESENT, REFUSED = map(OPERATIONS.labels, ("committed", "resent", "refused"))
REFUSALS = Counter("collabdocs_refusals", "What was refused by the log, or by a socket, by its stable code.", ["code"])
COMMIT_RETRIES = Counter("collabdocs_commit_retries", "Times that somebody else had inserted a version before.")
COMMIT_SECONDS = Spread("collabdocs_commit_seconds", "One write to the log, however it ended.", buckets=SECONDS)
BATCH_OPERATIONS = Spread("collabdocs_batch_operations", "Operations in one write to the log.", buckets=SIZES)
ACKNOWLEDGE_SECONDS = Spread(
    "collabdocs_acknowledge_seconds",
    "From reading a submission's frame to handing its acknowledgement to the socket.",
    buckets=SECONDS,
)
SEEN_SECONDS = Spread(
    "collabdocs_seen_seconds",
    "From reading a submission's frame to handing its operation to the last socket of this process. "
    "For a socket that reads slowly, that is its queue.",
    buckets=SECONDS,
)

# --- Coming and going ---

JOINS = Counter("collabdocs_joins", "Joins that got a seat; resumed: the client had the text up to a version.", ["how"])
FRESH, RESUMED = map(JOINS.labels, ("fresh", "resumed"))
JOIN_SECONDS = Histogram("collabdocs_join_seconds", "From reading a join's frame to having the seat.", buckets=SECONDS)
CLOSES = Counter(
    "collabdocs_closes",
    "Sockets, and streams of events, that were closed from here, by code (docs/protocol.md).",
    ["code"],
)

# --- Between processes ---

ANNOUNCEMENTS = Counter(
    "collabdocs_announcements",
    "What processes tell each other. dropped: too many waited; lost: the broker did not take it.",
    ["outcome"],
)
SENT, DROPPED, LOST, HEARD, UNREADABLE = map(ANNOUNCEMENTS.labels, ("sent", "dropped", "lost", "heard", "unreadable"))
CAUGHT_UP = Counter(
    "collabdocs_caught_up_operations",
    "Operations that were found in the log, and that no announcement brought in time.",
)
CACHE = Counter("collabdocs_cache", "Questions to the cache, by what was asked for.", ["what", "outcome"])

# --- Chores ---

LOOK_SECONDS = Histogram("collabdocs_look_seconds", "One look after all rooms.", ["look"], buckets=SECONDS)
FAILED_LOOKS = Counter("collabdocs_failed_looks", "Looks that failed, for all rooms or for one document.", ["look"])
