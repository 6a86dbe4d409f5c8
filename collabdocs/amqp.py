"""One connection to RabbitMQ: carehare's, with the heartbeat, the URL and the end that we need."""

import asyncio
import ssl
from functools import partial
from typing import Any
from urllib.parse import unquote, urlsplit

import carehare
from carehare._protocol import Protocol
from pamqp.commands import Connection as Commands

PORTS = {"amqp": 5672, "amqps": 5671}


class LineProtocol(Protocol):
    """carehare's protocol with a heartbeat of our choosing, and an end that is always told and never logged."""

    def __init__(self, heartbeat: int, **who: str) -> None:
        super().__init__(**who)
        self._seconds = heartbeat

    def accept_frame(self, frame: Any, channel_id: int) -> None:
        if isinstance(frame, Commands.Tune):
            frame.heartbeat = self._seconds
        super().accept_frame(frame, channel_id)

    def rpc(self, *asked: Any, **options: Any) -> "asyncio.Future[None]":
        return _looked_at(super().rpc(*asked, **options))

    def acking_consumer(self, **options: Any) -> Any:
        consumer = super().acking_consumer(**options)
        _looked_at(consumer.closed)
        return consumer

    def connection_lost(self, exc: Exception | None) -> None:
        super().connection_lost(exc or ConnectionResetError("it hung up"))
        end: Any = getattr(self, "closed", self.open)
        end.exception()


class Line(carehare.Connection):
    """One connection. Its URL may name no port, user or virtual host, and may escape what it names."""

    _protocol: LineProtocol | None = None

    def __init__(self, url: str, *, heartbeat: int, ssl: ssl.SSLContext | None = None) -> None:
        super().__init__(url, ssl=ssl)
        self._heartbeat = heartbeat

    async def connect(self) -> None:
        url = urlsplit(self._url)
        protocol = partial(
            LineProtocol,
            heartbeat=self._heartbeat,
            username=unquote(url.username or "guest"),
            password=unquote(url.password or "guest"),
            virtual_host=unquote(url.path[1:]) or "/",
        )
        _, self._protocol = await asyncio.get_running_loop().create_connection(
            protocol,
            url.hostname or "localhost",
            url.port or PORTS[url.scheme],
            ssl=self._ssl or url.scheme == "amqps" or None,
        )
        await asyncio.shield(self._protocol.open)

    def hang_up(self) -> None:
        """Say goodbye. The broker closes the line."""
        if self._protocol is not None:
            self._protocol.send_close_if_allowed()

    def abandon(self) -> None:
        """Drop the line without a word; nothing happens to one that is closed."""
        if self._protocol is not None:
            self._protocol._transport.abort()

    @property
    def is_closed(self) -> bool:
        """What is asked on it now is never answered."""
        closed = getattr(self._protocol, "closed", None)
        return closed is not None and closed.done()

    def why_closed(self) -> BaseException | None:
        """None while it is open."""
        return self._protocol.closed.exception() if self._protocol is not None and self.is_closed else None


def _looked_at(future: "asyncio.Future[None]") -> "asyncio.Future[None]":
    """asyncio complains of a failure that nobody has looked at, though who waited for it may have gone before."""
    future.add_done_callback(lambda done: done.cancelled() or done.exception())
    return future
