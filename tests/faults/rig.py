"""A system to hurt: server processes behind a relay that balances, and each service behind a relay of its own."""

import asyncio
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from functools import partial
from pathlib import Path
from random import Random
from typing import Any, TypeVar

from collabdocs_client import Client, CollabDocsError

from tests.faults.relay import Relay
from tests.mongo.server import EmulatedMongo
from tests.rabbit import RabbitServer
from tests.redis_server import RedisServer
from tests.server import ROOT, Server, make_template

EMBEDDED, CLUSTER = "embedded", "cluster"
PROCESSES = {EMBEDDED: 1, CLUSTER: 3}
OPEN_FILES = 16_384
PATIENCE = 60.0  # seconds within which something must be answered
SECRET = "for these tests alone, and long enough to sign with"

T = TypeVar("T")


class Rig:
    """`front` is where clients go: it leads to any server that is there. Relays to services are None where embedded."""

    mongo: EmulatedMongo
    rabbit: RabbitServer
    redis: RedisServer

    def __init__(self, mode: str, directory: Path, rng: Random) -> None:
        self.mode, self.directory, self.rng = mode, directory, rng
        self.servers: list[Server] = []
        self.env: dict[str, str] = {"SECRET_KEY": SECRET, "PROCESSES": str(PROCESSES[mode])}
        self.front: Relay
        self.to_mongo: Relay | None = None
        self.to_rabbit: Relay | None = None
        self.to_redis: Relay | None = None

    @property
    def url(self) -> str:
        return self.front.url

    @property
    def relays(self) -> list[Relay]:
        return [relay for relay in (self.front, self.to_mongo, self.to_rabbit, self.to_redis) if relay is not None]

    # --- Its parts ---

    async def start_services(self, stack: AsyncExitStack) -> None:
        """MongoDB (emulated), RabbitMQ and Redis, each reached through a relay alone."""
        self.mongo = await asyncio.to_thread(EmulatedMongo().start)
        stack.callback(self.mongo.stop)
        self.rabbit = RabbitServer(_made(self.directory / "rabbit"))
        stack.callback(self.rabbit.close)
        await asyncio.to_thread(self.rabbit.start)
        self.redis = RedisServer(_made(self.directory / "redis")).start()
        stack.callback(self.redis.kill)
        ports = (self.mongo.port, self.rabbit.port, self.redis.port)
        relays = [await stack.enter_async_context(Relay([port])) for port in ports]
        self.to_mongo, self.to_rabbit, self.to_redis = relays
        urls = (self.mongo.url, self.rabbit.url, self.redis.url)
        names = ("DATABASE_URL", "RABBITMQ_URL", "REDIS_URL")
        for name, url, port, relay in zip(names, urls, ports, relays, strict=True):
            self.env[name] = url.replace(f":{port}", f":{relay.port}")

    async def start_servers(self, stack: AsyncExitStack, settings: Mapping[str, str]) -> None:
        self.env |= settings
        data = await asyncio.to_thread(make_template, self.directory / "data", **self.env)
        self.servers = [Server(data, **self.env) for _ in range(PROCESSES[self.mode])]
        for server in self.servers:
            stack.callback(server.stop)
        await asyncio.gather(*(asyncio.to_thread(server.start) for server in self.servers))
        self.front = await stack.enter_async_context(Relay([server.port for server in self.servers], self.rng))

    async def heal(self) -> None:
        """Everything runs and everything passes."""
        for relay in self.relays:
            relay.heal()
        for server in self.servers:
            if not is_alive(server):
                await asyncio.to_thread(server.start)
        if self.mode == CLUSTER:
            self.redis.wake()
            if not self.redis.asked("PING"):
                await asyncio.to_thread(self.redis.start)
            if not await asyncio.to_thread(self.rabbit.answers):
                await asyncio.to_thread(self.rabbit.start)

    # --- Who comes ---

    def person(self, name: str, server: Server | Relay | None = None) -> Client:
        """One of the cast, by the front, or at one server or relay. Close it."""
        answer = {"access_token": self.servers[0].tokens[name], "expires_in": 36000}
        return Client.with_tokens(server.url if server else self.url, answer)

    async def document(self) -> str:
        """A document of alice's that bob may edit and vera read."""
        async with self.person("alice") as alice:
            info = await patiently(partial(alice.create_document, "A run"))
            await patiently(partial(alice.share, info.doc_id, "bob", "editor"))
            await patiently(partial(alice.share, info.doc_id, "vera", "viewer"))
            return info.doc_id

    async def forget(self) -> None:
        """In a cluster, all logs: the emulated database gets slower with all that it holds."""
        if self.mode == CLUSTER:
            done = await self.tool("tests.faults.forget")
            assert done.returncode == 0, done.stderr

    async def inspect(self, doc_ids: list[str]) -> dict[str, Any]:
        """For each document its whole log, straight from the database, and what is bad in its copies."""
        done = await self.tool("tests.faults.inspect", *doc_ids)
        assert done.returncode == 0, done.stderr
        found: dict[str, Any] = json.loads(done.stdout)
        return found

    async def tool(self, module: str, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run a module on the system's data, beside the servers."""
        env = os.environ | self.env | {"DATA_DIR": str(self.servers[0].data_dir), "LOG_LEVEL": "ERROR"}
        asked = [sys.executable, "-m", module, *arguments]
        return await asyncio.to_thread(
            subprocess.run, asked, cwd=ROOT, env=env, capture_output=True, text=True, timeout=300
        )


async def patiently(ask: Callable[[], Awaitable[T]]) -> T:
    """The answer, when there is one: a busy database may be away for a moment even when all is well."""
    deadline = time.monotonic() + PATIENCE
    while True:
        try:
            return await ask()
        except CollabDocsError as error:
            if error.status != 503 or time.monotonic() > deadline:
                raise
            await asyncio.sleep(1)


def is_alive(server: Server) -> bool:
    return server.process is not None and server.process.poll() is None


@asynccontextmanager
async def standing(mode: str, seed: int = 0, **settings: str) -> AsyncIterator[Rig]:
    """A rig that is up, in a directory of its own; all of it is gone afterwards."""
    may_open_many()
    async with AsyncExitStack() as stack:
        directory = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="collabdocs-faults-")))
        rig = Rig(mode, directory, Random(seed))
        rig.env["SEED"] = str(seed)
        if mode == CLUSTER:
            await rig.start_services(stack)
        await rig.start_servers(stack, settings)
        yield rig


def may_open_many() -> None:
    """Raise the limit of open files, for this process and all that it starts: a relay has two for each line."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = OPEN_FILES if most == resource.RLIM_INFINITY else min(most, OPEN_FILES)
    if resource.getrlimit(resource.RLIMIT_NOFILE)[0] < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, most))


def _made(directory: Path) -> Path:
    directory.mkdir()
    return directory
