"""A request's head is neither large nor slow, and who keeps within both is served on one line again and again."""

import asyncio
from contextlib import asynccontextmanager

import pytest
import uvicorn

from collabdocs import heads
from collabdocs.heads import MOST_BYTES, BoundedHeads

ASK = b"GET / HTTP/1.1\r\nhost: x\r\n"
SLOW = 0.3  # seconds that the application takes where it is asked to
MUCH, PIECE = 32 << 20, 64 << 10  # bytes
under_way = set()


async def application(scope, receive, send):
    if scope["type"] == "websocket":
        await receive()
        await send({"type": "websocket.accept"})
        await receive()
        return
    await receive()
    if scope["path"] == "/large":
        return await say_much(receive, send)
    await asyncio.sleep(SLOW if scope["path"] == "/slow" else 0)
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"2")]})
    await send({"type": "http.response.body", "body": b"ok"})


async def say_much(receive, send):
    """More than the system takes for a reader that does not read; piece by piece, as Django does."""
    under_way.add(object())
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"%d" % MUCH)]})
    for start in range(0, MUCH, PIECE):
        await send({"type": "http.response.body", "body": b"x" * PIECE, "more_body": start + PIECE < MUCH})
    under_way.pop()


@asynccontextmanager
async def serving(port):
    config = uvicorn.Config(
        application, port=port, http=BoundedHeads, ws="websockets-sansio", lifespan="off", log_level="critical"
    )
    server = uvicorn.Server(config)
    server.capture_signals = lambda: asynccontextmanager(_nothing)()  # the loop is the test's
    task = asyncio.create_task(server._serve())
    while not server.started:  # noqa: ASYNC110
        await asyncio.sleep(0.01)
    yield
    server.should_exit = True
    await task


async def _nothing():
    yield


@pytest.fixture
async def dial(unused_tcp_port):
    """`await dial()`: a line to a server."""
    async with serving(unused_tcp_port):
        lines = []

        async def connect():
            lines.append(await asyncio.open_connection("127.0.0.1", unused_tcp_port))
            return lines[-1]

        yield connect
        for _, writer in lines:
            writer.close()


async def answer(reader) -> bytes:
    async with asyncio.timeout(5):
        head = await reader.readuntil(b"\r\n\r\n")
        await reader.readexactly(2)
        return head


async def rest(reader) -> bytes:
    """All that comes until the line is closed."""
    async with asyncio.timeout(5):
        try:
            return await reader.read()
        except ConnectionResetError:  # it was closed on what had been sent
            return b""


async def test_it_works(dial, monkeypatch):
    monkeypatch.setattr(heads, "PATIENCE", 2.0)
    reader, writer = await dial()
    for n in range(5):
        writer.write(ASK + b"x-%d: " % n + b"x" * 20_000 + b"\r\n\r\n")  # together more than one may have
        assert b"200" in await answer(reader)
        await asyncio.sleep(0.5)  # together longer than one may take


async def test_a_line_that_is_kept_waits_longer_for_the_next_head_than_for_the_rest_of_one(dial, monkeypatch):
    monkeypatch.setattr(heads, "PATIENCE", 0.2)
    reader, writer = await dial()  # kept for 5 seconds
    for _ in range(2):
        writer.write(ASK + b"\r\n")
        assert b"200" in await answer(reader)
        await asyncio.sleep(0.6)
    writer.write(ASK)
    async with asyncio.timeout(2):
        assert await rest(reader) == b""


@pytest.mark.parametrize("part", [b"x" * (1 << 20), b"y: z\r\n" * 20_000], ids=["one header", "many headers"])
async def test_a_large_head_is_refused(dial, part):
    reader, writer = await dial()
    writer.write(ASK + b"x: " + part)
    await writer.drain()
    assert b" 200 " not in await rest(reader)
    assert len(ASK + part) > MOST_BYTES


async def test_a_large_head_is_told_so(dial):
    reader, writer = await dial()
    writer.write(ASK + b"x: " + b"x" * MOST_BYTES)
    assert (await rest(reader)).startswith(b"HTTP/1.1 431 ")


