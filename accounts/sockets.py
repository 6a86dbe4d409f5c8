"""Reading who is asking from a WebSocket handshake: a token, never a cookie, and never a foreign page."""

from collections.abc import Iterable, Mapping
from typing import Any

from asgiref.sync import sync_to_async
from django.conf import settings
from django.db import close_old_connections
from django.http.request import split_domain_port, validate_host

from accounts import addresses, tokens
from accounts.authentication import bearer_token, is_bearer
from accounts.errors import InvalidToken
from accounts.tokens import Identity

SUBPROTOCOL = "collabdocs.v1"
TOKEN_PREFIX = "bearer."

Scope = Mapping[str, Any]


async def identify(scope: Scope) -> Identity | None:
    """Who opens this socket: None without our subprotocol, or without a good access token.

    The token stands in `Authorization: Bearer …` or in a second subprotocol `bearer.<token>`. A database that
    is away raises its DatabaseError: nobody was refused.
    """
    token = _token(scope)
    if token is None or SUBPROTOCOL not in scope.get("subprotocols", ()):
        return None
    return await verify(token)


def address(scope: Scope) -> str:
    """Where a socket comes from, as of an HTTP request."""
    forwarded = _headers(scope, b"x-forwarded-for")
    return addresses.address_of((scope.get("client") or [""])[0], ",".join(forwarded) or None)


async def verify(token: str) -> Identity | None:
    """Who an access token stands for, None for nobody; off the event loop, on any free thread."""
    return await sync_to_async(_verify, thread_sensitive=False)(token)


def origin_allowed(scope: Scope) -> bool:
    """Whether the page that opens this socket is ours. Programs send no Origin and are welcome.

    Ours is what settings.ALLOWED_ORIGINS lists, and any page of our scheme whose host stands in
    ALLOWED_HOSTS; where that lets every host in, the page must come from the host that the socket addresses.
    Ports may differ: a proxy seldom passes its own on. No cookie counts on a socket: this is a second fence.
    """
    origins = _headers(scope, b"origin")
    if not origins:
        return True
    if len(origins) > 1:
        return False
    return origins[0] in _allowed_origins() or _is_ours(origins[0].lower(), scope)


def _verify(token: str) -> Identity | None:
    """On a connection that its thread keeps: to open one costs more than to ask. After a failure the next is new."""
    try:
        return tokens.verify_access(token)
    except InvalidToken:
        return None
    except Exception:
        close_old_connections()
        raise


def _token(scope: Scope) -> str | None:
    header = next(iter(_headers(scope, b"authorization")), "")
    if is_bearer(header):
        return bearer_token(header)
    offered = (name for name in scope.get("subprotocols", ()) if name.startswith(TOKEN_PREFIX))
    token = next(offered, None)
    return None if token is None else token.removeprefix(TOKEN_PREFIX)


def _headers(scope: Scope, name: bytes) -> list[str]:
    return [value.decode("latin-1") for key, value in scope.get("headers", ()) if key.lower() == name]


def _is_ours(origin: str, scope: Scope) -> bool:
    scheme, _, netloc = origin.partition("://")
    host, _ = split_domain_port(netloc)
    if scheme != _page_scheme(scope) or not host:
        return False
    names = _allowed_hosts()
    if "*" not in names:
        return validate_host(host, names)
    return [split_domain_port(addressed)[0] for addressed in _headers(scope, b"host")] == [host]


def _page_scheme(scope: Scope) -> str:
    """The scheme of a page that may open this socket; a trusted proxy that ends the TLS says it."""
    header = settings.SECURE_PROXY_SSL_HEADER
    if header is not None:
        name, secure = header
        values = _headers(scope, name.removeprefix("HTTP_").replace("_", "-").lower().encode())
        return "https" if values[:1] == [secure] else "http"
    return "https" if scope.get("scheme") in ("wss", "https") else "http"


def _allowed_hosts() -> list[str]:
    if settings.DEBUG and not settings.ALLOWED_HOSTS:
        return [".localhost", "127.0.0.1", "[::1]"]
    return [host.lower() for host in settings.ALLOWED_HOSTS]


def _allowed_origins() -> Iterable[str]:
    return getattr(settings, "ALLOWED_ORIGINS", ())
