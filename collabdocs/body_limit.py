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

from accounts.errors import Problem, TooLarge
from collabdocs.guards import GUARDS
from collabdocs.problems import problem_response

Message: TypeAlias = dict[str, Any]
Receive: TypeAlias = Callable[[], Awaitable[Any]]
Send: TypeAlias = Callable[[Any], Awaitable[None]]
Application: TypeAlias = Callable[[Any, Any, Any], Awaitable[Any]]

LINGER_BYTES = 64 << 20  # thrown away as they come
LINGER_SECONDS = 2.0
BODY_SECONDS = 300.0  # for the whole of a body: who sends slowly on purpose holds a line and a file


class BodyTooLarge(Exception):
    """More bytes came than may."""


class BodyTooSlow(Exception):
    """It did not all come in time."""


class BodyLimit:
    """An ASGI application around another: an HTTP body above `limit` bytes is answered 413, not read on. One that
    takes too long is answered 408."""

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
        except BodyTooSlow:
            await _answer(send, Problem("The request came too slowly.", code="too_slow", status=408))

    def _counted(self, receive: Receive) -> Receive:
        total, deadline = 0, asyncio.get_running_loop().time() + BODY_SECONDS
        is_whole = False  # then nothing more comes but the news that somebody has left

        async def counted() -> Message:
            nonlocal total, is_whole
            message: Message = await (receive() if is_whole else _by(deadline, receive))
            is_whole = not message.get("more_body", False)
            total += len(message.get("body", b""))
            if total > self.limit:
                raise BodyTooLarge
            return message

        return counted


def _declared_length(scope: Any) -> int:
    values = [value for name, value in scope["headers"] if name == b"content-length"]
    return max((int(value[:20]) for value in values if value.isdigit()), default=0)


def start_of(answer: HttpResponse, *more: tuple[bytes, bytes]) -> Message:
    """The message that begins an answer that Django has not seen, with more headers."""
    headers = [(name.lower().encode(), value.encode()) for name, value in answer.items()]
    headers += [(b"content-length", str(len(answer.content)).encode()), *GUARDS, *more]
    return {"type": "http.response.start", "status": answer.status_code, "headers": headers}


async def _by(deadline: float, receive: Receive) -> Message:
    try:
        async with asyncio.timeout_at(deadline):
            message: Message = await receive()
            return message
    except TimeoutError:
        raise BodyTooSlow from None


async def _refuse(receive: Receive, send: Send) -> None:
    await _answer(send, TooLarge(), more_body=True)
    await _linger(receive)
    await send({"type": "http.response.body", "body": b""})


async def _answer(send: Send, problem: Problem, *, more_body: bool = False) -> None:
    answer = problem_response(problem)
    await send(start_of(answer, (b"connection", b"close")))
    await send({"type": "http.response.body", "body": answer.content, "more_body": more_body})


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
