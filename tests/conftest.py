"""Real servers for the tests of what crosses apps, the cast as their clients, and a language to say what is meant.

The cast has been signed up in every server's data: alice owns, bob edits, vera views, mallory is a stranger.
"""

import asyncio
import os
import random
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import pytest
from collabdocs_client import Backoff, Client, Document

from tests.mongo.databases import drop_all
from tests.rabbit import broker, rabbit  # noqa: F401  # fixtures
from tests.server import Server, make_template
from tests.wire import Wire

QUICKLY = Backoff(first=0.05, longest=0.5)
_LIVE: list[Server] = []


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Iterator[None]:
    """Show the servers' logs when a test fails."""
    report = yield
    if report.failed:
        for server in _LIVE:
            report.sections.append((f"log of {server.kind} at {server.url}", server.log()[-8000:]))
    return report


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    yield make_template(tmp_path_factory.mktemp("template"))
    drop_all()


def _stop(server: Server) -> None:
    server.stop()
    _LIVE.remove(server)


@pytest.fixture(scope="module")
def module_server(
    request: pytest.FixtureRequest, template: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Server]:
    kind = getattr(request, "param", "uvicorn")
    server = Server.with_data(template, tmp_path_factory.mktemp(kind) / "data", kind)
    _LIVE.append(server)
    try:
        yield server.start()
    finally:
        _stop(server)


@pytest.fixture
def server(module_server: Server) -> Iterator[Server]:
    """One server for all tests of a file; none of them may make it complain."""
    said = len(module_server.log())
    yield module_server
    module_server.assert_calm(since=said)


@pytest.fixture
def start_server(template: Path, tmp_path: Path) -> Iterator[Callable[..., Server]]:
    """`start_server(kind, SETTING="…")`: a server of this test's own; with `beside`, on the data of another one."""
    started: list[Server] = []

    def start(kind: str = "uvicorn", *, beside: Server | None = None, **env: str) -> Server:
        if beside is None:
            server = Server.with_data(template, tmp_path / f"data{len(started)}", kind, **env)
        else:
            server = Server(beside.data_dir, kind, **env)
        started.append(server)
        _LIVE.append(server)
        return server.start()

    yield start
    for server in started:
        _stop(server)


@pytest.fixture
def rng() -> random.Random:
    """Dice; the seed is printed, and SEED in the environment sets it."""
    seed = int(os.environ.get("SEED") or random.randrange(2**32))
    print(f"SEED={seed}")
    return random.Random(seed)


class Stage:
    """Opens what a test needs on a server, and closes it after the test."""

    def __init__(self, stack: AsyncExitStack) -> None:
        self._stack = stack
        self._clients: dict[tuple[str, str], Client] = {}

    async def person(self, server: Server, name: str) -> Client:
        if (server.url, name) not in self._clients:
            self._clients[server.url, name] = await self._stack.enter_async_context(server.person(name))
        return self._clients[server.url, name]

    async def document(self, server: Server, content: str = "") -> str:
        """A document of alice's: bob may edit, vera may read."""
        alice = await self.person(server, "alice")
        info = await alice.create_document("A test", content)
        await alice.share(info.doc_id, "bob", "editor")
        await alice.share(info.doc_id, "vera", "viewer")
        return info.doc_id

    async def open(self, server: Server, name: str, doc_id: str, **options: Any) -> Document:
        person = await self.person(server, name)
        document = person.open(doc_id, **{"backoff": QUICKLY} | options)
        await document.__aenter__()
        self._stack.push_async_exit(_leave(document))
        return document

    async def wire(self, server: Server, name: str, doc_id: str, **options: Any) -> Wire:
        """A bare socket."""
        return await self._stack.enter_async_context(Wire(server, doc_id, token=server.tokens[name], **options))


def _leave(document: Document) -> Callable[..., Awaitable[None]]:
    async def leave(*_: object) -> None:
        await document.__aexit__(asyncio.CancelledError, None, None)  # whatever is unsaved is the test's affair

    return leave


@pytest.fixture
async def stage() -> AsyncIterator[Stage]:
    async with AsyncExitStack() as stack:
        yield Stage(stack)
