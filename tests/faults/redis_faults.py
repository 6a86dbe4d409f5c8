"""What happens to Redis: a cache and who is present lie there, so it may cost time, and nothing else."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from random import Random
from statistics import median
from typing import Any

import httpx

from tests.faults.across import RESUMED, Logs, went_on
from tests.faults.crowd import Sheet
from tests.faults.guests import SLOWER, Others, unjudged
from tests.faults.run import CLUSTER, Trouble, fault
from tests.redis_server import RedisServer

Act = Callable[[], object]
AWAY, BACK, FULL = "Redis is away", "Redis is back", "Redis takes nothing more"
SLOWEST = 2.0  # seconds that a request may take: a few of them wait for Redis, half a second each time
PAGES = ("", "/html", "/history", "/revisions", "/blame", "/operations?since=0", "/collaborators")


@fault("F8", "Redis: kill -9, and started again, empty", CLUSTER)
async def killed(trouble: Trouble) -> str:
    redis = trouble.rig.redis
    return await _unharmed(trouble, redis.kill, redis.start, AWAY, BACK)


@fault("F8b", "Redis: FLUSHALL, again and again", CLUSTER)
async def flushed(trouble: Trouble) -> str:
    flushing = asyncio.create_task(_flushes(trouble.rig.redis))
    return await _unharmed(trouble, lambda: None, flushing.cancel)


@fault("F8c", "Redis is full", CLUSTER)
async def full(trouble: Trouble) -> str:
    redis = trouble.rig.redis
    return await _unharmed(
        trouble, lambda: redis.asked("CONFIG SET maxmemory-policy noeviction maxmemory 1"), redis.empty, FULL
    )


@fault("F8d", "Redis answers 2 s late", CLUSTER)
async def slow(trouble: Trouble) -> str:
    line = trouble.rig.to_redis
    assert line is not None
    return await _unharmed(trouble, lambda: setattr(line.back, "delay", 2.0), line.heal, AWAY, BACK)


@fault("F8e", "Redis hangs: takes everything, answers nothing", CLUSTER)
async def stuck(trouble: Trouble) -> str:
    line = trouble.rig.to_redis
    assert line is not None
    return await _unharmed(trouble, line.stall, line.heal, AWAY, BACK)


async def _flushes(redis: RedisServer) -> None:
    while True:
        redis.asked("FLUSHALL")
        await asyncio.sleep(0.02)


class Visitor:
    """A program that reads and writes by HTTP all the while, now at this process, now at that one."""

    def __init__(self, sheets: list[Sheet], doc_id: str, doors: list[httpx.AsyncClient], rng: Random) -> None:
        self.sheets, self.doc_id, self.doors, self.rng = sheets, doc_id, doors, rng
        self.waited: list[float] = []
        self.stop = asyncio.Event()

    async def visits(self) -> None:
        """No read is older than what was written, or acknowledged, before it."""
        number = version = 0
        while not self.stop.is_set():
            number += 1
            body = {"content": f"{number} ", "version": version, "title": f"{number}"}
            version = (await self._asks("PUT", self.doc_id, json=body)).json()["version"]
            read = (await self._asks("GET", self.doc_id)).json()
            assert (read["content"], read["title"]) == (f"{number} ", f"{number}"), f"{number} was written, read {read}"
            sheet = self.rng.choice(self.sheets)
            known = max((record.version or 0 for record in sheet.ledger.records.values()), default=0)
            read = (await self._asks("GET", sheet.doc_id)).json()
            assert read["version"] >= known, f"version {read['version']} was read, {known} was acknowledged"
            await self._asks("GET", sheet.doc_id + self.rng.choice(PAGES))
            await asyncio.sleep(0.05)

    async def _asks(self, verb: str, path: str, **options: Any) -> httpx.Response:
        began = time.monotonic()
        answer = await self.rng.choice(self.doors).request(verb, f"/api/documents/{path}", **options)
        self.waited.append(time.monotonic() - began)
        assert answer.status_code == 200, f"{verb} {path} was answered {answer.status_code}: {answer.text[:200]}"
        return answer


@asynccontextmanager
async def _visited(trouble: Trouble) -> AsyncIterator[Visitor]:
    """Raises at the end what the visitor had to complain of."""
    async with AsyncExitStack() as stack:
        people = [trouble.rig.person("alice", server) for server in trouble.rig.servers]
        doors = [(await stack.enter_async_context(person)).http for person in people]
        crowd, own = list(trouble.crowd.sheets), await unjudged(trouble)
        visitor = Visitor(crowd, own.doc_id, doors, Random(trouble.rng.random()))
        visiting = asyncio.create_task(visitor.visits())
        try:
            yield visitor
        finally:
            visitor.stop.set()
            await visiting


async def _unharmed(trouble: Trouble, harm: Act, mend: Act, *said: str) -> str:
    """Everything goes on, the logs say in a line what has happened and what has ended, and Redis is used again."""
    others, logs = Others(trouble), Logs(trouble)
    async with _visited(trouble) as visitor:
        await asyncio.sleep(trouble.seconds / 2)
        began, in_peace = time.monotonic(), len(visitor.waited)
        try:
            harm()
            await asyncio.sleep(trouble.seconds)
            for words in said[:1]:
                await logs.hear(words)
            meanwhile = went_on(trouble, others.sheets, began)
        finally:
            mend()
        await _is_used_again(trouble)
        for words in said:
            await logs.hear(words)
    return f"{meanwhile}; {_judged(visitor.waited[:in_peace], visitor.waited[in_peace:])}; {others.fared()}"


def _judged(before: list[float], waited: list[float]) -> str:
    """Seconds that requests took in peace and then. Asserts that none took much longer than Redis may cost it."""
    usual, longest = max(before), max(waited)
    told = f"{len(waited)} requests, p50 {1000 * median(waited):.0f} ms, the slowest {1000 * longest:.0f} ms"
    told = f"{told}, in peace {1000 * median(before):.0f} and {1000 * usual:.0f}"
    assert longest < max(SLOWEST, SLOWER * usual), told
    return told


async def _is_used_again(trouble: Trouble) -> None:
    """Emptied, it holds again who is present in several processes."""
    redis, began = trouble.rig.redis, time.monotonic()
    redis.asked("FLUSHALL")
    while redis.asked("SCARD collabdocs:presence") in (b"", b":0\r\n", b":1\r\n"):
        assert time.monotonic() - began < RESUMED, "Redis is not used again"
        await asyncio.sleep(0.1)
