"""The tests' language: `await bob.joins()`, `await bob.submits(["hi"], base=0)`, `await bob.hears("role")`."""

import asyncio
import uuid
from typing import Any

import orjson
from asgiref.testing import ApplicationCommunicator
from channels.routing import get_default_application

from documents.ot import apply
from documents.ot.operation import parse
from realtime import hub as hubs
from realtime.room import Room

PATIENCE = 10.0  # seconds for what must come


class Closed(Exception):
    """The server closed the socket."""


class JsonSocket:
    """A client of one document, over the real application, that keeps a copy of the text as a reader would."""

    def __init__(
        self, document_id, token, *, client_id=None, subprotocols=("collabdocs.v1",), headers=(), application=None
    ):
        self.document_id = str(document_id)
        self.client_id = client_id or str(uuid.uuid4())
        self.version, self.text, self.acknowledged = 0, "", []
        self.seq = 0
        self.line = ApplicationCommunicator(
            application or get_default_application(),
            {
                "type": "websocket",
                "path": f"/ws/{document_id}",
                "scheme": "ws",
                "headers": [
                    (b"host", b"localhost"),
                    *([(b"authorization", f"Bearer {token}".encode())] if token else []),
                    *headers,
                ],
                "subprotocols": list(subprotocols),
                "query_string": b"",
            },
        )

    # --- What it says ---

    async def opens(self) -> dict[str, Any]:
        """The server's answer to the handshake."""
        await self.line.send_input({"type": "websocket.connect"})
        return await self.line.receive_output(PATIENCE)

    async def says(self, kind: str, **fields: Any) -> None:
        await self.says_raw(orjson.dumps({"type": kind, **fields}).decode())

    async def says_raw(self, frame: str | bytes) -> None:
        key = "text" if isinstance(frame, str) else "bytes"
        await self.line.send_input({"type": "websocket.receive", key: frame})

    async def joins(self, **fields: Any) -> dict[str, Any]:
        """Join, and return `joined` or the error."""
        await self.says("join", client_id=self.client_id, **fields)
        message = await self.next()
        if message["type"] == "joined":
            if "content" in message:
                self.text, self.version = message["content"], message["version"]
            else:
                self.takes(message["operations"])
        return message

    async def submits(self, operation: list, *, base: int | None = None, seq: int | None = None) -> int:
        """Send an operation, on the version it has by default, as the next seq by default; the seq."""
        self.seq = self.seq + 1 if seq is None else seq
        base = self.version if base is None else base
        await self.says("submit", seq=self.seq, base_version=base, operation=operation)
        return self.seq

    async def leaves(self) -> None:
        if not self.line.future.done():
            await self.line.send_input({"type": "websocket.disconnect", "code": 1000})
            await self.line.wait(PATIENCE)

    # --- What it hears ---

    async def next(self) -> dict[str, Any]:
        """The next message; Closed when the server closes."""
        event = await self.line.receive_output(PATIENCE)
        if event["type"] == "websocket.close":
            if not self.line.future.done():  # the answer to a close, as the server sees it
                await self.line.send_input({"type": "websocket.disconnect", "code": event["code"]})
            raise Closed(event["code"])
        return orjson.loads(event["text"])

    async def hears(self, *kinds: str) -> dict[str, Any]:
        """The next message but for presence, which must be of one of these kinds (or any, if none is given)."""
        while True:
            message = await self.next()
            if message["type"] in kinds:
                return message
            if message["type"] != "presence":
                assert not kinds, f"expected {kinds}, heard {message}"
                return message

    async def hears_presence(self) -> dict[str, Any]:
        """The next presence, whatever else is said before."""
        while True:
            message = await self.next()
            if message["type"] == "presence":
                return message

    async def hears_operations(self) -> list[dict[str, Any]]:
        """The next frame of operations, applied to the copy of the text."""
        message = await self.hears("operations")
        self.takes(message["operations"])
        return message["operations"]

    async def reaches(self, version: int) -> str:
        """Follow the operations up to a version; the text then."""
        while self.version < version:
            await self.hears_operations()
        return self.text

    async def is_closed(self) -> int:
        """The code that the server closes with, whatever it says before."""
        while True:
            try:
                await self.next()
            except Closed as closed:
                return closed.args[0]

    async def heard_all(self) -> list[dict[str, Any]]:
        """Everything that was said up to now: up to the answer of a ping."""
        await self.says("ping")
        heard = []
        while (message := await self.next())["type"] != "pong":
            if message["type"] == "operations":
                self.takes(message["operations"])
            heard.append(message)
        return heard

    def takes(self, entries: list[dict[str, Any]]) -> None:
        for entry in entries:
            if entry["client_id"] == self.client_id:
                self.acknowledged.append((entry["seq"], entry["version"]))
            if entry["version"] > self.version:
                assert entry["version"] == self.version + 1, f"a hole after {self.version}: {entry}"
                self.text = apply(self.text, parse(entry["operation"]))
                self.version = entry["version"]


def room_of(socket: JsonSocket) -> Room:
    """The room that a socket sits in, or did."""
    return hubs.current().rooms[uuid.UUID(socket.document_id)]


def presences_of(socket: JsonSocket) -> dict[str, Any]:
    """Who is present there, with their selections."""
    return {str(present.client_id): present.selection for present in room_of(socket).presences}


async def eventually(condition) -> None:
    """Let the loop run until something is so."""
    async with asyncio.timeout(PATIENCE):
        while not condition():  # noqa: ASYNC110  (whatever it looks at has no event)
            await asyncio.sleep(0.002)
