"""One socket's place in a room: what it may do, and the bounded queue of frames on their way to it."""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable
from contextlib import suppress
from datetime import datetime
from typing import Any, TypeAlias
from uuid import UUID

from realtime import protocol

Send: TypeAlias = Callable[[dict[str, Any]], Awaitable[None]]

MAX_WAITING_FRAMES = 512
MAX_WAITING_CHARACTERS = 4 << 20


class Seat:
    """A joined client. Frames are pushed without waiting; a reader too slow for the queue is closed."""

    def __init__(
        self,
        send: Send,
        *,
        client_id: UUID,
        user_id: UUID,
        user: dict[str, Any],
        role: str,
        session_id: UUID,
        expires_at: datetime,
    ) -> None:
        self.client_id, self.user_id, self.user, self.role = client_id, user_id, user, role
        self.session_id, self.expires_at = session_id, expires_at
        self.closing: int | None = None
        self._send = send
        self._waiting: deque[dict[str, Any]] = deque()
        self._characters = 0
        self._idle: asyncio.Future[None] | None = None

    def push(self, frame: str) -> None:
        self.push_event({"type": "websocket.send", "text": frame})

    def push_event(self, event: dict[str, Any]) -> None:
        """Queue a frame made ready once for many seats."""
        if self.closing is not None:
            return
        is_behind = bool(self._waiting)  # one frame alone may be as large as a text
        self._waiting.append(event)
        self._characters += len(event["text"])
        if len(self._waiting) > MAX_WAITING_FRAMES or (is_behind and self._characters > MAX_WAITING_CHARACTERS):
            self._waiting.clear()
            self.close(protocol.TOO_SLOW)
        else:
            self._wake()

    def change_role(self, role: str | None) -> None:
        """Tell a new role; close the seat of who has none any more."""
        if role is None:
            self.close(protocol.NOT_ALLOWED)
        elif role != self.role:
            self.role = role
            self.push(protocol.encode("role", role=role))

    def close(self, code: int) -> None:
        """Close after what is queued."""
        if self.closing is None:
            self.closing = code
            self._wake()

    async def pump(self) -> None:
        """Send what is pushed until closed, or until the line is gone."""
        with suppress(OSError, RuntimeError):
            await self._pump()

    async def _pump(self) -> None:
        while True:
            while self._waiting:
                event = self._waiting.popleft()
                self._characters -= len(event["text"])
                await self._send(event)
            self._characters = 0
            if self.closing is not None:
                return await self._send({"type": "websocket.close", "code": self.closing})
            self._idle = asyncio.get_running_loop().create_future()
            await self._idle

    def _wake(self) -> None:
        if self._idle is not None and not self._idle.done():
            self._idle.set_result(None)
