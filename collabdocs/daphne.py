"""Daphne, which stops when it has been drained, as the other server does."""

import asyncio
import time

from daphne.http_protocol import WebRequest
from daphne.server import Server
from twisted.internet import defer

from collabdocs import stopping
from realtime import hub


class DrainingDaphne(Server):  # type: ignore[misc]  # daphne has no types
    """Daphne cancels every socket and every request at once when it is told to stop."""

    def kill_all_applications(self) -> defer.Deferred[None]:
        stopping.begin()
        drained = defer.Deferred.fromFuture(asyncio.ensure_future(hub.drain(self._finish_requests)))
        return drained.addBoth(lambda _: super(DrainingDaphne, self).kill_all_applications())

    async def _finish_requests(self) -> None:
        """Take no new connection, and wait for what the old ones have asked."""
        for listener in self.listeners:
            listener.addCallback(lambda port: port.stopListening())
        deadline = time.monotonic() + stopping.REQUESTS_FINISH
        while self._has_requests() and time.monotonic() < deadline:  # noqa: ASYNC110
            await asyncio.sleep(0.05)

    def _has_requests(self) -> bool:
        return any(
            isinstance(who, WebRequest) and (asked := details.get("application_instance")) and not asked.done()
            for who, details in self.connections.items()
        )
