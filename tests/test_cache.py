"""Two processes and one Redis: no read is older than a write that was acknowledged before it, whatever Redis does."""

import asyncio
import os
import shutil
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from random import Random

import httpx
import pytest

from tests.agreement import agreed_text, read_log, replayed
from tests.conftest import Stage
from tests.redis_server import RedisServer
from tests.server import Server

pytestmark = pytest.mark.skipif(
    not shutil.which("redis-server") and not os.environ.get("CI"), reason="LEFT OUT: redis-server is not installed"
)


@pytest.fixture
def redis(tmp_path: Path) -> Iterator[RedisServer]:
    started = RedisServer(tmp_path).start()
    yield started
    started.kill()


@dataclass(frozen=True)
class Seen:
    """A text that was read, under the version it was said to be."""

    version: int
    content: str


class Watch:
    """Remembers what was acknowledged, and objects to a read that is older."""

    def __init__(self, address: str) -> None:
        self.address = address
        self.acknowledged = 0
        self.seen: set[Seen] = set()

    async def writes(self, http: httpx.AsyncClient, rng: Random) -> None:
        operation = [rng.choice(["a", "ß", "🙂", "x\n"])]
        body = {"client_id": str(uuid.uuid4()), "seq": 1, "base_version": self.acknowledged, "operation": operation}
        answer = await http.post(f"{self.address}/operations", json=body)
        assert answer.status_code == 200, answer.text
        self.acknowledged = max(self.acknowledged, answer.json()["version"])

    async def reads(self, http: httpx.AsyncClient) -> None:
        """The document must be as new as what was acknowledged when it was asked for, and not changed by a tag."""
        known = self.acknowledged
        answer = await http.get(self.address)
        assert answer.status_code == 200, answer.text
        found = answer.json()
        assert found["version"] >= known, "an old text was served"
        self.seen.add(Seen(found["version"], found["content"]))
        known = self.acknowledged
        again = await http.get(self.address, headers={"If-None-Match": answer.headers["ETag"]})
        assert again.status_code == 200 or known <= found["version"], "304 for what had changed"

    async def looks_back(self, http: httpx.AsyncClient, rng: Random) -> None:
        found = (await http.get(f"{self.address}/versions/{rng.randint(0, self.acknowledged)}")).json()
        self.seen.add(Seen(found["version"], found["content"]))

    async def assert_true(self, stage: Stage, server: Server, doc_id: str) -> None:
        """Every text that was read is the fold of the log up to its version."""
        reader = await stage.person(server, "alice")
        await agreed_text(reader, doc_id)
        log = await read_log(reader, doc_id)
        for seen in self.seen:
            assert replayed(log[: seen.version]) == seen.content, seen.version


async def test_no_read_is_older_than_an_acknowledged_write(
    stage: Stage, start_server: Callable[..., Server], redis: RedisServer, rng: Random
) -> None:
    first = start_server(REDIS_URL=redis.url)
    second = start_server(beside=first, REDIS_URL=redis.url)
    doc_id, stop = await stage.document(first, "begin\n"), asyncio.Event()
    watch = Watch(f"/api/documents/{doc_id}")
    lines = [(await stage.person(server, name)).http for server in (first, second) for name in ("alice", "bob")]

    async def busy(http: httpx.AsyncClient) -> None:
        while not stop.is_set():
            await rng.choice([watch.writes, watch.looks_back])(http, rng)
            await watch.reads(http)

    async def trouble() -> None:
        """Redis lives, forgets, dies, stays away, comes back, hangs, and lives."""
        try:
            for act in (redis_flush, redis.kill, redis.start, redis.hang, redis.wake):
                await progress()
                await asyncio.to_thread(act)
            await progress()
        finally:
            redis.wake()
            stop.set()

    def redis_flush() -> None:
        assert redis.count() > 0, "nothing was cached"
        redis.asked("FLUSHALL")

    async def progress() -> None:
        """Wait until much more was written and read, whatever the state Redis is in."""
        goal = watch.acknowledged + 20
        while watch.acknowledged < goal:  # noqa: ASYNC110
            await asyncio.sleep(0.05)

    async with asyncio.timeout(120), asyncio.TaskGroup() as everybody:
        everybody.create_task(trouble())
        for http in lines:
            everybody.create_task(busy(http))
    await watch.assert_true(stage, second, doc_id)
    async with asyncio.timeout(20):  # a cache that failed is left alone for a moment, and then used again
        while redis.count() == 0:
            await watch.reads(lines[0])
