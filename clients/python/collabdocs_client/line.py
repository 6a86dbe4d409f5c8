"""One WebSocket, as messages. And how long to wait before the next one."""

import json
import random
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from websockets.asyncio.client import ClientConnection, connect
from websockets.typing import Subprotocol

SUBPROTOCOL = Subprotocol("collabdocs.v1")
OPEN_SECONDS = 10.0

Tap = Callable[[Literal["out", "in"], Mapping[str, Any]], None]


@dataclass(frozen=True, slots=True)
class Backoff:
    """Exponential, with full jitter: nobody comes back in step with anybody. Seconds."""

    first: float = 0.25
    longest: float = 20.0

    def delay(self, attempt: int) -> float:
        """Before the attempt after `attempt` failures in a row (0: the line was good until now)."""
        return random.uniform(0, min(self.longest, self.first * 2.0 ** min(attempt, 30)))


class Socket(ClientConnection):
    """Knows when anything last came, be it a part of a message that takes long to arrive."""

    heard_at = 0.0

    def data_received(self, data: bytes) -> None:
        self.heard_at = time.monotonic()
        super().data_received(data)


class Line:
    """An open socket. Its methods raise websockets' ConnectionClosed when it is gone."""

    def __init__(self, socket: Socket, tap: Tap | None) -> None:
        self._socket = socket
        self._tap = tap

    @classmethod
    async def open(cls, address: str, token: str, tap: Tap | None = None) -> "Line":
        socket = await connect(
            address,
            create_connection=Socket,
            subprotocols=[SUBPROTOCOL],
            additional_headers={"Authorization": f"Bearer {token}"},
            compression=None,
            max_size=None,  # a text comes in one frame
            open_timeout=OPEN_SECONDS,
            close_timeout=2,
            ping_interval=None,  # a pong may be long behind a large text: see `silence`
        )
        assert isinstance(socket, Socket)
        return cls(socket, tap)

    async def send(self, message: Mapping[str, Any]) -> None:
        if self._tap is not None:
            self._tap("out", message)
        await self._socket.send(json.dumps(message, ensure_ascii=False, separators=(",", ":")))

    async def receive(self) -> dict[str, Any]:
        message: dict[str, Any] = json.loads(await self._socket.recv())
        if self._tap is not None:
            self._tap("in", message)
        return message

    @property
    def silence(self) -> float:
        """Seconds for which nothing has come, not a byte."""
        return time.monotonic() - self._socket.heard_at

    async def close(self) -> None:
        await self._socket.close()

    def cut(self) -> None:
        """Drop the line as a broken cable does: nothing is said, nothing is waited for."""
        self._socket.transport.abort()
