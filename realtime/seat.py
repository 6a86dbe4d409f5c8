"""One socket's place in a room: what it may do, and the bounded queue of frames on their way to it.

A frame for an idle line is sent at once, in the caller's own turn: a task switch for every socket would cost as much
as the sending. Only when the server makes the sender wait (the reader is slow) does the pump take over.
"""

import asyncio
from collections import deque
from collections.abc import Generator
from contextlib import suppress
from datetime import datetime
from functools import partial
from typing import Any
from uuid import UUID

from accounts.scopes import WHOLE, Scope
from realtime import protocol
from realtime.listener import Listener
from realtime.sending import Send, SendNow

MAX_WAITING_FRAMES = 512
MAX_WAITING_CHARACTERS = 4 << 20


class Seat(Listener):
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
        scope: Scope = WHOLE,
        send_now: SendNow | None = None,
    ) -> None:
        super().__init__(user_id=user_id, role=role, session_id=session_id, expires_at=expires_at, scope=scope)
        self.client_id, self.user = client_id, user
        self.receipts: dict[int, float] = {}  # when what is not answered yet was read, by seq; by the perf_counter
        self._send, self._send_now = send, send_now
        self._waiting: deque[dict[str, Any]] = deque()
        self._characters = 0
        self._unfinished: Unfinished | None = None
        self._woken: asyncio.Future[None] | None = None  # what an idle pump waits for
        self._is_idle = False  # the pump has nothing to do, and nothing has woken it

    def tell(self, kind: str, **fields: Any) -> None:
        self.push(protocol.encode(kind, **fields))

    def push(self, frame: str) -> None:
        self.push_event({"type": "websocket.send", "text": frame})

    def push_event(self, event: dict[str, Any]) -> None:
        """Send, or queue behind what waits, a frame made ready once for many seats."""
        if self._is_idle:
            if self._send_now is None or not self._send_now(event):
                self._start(event)
        elif self.closing is None:
            self._queue(event)

    def _start(self, event: dict[str, Any]) -> None:
        """Begin to send; what can't be finished now is the pump's."""
        sending = self._send(event).__await__()
        try:
            awaited = next(sending)
        except StopIteration:
            return
        except (OSError, RuntimeError) as error:  # the line is gone: that ends the pump
            self._wake(error)
            return
        self._unfinished = Unfinished(sending, awaited)
        self._wake()

    def _queue(self, event: dict[str, Any]) -> None:
        is_behind = bool(self._waiting)  # one frame alone may be as large as a text
        self._waiting.append(event)
        self._characters += len(event["text"])
        if len(self._waiting) > MAX_WAITING_FRAMES or (is_behind and self._characters > MAX_WAITING_CHARACTERS):
            self._waiting.clear()
            self.close(protocol.TOO_SLOW)
        else:
            self._wake()

    def end(self) -> None:
        """Close after what is queued."""
        self._wake()

    @property
    def waiting_frames(self) -> int:
        """How many a slow reader has not taken yet."""
        return len(self._waiting)

    async def pump(self) -> None:
        """Send what is pushed until closed, or until the line is gone."""
        with suppress(OSError, RuntimeError):
            await self._pump()

    async def _pump(self) -> None:
        while True:
            if self._unfinished is not None:
                await self._unfinished
                self._unfinished = None
            while self._waiting:
                event = self._waiting.popleft()
                self._characters -= len(event["text"])
                await self._send(event)
            self._characters = 0
            if self.closing is not None:
                return await self._send({"type": "websocket.close", "code": self.closing})
            self._woken = asyncio.get_running_loop().create_future()
            self._is_idle = True
            try:
                await self._woken
            finally:
                self._woken, self._is_idle = None, False

    def _wake(self, error: Exception | None = None) -> None:
        self._is_idle = False
        if self._woken is None or self._woken.done():
            return
        if error is None:
            self._woken.set_result(None)
        else:
            self._woken.set_exception(error)


class Unfinished:
    """A coroutine that was begun outside a task: awaiting this waits for what it awaits, and goes on with it."""

    def __init__(self, begun: Generator[Any, None, None], awaited: Any) -> None:
        self._begun, self._awaited = begun, awaited

    def __await__(self) -> Generator[Any, None, None]:
        awaited = self._awaited
        while True:
            try:
                yield awaited
            except BaseException as error:  # a cancelled task, most of all: the coroutine must hear of it
                resume = partial(self._begun.throw, error)
            else:
                resume = partial(next, self._begun)
            try:
                awaited = resume()
            except StopIteration:
                return
