"""What is seen from outside while something is away: health, memory, what REST answers, what is acknowledged."""

import asyncio
import threading
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from urllib.request import urlopen

import httpx
import psutil

from tests.faults.crowd import Crowd
from tests.faults.rig import Rig
from tests.server import Server

LIVELY = 2.0  # seconds that any call of /healthz may take; one is the promise, but for a busy machine
SOON = 6.0 + 3.0  # seconds until a refusal
MOST_GROWTH = 150 << 20  # bytes
PROBE_EVERY = 0.25  # seconds
FIRST_INSTANT = 1.0  # seconds in which what was on its way may still arrive


@dataclass
class Watch:
    """Of all servers."""

    waits: list[float] = field(default_factory=list)  # seconds that /healthz took
    grown: int = 0  # bytes of memory

    def assert_well(self) -> str:
        """In words."""
        slowest = max(self.waits)
        assert slowest < LIVELY, f"/healthz took {slowest:.1f} s"
        assert self.grown < MOST_GROWTH, f"it grew by {self.grown >> 20} MB"
        return f"/healthz within {1000 * slowest:.0f} ms; +{self.grown >> 20} MB at most"


@asynccontextmanager
async def watched(servers: list[Server]) -> AsyncIterator[Watch]:
    """Ask after them all the time, from threads of our own: the loop here may be busier than the servers."""
    watch, has_ended = Watch(), threading.Event()
    watching = [asyncio.create_task(asyncio.to_thread(_look_after, server, watch, has_ended)) for server in servers]
    try:
        yield watch
    finally:
        has_ended.set()
        await asyncio.gather(*watching)


def _look_after(server: Server, watch: Watch, has_ended: threading.Event) -> None:
    assert server.process is not None
    process = psutil.Process(server.process.pid)
    before = process.memory_info().rss
    while not has_ended.wait(PROBE_EVERY):
        started = time.monotonic()
        with urlopen(f"{server.url}/healthz", timeout=30) as answer:
            assert answer.status == 200
        watch.waits.append(time.monotonic() - started)
        watch.grown = max(watch.grown, process.memory_info().rss - before)


async def assert_refused_soon(rig: Rig, doc_id: str) -> str:
    """A read and a write, at each server: a clear 503."""
    asked = [(server, method) for server in rig.servers for method in ("GET", "PUT")]
    took = await asyncio.gather(*(_refused(server, method, doc_id) for server, method in asked))
    return f"503 within {max(took):.1f} s"


async def _refused(server: Server, method: str, doc_id: str) -> float:
    started = time.monotonic()
    answer = await ask(server, method, doc_id, {"content": "not now"} if method == "PUT" else None)
    took = time.monotonic() - started
    assert answer.status_code == 503, f"{method} was answered {answer.status_code} {answer.text[:100]}"
    assert answer.json()["code"] == "unavailable" and "Retry-After" in answer.headers, answer.text
    assert took < SOON, f"{method} was answered after {took:.1f} s"
    return took


async def ask(
    server: Server, method: str, doc_id: str, body: object = None, path: str = "", who: str = "alice"
) -> httpx.Response:
    """Whatever a server answers about a document, to one of the cast."""
    async with person(server, who) as http:
        return await http.request(method, f"/api/documents/{doc_id}{path}", json=body)


def person(server: Server, who: str = "alice") -> httpx.AsyncClient:
    """One of the cast, at one server, with as many connections as they want, a fresh one for each request."""
    bearer = {"Authorization": f"Bearer {server.tokens[who]}"}
    many = httpx.Limits(max_connections=None, max_keepalive_connections=0)  # one kept idle may just be closing
    return httpx.AsyncClient(base_url=server.url, timeout=60, headers=bearer, limits=many, verify=False)


def acknowledged(crowd: Crowd, since: float, until: float = float("inf")) -> int:
    """How many of the crowd's submissions were answered in this time (of `time.monotonic`)."""
    records = [record for sheet in crowd.sheets for record in sheet.ledger.records.values()]
    return sum(record.version is not None and since < record.answered_at < until for record in records)
