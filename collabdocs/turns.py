"""Bounds the requests that are worked on at once, and those that wait for that.

Django gives each request a thread, and while a database hangs each keeps it for seconds: without a bound a crowd
that asks again and again would fill the memory with threads. And whatever they do besides waiting, they do in the one
processor's time that the event loop and the commits need, too: so with SQLite, which answers at once, few are at
work. Who waits costs next to nothing; who has waited long, or finds too many waiting, is told to come back. A turn
begins when the whole body has come, so nobody who sends slowly keeps one, and it ends when the answer begins, so what
is streamed for hours keeps none either.
"""

import asyncio
from contextlib import suppress
from typing import Any

from django.db import connection

from collabdocs.body_limit import Application, Message, Receive, Send, start_of
from collabdocs.problems import Unavailable, problem_response

AT_WORK = {"sqlite": 8, "mongodb": 64}  # requests; a database elsewhere is mostly waited for
WAITING = 2_000  # requests
PATIENCE = 5.0  # seconds


class NoTurn(Exception):
    """Too many were asking."""


class Turns:
    """An ASGI application around another: HTTP requests that find no turn in time are answered 503."""

    def __init__(self, application: Application) -> None:
        self.application = application
        self._free = asyncio.Semaphore(AT_WORK[connection.vendor])
        self._waiting = 0

    async def __call__(self, scope: Any, receive: Receive, send: Send) -> None:
        turn = _Turn(self._free)

        async def receive_and_begin() -> Message:
            message: Message = await receive()
            if message["type"] == "http.request" and not message.get("more_body", False):
                await self._begin(turn)
            return message

        async def end_and_send(message: Message) -> None:
            turn.end()
            await send(message)

        try:
            await self.application(scope, receive_and_begin, end_and_send)
        except NoTurn:
            answer = problem_response(Unavailable("Too many are asking just now. Try again."))
            await send(start_of(answer))
            await send({"type": "http.response.body", "body": answer.content})
        finally:
            turn.end()

    async def _begin(self, turn: "_Turn") -> None:
        if self._waiting >= WAITING:
            raise NoTurn
        self._waiting += 1
        try:
            with suppress(TimeoutError):
                async with asyncio.timeout(PATIENCE):
                    return await turn.begin()
            raise NoTurn
        finally:
            self._waiting -= 1


class _Turn:
    """One request's: begins at most once, and ends once."""

    def __init__(self, free: asyncio.Semaphore) -> None:
        self._free, self._is_held = free, False

    async def begin(self) -> None:
        if not self._is_held:
            await self._free.acquire()
            self._is_held = True

    def end(self) -> None:
        if self._is_held:
            self._is_held = False
            self._free.release()
