"""WebSocket messages on a line (RFC 6455), each with a fate: it may be dropped, doubled, late, or overtaken.

Nothing is unpacked: a frame goes on as it came, its mask with it. Neither side offers compression here; a compressed
frame, which is nothing without those before it, would pass, and so do control frames and parts of messages.
"""

import asyncio
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from random import Random

UPGRADE = re.compile(rb"(?im)^upgrade:[ \t]*websocket[ \t]*\r$")
WHOLE_MESSAGES = {0x81, 0x82}  # first bytes: the last frame of its message, no extension, text or binary
MASKED, LENGTH = 0x80, 0x7F  # in the second byte
WIDER = {126: 2, 127: 8}  # lengths that say how many bytes the length has


@dataclass(frozen=True, slots=True)
class Piece:
    """Bytes that belong together."""

    raw: bytes
    is_message: bool = False


class Frames:
    """Cuts one direction of a line into an HTTP head and frames. Where nobody upgrades, all is passed as it comes."""

    def __init__(self) -> None:
        self._rest = b""
        self._next: Callable[[], Piece | None] = self._head

    def feed(self, data: bytes) -> Iterator[Piece]:
        """The pieces that are whole with these bytes."""
        self._rest += data
        while self._rest and (piece := self._next()) is not None:
            self._rest = self._rest[len(piece.raw) :]
            yield piece

    def _head(self) -> Piece | None:
        head, end, _ = self._rest.partition(b"\r\n\r\n")
        if not end:
            return None
        self._next = self._frame if UPGRADE.search(head + end) else self._anything
        return Piece(head + end)

    def _anything(self) -> Piece:
        return Piece(self._rest)

    def _frame(self) -> Piece | None:
        size = frame_size(self._rest)
        if size is None or size > len(self._rest):
            return None
        return Piece(self._rest[:size], is_message=self._rest[0] in WHOLE_MESSAGES)


def frame_size(start: bytes) -> int | None:
    """Bytes of the frame that begins here; None while too few are there to tell."""
    if len(start) < 2:
        return None
    length = start[1] & LENGTH
    wider = WIDER.get(length, 0)
    if len(start) < 2 + wider:
        return None
    if wider:
        length = int.from_bytes(start[2 : 2 + wider], "big")
    return 2 + wider + (4 if start[1] & MASKED else 0) + length


@dataclass(frozen=True, slots=True)
class Fate:
    """What becomes of a message: it `waits` (seconds), and all behind it; then each copy goes on after some seconds
    more, overtaken by what comes meanwhile."""

    waits: float = 0.0
    copies: tuple[float, ...] = (0.0,)


PASSED = Fate()
DROPPED = Fate(copies=())
DOUBLED = Fate(copies=(0.0, 0.0))
LATE = Fate(waits=0.5)
OVERTAKEN = Fate(copies=(0.3,))


class Mischief:
    """Gives a share of all messages one of some fates, until it is over. `done` counts them."""

    def __init__(self, rng: Random, share: float, *fates: Fate) -> None:
        self._rng, self._share, self._fates = rng, share, fates
        self.is_over = False
        self.done = 0

    def __call__(self) -> Fate:
        if self.is_over or self._rng.random() >= self._share:
            return PASSED
        self.done += 1
        return self._rng.choice(self._fates)

    def stream(self) -> "FrameStream":
        """For one direction of a new line."""
        return FrameStream(self)


class FrameStream:
    """One direction of one line. The first message, which joins, always passes."""

    def __init__(self, fate: Callable[[], Fate]) -> None:
        self._fate, self._frames = fate, Frames()
        self._has_joined = False

    async def __call__(self, data: bytes, write: Callable[[bytes], None]) -> None:
        """Take what has come, and write what goes on."""
        for piece in self._frames.feed(data):
            fate = self._fate() if piece.is_message and self._has_joined else PASSED
            self._has_joined |= piece.is_message
            if fate.waits:
                await asyncio.sleep(fate.waits)
            for late in fate.copies:
                if late:
                    asyncio.get_running_loop().call_later(late, write, piece.raw)
                else:
                    write(piece.raw)
