"""The HTTP API, as a logged-in user."""

import ssl
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from types import TracebackType
from typing import Any, Self
from urllib.parse import quote

import httpx

from .document import Document
from .line import Backoff, Tap
from .tokens import BearerAuth, Tokens, checked

PAGE = 200
HTTP_SECONDS = 30.0


@dataclass(frozen=True, slots=True)
class DocumentInfo:
    """A document as the server shows it. `content` is None in lists; `etag` is None but in the answer to one."""

    doc_id: str
    title: str
    version: int
    role: str
    owner: str | None
    updated_at: datetime
    content: str | None = None
    etag: str | None = None


class Client:
    """A user of one server. Close it (`async with`, or `aclose()`) when done; open documents are closed on their own.

        async with await Client.log_in("https://docs.example.org", "alice", password) as client:
            ...

    `http` is the httpx client behind it, with the token shown and renewed at each request, for any other call.
    """

    def __init__(self, http: httpx.AsyncClient, tokens: Tokens) -> None:
        self.http, self.tokens = http, tokens
        http.auth = BearerAuth(tokens)

    @classmethod
    async def log_in(cls, url: str, username: str, password: str) -> Self:
        """Raises LoggedOut (`invalid_grant`) for a wrong name or password."""
        http = open_http(url)
        try:
            return cls(http, await Tokens.by_password(http, username, password))
        except BaseException:
            await http.aclose()
            raise

    @classmethod
    async def sign_up(cls, url: str, username: str, password: str, email: str | None = None) -> Self:
        """Make a user, and log in."""
        async with open_http(url) as http:
            user = {"username": username, "password": password, "email": email}
            checked(await http.post("/api/users", json=user))
        return await cls.log_in(url, username, password)

    @classmethod
    def with_tokens(cls, url: str, answer: dict[str, Any]) -> Self:
        """From what `POST /api/token` answered. A refresh token works once: leave it out to share the access token."""
        http = open_http(url)
        return cls(http, Tokens(http, answer))

    async def aclose(self) -> None:
        await self.http.aclose()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.aclose()

    # --- Documents ---

    async def create_document(self, title: str = "", content: str = "") -> DocumentInfo:
        return _info(await self.http.post("/api/documents", json={"title": title, "content": content}))

    async def documents(self, search: str = "", ordering: str = "-updated_at") -> AsyncIterator[DocumentInfo]:
        """Every document that this user sees, without its text."""
        skip = 0
        while True:
            asked: dict[str, str | int] = {"search": search, "ordering": ordering, "skip": skip, "limit": PAGE}
            page = checked(await self.http.get("/api/documents", params=asked))
            for fields in page["results"]:
                yield _info_from(fields)
            skip += PAGE
            if page["next"] is None:
                return

    async def read(self, doc_id: str) -> DocumentInfo:
        """A document with its text."""
        return _info(await self.http.get(_path(doc_id)))

    async def write(self, doc_id: str, content: str, *, base_version: int, strict: bool = False) -> DocumentInfo:
        """Turn the text at `base_version` into `content`, merged with what was committed since.

        With `strict`, Stale is raised instead when anything was.
        """
        headers = {"Prefer": "handling=strict"} if strict else {}
        body = {"content": content, "version": base_version}
        return _info(await self.http.put(_path(doc_id), json=body, headers=headers))

    async def delete_document(self, doc_id: str) -> None:
        answer = await self.http.delete(_path(doc_id))
        if answer.is_error:
            checked(answer)

    async def share(self, doc_id: str, username: str, role: str) -> None:
        """Give somebody a role: `editor`, `commenter` or `viewer`; `owner` gives the document away."""
        checked(await self.http.post(_path(doc_id, "collaborators"), json={"username": username, "role": role}))

    def open(
        self,
        doc_id: str,
        *,
        client_id: str | None = None,
        backoff: Backoff | None = None,
        answer_seconds: float = 10.0,
        ping_seconds: float = 8.0,
        silence_seconds: float = 18.0,
        tap: Tap | None = None,
    ) -> Document:
        """The document, to edit together with everybody else: `async with client.open(doc_id) as document`.

        Entering it raises NoDocument or NotAllowed when it can't be opened, and goes on trying while the server can't
        be reached. `answer_seconds` without an answer make it ask again. Every `ping_seconds` it asks for a sign of
        life (less than 30, after which others see it as gone), and after `silence_seconds` without a byte it gives the
        line up and makes another. `tap` is shown every message, "out" before it is sent and "in" when it came.
        """
        address = f"{self.http.base_url.copy_with(scheme=_socket_scheme(self.http.base_url.scheme))}"
        return Document(
            f"{address.rstrip('/')}/ws/{quote(doc_id, safe='')}",
            self.tokens,
            client_id=client_id,
            backoff=backoff,
            answer_seconds=answer_seconds,
            ping_seconds=ping_seconds,
            silence_seconds=silence_seconds,
            tap=tap,
        )


def open_http(url: str) -> httpx.AsyncClient:
    return httpx.AsyncClient(base_url=url, timeout=HTTP_SECONDS, verify=_tls())


@cache
def _tls() -> ssl.SSLContext:
    """The system's trust, read once: that takes longer than many a request."""
    return httpx.create_ssl_context()


def _socket_scheme(scheme: str) -> str:
    return "wss" if scheme == "https" else "ws"


def _path(doc_id: str, *rest: str) -> str:
    return "/".join(["/api/documents", quote(doc_id, safe=""), *rest])


def _info(answer: httpx.Response) -> DocumentInfo:
    return _info_from(checked(answer), answer.headers.get("ETag"))


def _info_from(fields: dict[str, Any], etag: str | None = None) -> DocumentInfo:
    owner = fields["owner"]
    return DocumentInfo(
        doc_id=fields["doc_id"],
        title=fields["title"],
        version=fields["version"],
        role=fields["role"],
        owner=owner["username"] if owner else None,
        updated_at=datetime.fromisoformat(fields["updated_at"]),
        content=fields.get("content"),
        etag=etag,
    )
