"""A program follows a document by server-sent events over real lines that break, and its copy is the text."""

import asyncio
from collections.abc import AsyncIterator, Callable
from random import Random
from typing import Any

import httpx
import orjson
import pytest
from collabdocs_client import Document

from documents.ot import apply
from documents.ot.operation import parse
from tests.agreement import types_at_random
from tests.conftest import Stage
from tests.proxy import Proxy
from tests.server import Server

pytestmark = pytest.mark.parametrize("module_server", ["uvicorn", "daphne"], indirect=True)
PATIENCE = 60.0
CUTS = 5


class Follower:
    """What any client of server-sent events does: it keeps the last id, and comes back with it."""

    def __init__(self, url: str, token: str, version: int, text: str) -> None:
        self.url, self.token = url, token
        self.version, self.text, self.lines = version, text, 0
        self._heard = asyncio.Event()

    async def hears(self) -> None:
        """Return when operations have come, on another line than the last time."""
        await self._heard.wait()
        self._heard.clear()

    async def follow(self, goal: asyncio.Future[int]) -> None:
        """Come back again and again until the goal, a version that is known at last, is reached."""
        while not (goal.done() and self.version >= goal.result()):
            self.lines += 1
            is_new = True
            try:
                async for kind, data in self._events():
                    if kind == "operations":
                        self._take(data["operations"])
                        if is_new:
                            self._heard.set()
                        is_new = False
                    if goal.done() and self.version >= goal.result():
                        return
            except httpx.TransportError:
                await asyncio.sleep(0.02)

    async def _events(self) -> AsyncIterator[tuple[str, Any]]:
        headers = {"Authorization": f"Bearer {self.token}", "Last-Event-ID": str(self.version)}
        async with (
            httpx.AsyncClient(timeout=PATIENCE) as client,
            client.stream("GET", self.url, headers=headers) as got,
        ):
            assert got.status_code == 200, await got.aread()
            kind = ""
            async for line in got.aiter_lines():
                name, _, value = line.partition(": ")
                if name == "event":
                    kind = value
                elif name == "data":
                    yield kind, orjson.loads(value)

    def _take(self, entries: list[dict[str, Any]]) -> None:
        for entry in entries:
            assert entry["version"] == self.version + 1, f"not the one after {self.version}: {entry}"
            self.version, self.text = entry["version"], apply(self.text, parse(entry["operation"]))


async def test_a_line_that_is_cut_again_and_again_misses_nothing(server: Server, stage: Stage, rng: Random) -> None:
    doc_id = await stage.document(server, "🧵\n")
    writers = [await stage.open(server, name, doc_id) for name in ("alice", "bob")]
    goal: asyncio.Future[int] = asyncio.get_running_loop().create_future()
    enough = asyncio.Event()

    async def types(writer: Document, own: Random) -> None:
        while not enough.is_set():
            await types_at_random(writer, own, edits=20)

    async with Proxy(server) as proxy, asyncio.timeout(PATIENCE):
        url = f"{proxy.url}/api/documents/{doc_id}/events"
        followers = [Follower(url, server.tokens["vera"], 0, ""), Follower(url, server.tokens["bob"], 1, "🧵\n")]
        following = [asyncio.create_task(follower.follow(goal)) for follower in followers]
        typing = asyncio.gather(*(types(writer, Random(rng.random())) for writer in writers))
        for _ in range(CUTS):
            await asyncio.gather(*(follower.hears() for follower in followers))
            proxy.drop()
        enough.set()
        await typing
        reader = await stage.person(server, "alice")
        read = await reader.read(doc_id)
        goal.set_result(read.version)
        proxy.drop()  # whoever was there already comes back once more, and sees it
        await asyncio.gather(*following)
    assert [(follower.version, follower.text) for follower in followers] == [(read.version, read.content)] * 2
    assert all(follower.lines >= CUTS for follower in followers)


async def test_stopping_the_server_ends_the_stream_and_not_by_force(
    stage: Stage, start_server: Callable[..., Server], module_server: Server
) -> None:
    own = start_server(module_server.kind)
    doc_id = await stage.document(own, "hello")
    follower = Follower(f"{own.url}/api/documents/{doc_id}/events", own.tokens["alice"], 1, "hello")
    events = follower._events()
    async with asyncio.timeout(PATIENCE):
        assert (await anext(events))[0] == "joined"
        stopping = asyncio.create_task(asyncio.to_thread(own.terminate))
        assert await anext(events) == ("end", {"type": "end", "code": 1012})
        with pytest.raises(StopAsyncIteration):
            await anext(events)
        assert await stopping == 0
    own.assert_calm()
