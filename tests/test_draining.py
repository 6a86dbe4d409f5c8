"""Deploys: a server that is told to stop lets go in good order and in time, and nobody who types sees an error."""

import asyncio
import re
import signal
import sqlite3
import time
import uuid
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, closing, contextmanager
from random import Random

import httpx
import pytest
from collabdocs_client import Client, Document
from websockets.exceptions import InvalidStatus

from tests.balancer import Balancer
from tests.conftest import QUICKLY, Stage
from tests.ledger import Ledger
from tests.server import Server
from tests.test_crash import appends, assert_faultless
from tests.wire import Wire

TYPISTS = 9
IN_ALL_CASES = 15.0  # seconds
CLOSED = re.compile(r"The line was closed: (\w+)")


@contextmanager
def locked(server: Server) -> Iterator[sqlite3.Connection]:
    """While somebody holds the database, nobody can write; `rollback` lets it go."""
    with closing(sqlite3.connect(server.data_dir / "collabdocs.sqlite3", check_same_thread=False)) as holder:
        holder.isolation_level = None
        holder.execute("BEGIN IMMEDIATE")
        yield holder


async def exit_code(server: Server) -> int:
    assert server.process is not None
    return await asyncio.to_thread(server.process.wait, 2 * IN_ALL_CASES)


# --- A deploy ---


@asynccontextmanager
async def typists(balancer: Balancer, server: Server, doc_id: str, ledger: Ledger) -> AsyncIterator[list[Document]]:
    async with AsyncExitStack() as stack:
        answer = {"access_token": server.tokens["alice"], "expires_in": 36000}
        alice = await stack.enter_async_context(Client.with_tokens(balancer.url, answer))
        documents = []
        for _ in range(TYPISTS):
            client_id = str(uuid.uuid4())
            document = alice.open(doc_id, client_id=client_id, tap=ledger.tap_of(client_id), backoff=QUICKLY)
            documents.append(await stack.enter_async_context(document))
        yield documents


async def test_all_processes_are_restarted_in_turn_while_everybody_types(
    stage: Stage, start_server: Callable[..., Server], rng: Random, caplog: pytest.LogCaptureFixture
) -> None:
    """Nothing is lost or doubled, every close is 1012, nobody sees an error, and only what was just sent is resent."""
    caplog.set_level("INFO", logger="collabdocs_client")
    first = start_server(DRAIN_SECONDS="2")
    servers = [first, *(start_server(beside=first, DRAIN_SECONDS="2") for _ in range(2))]
    ledger, stop = Ledger(), asyncio.Event()
    doc_id = await stage.document(first)
    async with (
        asyncio.timeout(240),
        Balancer(servers) as balancer,
        typists(balancer, first, doc_id, ledger) as documents,
    ):
        async with asyncio.TaskGroup() as typing:
            for n, document in enumerate(documents):
                typing.create_task(appends(document, ledger, f"c{n}", Random(rng.random()), stop))
            for server in servers:
                seen = documents[0].version
                await documents[0].until(lambda seen=seen: documents[0].version > seen + 50)
                assert await asyncio.to_thread(server.terminate) == 0
                await asyncio.to_thread(server.start)
            stop.set()
        await assert_faultless(stage, servers[-1], doc_id, ledger, documents)
    closes = CLOSED.findall(caplog.text)
    assert closes and set(closes) == {"1012"}
    assert ledger.resends <= len(closes)
    assert not any(record.failed for record in ledger.records.values())
    for server in servers:
        server.assert_calm()


# --- While it drains ---


