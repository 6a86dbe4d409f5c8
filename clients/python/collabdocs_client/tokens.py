"""The access token of the moment, traded for the next by the refresh token, which changes each time."""

import asyncio
import time
from collections.abc import AsyncGenerator, Mapping
from dataclasses import dataclass
from typing import Any

import httpx

from .errors import CollabDocsError, LoggedOut, from_answer

TOKEN_PATH = "/api/token"
RENEW_AT = 0.75  # of an access token's life
NO_AUTH = httpx.Auth()  # shows nothing


@dataclass(frozen=True, slots=True)
class Access:
    """An access token, and when to ask for the next one (seconds of `time.monotonic`)."""

    token: str
    renew_at: float

    @property
    def seconds_left(self) -> float:
        """Until it is to be renewed."""
        return max(0.0, self.renew_at - time.monotonic())


class Tokens:
    """One session's tokens. A refresh token works once, so only one refresh is ever under way."""

    def __init__(self, http: httpx.AsyncClient, answer: Mapping[str, Any]) -> None:
        self._http = http
        self._refreshing: asyncio.Task[None] | None = None
        self._learn(answer)

    @classmethod
    async def by_password(cls, http: httpx.AsyncClient, username: str, password: str) -> "Tokens":
        grant = {"grant_type": "password", "username": username, "password": password}
        return cls(http, await _ask(http, grant))

    @property
    def refresh_token(self) -> str | None:
        """The newest; whoever uses it ends the use of this object."""
        return self._refresh_token

    async def access(self, *, refused: str | None = None) -> Access:
        """A token to show now. `refused` is one that the server did not take; LoggedOut if there is no other."""
        if refused == self._access.token or self._access.seconds_left == 0:
            if self._refresh_token is None and refused is not None:
                raise LoggedOut("the access token is no good any more, and there is no refresh token")
            await self._refreshed()
        return self._access

    async def _refreshed(self) -> None:
        """Whoever stops waiting does not stop the refresh: its answer holds the only good token."""
        if self._refreshing is None or self._refreshing.done():
            self._refreshing = asyncio.create_task(self._refresh())
        await asyncio.shield(self._refreshing)

    async def _refresh(self) -> None:
        if self._refresh_token is not None:
            grant = {"grant_type": "refresh_token", "refresh_token": self._refresh_token}
            self._learn(await _ask(self._http, grant))

    def _learn(self, answer: Mapping[str, Any]) -> None:
        self._access = Access(answer["access_token"], time.monotonic() + RENEW_AT * float(answer["expires_in"]))
        self._refresh_token: str | None = answer.get("refresh_token")


class BearerAuth(httpx.Auth):
    """Shows the token with each request; asks for another one once if it was refused."""

    def __init__(self, tokens: Tokens) -> None:
        self._tokens = tokens

    async def async_auth_flow(self, request: httpx.Request) -> AsyncGenerator[httpx.Request, httpx.Response]:
        access = await self._tokens.access()
        request.headers["Authorization"] = f"Bearer {access.token}"
        response = yield request
        if response.status_code == 401:
            access = await self._tokens.access(refused=access.token)
            request.headers["Authorization"] = f"Bearer {access.token}"
            yield request


async def _ask(http: httpx.AsyncClient, grant: dict[str, str]) -> dict[str, Any]:
    answer = await http.post(TOKEN_PATH, json=grant, auth=NO_AUTH)
    body = json_of(answer)
    if answer.status_code != 200 or not isinstance(body, dict):
        raise from_answer(answer.status_code, body)
    return body


def json_of(answer: httpx.Response) -> object:
    """The decoded body, None if it is no JSON."""
    try:
        body: object = answer.json()
    except ValueError:
        return None
    return body


def checked(answer: httpx.Response) -> dict[str, Any]:
    """The members of a good answer; raises what a bad one says."""
    body = json_of(answer)
    if answer.is_error:
        raise from_answer(answer.status_code, body)
    if not isinstance(body, dict):
        raise CollabDocsError(f"the server answered {answer.status_code} with something else than JSON")
    return body
