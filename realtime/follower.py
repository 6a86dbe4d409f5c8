"""A reader by server-sent events: hears like a seat, says nothing, and pulls.

No operation waits here. A follower keeps the version it has sent, and reads on from there in the room's tail or in
the log: a slow reader costs no memory, however far behind it is, and what others commit never waits for it. Only
what the log does not hold (titles, roles) is queued, and there may be little of it.
"""

import asyncio
from collections import deque
from collections.abc import AsyncIterator
from typing import TYPE_CHECKING, Any

from realtime import protocol
from realtime.listener import Listener

if TYPE_CHECKING:
    from realtime.room import Room

SILENCE = 15.0  # seconds after which a comment says that the line is alive
STILL_HERE = ": still here\n\n"
MAX_WAITING_EVENTS = 64


class Follower(Listener):
    """`version` is the one that everything up to it has been sent."""

    def __init__(self, version: int, **who: Any) -> None:
        super().__init__(**who)
        self.version = version
        self._waiting: deque[str] = deque()
        self._woken = asyncio.Event()

    def wake(self) -> None:
        """There is news."""
        self._woken.set()

    def tell(self, kind: str, **fields: Any) -> None:
        """Queue an event for a reader that goes on; one too slow for that is ended, and may come back."""
        if self.closing is not None:
            return
        self._waiting.append(event(kind, **fields))
        self.wake()
        if len(self._waiting) > MAX_WAITING_EVENTS:
            self.close(protocol.TOO_SLOW)

    def end(self) -> None:
        """End after the event that is on its way; who may hear no more is told no more."""
        self._waiting.clear()
        self.wake()

    async def events(self, room: "Room") -> AsyncIterator[str]:
        """Everything after `version`, at the reader's pace, until closed; at last the end."""
        while self.closing is None:
            said = await self._next(room)
            if said is not None and self.closing is None:  # it may have ended while the log was read
                yield said
        yield end(self.closing)

    async def _next(self, room: "Room") -> str | None:
        """What is to be said next; None when there may be news."""
        self._woken.clear()
        if self._waiting:
            return self._waiting.popleft()
        if self.version < room.cursor:
            page = await room.operations_after(self.version)
            self.version = page[-1].version
            return written("operations", protocol.operations(page), self.version)
        return None if await self._news() else STILL_HERE

    async def _news(self) -> bool:
        """Wait for it; False when none has come for long."""
        try:
            async with asyncio.timeout(SILENCE):
                return await self._woken.wait()
        except TimeoutError:
            return False


def event(kind: str, **fields: Any) -> str:
    """What a socket's frame would say, as an event."""
    return written(kind, protocol.encode(kind, **fields))


def end(code: int) -> str:
    """The last event, with the code that would close a socket."""
    return event("end", code=code)


def written(kind: str, frame: str, version: int | None = None) -> str:
    """A frame as an event; with a version, the one to resume from."""
    frame = one_line(frame)
    name = f"event: {kind}\n"
    return f"{name}data: {frame}\n\n" if version is None else f"id: {version}\n{name}data: {frame}\n\n"


def one_line(frame: str) -> str:
    """JSON holds no line end; what many a client takes for one, it may write as an escape."""
    return frame.replace("\x85", "\\u0085").replace("\u2028", "\\u2028").replace("\u2029", "\\u2029")
