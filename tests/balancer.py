"""A TCP balancer in front of several servers: each new line goes to the next one that takes it."""

import asyncio
import contextlib
from collections.abc import Sequence
from itertools import count
from typing import Self

from tests.server import Server

Line = tuple[asyncio.StreamReader, asyncio.StreamWriter]


class Balancer:
    """Asks the servers in turn; one that refuses is passed over, and nobody is told."""

    def __init__(self, servers: Sequence[Server]) -> None:
        self._servers = servers
        self._turns = count()

    async def __aenter__(self) -> Self:
        self._listener = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.url = f"http://127.0.0.1:{self._listener.sockets[0].getsockname()[1]}"
        return self

    async def __aexit__(self, *_: object) -> None:
        self._listener.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        upstream = await self._next_line()
        if upstream is None:
            writer.transport.abort()
            return
        answers, questions = upstream
        await asyncio.gather(_relay(reader, questions), _relay(answers, writer))

    async def _next_line(self) -> Line | None:
        first = next(self._turns)
        for number in range(len(self._servers)):
            server = self._servers[(first + number) % len(self._servers)]
            with contextlib.suppress(OSError):
                return await asyncio.open_connection("127.0.0.1", server.port)
        return None


async def _relay(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with contextlib.suppress(OSError):
        while data := await reader.read(1 << 16):
            writer.write(data)
            await writer.drain()
    writer.close()