async def test_a_body_may_be_larger(dial):
    reader, writer = await dial()
    for _ in range(2):
        body = b"x" * (4 * MOST_BYTES)
        writer.write(b"POST / HTTP/1.1\r\nhost: x\r\ncontent-length: %d\r\n\r\n" % len(body) + body)
        assert b"200" in await answer(reader)


@pytest.mark.parametrize("said", [b"", ASK[:10], ASK])
async def test_who_says_nothing_more_is_cut_off(dial, monkeypatch, said):
    monkeypatch.setattr(heads, "PATIENCE", 0.1)
    reader, writer = await dial()
    writer.write(said)
    assert await rest(reader) == b""


async def test_dripping_helps_nobody(dial, monkeypatch):
    monkeypatch.setattr(heads, "PATIENCE", 1.0)
    reader, writer = await dial()
    writer.write(ASK + b"\r\n")
    await answer(reader)
    dripping = asyncio.create_task(drip(writer))
    assert await rest(reader) == b""
    dripping.cancel()


async def drip(writer):
    writer.write(ASK)
    while True:
        writer.write(b"x: y\r\n")
        await asyncio.sleep(0.02)


async def test_an_answer_may_take_long(dial, monkeypatch):
    monkeypatch.setattr(heads, "PATIENCE", SLOW / 3)
    reader, writer = await dial()
    writer.write(ASK.replace(b"/ ", b"/slow ") + b"\r\n")
    assert b"200" in await answer(reader)
    writer.write(ASK + b"\r\n")
    assert b"200" in await answer(reader)


async def test_a_socket_is_not_cut_off(dial, monkeypatch):
    monkeypatch.setattr(heads, "PATIENCE", 0.1)
    reader, writer = await dial()
    upgrade = b"upgrade: websocket\r\nconnection: upgrade\r\nsec-websocket-version: 13\r\n"
    writer.write(ASK + upgrade + b"sec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n")
    async with asyncio.timeout(5):
        assert b"101" in await reader.readuntil(b"\r\n\r\n")
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.4):
            await reader.read()


async def comes_to(condition):
    async with asyncio.timeout(10):
        while not condition():  # noqa: ASYNC110
            await asyncio.sleep(0.01)


async def test_who_does_not_read_is_cut_off_and_the_others_are_served(dial, monkeypatch):
    monkeypatch.setattr(heads, "READING", 0.5)
    for _ in range(20):
        _, writer = await dial()
        writer.write(ASK.replace(b"/ ", b"/large ") + b"\r\n")
    await comes_to(lambda: len(under_way) == 20)
    reader, writer = await dial()
    writer.write(ASK + b"\r\n")
    assert b"200" in await answer(reader)
    await comes_to(lambda: not under_way)


async def test_who_reads_slowly_has_all_of_it(dial, monkeypatch):
    """Much longer than may pass without anything being read."""
    monkeypatch.setattr(heads, "READING", 0.5)
    reader, writer = await dial()
    writer.write(ASK.replace(b"/ ", b"/large ") + b"\r\n")
    await reader.readuntil(b"\r\n\r\n")
    for _ in range(16):
        await reader.readexactly(MUCH // 16)
        await asyncio.sleep(0.1)


async def test_the_last_of_an_answer_is_not_waited_for_without_end(dial, monkeypatch):
    """So little that sending never paused, of a line that is to be closed."""
    monkeypatch.setattr(heads, "READING", 0.1)
    monkeypatch.setattr(heads, "PATIENCE", 0.1)
    lost = asyncio.Event()
    made = BoundedHeads.connection_made

    def with_much_unread(self, transport):
        made(self, transport)
        transport.set_write_buffer_limits(1 << 30)
        transport.write(b"x" * MUCH)

    monkeypatch.setattr(BoundedHeads, "connection_made", with_much_unread)
    left = BoundedHeads.connection_lost
    monkeypatch.setattr(BoundedHeads, "connection_lost", lambda self, error: left(self, error) or lost.set())
    await dial()
    async with asyncio.timeout(5):
        await lost.wait()
