"""What an edit costs: `python -m bench.rooms [SECONDS] [RUNS]` prints a table, medians of RUNS.

    typing   50 sockets in one document, 10 of them type 5 characters a second: server CPU per delivered operation
    flood    10 writers, each sends the next character when the last is acknowledged: acknowledged operations a second

Each on Daphne and on uvicorn, SQLite with synchronous=FULL: acknowledged means on disk. One socket's frame may
hold several operations; a delivery is one operation at one socket.
"""

import asyncio
import statistics
import sys
import time
import uuid
from dataclasses import dataclass, field

import orjson

from bench.server import Server, running
from bench.wire import Wire


@dataclass
class Typist:
    """Types at the text's start, one submission in flight, waiting for its own entry."""

    client_id: str = field(default_factory=lambda: str(uuid.uuid4()))
    version: int = 0
    seq: int = 0
    delivered: int = 0
    acknowledged: int = 0
    latencies: list[float] = field(default_factory=list)
    endless: bool = False
    wire: Wire | None = None
    joined: asyncio.Event = field(default_factory=asyncio.Event)
    _sent_at: float | None = None

    def hear(self, payload: bytes) -> None:
        message = orjson.loads(payload)
        if message["type"] == "joined":
            self.version = message["version"]
            self.joined.set()
        elif message["type"] == "operations":
            for entry in message["operations"]:
                self.delivered += 1
                self.version = entry["version"]
                if entry["client_id"] == self.client_id:
                    self._acknowledge()
        elif message["type"] == "error":
            raise RuntimeError(message["detail"])

    def type(self) -> None:
        """Send a character, unless the last one is still on its way."""
        if self._sent_at is not None or self.wire is None:
            return
        self.seq += 1
        self._sent_at = time.perf_counter()
        submit = {"type": "submit", "seq": self.seq, "base_version": self.version, "operation": ["x"]}
        self.wire.send(orjson.dumps(submit))

    def _acknowledge(self) -> None:
        self.acknowledged += 1
        if self._sent_at is not None:
            self.latencies.append(time.perf_counter() - self._sent_at)
        self._sent_at = None
        if self.endless:
            self.type()


async def crowd(server: Server, size: int) -> list[Typist]:
    document = server.call("POST", "/documents", {"title": "bench"})["doc_id"]
    typists = [Typist() for _ in range(size)]
    for typist in typists:
        typist.wire = await Wire.open(server.port, f"/ws/{document}", server.token, typist.hear)
        typist.wire.send(orjson.dumps({"type": "join", "client_id": typist.client_id}))
        await typist.joined.wait()
    return typists


async def typing(server: Server, seconds: float) -> dict[str, float]:
    typists = await crowd(server, 50)
    cpu, started = server.cpu_seconds(), time.perf_counter()
    await asyncio.gather(
        *(_type_steadily(typist, started + i * 0.02, seconds) for i, typist in enumerate(typists[:10]))
    )
    await asyncio.sleep(0.5)
    delivered = sum(typist.delivered for typist in typists)
    latencies = [latency for typist in typists for latency in typist.latencies]
    return _figures(server.cpu_seconds() - cpu, delivered, latencies, seconds)


async def flood(server: Server, seconds: float) -> dict[str, float]:
    typists = await crowd(server, 10)
    cpu = server.cpu_seconds()
    for typist in typists:
        typist.endless = True
        typist.type()
    await asyncio.sleep(seconds)
    for typist in typists:
        typist.endless = False
    await asyncio.sleep(0.5)
    delivered = sum(typist.delivered for typist in typists)
    latencies = [latency for typist in typists for latency in typist.latencies]
    return _figures(server.cpu_seconds() - cpu, delivered, latencies, seconds)


async def _type_steadily(typist: Typist, start: float, seconds: float) -> None:
    for n in range(int(seconds * 5)):
        await asyncio.sleep(max(0, start + n / 5 - time.perf_counter()))
        typist.type()


def _figures(cpu: float, delivered: int, latencies: list[float], seconds: float) -> dict[str, float]:
    return {
        "acknowledged/s": len(latencies) / seconds,
        "CPU µs/operation": 1e6 * cpu / len(latencies),
        "CPU µs/delivery": 1e6 * cpu / delivered,
        "p50 ms": 1e3 * statistics.median(latencies),
        "p99 ms": 1e3 * statistics.quantiles(latencies, n=100)[98],
    }


def main() -> None:
    seconds, runs = [float(given) for given in [*sys.argv[1:], *("10", "3")[len(sys.argv) - 1 :]]]
    print(f"Medians of {int(runs)} runs of {seconds:g} s.\n")
    head = None
    for kind in ("daphne", "uvicorn"):
        for workload in (typing, flood):
            results = []
            for _ in range(int(runs)):
                with running(kind) as server:
                    results.append(asyncio.run(workload(server, seconds)))
            medians = {name: statistics.median(result[name] for result in results) for name in results[0]}
            if head is None:
                head = "| server | workload | " + " | ".join(medians) + " |"
                print(head + "\n|" + "---|" * (len(medians) + 2))
            print(
                f"| {kind} | {workload.__name__} | " + " | ".join(f"{value:,.4g}" for value in medians.values()) + " |"
            )


if __name__ == "__main__":
    main()
