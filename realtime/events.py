"""Following a document over HTTP: server-sent events.

The view refuses as the API does. The stream begins when the follower is already in the room, and only then reads
title, role and head: what changes later is told, and nothing falls between.
"""

import logging
from collections.abc import AsyncGenerator, AsyncIterator, Iterable
from contextlib import aclosing
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any
from uuid import UUID

from asgiref.sync import SyncToAsync, sync_to_async
from django.db import connections
from django.http import HttpResponse, StreamingHttpResponse
from rest_framework.exceptions import ValidationError
from rest_framework.negotiation import BaseContentNegotiation
from rest_framework.parsers import BaseParser
from rest_framework.renderers import BaseRenderer
from rest_framework.request import Request
from rest_framework.views import APIView

from accounts.callers import session_of
from accounts.errors import TooOften
from collabdocs import meters
from documents import permissions, services
from documents.errors import NotFound
from documents.ot.rebase import VersionUnknown
from realtime import hub as hubs
from realtime import protocol
from realtime.crowd import MOST_BY_USER, Places
from realtime.follower import Follower, end, written

logger = logging.getLogger(__name__)

CONTENT_TYPE = "text/event-stream"
HEADERS = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}  # nginx passes each event on at once
RETRY = 2000  # milliseconds until a reader that was cut off comes back


class WhateverIsAccepted(BaseContentNegotiation):
    """There is one form of this answer; refusals are problems, and JSON."""

    def select_parser(self, request: Request, parsers: Iterable[BaseParser]) -> BaseParser:
        return next(iter(parsers))

    def select_renderer(
        self, request: Request, renderers: Iterable[BaseRenderer], format_suffix: str | None = None
    ) -> tuple[BaseRenderer, str]:
        first = next(iter(renderers))
        return first, first.media_type or ""


class DocumentEvents(APIView):
    """Follow a document live; `Last-Event-ID`, `last_event_id` or `since` is the version already known."""

    content_negotiation_class = WhateverIsAccepted

    def get(self, request: Request, doc_id: str) -> "EventStream":
        return EventStream(feed(self.asked(request, doc_id)))

    def head(self, request: Request, doc_id: str) -> HttpResponse:
        self.asked(request, doc_id)
        return HttpResponse(content_type=CONTENT_TYPE, headers=HEADERS)

    def asked(self, request: Request, doc_id: str) -> "Asked":
        session_id, expires_at = session_of(request)
        try:
            document = permissions.get_document(request.user, UUID(doc_id))  # type: ignore[arg-type]
        except ValueError:  # no UUID
            raise NotFound from None
        since = known_version(request)
        if since is not None and since > document.head:
            raise VersionUnknown(f"There is no version {since} yet.")
        return Asked(request.user, document, since, session_id, expires_at)


class EventStream(StreamingHttpResponse):
    """Django wraps generators around the one it is given, and closes the outermost: ours, when the garbage is taken
    out. Who has left must be forgotten at once."""

    def __init__(self, events: AsyncGenerator[str, None]) -> None:
        super().__init__(events, content_type=CONTENT_TYPE, headers=HEADERS)
        self._events = events

    async def __aiter__(self) -> AsyncIterator[bytes]:
        async with aclosing(self._events) as events:
            async for event in events:
                yield event.encode()


@dataclass(frozen=True, slots=True)
class Asked:
    """Who follows which document from which version on (None: from now on), and until when."""

    user: Any
    document: Any
    since: int | None
    session_id: UUID
    expires_at: datetime

    def follower(self) -> Follower:
        return Follower(
            self.since or 0,
            user_id=self.user.id,
            role=self.document.role,
            session_id=self.session_id,
            expires_at=self.expires_at,
            scope=self.user.scope,
        )


async def feed(asked: Asked) -> AsyncGenerator[str, None]:
    """The events, until the reader goes or must go. A failure ends them as a restart would: come back."""
    yield f"retry: {RETRY}\n\n"
    places = Places()
    meters.STREAMS.inc()
    try:
        await give_thread_back()
        places.take(str(asked.user.id), MOST_BY_USER)
        hub, follower = hubs.current(), asked.follower()
        room = await hub.room(asked.document.id)
        with room.followed_by(follower):
            if hub.draining:
                follower.close(protocol.RESTARTING)
            else:
                yield await joined(hub, asked, follower)
            async for said in follower.events(room):
                yield said
    except NotFound:
        yield end(protocol.NO_DOCUMENT)
    except TooOften:
        yield end(protocol.TOO_FAST)
    except Exception:  # the reader comes back to a server that may be well again
        if not hubs.current().draining:
            logger.exception("A stream of events failed")
        yield end(protocol.RESTARTING)
    finally:
        meters.STREAMS.dec()
        places.close()


async def joined(hub: hubs.Hub, asked: Asked, follower: Follower) -> str:
    """What is so now; what changes later, the follower hears."""
    document, log = await hub.read(partial(facts, asked))
    if asked.since is None:
        follower.version = document.head
    frame = protocol.encode(
        "joined",
        version=follower.version,
        head=document.head,
        log=log,
        title=document.title,
        role=document.role,
    )
    return written("joined", frame, follower.version)


def facts(asked: Asked) -> tuple[Any, str]:
    """The document as it is now, and the log's identity. NotFound for who may not see it any more."""
    return permissions.get_document(asked.user, asked.document.id), services.log_identity()


def known_version(request: Request) -> int | None:
    """The last version that the reader has. The header is newer than the address, which a reconnect repeats."""
    query = request.query_params
    given = request.headers.get("Last-Event-ID") or query.get("last_event_id", query.get("since"))
    if given is None:
        return None
    if not (given.isascii() and given.isdigit() and len(given) < 16):
        raise ValidationError({"since": "must be a version"})
    return int(given)


async def give_thread_back() -> None:
    """Django keeps a thread and its database connection for each request until the end; these may last for days."""
    await sync_to_async(connections.close_all)()
    request = SyncToAsync.thread_sensitive_context.get(None)
    if request is not None and (executor := SyncToAsync.context_to_thread_executor.pop(request, None)):
        executor.shutdown(wait=False)
