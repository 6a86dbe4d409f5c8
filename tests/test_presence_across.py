"""Two processes, a real RabbitMQ and a real Redis: everybody sees everybody, and what Redis suffers harms no edit."""

import asyncio
import os
import shutil
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from random import Random
from typing import Any

import httpx
import pytest
from collabdocs_client import Document

from conftest import PASSWORD
from tests.conftest import Stage
from tests.ledger import Ledger
from tests.rabbit import RabbitServer, is_installed
from tests.redis_server import RedisServer, SlowLine
from tests.server import Server
from tests.test_crash import assert_faultless, open_recorded
from tests.wire import Wire

pytestmark = pytest.mark.skipif(
    not (is_installed() and shutil.which("redis-server")) and not os.environ.get("CI"),
    reason="LEFT OUT: rabbitmq-server or redis-server is not installed",
)
AT_ONCE = 1.5  # seconds; what only the looks of every two seconds carry takes longer
FORGOTTEN = 30.0  # seconds after which a process that died has nobody in it
LOOKED_UP = 7.0  # seconds until a look wrote and the next one read, on a busy machine
SLOWEST, USUAL = 5.0, 0.45  # seconds that a request takes while Redis hangs: less than one wait for it, but for a few


@pytest.fixture
def redis(tmp_path: Path) -> Iterator[RedisServer]:
    started = RedisServer(tmp_path).start()
    yield started
    started.wake()
    started.kill()


class Eye:
    """One socket that looks at who is present, and shows where it is."""

    def __init__(self, wire: Wire) -> None:
        self.wire = wire
        self.seen: dict[str, Any] = {}  # by client

    @classmethod
    async def opened(cls, stage: Stage, server: Server, name: str, doc_id: str, **options: Any) -> "Eye":
        eye = cls(await stage.wire(server, name, doc_id, **options))
        for present in (await eye.wire.join())["presence"]:
            eye.seen[present["client_id"]] = present["selection"]
        return eye

    async def shows(self, *selection: list[int], version: int) -> None:
        await self.wire.send({"type": "presence", "base_version": version, "selection": list(selection)})

    async def sees(self, other: "Eye", selection: Any, within: float = 10.0) -> float:
        """Look until another is seen there, pinging all the while; after how many seconds."""
        began = time.monotonic()
        async with asyncio.timeout(within):
            while self.seen.get(other.wire.client_id) != selection:
                await self._look()
        return time.monotonic() - began

    async def _look(self) -> None:
        try:
            async with asyncio.timeout(2):
                message = await self.wire.receive("presence")
        except TimeoutError:
            await self.wire.send({"type": "ping"})
        else:
            self.seen[message["client_id"]] = message["selection"]


async def test_it_works(
    stage: Stage, start_server: Callable[..., Server], rabbit: RabbitServer, redis: RedisServer
) -> None:
    first = start_server(RABBITMQ_URL=rabbit.url, REDIS_URL=redis.url)
    second = start_server("daphne", beside=first, RABBITMQ_URL=rabbit.url, REDIS_URL=redis.url)
    doc_id = await stage.document(first, "hello")
    alice = await Eye.opened(stage, first, "alice", doc_id)
    bob = await Eye.opened(stage, second, "bob", doc_id)
    assert await alice.sees(bob, []) < AT_ONCE and await bob.sees(alice, []) < AT_ONCE
    await bob.shows([1, 5], version=1)
    assert await alice.sees(bob, [[1, 5]]) < AT_ONCE
    assert (await bob.wire.commit(1, 1, [3, "++"]))["version"] == 2
    await alice.wire.commit(1, 2, ["> "])
    vera = await Eye.opened(stage, first, "vera", doc_id)
    assert vera.seen == {alice.wire.client_id: [], bob.wire.client_id: [[3, 9]]}
    former = bob.wire
    bob = await Eye.opened(stage, first, "bob", doc_id, client_id=former.client_id)
    assert await former.close_code() == 4409
    await bob.shows([0, 0], version=3)
    assert await alice.sees(bob, [[0, 0]]) < AT_ONCE  # and is not said to have left when the former socket goes
    await bob.wire.socket.close()
    assert await alice.sees(bob, None) < AT_ONCE
    for server in (first, second):
        server.assert_calm()


