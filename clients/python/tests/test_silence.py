"""A line on which nothing comes is given up; one on which anything comes is not."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

from websockets.asyncio.server import ServerConnection, serve

from collabdocs_client import Client, Document

JOINED = {"version": 0, "head": 0, "log": "a", "content": "", "role": "editor", "user": None}
PATIENCE = 10.0


async def joins(socket: ServerConnection) -> None:
    assert json.loads(await socket.recv())["type"] == "join"
    await socket.send(json.dumps({"type": "joined", **JOINED}))


@asynccontextmanager
async def opened(behave: Callable[[ServerConnection, int], Awaitable[None]]) -> AsyncIterator[Document]:
    """A document of a server that does so on its n-th socket."""
    count = 0

    async def handler(socket: ServerConnection) -> None:
        nonlocal count
        count += 1
        await behave(socket, count)

    token = {"access_token": "t", "expires_in": 3600}
    async with asyncio.timeout(PATIENCE), serve(handler, "127.0.0.1", 0, ping_interval=None, close_timeout=0) as server:
        port = next(iter(server.sockets)).getsockname()[1]
        client = Client.with_tokens(f"http://127.0.0.1:{port}", token)
        async with client, client.open("x", ping_seconds=0.1, silence_seconds=0.5) as document:
            yield document


async def test_who_says_nothing_any_more_is_left_for_another_line() -> None:
    came = asyncio.Event()

    async def behave(socket: ServerConnection, number: int) -> None:
        await joins(socket)
        if number == 2:
            came.set()
        await socket.wait_closed()

    async with opened(behave):
        await came.wait()


async def test_who_never_answers_the_join_is_left_too() -> None:
    async def behave(socket: ServerConnection, number: int) -> None:
        if number == 2:
            await joins(socket)
        await socket.wait_closed()

    async with opened(behave) as document:
        assert document.is_connected


async def test_who_answers_pings_is_stayed_with() -> None:
    pings = asyncio.Semaphore(0)

    async def behave(socket: ServerConnection, number: int) -> None:
        assert number == 1
        await joins(socket)
        async for message in socket:
            assert json.loads(message) == {"type": "ping"}
            await socket.send('{"type": "pong"}')
            pings.release()

    async with opened(behave) as document:
        for _ in range(10):  # at 0.1 s each
            await pings.acquire()
        assert document.is_connected


async def test_a_text_that_comes_slowly_is_no_silence() -> None:
    """The parts of one message, each in good time, and all together not."""

    async def slowly(text: str) -> AsyncIterator[str]:
        for start in range(0, len(text), 40):
            yield text[start : start + 40]
            await asyncio.sleep(0.2)

    async def behave(socket: ServerConnection, number: int) -> None:
        assert number == 1
        await socket.recv()
        await socket.send(slowly(json.dumps({"type": "joined", **JOINED, "content": 160 * "x"})))
        async for _ in socket:
            await socket.send('{"type": "pong"}')

    async with opened(behave) as document:
        assert document.text == 160 * "x"
