"""Frames out of shape, and bytes that are no frames: each harms the socket that it came by, and nothing else."""

import asyncio
import base64
import time
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

from websockets.exceptions import ConnectionClosed

from tests.faults.crowd import Sheet
from tests.faults.fuzz import frame, no_utf8
from tests.faults.guests import Others, processes, unjudged, wire
from tests.faults.run import Trouble, fault
from tests.server import Server
from tests.wire import SUBPROTOCOL

GUESTS = 4
FEWEST = 200  # frames, in a run of any length
DECENT_CLOSES = {1002, 1003, 1007, 1009, 4400, 4401, 4403, 4409, 4413, 4429, None}  # None: the line was dropped
LOG_LINES = 100  # that all servers together may write about it, and one for each line that spoke no HTTP
CLOSE_SECONDS = 10.0


@fault("F26", "malformed frames")
async def fuzzed(trouble: Trouble) -> str:
    """By vera in the crowd's document, where nothing of hers may count, and by bob in one of his own."""
    others, own = Others(trouble), await unjudged(trouble)
    async with _undisturbed(trouble):
        closes: Counter[int | None] = Counter()
        places = [(trouble.crowd.sheets[0], "vera"), (own, "bob")] * (GUESTS // 2)
        sent = sum(await asyncio.gather(*(_fuzz(trouble, sheet, who, closes) for sheet, who in places)))
    assert sent >= FEWEST, f"{sent} frames were taken"
    assert not (odd := closes.keys() - DECENT_CLOSES), f"closed with {odd}"
    return f"{sent} frames, {sum(closes.values())} sockets closed; {others.fared()}"


@fault("F26b", "bytes that are no frames")
async def garbled(trouble: Trouble) -> str:
    others, lines = Others(trouble), 0
    async with _undisturbed(trouble) as excused:
        end = time.monotonic() + trouble.seconds
        while time.monotonic() < end:
            await _garble(trouble, trouble.rng.choice(trouble.rig.servers), upgrades=lines % 2 == 0)
            lines += 1
            excused.append(lines)
    return f"{lines} lines, each closed; {others.fared()}"


@asynccontextmanager
async def _undisturbed(trouble: Trouble) -> AsyncIterator[list[int]]:
    """Asserts that the same processes live on, and have not filled their logs: a line more for each that is excused."""
    before, said = {process.pid for process in processes(trouble.rig)}, _lines(trouble)
    excused: list[int] = []
    yield excused
    assert {process.pid for process in processes(trouble.rig) if process.is_running()} == before, "a process is gone"
    assert (more := _lines(trouble) - said) <= LOG_LINES + len(excused), f"{more} lines were logged"


def _lines(trouble: Trouble) -> int:
    return sum(server.log().count("\n") for server in trouble.rig.servers)


async def _fuzz(trouble: Trouble, sheet: Sheet, who: str, closes: Counter[int | None]) -> int:
    """How many frames were sent, on as many sockets as that takes."""
    end, sent = time.monotonic() + trouble.seconds, 0
    while time.monotonic() < end:
        async with wire(trouble, sheet, who) as guest:
            if trouble.rng.random() < 0.8:  # the others have not joined
                await guest.join()
            hearing = asyncio.create_task(guest.close_code())
            with suppress(ConnectionClosed):
                for _ in range(trouble.rng.randint(1, 60)):
                    await guest.send(frame(trouble.rng))
                    sent += 1
                await guest.socket.send(no_utf8(trouble.rng), text=True)
            closes[await hearing] += 1
    return sent


async def _garble(trouble: Trouble, server: Server, *, upgrades: bool) -> None:
    """Random bytes instead of a request, or after a good handshake, then nothing more: the server ends its half."""
    reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
    try:
        if upgrades:
            writer.write(_handshake(server, trouble.crowd.sheets[0]))
            status = await reader.readline()
            assert b" 101 " in status, f"a good handshake was answered {status!r}"
        writer.write(trouble.rng.randbytes(trouble.rng.choice([20, 500, 70_000])) + b"\r\n\r\n")
        with suppress(OSError):  # it may be over already
            writer.write_eof()
        with suppress(ConnectionError):
            async with asyncio.timeout(CLOSE_SECONDS):
                while await reader.read(1 << 16):
                    pass
    finally:
        writer.transport.abort()


def _handshake(server: Server, sheet: Sheet) -> bytes:
    fields = {
        "Host": f"127.0.0.1:{server.port}",
        "Connection": "Upgrade",
        "Upgrade": "websocket",
        "Sec-WebSocket-Version": "13",
        "Sec-WebSocket-Key": base64.b64encode(bytes(16)).decode(),
        "Sec-WebSocket-Protocol": SUBPROTOCOL,
        "Authorization": f"Bearer {server.tokens['vera']}",
    }
    lines = [f"GET /ws/{sheet.doc_id} HTTP/1.1", *(f"{name}: {value}" for name, value in fields.items())]
    return "\r\n".join([*lines, "", ""]).encode()
