"""Who asks how a process is gets an answer, whatever hangs behind it."""

import asyncio
import threading
from collections.abc import Awaitable, Callable, Iterator
from typing import Any

import orjson
import pytest

from collabdocs import health
from collabdocs.health import Health, Probe
from realtime import hub as hubs

PATIENCE = 0.05  # seconds
Asks = Callable[..., Awaitable[tuple[int, Any]]]


class Service:
    """Answers, fails or hangs, as a test wants it to; and counts."""

    def __init__(self) -> None:
        self.failure: Exception | None = None
        self.free = threading.Event()
        self.free.set()
        self.asked = 0

    def __call__(self, patience: float) -> None:
        self.asked += 1
        self.free.wait(30)
        if self.failure:
            raise self.failure


class Layer:
    """RabbitMQ's, as far as health looks at it."""

    is_connected = is_trying = True


@pytest.fixture
def layer() -> Layer:
    return Layer()


@pytest.fixture
def database() -> Iterator[Service]:
    service = Service()
    yield service
    service.free.set()


@pytest.fixture
def cache() -> Service:
    return Service()


@pytest.fixture
async def asks(database: Service, cache: Service, layer: Layer, monkeypatch: pytest.MonkeyPatch, settings: Any) -> Any:
    """`await asks("/readyz")`: the status and the body. What goes on to Django is answered 404."""
    monkeypatch.setattr(health, "PATIENCE", PATIENCE)
    monkeypatch.setattr(health, "ask_database", database)
    monkeypatch.setattr(health, "ask_cache", cache)
    monkeypatch.setattr(health, "get_channel_layer", lambda: layer)
    settings.REDIS_URL = settings.RABBITMQ_URL = "somewhere"

    async def django(scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 404, "headers": []})
        await send({"type": "http.response.body", "body": b"null"})

    server = Health(django)

    async def ask(path: str, method: str = "GET") -> tuple[int, Any]:
        sent: list[Any] = []

        async def send(message: Any) -> None:
            sent.append(message)

        await server({"type": "http", "method": method, "path": path, "headers": []}, None, send)
        return sent[0]["status"], orjson.loads(sent[1]["body"])

    yield ask
    await hubs.drain()
    hubs._hubs.pop(asyncio.get_running_loop(), None)


ALL_UP = {"database": "up", "broker": "up", "layer": "up", "redis": "up"}


async def test_it_works(asks: Asks) -> None:
    assert await asks("/healthz") == (200, {"status": "ok"})
    assert await asks("/readyz") == (200, {"status": "ok", "checks": ALL_UP})


@pytest.mark.parametrize(("method", "path"), [("GET", "/"), ("GET", "/healthz/x"), ("POST", "/readyz")])
async def test_the_rest_is_not_answered_here(asks: Asks, method: str, path: str) -> None:
    assert (await asks(path, method))[0] == 404


async def test_a_database_that_fails(asks: Asks, database: Service) -> None:
    database.failure = OSError("db.internal:27017 refused")
    assert await asks("/readyz") == (503, {"status": "down", "checks": ALL_UP | {"database": "down"}})
    database.failure = None
    assert (await asks("/readyz"))[0] == 200


async def test_a_database_that_hangs_holds_one_thread_and_nobody(asks: Asks, database: Service) -> None:
    database.free.clear()
    for _ in range(3):
        answers = await asyncio.gather(*(asks("/readyz") for _ in range(50)))
        assert {status for status, _ in answers} == {503}
        assert await asks("/healthz") == (200, {"status": "ok"})
    assert database.asked == 1
    database.free.set()
    async with asyncio.timeout(10):
        while (await asks("/readyz"))[0] != 200:  # the thread takes a moment
            pass
    assert database.asked <= 2, "those who asked in vain left their questions behind"


async def test_edits_go_on_without_redis(asks: Asks, cache: Service) -> None:
    cache.failure = ConnectionError()
    assert await asks("/readyz") == (200, {"status": "degraded", "checks": ALL_UP | {"redis": "down"}})


async def test_edits_go_on_without_a_broker(asks: Asks, layer: Layer) -> None:
    layer.is_connected = False
    assert await asks("/readyz") == (200, {"status": "degraded", "checks": ALL_UP | {"broker": "down"}})


async def test_a_layer_that_gave_up_is_told_of(asks: Asks, layer: Layer) -> None:
    """Its broker may be there: it would never find out."""
    layer.is_connected = layer.is_trying = False
    expected = ALL_UP | {"broker": "down", "layer": "down"}
    assert await asks("/readyz") == (200, {"status": "degraded", "checks": expected})


async def test_what_is_not_configured_is_not_told_of(asks: Asks, settings: Any) -> None:
    settings.REDIS_URL = settings.RABBITMQ_URL = ""
    assert await asks("/readyz") == (200, {"status": "ok", "checks": {"database": "up"}})


async def test_whatever_hangs_the_answer_comes_in_time(asks: Asks, database: Service, cache: Service) -> None:
    """Each has its own second, and they have it at once."""
    database.free.clear()
    cache.free.clear()
    async with asyncio.timeout(10 * PATIENCE):
        status, said = await asks("/readyz")
    assert status == 503 and said["checks"] == ALL_UP | {"database": "down", "redis": "down"}
    cache.free.set()


async def test_a_process_that_drains_is_alive_and_not_ready(asks: Asks, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hubs.current(), "draining", True)
    assert await asks("/readyz") == (503, {"status": "draining", "checks": ALL_UP})
    assert await asks("/healthz") == (200, {"status": "ok"})
    monkeypatch.undo()


async def test_a_probe_takes_any_failure_for_an_answer_that_did_not_come() -> None:
    def ask(patience: float) -> None:
        raise NotImplementedError

    assert not await Probe(ask).answers()
