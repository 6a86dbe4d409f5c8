"""What is answered before Django is asked carries what all answers carry (S22)."""

import asyncio
from collections.abc import Callable
from typing import Any

import pytest
from django.http import HttpResponse

from collabdocs import body_limit, health, turns
from collabdocs.body_limit import Application, BodyLimit
from collabdocs.heads import ANSWER
from collabdocs.turns import Turns
from realtime import hub as hubs
from tests.security.test_headers import assert_guarded


async def answered(application: Application, body: bytes = b"", **scope: Any) -> HttpResponse:
    """To one request, which sends this and then no more."""
    sent: list[Any] = []
    waiting = [{"type": "http.request", "body": body}]

    async def receive() -> Any:
        await asyncio.sleep(0)
        return waiting.pop() if waiting else {"type": "http.disconnect"}

    async def send(message: Any) -> None:
        sent.append(message)

    await application({"type": "http", "method": "POST", "path": "/", "headers": [], **scope}, receive, send)
    headers = {name.decode(): value.decode() for name, value in sent[0]["headers"]}
    return HttpResponse(sent[1]["body"], status=sent[0]["status"], headers=headers)


async def taking(scope: Any, receive: Callable[[], Any], send: Any) -> None:
    """An application that takes the body, and would answer next."""
    await receive()


@pytest.mark.parametrize("path", ["/healthz", "/readyz"])
async def test_how_it_is(path: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(health, "ask_database", lambda patience: None)
    monkeypatch.setattr(health, "ask_cache", lambda patience: None)
    response = await answered(health.Health(taking), method="GET", path=path)
    assert response.status_code == 200
    assert_guarded(response, path)
    await hubs.drain()
    hubs._hubs.pop(asyncio.get_running_loop(), None)


async def test_a_body_that_is_too_large() -> None:
    response = await answered(BodyLimit(taking, 10), b"x" * 11)
    assert response.status_code == 413
    assert_guarded(response, "413")


async def test_a_body_that_is_too_slow(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(body_limit, "BODY_SECONDS", -1.0)
    response = await answered(BodyLimit(taking, 10))
    assert response.status_code == 408
    assert_guarded(response, "408")


async def test_no_turn(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(turns, "WAITING", 0)
    response = await answered(Turns(taking))
    assert response.status_code == 503 and response["Retry-After"]
    assert_guarded(response, "503")


def test_a_head_that_is_too_large() -> None:
    first, *lines = ANSWER.decode().removesuffix("\r\n\r\n").split("\r\n")
    response = HttpResponse(status=int(first.split()[1]), headers=dict(line.split(": ", 1) for line in lines))
    assert response.status_code == 431
    assert_guarded(response, "431")
