"""Tokens are renewed in time, by one refresh at a time."""

import asyncio
from typing import Any

import httpx
import pytest

from collabdocs_client import Client, LoggedOut
from collabdocs_client.errors import from_answer, from_close
from collabdocs_client.tokens import Tokens


class Server:
    """Hands out a1, a2, … and r1, r2, …; each refresh token works once."""

    def __init__(self, lifetime: float = 300) -> None:
        self.count, self.lifetime = 0, lifetime
        self.good: set[str] = set()

    def __call__(self, request: httpx.Request) -> httpx.Response:
        if request.url.path == "/api/token":
            return self.token(httpx.Response(200, content=request.content).json())
        bearer = request.headers.get("Authorization", "")
        good = bearer == f"Bearer a{self.count}"
        return httpx.Response(200 if good else 401, json={"results": [], "next": None} if good else {"code": "x"})

    def token(self, grant: dict[str, str]) -> httpx.Response:
        refresh = grant.get("refresh_token")
        if refresh is None and grant["password"] != "right":
            return httpx.Response(400, json={"error": "invalid_grant"})
        if refresh is not None and refresh != f"r{self.count}":
            return httpx.Response(400, json={"error": "invalid_grant"})
        self.count += 1
        answer: dict[str, Any] = {"access_token": f"a{self.count}", "refresh_token": f"r{self.count}"}
        return httpx.Response(200, json=answer | {"expires_in": self.lifetime, "token_type": "bearer"})


def http(server: Server) -> httpx.AsyncClient:
    return httpx.AsyncClient(transport=httpx.MockTransport(server), base_url="http://test")


async def test_it_works() -> None:
    tokens = await Tokens.by_password(http(Server()), "alice", "right")
    assert (await tokens.access()).token == "a1"
    assert (await tokens.access()).token == "a1"


async def test_a_wrong_password() -> None:
    with pytest.raises(LoggedOut) as refusal:
        await Tokens.by_password(http(Server()), "alice", "wrong")
    assert (refusal.value.code, refusal.value.status) == ("invalid_grant", 400)


async def test_an_ending_token_is_renewed_once_for_all_who_ask() -> None:
    server = Server(lifetime=0)
    tokens = await Tokens.by_password(http(server), "alice", "right")
    server.lifetime = 300
    found = await asyncio.gather(*(tokens.access() for _ in range(10)))
    assert {access.token for access in found} == {"a2"}


async def test_a_refresh_outlives_who_asked_for_it() -> None:
    """Else the answer, with the only good refresh token, would be lost."""
    server = Server(lifetime=0)
    tokens = await Tokens.by_password(http(server), "alice", "right")
    server.lifetime = 300
    asking = asyncio.create_task(tokens.access())
    await asyncio.sleep(0)
    asking.cancel()
    assert (await tokens.access()).token == "a2"
    assert (server.count, tokens.refresh_token) == (2, "r2")


async def test_a_refused_token_is_replaced_and_the_request_repeated() -> None:
    server = Server()
    client = Client(http(server), await Tokens.by_password(http(server), "alice", "right"))
    server.count += 1  # somebody else's log-in: a1 is no good any more, nor is r1
    with pytest.raises(LoggedOut):
        [document async for document in client.documents()]
    server.count -= 1
    assert [document async for document in client.documents()] == []


async def test_without_a_refresh_token_it_ends() -> None:
    tokens = Tokens(http(Server()), {"access_token": "a", "expires_in": 0})
    assert (await tokens.access()).token == "a"
    with pytest.raises(LoggedOut):
        await tokens.access(refused="a")


def test_errors_have_codes() -> None:
    assert from_answer(412, {"code": "stale", "detail": "x", "version": 7}).version == 7  # type: ignore[attr-defined]
    assert from_answer(502, None).code == "502"
    assert from_answer(404, {"code": "not_found"}).status == 404
    assert from_close(1012) is None and from_close(4401) is None
    error = from_close(4409)
    assert error is not None and error.code == "joined_elsewhere"
