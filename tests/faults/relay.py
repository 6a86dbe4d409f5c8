"""A TCP line in front of something, which can be made slow, stuck, deaf or broken."""

import asyncio
import contextlib
import random
import socket
import struct
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import Self

Write = Callable[[bytes], None]
Through = Callable[[bytes, Write], Awaitable[None]]  # takes what has come on a line, and writes what goes on

RST = struct.pack("ii", 1, 0)  # SO_LINGER: closing says "reset"


@dataclass
class Way:
    """One direction of all lines."""

    delay: float = 0.0  # seconds
    is_open: asyncio.Event = field(default_factory=asyncio.Event)
    swallow: Callable[[bytes], bool] | None = None  # says which bytes never arrive; the line is cut then
    through: Callable[[], Through] | None = None  # makes for each new line what its bytes go through

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
        self.cuts = 0
        self._cut_after: Callable[[], tuple[int | None, int | None]] | None = None
        self._cuts_by_reset = True
        self._lines: set[asyncio.StreamWriter] = set()

    async def __aenter__(self) -> Self:
        self._listener = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.port: int = self._listener.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_: object) -> None:
        self.heal()
        self._listener.close()
        self.cut()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def socket_url(self) -> str:
        return f"ws://127.0.0.1:{self.port}"

    @property
    def ports(self) -> set[int]:
        """Which its lines to the targets come from, now."""
        return {line.get_extra_info("sockname")[1] for line in self._lines} - {self.port}

    def lines_to(self, target: int) -> set[asyncio.StreamWriter]:
        """Its lines to one of the targets, now."""
        return {line for line in self._lines if (line.get_extra_info("peername") or ("", 0))[1] == target}

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

    def cut_each_after(self, most: int, *, by_reset: bool = True) -> None:
        """Each new line is cut after so many bytes one way, or fewer: as often after few as after many."""
        self._cuts_by_reset = by_reset

        def left() -> tuple[int | None, int | None]:
            size = int(most ** self.rng.random())
            return (size, None) if self.rng.random() < 0.5 else (None, size)

        self._cut_after = left

    def heal(self) -> None:
        """Everything passes, on lines old and new."""
        self.is_refusing, self._cut_after = False, None
        for way in (self.to, self.back):
            way.delay, way.swallow, way.through = 0.0, None, None
            way.is_open.set()

    # --- Passing ---

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        connected = None if self.is_refusing else await self._connect()
        if connected is None:
            writer.transport.abort()
            return
        upstream, downstream = connected
        self._lines |= {writer, downstream}
        left_to, left_back = self._cut_after() if self._cut_after else (None, None)
        with contextlib.suppress(asyncio.CancelledError):  # at the end of all: asyncio reports it, but it is no error
            await asyncio.gather(
                self._pass(reader, downstream, self.to, left_to), self._pass(upstream, writer, self.back, left_back)
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
        through = way.through() if way.through else _unchanged
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
                await through(data, writer.write)
                await writer.drain()
        is_cut = left is not None and left <= 0
        self.cuts += is_cut
        _end(writer, by_reset=is_cut and self._cuts_by_reset)


async def _unchanged(data: bytes, write: Write) -> None:
    write(data)


def _end(line: asyncio.StreamWriter, by_reset: bool) -> None:
    if by_reset and (raw := line.get_extra_info("socket")) is not None:
        with contextlib.suppress(OSError):
            raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RST)
    if by_reset:
        line.transport.abort()
    else:
        line.close()
