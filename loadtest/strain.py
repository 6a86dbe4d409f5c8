"""How hard the run was for the machine: a load generator that can't keep up measures itself.

Its lag is how late a timer rings that should ring every 50 ms. CPU is in percent of one core, over the time of typing.
"""

import time
from collections.abc import Iterable
from typing import Any
from urllib.parse import urlsplit

import psutil

from loadtest.figures import percentiles

TICK = 0.05  # seconds
HERE = ("127.0.0.1", "localhost", "::1")


class Strain:
    """Of this process, and of the servers, as far as they are on this machine."""

    def __init__(self, host: str, pids: Iterable[int] = ()) -> None:
        self._own = psutil.Process()
        self._servers = [psutil.Process(pid) for pid in {*pids, *_listening(host)}]
        self._lags: list[float] = []
        self._began = self._read()
        self._rung_at = time.perf_counter()

    def tick(self) -> None:
        """To be called every TICK seconds."""
        now = time.perf_counter()
        self._lags.append(max(0.0, now - self._rung_at - TICK))
        self._rung_at = now

    def report(self) -> dict[str, Any]:
        """Since the beginning."""
        seconds, own, servers, everybody = (now - then for now, then in zip(self._read(), self._began, strict=True))
        known = [round(100 * servers / seconds), round(servers, 2), self._memory()] if self._servers else [None] * 3
        return {
            "generator_cpu_percent": round(100 * own / seconds),
            "generator_lag_ms": percentiles(self._lags),
            **dict(zip(("server_cpu_percent", "server_cpu_seconds", "server_rss_mib"), known, strict=True)),
            "others_cpu_percent": round(100 * max(0.0, everybody - own - servers) / seconds),
            "cores": psutil.cpu_count(),
        }

    def _read(self) -> tuple[float, float, float, float]:
        """The clock, and seconds of CPU: ours, the servers', everybody's."""
        used = psutil.cpu_times()
        busy = sum(used) - used.idle - getattr(used, "iowait", 0.0) - getattr(used, "guest", 0.0)
        return time.perf_counter(), _cpu(self._own), sum(map(_cpu, self._family())), busy

    def _family(self) -> list[psutil.Process]:
        return [member for server in self._servers for member in (server, *server.children(recursive=True))]

    def _memory(self) -> int:
        total: int = sum(member.memory_info().rss for member in self._family())
        return total >> 20


def _listening(host: str) -> set[int]:
    """The process that listens at this address, if it is on this machine."""
    address = urlsplit(host)
    if address.hostname not in HERE:
        return set()
    port = address.port or 80
    lines = psutil.net_connections("tcp")
    return {line.pid for line in lines if line.pid and line.status == psutil.CONN_LISTEN and line.laddr.port == port}


def _cpu(process: psutil.Process) -> float:
    times = process.cpu_times()
    return float(times.user + times.system)
