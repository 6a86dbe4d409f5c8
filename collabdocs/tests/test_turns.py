"""So many requests are worked on at once, so many wait for so long, and the others are told to come back."""

import asyncio
from collections import Counter

import pytest

from collabdocs import turns
from collabdocs.turns import Turns


class Work:
    """An application that takes its body, works until it is told to stop, and then streams its answer."""

    def __init__(self) -> None:
        self.under_way = self.most = 0
        self.may_end, self.may_end_streaming = asyncio.Event(), asyncio.Event()

    async def __call__(self, scope, receive, send):
        while (await receive()).get("more_body"):
            pass
        self.under_way += 1
        self.most = max(self.most, self.under_way)
        await self.may_end.wait()
        self.under_way -= 1
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await self.may_end_streaming.wait()
        await send({"type": "http.response.body", "body": b""})


@pytest.fixture(autouse=True)
def _bounds(monkeypatch):
    monkeypatch.setattr(turns, "AT_WORK", dict.fromkeys(turns.AT_WORK, 3))
    monkeypatch.setattr(turns, "WAITING", 4)
    monkeypatch.setattr(turns, "PATIENCE", 30.0)


async def asks(server, chunks=(b"x",)):
    """The status."""
    waiting, sent = list(chunks), []

    async def receive():
        if not waiting:
            await asyncio.sleep(3600)
        return {"type": "http.request", "body": waiting.pop(0), "more_body": bool(waiting) or chunks[-1] is None}

    async def send(message):
        sent.append(message)

    await server({"type": "http"}, receive, send)
    return sent[0]["status"]


async def comes_to(condition):
    async with asyncio.timeout(10):
        while not condition():  # noqa: ASYNC110
            await asyncio.sleep(0)


async def test_no_more_than_so_many_at_once(monkeypatch):
    work = Work()
    server = Turns(work)
    asked = [asyncio.create_task(asks(server)) for _ in range(7)]
    await comes_to(lambda: work.under_way == 3)
    work.may_end.set()
    work.may_end_streaming.set()
    assert await asyncio.gather(*asked) == [200] * 7
    assert work.most == 3


async def test_who_finds_too_many_waiting_is_told_at_once():
    work = Work()
    server = Turns(work)
    asked = [asyncio.create_task(asks(server)) for _ in range(7)]
    await comes_to(lambda: work.under_way == 3 and server._waiting == 4)
    assert await asks(server) == 503
    work.may_end.set()
    work.may_end_streaming.set()
    assert await asyncio.gather(*asked) == [200] * 7


async def test_who_has_waited_long_is_told_and_its_place_is_free(monkeypatch):
    monkeypatch.setattr(turns, "PATIENCE", 0.01)
    work = Work()
    server = Turns(work)
    asked = [asyncio.create_task(asks(server)) for _ in range(7)]
    await comes_to(lambda: sum(task.done() for task in asked) == 4)
    work.may_end.set()
    work.may_end_streaming.set()
    assert Counter(await asyncio.gather(*asked)) == {200: 3, 503: 4}
    assert [await asks(server) for _ in range(4)] == [200] * 4


async def test_who_sends_slowly_keeps_no_turn():
    work = Work()
    server = Turns(work)
    slow = [asyncio.create_task(asks(server, (b"x", None))) for _ in range(9)]
    await asyncio.sleep(0)
    work.may_end.set()
    work.may_end_streaming.set()
    assert await asks(server) == 200
    for task in slow:
        task.cancel()
    await asyncio.gather(*slow, return_exceptions=True)
    assert work.most == 1


async def test_a_stream_keeps_no_turn():
    work = Work()
    server = Turns(work)
    work.may_end.set()
    streams = [asyncio.create_task(asks(server)) for _ in range(6)]
    await comes_to(lambda: work.most and work.under_way == 0 and not server._waiting)
    work.may_end_streaming.set()
    assert await asyncio.gather(*streams) == [200] * 6


async def test_a_failure_gives_its_turn_back():
    async def fails(scope, receive, send):
        await receive()
        raise RuntimeError

    server = Turns(fails)
    for _ in range(9):
        with pytest.raises(RuntimeError):
            await asks(server)
