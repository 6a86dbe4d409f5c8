"""`/healthz`: this process answers. `/readyz`: it can do its work. Both are answered before Django is asked anything,
for its threads may all be waiting for a database that hangs.

Without its database a process can neither read nor save: only then, and while it drains, it is not ready (503).
Edits go on without the broker and without Redis, so a process that misses one is "degraded" and stays in service:
all processes miss it at once, and taking them all away would make no service of a slower one. What is not configured
is not told of.
"""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import orjson
from channels.layers import get_channel_layer
from django.conf import settings

from collabdocs.body_limit import Application, Receive, Send
from collabdocs.guards import GUARDS
from collabdocs.reach import ask_cache, ask_database
from realtime import hub as hubs

PATIENCE = 1.0  # seconds that each service has for its answer


class Probe:
    """Asks one service, beside the loop and one question at a time: a service that hangs holds one thread,
    however many want to know."""

    def __init__(self, ask: Callable[[float], object]) -> None:
        self._ask = ask
        self._thread = ThreadPoolExecutor(1, "probe")
        self._asked: asyncio.Future[bool] | None = None

    async def answers(self) -> bool:
        """Whether it answers in time."""
        if self._asked is None or self._asked.done():
            self._asked = asyncio.get_running_loop().run_in_executor(self._thread, self._is_answered)
        asked = self._asked
        await asyncio.wait({asked}, timeout=PATIENCE)
        return asked.done() and asked.result()

    def _is_answered(self) -> bool:
        try:
            self._ask(PATIENCE)
        except Exception:  # whatever a service or its library may raise, it has not answered
            return False
        return True


class Health:
    """An ASGI application around another, which answers `/healthz` and `/readyz` itself."""

    def __init__(self, application: Application) -> None:
        self.application = application
        self._database, self._cache = Probe(ask_database), Probe(ask_cache)

    async def __call__(self, scope: Any, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["method"] not in ("GET", "HEAD"):
            await self.application(scope, receive, send)
        elif scope["path"] == "/healthz":
            await _answer(send, 200, {"status": "ok"})
        elif scope["path"] == "/readyz":
            await _answer(send, *await self._readiness())
        else:
            await self.application(scope, receive, send)

    async def _readiness(self) -> tuple[int, dict[str, Any]]:
        """The HTTP status, and what is said. No addresses: anybody may ask."""
        database, cache = await asyncio.gather(self._database.answers(), self._cache.answers())
        up = {"database": database} | _broker() | ({"redis": cache} if settings.REDIS_URL else {})
        checks = {name: "up" if is_up else "down" for name, is_up in up.items()}
        if hubs.current().draining:
            return 503, {"status": "draining", "checks": checks}
        if not database:
            return 503, {"status": "down", "checks": checks}
        return 200, {"status": "ok" if all(up.values()) else "degraded", "checks": checks}


def _broker() -> dict[str, bool]:
    """Whether others would hear of an edit now, and whether the layer still does what it can for that. Neither is
    asked of anybody, so neither takes time."""
    if not settings.RABBITMQ_URL:
        return {}
    layer = get_channel_layer()
    return {"broker": bool(layer.is_connected), "layer": bool(layer.is_trying)}


async def _answer(send: Send, status: int, body: dict[str, Any]) -> None:
    said = orjson.dumps(body)
    headers = [
        (b"content-type", b"application/json"),
        (b"content-length", str(len(said)).encode()),
        *GUARDS,
    ]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": said})
