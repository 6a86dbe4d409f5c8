"""A TCP relay in front of a server, which can hold back what the server says."""

import asyncio
import contextlib
from typing import Self

from tests.server import Server


class Proxy:
    """Everything passes, until `hold()`: then nothing of the server's reaches the client; `drop()` cuts all lines."""

    def __init__(self, server: Server) -> None:
        self._server = server
        self._lines: set[asyncio.StreamWriter] = set()
        self._may_answer = asyncio.Event()
        self._may_answer.set()

    async def __aenter__(self) -> Self:
        self._listener = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        port = self._listener.sockets[0].getsockname()[1]
        self.url = f"http://127.0.0.1:{port}"
        return self

    async def __aexit__(self, *_: object) -> None:
        self.drop()
        self._listener.close()

    def hold(self) -> None:
        self._may_answer.clear()

    def release(self) -> None:
        self._may_answer.set()

    def drop(self) -> None:
        for line in tuple(self._lines):
            line.transport.abort()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            upstream, downstream = await asyncio.open_connection("127.0.0.1", self._server.port)
        except OSError:
            writer.transport.abort()
            return
        self._lines |= {writer, downstream}
        await asyncio.gather(self._relay(reader, downstream), self._relay(upstream, writer, self._may_answer))
        self._lines -= {writer, downstream}

    async def _relay(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, gate: asyncio.Event | None = None
    ) -> None:
        with contextlib.suppress(OSError):
            while data := await reader.read(1 << 16):
                if gate is not None:
                    await gate.wait()
                writer.write(data)
                await writer.drain()
        writer.transport.abort()
