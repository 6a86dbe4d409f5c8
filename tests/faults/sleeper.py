"""A guest who reads as slowly as they like: a socket whose bytes are fetched by hand, with the smallest buffers."""

import asyncio
import socket
import time
import uuid
from typing import Any, Self

import orjson
from websockets.client import ClientProtocol
from websockets.frames import Frame, Opcode
from websockets.protocol import State
from websockets.typing import Subprotocol
from websockets.uri import parse_uri

from tests.server import Server
from tests.wire import SUBPROTOCOL

SMALLEST = 4096  # bytes that the kernel keeps for who does not read
WAKING_SECONDS = 30.0


class Sleeper:
    """Joins a document, and then reads only when told to."""

    def __init__(self, server: Server, doc_id: str, who: str) -> None:
        self.client_id = str(uuid.uuid4())
        self._protocol = ClientProtocol(
            parse_uri(f"{server.socket_url}/ws/{doc_id}"), subprotocols=[Subprotocol(SUBPROTOCOL)], max_size=None
        )
        self._server, self._token = server, server.tokens[who]
        self._socket = socket.socket()
        self._parts: list[bytes] = []
        self._is_over = False

    async def __aenter__(self) -> Self:
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, SMALLEST)
        self._socket.setblocking(False)
        await asyncio.get_running_loop().sock_connect(self._socket, ("127.0.0.1", self._server.port))
        request = self._protocol.connect()
        request.headers["Authorization"] = f"Bearer {self._token}"
        self._protocol.send_request(request)
        await self._flush()
        return self

    async def __aexit__(self, *_: object) -> None:
        self._socket.close()

    async def join(self, **fields: Any) -> dict[str, Any]:
        """Reads until `joined` has come."""
        while self._protocol.state is not State.OPEN:
            await self._read(1 << 16)
            assert not self._is_over, "the handshake was refused"
        self._protocol.send_text(orjson.dumps({"type": "join", "client_id": self.client_id, **fields}))
        await self._flush()
        while not self._is_over:
            for message in await self._read(1 << 16):
                if message["type"] == "joined":
                    return message
        raise AssertionError("closed before it had joined")

    async def sip(self, size: int, seconds: float) -> None:
        """Read `size` bytes a second for so long; none at all is asleep."""
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0:
            if size:
                await self._read(size)
            await asyncio.sleep(min(1.0, left))

    async def wake(self) -> int | None:
        """Read all there is; the code it was closed with, None if the line was dropped."""
        async with asyncio.timeout(WAKING_SECONDS):
            while not self._protocol.close_rcvd and not self._is_over:
                await self._read(1 << 16)
        return self._protocol.close_rcvd.code if self._protocol.close_rcvd else None

    async def _read(self, size: int) -> list[dict[str, Any]]:
        """The messages that these bytes complete."""
        try:
            data = await asyncio.get_running_loop().sock_recv(self._socket, size)
        except OSError:
            data = b""
        if data:
            self._protocol.receive_data(data)
        else:
            self._is_over = True
        return [message for event in self._protocol.events_received() if (message := self._whole(event))]

    def _whole(self, event: Any) -> dict[str, Any] | None:
        if not isinstance(event, Frame) or event.opcode not in (Opcode.TEXT, Opcode.CONT):
            return None
        self._parts.append(bytes(event.data))
        if not event.fin:
            return None
        whole, self._parts = b"".join(self._parts), []
        message: dict[str, Any] = orjson.loads(whole)
        return message

    async def _flush(self) -> None:
        for data in self._protocol.data_to_send():
            if data:
                await asyncio.get_running_loop().sock_sendall(self._socket, data)
