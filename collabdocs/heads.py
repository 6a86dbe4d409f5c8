"""uvicorn's HTTP, with bounds for what comes before a request can be looked at: neither large nor slow.

uvicorn takes in a head of any size, and waits for its end without end. Nginx and daphne have such bounds.
"""

import asyncio

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

MOST_BYTES = 64 << 10  # of a request's first line and headers
PATIENCE = 20.0  # seconds for them, from the connection's start or from the answer before
ANSWER = b"HTTP/1.1 431 Request Header Fields Too Large\r\nconnection: close\r\ncontent-length: 0\r\n\r\n"


class BoundedHeads(HttpToolsProtocol):
    """Closes on who sends more, or takes longer."""

    _bytes, _awaits_head = 0, True
    _deadline: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._wait_no_longer()

    def connection_lost(self, exc: Exception | None) -> None:
        self._wait()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
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
            self._wait_no_longer()

    def _wait_no_longer(self) -> None:
        self._wait()
        self._deadline = self.loop.call_later(PATIENCE, self.transport.close)

    def _wait(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None
