"""A bare socket that says just what a test wants said."""

import asyncio
import uuid
from typing import Any, Protocol, Self

import orjson
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

SUBPROTOCOL = "collabdocs.v1"
PATIENCE = 10.0


class Place(Protocol):
    """A server, or what stands before it."""

    @property
    def socket_url(self) -> str: ...


class Wire:
    """One WebSocket. `join`, `submit` and `receive` speak the protocol; `send` takes anything."""

    def __init__(
        self,
        server: Place,
        doc_id: str,
        *,
        token: str | None,
        client_id: str | None = None,
        subprotocols: list[str] | None = None,
        headers: dict[str, str] | None = None,
    ) -> None:
        self.address = f"{server.socket_url}/ws/{doc_id}"
        self.client_id = client_id or str(uuid.uuid4())
        self.subprotocols = [SUBPROTOCOL] if subprotocols is None else subprotocols
        self.headers = ({} if token is None else {"Authorization": f"Bearer {token}"}) | (headers or {})
        self.socket: ClientConnection
        self.head = 0

    async def __aenter__(self) -> Self:
        self.socket = await connect(
            self.address,
            subprotocols=self.subprotocols or None,  # type: ignore[arg-type]
            additional_headers=self.headers,
            compression=None,
            max_size=None,
            close_timeout=2,
        )
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.socket.close()

    # --- Saying ---

    async def send(self, frame: Any) -> None:
        """A dict as JSON; text and bytes as they are."""
        await self.socket.send(frame if isinstance(frame, str | bytes) else orjson.dumps(frame).decode())

    async def join(self, **fields: Any) -> dict[str, Any]:
        await self.send({"type": "join", "client_id": self.client_id, **fields})
        joined = await self.receive("joined")
        self.head = joined["head"]
        return joined

    async def submit(self, seq: Any, base_version: Any, operation: Any) -> None:
        await self.send({"type": "submit", "seq": seq, "base_version": base_version, "operation": operation})

    # --- Hearing ---

    async def receive(self, *kinds: str) -> dict[str, Any]:
        """The next message, or the next of these kinds."""
        async with asyncio.timeout(PATIENCE):
            while True:
                message: dict[str, Any] = orjson.loads(await self.socket.recv())
                if not kinds or message["type"] in kinds:
                    return message

    async def answer(self, seq: int) -> dict[str, Any]:
        """The own entry of this seq, or the error about it."""
        while True:
            message = await self.receive("operations", "error")
            if message["type"] == "error" and message.get("seq") == seq:
                return message
            for entry in message.get("operations", ()):
                if (entry["client_id"], entry["seq"]) == (self.client_id, seq):
                    return dict(entry)

    async def commit(self, seq: int, base_version: int, operation: list[Any]) -> dict[str, Any]:
        """Submit, and return the answer."""
        await self.submit(seq, base_version, operation)
        return await self.answer(seq)

    async def close_code(self) -> int | None:
        """The code that the server closes with; whatever it says before is heard and forgotten."""
        async with asyncio.timeout(PATIENCE):
            try:
                while True:
                    await self.socket.recv()
            except ConnectionClosed as closed:
                return closed.rcvd.code if closed.rcvd else None
