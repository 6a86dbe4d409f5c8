"""A server that takes a request, and hangs up instead of answering it, or says always the same."""

import asyncio
from typing import Self


class Mute:
    """`heard` are the first lines of what was asked."""

    def __init__(self, answer: bytes = b"") -> None:
        self.answer, self.heard, self.port = answer, list[str](), 0
        self._server: asyncio.Server

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._take, "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_: object) -> None:
        self._server.close()

    async def _take(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if line := await reader.readline():
            self.heard.append(line.decode().strip())
        writer.write(self.answer)
        await writer.drain()
        writer.close()
