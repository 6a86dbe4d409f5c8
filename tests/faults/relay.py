"""A TCP line in front of something, which can be made slow, stuck, deaf or broken."""

import asyncio
import contextlib
import random
import socket
import struct
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Self

RST = struct.pack("ii", 1, 0)  # SO_LINGER: closing says "reset"


@dataclass
class Way:
    """One direction of all lines."""

    delay: float = 0.0  # seconds
    is_open: asyncio.Event = field(default_factory=asyncio.Event)
    swallow: Callable[[bytes], bool] | None = None  # says which bytes never arrive; the line is cut then

    def __post_init__(self) -> None:
        self.is_open.set()


class Relay:
    """Passes bytes between who connects to `port` and one of the `targets` that takes the connection.

    `to` and `back` are the ways to the target and back. `targets` may change while it runs.
    """

    def __init__(self, targets: Sequence[int], rng: random.Random | None = None) -> None:
        self.targets, self.rng = list(targets), rng or random.Random(0)
        self.to, self.back = Way(), Way()
        self.is_refusing = False
        self.swallowed = 0
        self._cut_after: Callable[[], int] | None = None
        self._lines: set[asyncio.StreamWriter] = set()

    async def __aenter__(self) -> Self:
        self._listener = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.port: int = self._listener.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_: object) -> None:
        self.heal()
        self._listener.close()
        self.cut()

    # --- What it does to its lines ---

    def cut(self, *, by_reset: bool = True) -> None:
        """All lines, at once: reset, or ended as if both had hung up."""
        for line in tuple(self._lines):
            _end(line, by_reset)

    def refuse(self) -> None:
        """Cut all lines, and let nobody through."""
        self.is_refusing = True
        self.cut()

    def stall(self) -> None:
        """Lines stay, and nothing passes."""
        self.to.is_open.clear()
        self.back.is_open.clear()

    def cut_each_after(self, most: int) -> None:
        """Each new line is cut after so many bytes back, or fewer."""
        self._cut_after = lambda: self.rng.randint(1, most)

    def heal(self) -> None:
        """Everything passes, on lines old and new."""
        self.is_refusing, self._cut_after = False, None
        for way in (self.to, self.back):
            way.delay, way.swallow = 0.0, None
            way.is_open.set()

    # --- Passing ---

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        connected = None if self.is_refusing else await self._connect()
        if connected is None:
            writer.transport.abort()
            return
        upstream, downstream = connected
        self._lines |= {writer, downstream}
        left = self._cut_after() if self._cut_after else None
        await asyncio.gather(
            self._pass(reader, downstream, self.to, None), self._pass(upstream, writer, self.back, left)
        )
        self._lines -= {writer, downstream}

    async def _connect(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter] | None:
        """To any target that is there."""
        for target in self.rng.sample(self.targets, len(self.targets)):
            with contextlib.suppress(OSError):
                return await asyncio.open_connection("127.0.0.1", target)
        return None

    async def _pass(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, way: Way, left: int | None
    ) -> None:
        with contextlib.suppress(OSError):
            while data := await reader.read(1 << 16):
                if way.delay:
                    await asyncio.sleep(way.delay)
                await way.is_open.wait()
                if way.swallow and way.swallow(data):
                    self.swallowed += 1
                    break
                if left is not None and (left := left - len(data)) <= 0:
                    writer.write(data[: len(data) + left])
                    break
                writer.write(data)
                await writer.drain()
        _end(writer, by_reset=left is not None and left <= 0)


def _end(line: asyncio.StreamWriter, by_reset: bool) -> None:
    if by_reset and (raw := line.get_extra_info("socket")) is not None:
        with contextlib.suppress(OSError):
            raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RST)
    if by_reset:
        line.transport.abort()
    else:
        line.close()