@pytest.mark.parametrize("services", ["both", "broker", "redis"])
async def test_a_joiner_sees_everybody_and_who_dies_with_a_process_is_gone(
    stage: Stage, start_server: Callable[..., Server], rabbit: RabbitServer, redis: RedisServer, services: str
) -> None:
    env = {"RABBITMQ_URL": rabbit.url} if services != "redis" else {}
    env |= {"REDIS_URL": redis.url} if services != "broker" else {}
    first = start_server(**env)
    second = start_server(beside=first, **env)
    doc_id = await stage.document(first, "hello")
    there = [await Eye.opened(stage, second, name, doc_id) for name in ("bob", "bob", "vera")]
    await there[0].shows([2, 2], version=1)
    await there[1].sees(there[0], [[2, 2]])
    alice = await Eye.opened(stage, first, "alice", doc_id)
    soon = AT_ONCE if "RABBITMQ_URL" in env else LOOKED_UP
    assert await alice.sees(there[0], [[2, 2]]) < soon
    assert max([await alice.sees(eye, []) for eye in there[1:]]) < soon
    if services == "both":  # once is enough: it takes its time
        second.kill()
        assert max([await alice.sees(eye, None, FORGOTTEN) for eye in there]) > 1
    first.assert_calm()


# --- What Redis suffers ---


@asynccontextmanager
async def troubled(redis: RedisServer, line: SlowLine, act: str) -> AsyncIterator[None]:
    """Meanwhile Redis is away, hangs, takes nothing, has forgotten all, or takes two seconds for each answer."""
    begins: dict[str, Callable[[], Any]] = {
        "killed": redis.kill, "hanging": redis.hang, "full": redis.fill, "emptied": lambda: redis.asked("FLUSHALL"),
        "slow": lambda: setattr(line, "delay", 2.0),
    }  # fmt: skip
    ends: dict[str, Callable[[], Any]] = {
        "killed": redis.start, "hanging": redis.wake, "full": redis.empty, "emptied": lambda: None,
        "slow": lambda: setattr(line, "delay", 0.0),
    }  # fmt: skip
    await asyncio.to_thread(begins[act])
    try:
        yield
    finally:
        await asyncio.to_thread(ends[act])


