"""uvicorn's short way for many sockets: the same words as by the long one, and it never holds anything up."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest
import uvicorn
from websockets.asyncio.client import ClientConnection, connect

from collabdocs.frames import SharedFrames
from realtime.sending import SEND_NOW

Serve = Callable[[dict[str, Any], Callable[[Any], Awaitable[None]]], Awaitable[None]]
TEXTS = ["", "a", "naïve 👍🏽 日本", "x" * 125, "x" * 126, "é" * 40_000, "x" * 70_000]
SECONDS = 20


@asynccontextmanager
async def serving(serve: Serve, **options: Any) -> AsyncIterator[str]:
    """A uvicorn on this loop, whose application accepts, does as told, and waits for the end."""

    async def application(scope: Any, receive: Any, send: Any) -> None:
        assert (await receive())["type"] == "websocket.connect"
        await send({"type": "websocket.accept"})
        await serve(scope, send)
        while (await receive())["type"] != "websocket.disconnect":
            pass

    config = uvicorn.Config(application, port=0, ws=SharedFrames, lifespan="off", log_level="error", **options)
    server = uvicorn.Server(config)
    running = asyncio.create_task(server.serve())
    while not server.started:  # noqa: ASYNC110
        await asyncio.sleep(0.01)
    try:
        yield f"ws://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    finally:
        server.should_exit = True
        await running


def words(text: str) -> dict[str, Any]:
    return {"type": "websocket.send", "text": text}


async def heard(line: ClientConnection, count: int) -> list[str | bytes]:
    async with asyncio.timeout(SECONDS):
        return [await line.recv() for _ in range(count)]


async def test_both_ways_say_the_same_in_turn():
    events = [words(text) for text in TEXTS]

    async def serve(scope, send):
        send_now = scope["extensions"][SEND_NOW]
        for event in events:
            while not send_now(event):  # noqa: ASYNC110  # the line has enough for now
                await asyncio.sleep(0.01)
            await send(event)

    twice = [text for text in TEXTS for _ in range(2)]
    served = serving(serve, ws_per_message_deflate=False)
    async with served as address, connect(address) as alice, connect(address) as bob:
        assert await heard(alice, len(twice)) == twice
        assert await heard(bob, len(twice)) == twice


async def test_who_does_not_read_is_not_waited_for():
    sent = asyncio.get_running_loop().create_future()

    async def serve(scope, send):
        send_now, count, event = scope["extensions"][SEND_NOW], 0, words("x" * 100_000)
        while send_now(event):
            count += 1
        sent.set_result(count)

    async with serving(serve, ws_per_message_deflate=False) as address, connect(address) as line:
        async with asyncio.timeout(SECONDS):
            count = await sent
        assert await heard(line, count) == ["x" * 100_000] * count


@pytest.mark.parametrize("who", ["client", "server"])
async def test_what_is_closed_takes_nothing(who):
    answer = asyncio.get_running_loop().create_future()

    async def serve(scope, send):
        send_now = scope["extensions"][SEND_NOW]
        if who == "server":
            await send({"type": "websocket.close"})
        else:
            while send_now(words("x")):  # noqa: ASYNC110
                await asyncio.sleep(0.01)
        answer.set_result(send_now(words("x")))

    async with serving(serve, ws_per_message_deflate=False) as address, connect(address) as line:
        await line.close()
        async with asyncio.timeout(SECONDS):
            assert await answer is False


async def test_where_frames_differ_from_line_to_line_there_is_no_short_way():
    offered = asyncio.get_running_loop().create_future()

    async def serve(scope, send):
        offered.set_result(SEND_NOW in scope["extensions"])

    async with serving(serve, ws_per_message_deflate=True) as address, connect(address, compression="deflate"):
        async with asyncio.timeout(SECONDS):
            assert await offered is False
