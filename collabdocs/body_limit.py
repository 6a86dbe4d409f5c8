"""Refuses a body that is too large before Django reads it.

Django's ASGI handler stores the whole body before any middleware runs, whatever its length. This stands
around it and counts: by Content-Length where one is given, else chunk by chunk. After the refusal it
reads on for a little while and throws away: to close on somebody who still sends is to reset the line, and
a reset line loses the answer.
"""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Any, TypeAlias

from django.http import HttpResponse

from accounts.errors import TooLarge
from collabdocs.problems import problem_response

Message: TypeAlias = dict[str, Any]
Receive: TypeAlias = Callable[[], Awaitable[Any]]
Send: TypeAlias = Callable[[Any], Awaitable[None]]
Application: TypeAlias = Callable[[Any, Any, Any], Awaitable[Any]]

LINGER_BYTES = 64 << 20  # thrown away as they come
LINGER_SECONDS = 2.0


class BodyTooLarge(Exception):
    """More bytes came than may."""


class BodyLimit:
    """An ASGI application around another: an HTTP body above `limit` bytes is answered 413, not read on."""

    def __init__(self, application: Application, limit: int) -> None:
        self.application = application
        self.limit = limit

    async def __call__(self, scope: Any, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.application(scope, receive, send)
        elif _declared_length(scope) > self.limit:
            await _refuse(receive, send)
        else:
            await self._run(scope, receive, send)

    async def _run(self, scope: Any, receive: Receive, send: Send) -> None:
        try:
            await self.application(scope, self._counted(receive), send)
        except BodyTooLarge:
            await _refuse(receive, send)

    def _counted(self, receive: Receive) -> Receive:
        total = 0

        async def counted() -> Message:
            nonlocal total
            message: Message = await receive()
            total += len(message.get("body", b""))
            if total > self.limit:
                raise BodyTooLarge
            return message

        return counted


def _declared_length(scope: Any) -> int:
    values = [value for name, value in scope["headers"] if name == b"content-length"]
    return max((int(value[:20]) for value in values if value.isdigit()), default=0)


def start_of(answer: HttpResponse, *more: tuple[bytes, bytes]) -> Message:
    """The message that begins an answer, with more headers."""
    headers = [(name.lower().encode(), value.encode()) for name, value in answer.items()]
    headers += [(b"content-length", str(len(answer.content)).encode()), *more]
    return {"type": "http.response.start", "status": answer.status_code, "headers": headers}


async def _refuse(receive: Receive, send: Send) -> None:
    answer = problem_response(TooLarge())
    await send(start_of(answer, (b"connection", b"close")))
    await send({"type": "http.response.body", "body": answer.content, "more_body": True})
    await _linger(receive)
    await send({"type": "http.response.body", "body": b""})


async def _linger(receive: Receive) -> None:
    """Take what still comes and throw it away, within bounds."""
    left = LINGER_BYTES
    with suppress(TimeoutError):
        async with asyncio.timeout(LINGER_SECONDS):
            more = True
            while more and left > 0:
                message = await receive()
                left -= len(message.get("body", b""))
                more = message.get("more_body", False)