@pytest.mark.parametrize("kind", ["uvicorn", "daphne"])
async def test_what_is_asked_is_answered_and_newcomers_are_sent_elsewhere(
    stage: Stage, start_server: Callable[..., Server], kind: str
) -> None:
    """A write is under way when it is told to stop, and held up by the database: it is waited for."""
    server = start_server(kind)
    doc_id = await stage.document(server)
    alice = await stage.person(server, "alice")
    with locked(server) as holder:
        idle = await stage.wire(server, "bob", doc_id)
        await idle.join()
        await idle.submit(1, 0, ["typed\n"])
        write = asyncio.create_task(alice.http.put(f"/api/documents/{doc_id}", json={"content": "put\n", "version": 0}))
        await asyncio.sleep(0.5)
        assert server.process is not None
        server.process.send_signal(signal.SIGTERM)
        async with asyncio.timeout(5):
            while (await ready(server)).status_code == 200:  # noqa: ASYNC110
                await asyncio.sleep(0.01)
        assert (await ready(server)).json()["status"] == "draining"
        assert await refusal(server, doc_id) == (503 if kind == "uvicorn" else 1012)
        assert 'data: {"type":"end","code":1012}' in (await alice.http.get(f"/api/documents/{doc_id}/events")).text
        holder.rollback()
        answered = (await write).json()
    assert await idle.close_code() == 1012
    assert await exit_code(server) == 0
    assert answered["version"] in (1, 2) and "put\n" in answered["content"]
    server.assert_calm()
    await asyncio.to_thread(server.start)
    assert "put\n" in ((await alice.read(doc_id)).content or "")


async def ready(server: Server) -> httpx.Response:
    async with httpx.AsyncClient() as probe:
        return await probe.get(f"{server.url}/readyz", timeout=5)


async def refusal(server: Server, doc_id: str) -> int | None:
    """The status before the handshake, or the close code after it."""
    try:
        async with Wire(server, doc_id, token=server.tokens["alice"]) as late:
            return await late.close_code()
    except InvalidStatus as refused:
        return refused.response.status_code


# --- In all cases ---


@asynccontextmanager
async def stopping_on_a_locked_database(stage: Stage, server: Server) -> AsyncIterator[Wire]:
    """A submission has no outcome yet when the server is told to stop."""
    wire = await stage.wire(server, "bob", await stage.document(server))
    await wire.join()
    with locked(server):
        await wire.submit(1, 0, ["unknown"])
        await asyncio.sleep(0.5)
        assert server.process is not None
        server.process.send_signal(signal.SIGTERM)
        yield wire


@pytest.mark.parametrize("kind", ["uvicorn", "daphne"])
async def test_a_database_that_hangs_delays_the_end_no_longer(
    stage: Stage, start_server: Callable[..., Server], kind: str
) -> None:
    server = start_server(kind)
    async with stopping_on_a_locked_database(stage, server) as wire:
        asked = time.monotonic()
        assert await wire.close_code() == 1012
        assert await exit_code(server) == 0
        assert time.monotonic() - asked < IN_ALL_CASES


async def test_a_broker_that_hangs_delays_the_end_no_longer(stage: Stage, start_server: Callable[..., Server]) -> None:
    async def say_nothing(reader: asyncio.StreamReader, _: asyncio.StreamWriter) -> None:
        await reader.read()

    broker = await asyncio.start_server(say_nothing, "127.0.0.1", 0)
    port = broker.sockets[0].getsockname()[1]
    server = await asyncio.to_thread(start_server, RABBITMQ_URL=f"amqp://127.0.0.1:{port}")
    doc_id = await stage.document(server)
    wire = await stage.wire(server, "bob", doc_id)
    await wire.join()
    assert (await wire.commit(1, 0, ["hi"]))["version"] == 1
    asked = time.monotonic()
    code, closed = await asyncio.gather(asyncio.to_thread(server.terminate), wire.close_code())
    assert (code, closed) == (0, 1012)
    assert time.monotonic() - asked < IN_ALL_CASES
    broker.close()


@pytest.mark.parametrize("kind", ["uvicorn", "daphne"])
async def test_who_asks_twice_is_obeyed_at_once(stage: Stage, start_server: Callable[..., Server], kind: str) -> None:
    server = start_server(kind)
    async with stopping_on_a_locked_database(stage, server) as wire:
        await wire.close_code()
        asked = time.monotonic()
        assert server.process is not None
        server.process.send_signal(signal.SIGTERM)
        assert await exit_code(server) == 128 + signal.SIGTERM
        assert time.monotonic() - asked < 2
