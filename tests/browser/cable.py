"""The line between one person and the server, which a test can cut, stall and mend."""

import asyncio
import threading
from collections.abc import Coroutine
from contextlib import suppress
from typing import Any

SOCKET = b"GET /ws/"


class Cable:
    """Listens on a port of its own and passes on what it hears.

    *Cut*, it ends its connections and every new one, or of sockets alone. *Stalled*, it says nothing: bytes wait, and
    arrive when it is mended, even those of a connection that its sender has given up.
    """

    def __init__(self, port: int) -> None:
        self._server_port = port
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="cable", daemon=True)
        self._thread.start()
        self._streams: dict[asyncio.StreamWriter, bool] = {}  # and whether it carries a socket
        self._is_cut: tuple[bool, ...] = ()  # for which kinds
        self._flows = (asyncio.Event(), asyncio.Event())  # to the server, from the server
        self._listener: asyncio.Server = self._run(self._listen())
        self.port: int = self._listener.sockets[0].getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"

    # --- For tests ---

    def cut(self, *, sockets_only: bool = False) -> None:
        self._run(self._cut((True,) if sockets_only else (True, False)))

    def stall(self, *, to_the_server: bool = True) -> None:
        """Both ways, or only what the server says."""
        self._run(self._stall(to_the_server))

    def mend(self) -> None:
        self._run(self._mend())

    def close(self) -> None:
        self._run(self._close())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    # --- In the cable's thread ---

    def _run(self, work: Coroutine[Any, Any, Any]) -> Any:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(10)

    async def _listen(self) -> asyncio.Server:
        await self._mend()
        return await asyncio.start_server(self._carry, "127.0.0.1", 0, limit=1 << 20)

    async def _cut(self, kinds: tuple[bool, ...]) -> None:
        self._is_cut = kinds
        for writer in [writer for writer, kind in self._streams.items() if kind in kinds]:
            writer.transport.abort()

    async def _stall(self, to_the_server: bool) -> None:
        for flow in self._flows[not to_the_server :]:
            flow.clear()

    async def _mend(self) -> None:
        self._is_cut = ()
        for flow in self._flows:
            flow.set()

    async def _close(self) -> None:
        await self._mend()
        self._listener.close()
        await self._cut((True, False))
        others = asyncio.all_tasks() - {asyncio.current_task()}
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)

    async def _carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError, asyncio.CancelledError):
            start = await reader.read(1 << 16)
            kind = start.startswith(SOCKET)
            await self._flows[0].wait()
            if kind not in self._is_cut and start:
                await self._connect(start, kind, reader, writer)
        writer.close()

    async def _connect(
        self, start: bytes, kind: bool, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        there, out = await asyncio.open_connection("127.0.0.1", self._server_port)
        self._streams |= {writer: kind, out: kind}
        try:
            out.write(start)
            await asyncio.gather(self._pump(reader, out, self._flows[0]), self._pump(there, writer, self._flows[1]))
        finally:
            out.close()
            del self._streams[writer], self._streams[out]

    async def _pump(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, flow: asyncio.Event) -> None:
        with suppress(OSError):
            while data := await reader.read(1 << 16):
                await flow.wait()
                writer.write(data)
                await writer.drain()
        await flow.wait()
        writer.close()
