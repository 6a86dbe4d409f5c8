"""A reader of server-sent events in the tests' language: `await reader.opens()`, `await reader.hears("document")`."""

import asyncio
from typing import Any, NamedTuple

import orjson
from channels.routing import get_default_application

from documents.ot import apply
from documents.ot.operation import parse
from realtime.tests.clients import PATIENCE


class Event(NamedTuple):
    """What stands between two empty lines; `kind` is None for a mere comment or retry."""

    kind: str | None
    id: str | None
    data: Any
    raw: str


def parsed(raw: str) -> Event:
    fields = dict(line.split(": ", 1) for line in raw.split("\n") if not line.startswith(":"))
    data = orjson.loads(fields["data"]) if "data" in fields else None
    return Event(fields.get("event"), fields.get("id"), data, raw)


class Reader:
    """One request to the real application, by ASGI itself; it keeps a copy of the text as a reader would."""

    def __init__(
        self, document_id, *, token=None, version=0, text="", query="", headers=(), method="GET", path=None
    ) -> None:
        self.version, self.text, self.entries = version, text, []
        self.status, self.headers, self.sent = 0, {}, 0
        self.scope = {
            "type": "http",
            "http_version": "1.1",
            "method": method,
            "path": path or f"/api/documents/{document_id}/events",
            "query_string": query.encode(),
            "headers": [
                (b"host", b"localhost"),
                *([(b"authorization", f"Bearer {token}".encode())] if token else []),
                *((name.encode(), value.encode()) for name, value in headers),
            ],
        }
        self._from_client: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        self._from_server: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        self._may_send = asyncio.Event()
        self._may_send.set()
        self._unread = ""

    # --- The line ---

    async def opens(self) -> int:
        """Send the request; the status of the answer."""
        self._from_client.put_nowait({"type": "http.request", "body": b""})
        self.task = asyncio.create_task(
            get_default_application()(self.scope, self._from_client.get, self._take)  # type: ignore[arg-type]
        )
        start = await self._message()
        self.status = start["status"]
        self.headers = {name.decode().lower(): value.decode() for name, value in start["headers"]}
        return self.status

    async def _take(self, message: dict[str, Any]) -> None:
        await self._may_send.wait()
        self.sent += len(message.get("body", b""))
        self._from_server.put_nowait(message)

    def stops_reading(self) -> None:
        """From now on the server's next send waits, as if the line were full."""
        self._may_send.clear()

    def reads_on(self) -> None:
        self._may_send.set()

    async def leaves(self) -> None:
        """Cut the line, wherever the server is."""
        self._from_client.put_nowait({"type": "http.disconnect"})
        async with asyncio.timeout(PATIENCE):
            await self.task

    async def _message(self) -> dict[str, Any]:
        async with asyncio.timeout(PATIENCE):
            return await self._from_server.get()

    async def body(self) -> bytes:
        """All that is left of the answer, which must end."""
        found = self._unread.encode()
        while True:
            message = await self._message()
            found += message.get("body", b"")
            if not message.get("more_body"):
                return found

    # --- What it hears ---

    async def next(self) -> Event | None:
        """The next block; None at the end of the stream."""
        while "\n\n" not in self._unread:
            message = await self._message()
            self._unread += message.get("body", b"").decode()
            if not message.get("more_body"):
                assert self._unread == "", f"cut in the middle of an event: {self._unread}"
                return None
        raw, self._unread = self._unread.split("\n\n", 1)
        return parsed(raw)

    async def hears(self, kind: str) -> Event:
        """The next event, which must be of this kind."""
        while (event := await self.next()) is not None and event.kind is None:
            pass
        assert event is not None and event.kind == kind, f"expected {kind}, heard {event}"
        return event

    async def hears_operations(self) -> Event:
        event = await self.hears("operations")
        self.takes(event.data["operations"])
        assert event.id == str(self.version)
        return event

    async def reaches(self, version: int) -> str:
        """Follow the operations up to a version; the text then."""
        while self.version < version:
            await self.hears_operations()
        return self.text

    async def ends(self) -> int:
        """The code of the end, which must be the next event, and the last."""
        code = (await self.hears("end")).data["code"]
        assert await self.next() is None
        async with asyncio.timeout(PATIENCE):
            await self.task
        return code

    def takes(self, entries: list[dict[str, Any]]) -> None:
        for entry in entries:
            assert entry["version"] == self.version + 1, f"not the one after {self.version}: {entry}"
            self.text = apply(self.text, parse(entry["operation"]))
            self.version = entry["version"]
            self.entries.append(entry)
