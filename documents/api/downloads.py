"""Downloads that are written while they are sent: few of one person at once, not for ever, and only while the session
lives in which somebody asked for them.

Each keeps a thread, its database connection and a text in memory until its reader has all of it. What breaks one off
comes too late to be answered: the line is cut, and no client takes the piece that it has for the whole.
"""

import time
import weakref
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterator
from threading import Lock
from typing import Any
from uuid import UUID

from asgiref.sync import sync_to_async
from django.conf import settings
from django.http import StreamingHttpResponse
from django.utils.http import content_disposition_header
from rest_framework.request import Request

from accounts import tokens
from accounts.callers import session_of
from accounts.errors import InvalidToken, Problem, TooOften

AT_ONCE = 4  # of one person, in this process
COME_BACK = 10  # seconds after which one of them may be done
LONGEST = 1800.0  # seconds
LOOK_EVERY = 1.0  # seconds

_under_way: Counter[str] = Counter()
_counting = Lock()


class Download(StreamingHttpResponse):
    """A zip of these pieces, each made in the request's own thread. TooOften for who has several under way."""

    def __init__(self, request: Request, chunks: Iterator[bytes], *, name: str) -> None:
        session_id, who = session_of(request)[0], str(request.user.pk)
        _enter(who)
        self._leave = weakref.finalize(self, _leave, who)  # at the latest: some are never sent, nor closed
        self._leave.atexit = False
        pieces = _in_this_thread(while_good(session_id, chunks), self._leave)
        super().__init__(pieces, content_type="application/zip", headers=as_attachment(name))

    def close(self) -> None:
        super().close()
        self._leave()


def while_good(session_id: UUID, chunks: Iterator[bytes]) -> Iterator[bytes]:
    """The same pieces; none is made any more soon after the session has ended (InvalidToken), or after too long."""
    end, looked = time.monotonic() + LONGEST, float("-inf")
    while True:
        if (now := time.monotonic()) > end:
            raise Problem(f"A download takes at most {LONGEST:.0f} seconds.")
        if now - looked >= LOOK_EVERY:
            looked = now
            if tokens.revoked_sessions([session_id]):
                raise InvalidToken
        if (chunk := next(chunks, None)) is None:
            return
        yield chunk


def as_attachment(name: str) -> dict[str, str]:
    header = content_disposition_header(as_attachment=True, filename=name)
    assert header is not None
    return {"Content-Disposition": header}


async def _in_this_thread(chunks: Iterator[bytes], at_last: Callable[[], Any]) -> AsyncIterator[bytes]:
    """The same pieces for Django's asynchronous handler, which would else collect them all before it sends one.

    Each is made in the request's own thread, where its database connection is.
    """
    following = sync_to_async(lambda: next(chunks, None))
    try:
        while (chunk := await following()) is not None:
            yield chunk
    finally:
        at_last()


def _enter(who: str) -> None:
    with _counting:
        if settings.RATE_LIMITS and _under_way[who] >= AT_ONCE:
            raise TooOften(COME_BACK)
        _under_way[who] += 1


def _leave(who: str) -> None:
    with _counting:
        _under_way[who] -= 1
        if not _under_way[who]:
            del _under_way[who]
