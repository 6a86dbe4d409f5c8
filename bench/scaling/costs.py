"""What things cost one server process: fitted to `costs.json`, which says where each figure was measured."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from bench.scaling.fitting import Row, fitted, predicted

MEASURED = Path(__file__).with_name("costs.json")
CPU = "cpu_seconds"
TYPING = ("seconds", "operations", "commits", "frames")
Fit = dict[str, float]


@dataclass(frozen=True)
class Costs:
    """Seconds of CPU of one core for one of each, unless a name says otherwise; `remote` is what comes on top where
    the database and the broker are elsewhere."""

    measured: Mapping[str, Any]

    @classmethod
    def read(cls, path: Path = MEASURED) -> "Costs":
        return cls(json.loads(path.read_text()))

    def __getitem__(self, name: str) -> float:
        """A figure that stands there as it is."""
        for part in ("services", "disk", "code", "assumed"):
            if name in self.measured[part]:
                return float(self.measured[part][name])
        raise KeyError(name)

    @cached_property
    def typing(self) -> Fit:
        """Of an operation, of a commit of some of them, of a frame to one socket, and of a second of doing nothing."""
        return fitted(self._runs("crowds"), TYPING, CPU)

    @cached_property
    def idle(self) -> Fit:
        """Of a second of a room, of a second of a socket that says nothing, and of a second of a process."""
        runs = self._runs("idle")
        lasting = [{**run, **{cause: run[cause] * run["seconds"] for cause in ("rooms", "sockets")}} for run in runs]
        return fitted(lasting, ("rooms", "sockets", "seconds"), CPU)

    @cached_property
    def memory(self) -> Fit:
        """Bytes of a room with an empty text, and of a socket."""
        return fitted(self._runs("idle"), ("rooms", "sockets"), "bytes")

    @cached_property
    def coming(self) -> Fit:
        """Of a join; of each who is there already, for they hear of it and it hears of them; and of the first one in a
        room, which makes the server open it (here also a request: its POST)."""
        return fitted(self._runs("idle"), ("rooms", "sockets", "meetings"), "joins_cpu_seconds")

    @property
    def join(self) -> float:
        return self.coming["sockets"]

    @property
    def opening(self) -> float:
        return max(0.0, self.coming["rooms"] - self.request)

    @cached_property
    def request(self) -> float:
        """Of an HTTP request of the load test's mixture."""
        return self._rest("requests", "requests")

    @cached_property
    def remote_commit(self) -> float:
        return self._rest("cluster", "commits")

    @cached_property
    def remote_request(self) -> float:
        runs = [{**run, CPU: run[CPU] - self.remote_commit * run["commits"]} for run in self._runs("cluster requests")]
        return max(0.0, self._rest_of(runs, "requests") - self.request)

    def _rest(self, part: str, cause: str) -> float:
        return self._rest_of(self._runs(part), cause)

    def _rest_of(self, runs: Sequence[Row], cause: str) -> float:
        """What one of these costs, where the typing explains the rest."""
        rests = [{cause: run[cause], CPU: run[CPU] - self._explained(run)} for run in runs]
        return fitted(rests, [cause], CPU)[cause]

    def _explained(self, run: Row) -> float:
        """By typing, by coming, and by as many processes as there are."""
        known = predicted({**run, "seconds": run["seconds"] * run.get("processes", 1)}, self.typing)
        return known + self.join * run.get("joins", 0)

    def _runs(self, part: str) -> list[Row]:
        return list(self.measured[part]["runs"].values())

    def residuals(self) -> Iterator[tuple[str, str, float]]:
        """What was measured, in which run, and how much more the model says, as a share: also of runs not fitted to."""
        more: dict[str, Fit] = {
            "crowds": {},
            "typing": {},
            "cluster": {"commits": self.remote_commit},
            "requests": {"requests": self.request},
            "cluster requests": {"commits": self.remote_commit, "requests": self.request + self.remote_request},
        }
        for part, costs in more.items():
            for name, run in self.measured[part]["runs"].items():
                yield part, name, (self._explained(run) + predicted(run, costs)) / run[CPU] - 1
