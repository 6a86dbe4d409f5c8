"""Gives whoever asks an id, by which all that is logged of them is found, and tells the log of each HTTP request.

The id comes from the proxy or the program that asks (`X-Request-ID`), or is made here, and is answered under the same
name. Sockets tell of themselves: `realtime/visits.py`.
"""

import logging
import re
import time
import uuid
from collections.abc import Iterable
from typing import Any

from django.conf import settings
from django.urls import Resolver404, resolve

from accounts.asking import asking
from collabdocs import tracing
from collabdocs.body_limit import Application, Message, Receive, Send

logger = logging.getLogger("collabdocs.access")

REQUEST_ID = re.compile(rb"[0-9A-Fa-f-]{16,64}")  # a UUID, or what nginx makes; no token and no word looks like that
DOCUMENT = re.compile(r"/(?:ws|documents?)/([0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12})(?:/|$)")
VERSION = re.compile(rb'(?:W/)?"(\d{1,15})-')  # in a document's ETag
METHODS = {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"}
ASKED_BY_MACHINES = {"/healthz", "/readyz", "/metrics"}  # every few seconds: told at DEBUG


class Access:
    """An ASGI application around all others."""

    def __init__(self, application: Application) -> None:
        self.application = application

    async def __call__(self, scope: Any, receive: Receive, send: Send) -> None:
        known: dict[str, Any] = {"request_id": _request_id(scope["headers"])}
        if found := DOCUMENT.search(scope["path"]):
            known["document_id"] = found[1].lower()
        with asking(known):
            if scope["type"] == "http":
                await self._answer(scope, receive, send, known)
            else:
                await self.application(scope, receive, send)

    async def _answer(self, scope: Any, receive: Receive, send: Send, known: dict[str, Any]) -> None:
        began, status = time.perf_counter(), None
        method = scope["method"] if scope["method"] in METHODS else "OTHER"

        async def send_with_id(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                headers = [*message.get("headers", ()), (b"x-request-id", known["request_id"].encode())]
                known["version"] = _version(headers) if "document_id" in known else None
                message = message | {"headers": headers}
            await send(message)

        with tracing.request(method, scope["headers"], known["request_id"]) as finish:
            try:
                await self.application(scope, receive, send_with_id)
            finally:
                seconds = time.perf_counter() - began
                if tracing.is_on() or logger.isEnabledFor(logging.INFO):  # finding out the address takes a moment
                    path = told_path(scope["path"])
                    finish(path, status)
                    _tell(method, path, status, seconds)


def told_path(path: str) -> str | None:
    """An address of ours with its blanks empty: a secret may stand in one, and who is meant is told apart from it.
    None for all others, which may be anything."""
    if path in ASKED_BY_MACHINES:
        return path
    if path.startswith(settings.STATIC_URL):
        return f"{settings.STATIC_URL}<file>"
    try:
        match = resolve(path)
    except Resolver404:
        return None
    blanks: dict[Any, Any] = match.captured_kwargs or {}  # type: ignore[attr-defined]  # django-stubs know nothing of it
    for name, value in (*blanks.items(), *enumerate(match.args)):
        if value is not None and value != "":
            path, filled = re.subn(rf"(?<=/){re.escape(str(value))}(?=/|$)", f"<{name}>", path)
            if not filled:  # it stands there in another form
                return f"/{match.route}"
    return path


def _tell(method: str, path: str | None, status: int | None, seconds: float) -> None:
    level = logging.DEBUG if path in ASKED_BY_MACHINES else logging.INFO
    facts = {"method": method, "path": path, "status": status, "seconds": round(seconds, 6)}
    logger.log(level, "%s %s: %s in %.3f s", method, path or "elsewhere", status or "gone", seconds, extra=facts)


def _request_id(headers: Iterable[tuple[bytes, bytes]]) -> str:
    said = [value for name, value in headers if name == b"x-request-id"]
    return said[0].decode() if len(said) == 1 and REQUEST_ID.fullmatch(said[0]) else str(uuid.uuid4())


def _version(headers: Iterable[tuple[bytes, bytes]]) -> int | None:
    """That an answer shows."""
    tags = (VERSION.match(value) for name, value in headers if name.lower() == b"etag")
    return next((int(tag[1]) for tag in tags if tag), None)