class Work:
    """Two people type, in two processes, and a program writes by HTTP; all of it goes on whatever Redis does."""

    def __init__(self, documents: list[Document], http: httpx.AsyncClient, doc_id: str, ledger: Ledger) -> None:
        self.documents, self.http, self.ledger = documents, http, ledger
        self.path = f"/api/documents/{doc_id}"
        self.waited: list[float] = []
        self.stop = asyncio.Event()

    async def types(self, document: Document) -> None:
        while not self.stop.is_set():
            await document.insert(len(document.text), self.ledger.tag("typed"))
            await asyncio.sleep(0.05)
        await document.saved()

    async def reads_and_writes(self) -> None:
        while not self.stop.is_set():
            for verb, body in (("PATCH", {"title": "Plan"}), ("GET", None)):
                began = time.monotonic()
                answer = await self.http.request(verb, self.path, json=body)
                assert answer.status_code == 200, answer.text
                self.waited.append(time.monotonic() - began)
            await asyncio.sleep(0.05)

    async def goes_on(self) -> None:
        """Everybody has had much more acknowledged, each has the other's, and HTTP is answered, mostly quickly."""
        began, goal = len(self.waited), self.documents[0].version + 20
        async with asyncio.timeout(10):
            for document in self.documents:
                await document.until(lambda document=document: document.version >= goal)  # type: ignore[misc]
        async with asyncio.timeout(15):
            while len(self.waited) < began + 20:  # noqa: ASYNC110
                await asyncio.sleep(0.05)
        waited = sorted(self.waited[began:])
        assert waited[-1] < SLOWEST and waited[len(waited) // 2] < USUAL, waited


async def test_whatever_happens_to_redis(
    stage: Stage, start_server: Callable[..., Server], rabbit: RabbitServer, redis: RedisServer, rng: Random
) -> None:
    async with SlowLine(redis, 0.0) as line:
        env = {"RABBITMQ_URL": rabbit.url, "REDIS_URL": line.url, "RATE_LIMITS": "on"}
        first = start_server(**env)
        servers, ledger = [first, start_server(beside=first, **env)], Ledger()
        doc_id = await stage.document(first)
        documents = [
            await open_recorded(stage, *who, doc_id, ledger) for who in zip(servers, ("alice", "bob"), strict=True)
        ]
        work = Work(documents, (await stage.person(first, "alice")).http, doc_id, ledger)
        alice, bob = [await Eye.opened(stage, server, "vera", doc_id) for server in servers]
        async with asyncio.timeout(200), asyncio.TaskGroup() as typing:
            for document in documents:
                typing.create_task(work.types(document))
            typing.create_task(work.reads_and_writes())
            for place, act in enumerate(["killed", "hanging", "full", "emptied", "slow"]):
                async with troubled(redis, line, act):
                    await work.goes_on()
                    await bob.shows([place, place], version=documents[1].version)
                    await alice.sees(bob, [[place, place]])  # the broker carries it
                await work.goes_on()
            redis.asked("FLUSHALL")
            await is_remembered(redis, 2)
            work.stop.set()
        await assert_faultless(stage, first, doc_id, ledger, documents)
        for server in servers:
            server.assert_calm()
            assert server.log().count("Redis is away") < 10, server.log()  # not one for each request


async def is_remembered(redis: RedisServer, processes: int) -> None:
    async with asyncio.timeout(LOOKED_UP):
        while redis.asked("SCARD collabdocs:presence") != f":{processes}\r\n".encode():  # noqa: ASYNC110
            await asyncio.sleep(0.1)


async def guesses(server: Server, name: str, times: int) -> list[int]:
    async with httpx.AsyncClient(base_url=server.url, timeout=20) as http:
        body = {"username": name, "password": f"not {PASSWORD}"}
        return [(await http.post("/api/token", json=body)).status_code for _ in range(times)]


async def test_limits_are_kept_together_and_without_redis_by_each_alone(
    stage: Stage, start_server: Callable[..., Server], redis: RedisServer
) -> None:
    """The choice that `accounts/throttles.py` has written down."""
    async with SlowLine(redis, 0.0) as line:
        env = {"REDIS_URL": line.url, "RATE_LIMITS": "on"}
        first = await asyncio.to_thread(start_server, **env)  # the line lives on this loop
        second = await asyncio.to_thread(start_server, beside=first, **env)
        assert await guesses(first, "alice", 5) == await guesses(second, "alice", 5) == [400] * 5
        assert await guesses(first, "alice", 1) == await guesses(second, "alice", 1) == [429]
        redis.asked("FLUSHALL")
        assert await guesses(first, "alice", 1) == [400]
        for name, act in {"bob": "killed", "carol": "hanging", "vera": "full", "mallory": "slow"}.items():
            async with troubled(redis, line, act):
                assert await guesses(first, name, 11) == [400] * 10 + [429], act
            await is_counted_in_redis_again(redis, (await stage.person(first, "alice")).http)
        for server in (first, second):
            server.assert_calm()


async def is_counted_in_redis_again(redis: RedisServer, http: httpx.AsyncClient) -> None:
    """Write, until the writes are seen to be counted."""
    redis.asked("FLUSHALL")
    async with asyncio.timeout(10):
        while redis.count() == 0:
            assert (await http.post("/api/documents", json={})).status_code == 201
            await asyncio.sleep(0.05)
