"""Whoever asks gets an id, and the log a line, with no secret that stood in the address."""

import asyncio
import logging
import re
import threading
from collections.abc import Iterator
from typing import Any
from uuid import UUID, uuid4

import pytest
from asgiref.sync import sync_to_async
from django.urls import path, re_path, resolve

from accounts.asking import carried, known, serve_nobody
from collabdocs.access import Access, told_path
from tests.security.addresses import addresses

NGINX = "0123456789abcdef0123456789abcdef"
SECRET = "s3cr3t-word"


@pytest.fixture(autouse=True)
def _all_addresses(settings: Any) -> None:
    settings.ROOT_URLCONF = "collabdocs.urls"


class Asked:
    """What an application was asked, and what the log was told of it."""

    def __init__(self, caplog: pytest.LogCaptureFixture) -> None:
        self.caplog, self.seen, self.headers = caplog, {}, {}

    async def __call__(
        self, path: str = "/log-in/", said: str | None = None, *, answers: Any = None, **scope: Any
    ) -> logging.LogRecord:
        async def answer(scope: Any, receive: Any, send: Any) -> None:
            self.seen = dict(known())
            await (answers or _greets)(scope, receive, send)

        async def send(message: Any) -> None:
            if message["type"] == "http.response.start":
                self.headers = dict(message["headers"])

        headers = [] if said is None else [(b"x-request-id", said.encode())]
        asked = {"type": "http", "method": "GET", "path": path, "headers": headers} | scope
        self.caplog.clear()
        try:
            await Access(answer)(asked, None, send)  # type: ignore[arg-type]
        finally:
            assert known() == {}
        [line] = [line for line in self.caplog.records if line.name == "collabdocs.access"]
        return line


async def _greets(scope: Any, receive: Any, send: Any) -> None:
    await send({"type": "http.response.start", "status": 200, "headers": [(b"etag", b'"12-abc"')]})
    await send({"type": "http.response.body", "body": b""})


@pytest.fixture
def asks(caplog: pytest.LogCaptureFixture) -> Iterator[Asked]:
    with caplog.at_level(logging.DEBUG, "collabdocs.access"):
        yield Asked(caplog)


async def test_it_works(asks: Asked) -> None:
    document = uuid4()
    line = await asks(f"/api/documents/{document}", NGINX)
    assert asks.seen == {"request_id": NGINX, "document_id": str(document)}
    assert asks.headers[b"x-request-id"].decode() == NGINX
    told = (line.method, line.path, line.status, line.levelname)  # type: ignore[attr-defined]
    assert told == ("GET", "/api/documents/<doc_id>", 200, "INFO")
    assert 0 <= line.seconds < 10  # type: ignore[attr-defined]
    assert re.fullmatch(r"GET /api/documents/<doc_id>: 200 in \d\.\d{3} s", line.getMessage())


@pytest.mark.parametrize("said", [str(uuid4()), NGINX, "ABCDEF0123456789"])
async def test_a_good_id_is_kept(asks: Asked, said: str) -> None:
    await asks(said=said)
    assert asks.seen["request_id"] == said == asks.headers[b"x-request-id"].decode()


@pytest.mark.parametrize("said", [None, "", "abc", "0" * 65, "x" * 32, f"{NGINX}\n", f"{NGINX} {NGINX}", "ä" * 16])
async def test_another_is_not(asks: Asked, said: str | None) -> None:
    await asks(said=said)
    assert UUID(asks.seen["request_id"]) and asks.seen["request_id"] != said


async def test_of_two_ids_neither_is_believed(asks: Asked) -> None:
    await asks(headers=[(b"x-request-id", NGINX.encode())] * 2)
    assert asks.seen["request_id"] != NGINX


async def test_the_version_of_a_document_is_known_when_it_is_answered(asks: Asked) -> None:
    async def answers(*asked: Any) -> None:
        await _greets(*asked)
        asks.seen = dict(known())

    await asks(f"/documents/{uuid4()}/", answers=answers)
    assert asks.seen["version"] == 12
    await asks("/log-in/", answers=answers)
    assert asks.seen["version"] is None


async def test_a_failure_is_told_too(asks: Asked) -> None:
    async def fails(*_: Any) -> None:
        raise RuntimeError("boom")

    with pytest.raises(RuntimeError):
        await asks(answers=fails)
    [line] = asks.caplog.records
    assert (line.status, line.path) == (None, "/log-in/")  # type: ignore[attr-defined]


@pytest.mark.parametrize("path", ["/healthz", "/readyz", "/metrics"])
async def test_what_machines_ask_all_the_time_is_told_at_debug(asks: Asked, path: str) -> None:
    assert (await asks(path)).levelname == "DEBUG"


async def test_a_method_may_be_anything(asks: Asked) -> None:
    assert (await asks(method=SECRET)).method == "OTHER"  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("path", "told"),
    [
        (f"/password-reset/uid/{SECRET}/", "/password-reset/<uidb64>/<token>/"),
        (f"/api/documents/{SECRET}", "/api/documents/<doc_id>"),
        (f"/api/documents/{SECRET}/", "/api/documents/<doc_id>/"),
        (f"/static/{SECRET}.js", "/static/<file>"),
        (f"/{SECRET}", None),
        (f"/api/{SECRET}/api", None),
        ("/log-in/", "/log-in/"),
    ],
)
def test_of_an_address_only_our_own_words_are_told(path: str, told: str | None) -> None:
    assert told_path(path) == told


def _nothing(request: Any, **_: Any) -> None:
    pass


urlpatterns = [path("in/<int:number>/", _nothing), re_path(r"^for-(?P<token>\w+)$", _nothing)]


@pytest.mark.parametrize(("path", "told"), [("/in/007/", "/in/<int:number>/"), ("/for-me", "/^for-(?P<token>\\w+)$")])
def test_where_a_blank_can_not_be_found_its_pattern_is_told(settings: Any, path: str, told: str) -> None:
    settings.ROOT_URLCONF = __name__
    assert told_path(path) == told


def test_no_blank_of_any_address_is_told() -> None:
    values = {"uidb64": SECRET, "token": SECRET, "doc_id": SECRET, "url": SECRET, "version": 4711, "pk": SECRET}
    found = addresses(**values, document_id=uuid4())
    walked = [each.path for each in found if resolve(each.path).captured_kwargs]
    assert len(walked) > 20
    for filled in walked:
        told = told_path(filled) or ""
        for value in resolve(filled).captured_kwargs.values():
            assert not value or f"/{value}" not in told, (filled, told)


# --- Through tasks and threads ---


async def test_threads_know_who_asks(asks: Asked) -> None:
    """Django's own, and those that a room reads in."""
    seen: list[Any] = []

    def look() -> None:
        seen.append((known().get("request_id"), threading.get_ident()))

    async def answers(*asked: Any) -> None:
        await sync_to_async(look, thread_sensitive=False)()
        await asyncio.get_running_loop().run_in_executor(None, carried(look))
        await asyncio.get_running_loop().run_in_executor(None, look)
        await asyncio.create_task(_look_and_leave(look))
        look()
        await _greets(*asked)

    await asks(said=NGINX, answers=answers)
    ids, threads = zip(*seen, strict=True)
    assert ids == (NGINX, NGINX, None, NGINX, None, NGINX)
    assert len(set(threads)) > 1


async def _look_and_leave(look: Any) -> None:
    look()
    serve_nobody()
    look()
