"""uvicorn's HTTP, with bounds for what comes before a request can be looked at, which is neither large nor slow, and
for how long an answer waits to be read.

uvicorn takes in a head of any size, and waits for its end without end. And whoever does not read keeps a request, with
its thread and its body, for ever. Nginx and daphne have such bounds.
"""

import asyncio

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from collabdocs.guards import GUARDS

MOST_BYTES = 64 << 10  # of a request's first line and headers
READING = 30.0  # seconds to take what waits to be sent, once it is more than 64 KiB, or the line is to be closed
PATIENCE = 20.0  # seconds for them, from the connection's start or, after an answer, from the first byte
HEADERS = ((b"connection", b"close"), (b"content-length", b"0"), *GUARDS)
ANSWER = b"\r\n".join((b"HTTP/1.1 431 Request Header Fields Too Large", *map(b": ".join, HEADERS), b"\r\n"))


class BoundedHeads(HttpToolsProtocol):
    """Closes on who sends more, or takes longer, or does not read. A stream that is silent waits for nobody."""

    _bytes, _awaits_head, _is_idle = 0, True, False
    _deadline: asyncio.TimerHandle | None = None
    _unread: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._wait_no_longer()

    def connection_lost(self, exc: Exception | None) -> None:
        self._wait()
        self._has_read()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        if self._is_idle:
            self._is_idle = False
            self._wait_no_longer()
        if self._awaits_head:
            self._bytes += len(data)
        super().data_received(data)
        if self._awaits_head and self._bytes > MOST_BYTES and not self.transport.is_closing():
            self.transport.write(ANSWER)
            self.transport.close()

    def on_headers_complete(self) -> None:
        self._awaits_head = False
        self._wait()
        super().on_headers_complete()

    def on_message_complete(self) -> None:
        super().on_message_complete()
        self._bytes, self._awaits_head = 0, True

    def on_response_complete(self) -> None:
        super().on_response_complete()
        if self._awaits_head:  # the next one may have come meanwhile
            self._is_idle = not self._bytes
            self._wait_no_longer()

    def pause_writing(self) -> None:
        super().pause_writing()
        self._cut_off_later()

    def resume_writing(self) -> None:
        super().resume_writing()
        self._has_read()

    def _wait_no_longer(self) -> None:
        self._wait()
        longest = max(PATIENCE, self.timeout_keep_alive) if self._is_idle else PATIENCE
        self._deadline = self.loop.call_later(longest, self._leave)

    def _leave(self) -> None:
        """What was not read yet may still be, for a while."""
        self.transport.close()
        self._cut_off_later()

    def _wait(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None

    def _cut_off_later(self) -> None:
        self._has_read()
        self._unread = self.loop.call_later(READING, self.transport.abort)

    def _has_read(self) -> None:
        if self._unread is not None:
            self._unread.cancel()
            self._unread = None
