"""Servers die, stop, and share a database: what was acknowledged is there once, the rest arrives once."""

import asyncio
import os
import signal
import time
import uuid
from collections.abc import Callable
from random import Random

import psutil
import pytest
from collabdocs_client import Client, Document

from tests.agreement import agreed_text, read_log
from tests.conftest import QUICKLY, Stage
from tests.ledger import Ledger
from tests.proxy import Proxy
from tests.server import Server
from tests.wire import Wire

ROUNDS = 3
TYPISTS = 5


async def open_recorded(stage: Stage, server: Server, name: str, doc_id: str, ledger: Ledger) -> Document:
    client_id = str(uuid.uuid4())
    return await stage.open(server, name, doc_id, client_id=client_id, tap=ledger.tap_of(client_id))


async def appends(document: Document, ledger: Ledger, name: str, rng: Random, stop: asyncio.Event) -> None:
    """Type tags at the end, now waiting for the server, now not, until told to stop."""
    while not stop.is_set():
        await document.insert(len(document.text), ledger.tag(name))
        if rng.random() < 0.8:
            await document.saved()
        else:
            await asyncio.sleep(0)
    await document.saved()


async def type_through(documents: list[Document], ledger: Ledger, rng: Random, harm: Callable[[], object]) -> None:
    """All type at once, while a harm is done between them again and again, and some more after the last."""
    stop, first = asyncio.Event(), documents[0]

    async def goes_on() -> None:
        goal = first.version + 100
        await first.until(lambda: first.version > goal)

    async with asyncio.TaskGroup() as typing:
        for n, document in enumerate(documents):
            typing.create_task(appends(document, ledger, f"c{n}", Random(rng.random()), stop))
        for _ in range(ROUNDS):
            await goes_on()
            await asyncio.to_thread(harm)
        await goes_on()
        stop.set()


async def assert_faultless(
    stage: Stage, server: Server, doc_id: str, ledger: Ledger, documents: list[Document]
) -> None:
    reader = await stage.person(server, "alice")
    text = await agreed_text(reader, doc_id, documents)
    log = await read_log(reader, doc_id)
    fresh = await stage.open(server, "vera", doc_id)
    texts = {"rest": text, "fresh": fresh.text} | {d.client_id: d.text for d in documents}
    assert ledger.breaches(log, texts) == []
    assert all(tag in text for tag in ledger.tags)
    assert not any(record.is_open for record in ledger.records.values())


@pytest.mark.parametrize("kind", ["uvicorn", "daphne"])
async def test_killed_in_mid_typing(stage: Stage, start_server: Callable[..., Server], rng: Random, kind: str) -> None:
    server, ledger = start_server(kind), Ledger()
    doc_id = await stage.document(server)
    documents = [await open_recorded(stage, server, "alice", doc_id, ledger) for _ in range(TYPISTS)]
    async with asyncio.timeout(120):
        await type_through(documents, ledger, rng, lambda: (server.kill(), server.start()))
    await assert_faultless(stage, server, doc_id, ledger, documents)
    assert ledger.resends > 0
    server.assert_calm()


async def test_killed_between_commit_and_acknowledgement(stage: Stage, start_server: Callable[..., Server]) -> None:
    """A proxy holds the acknowledgement back and the server is killed: the resend meets the first version."""
    server, ledger = start_server(), Ledger()
    doc_id = await stage.document(server)
    watcher = await stage.open(server, "vera", doc_id)
    client_id = str(uuid.uuid4())
    async with (
        Proxy(server) as proxy,
        Client.with_tokens(proxy.url, {"access_token": server.tokens["bob"], "expires_in": 36000}) as bob,
        bob.open(doc_id, client_id=client_id, tap=ledger.tap_of(client_id), backoff=QUICKLY) as document,
        asyncio.timeout(90),
    ):
        for n in range(2):
            proxy.hold()
            await document.insert(len(document.text), ledger.tag("bob"))
            await watcher.until(lambda n=n: watcher.version == n + 1)
            assert not document.is_saved
            server.kill()
            proxy.drop()
            proxy.release()
            await asyncio.to_thread(server.start)
            await document.saved()
        assert ledger.resends == 0  # each was met in the log before it had to be sent again
        assert [record.version for record in ledger.records.values()] == [1, 2]
        await assert_faultless(stage, server, doc_id, ledger, [document])


async def test_a_resend_to_the_next_process_is_answered_with_the_first_version(
    stage: Stage, start_server: Callable[..., Server]
) -> None:
    server = start_server()
    doc_id = await stage.document(server)
    watcher = await stage.open(server, "vera", doc_id)
    async with Wire(server, doc_id, token=server.tokens["bob"]) as unheard:
        await unheard.join()
        await unheard.submit(1, 0, ["once"])
        await watcher.until(lambda: watcher.version == 1)
        server.kill()
    await asyncio.to_thread(server.start)
    back = await stage.wire(server, "bob", doc_id, client_id=unheard.client_id)
    await back.join(since=0)
    for _ in range(3):
        assert (await back.commit(1, 0, ["once"]))["version"] == 1
    assert (await back.commit(2, 1, [4, "!"]))["version"] == 2
    await watcher.until(lambda: watcher.text == "once!")


@pytest.mark.parametrize("kind", ["uvicorn", "daphne"])
async def test_sigterm_drains(stage: Stage, start_server: Callable[..., Server], rng: Random, kind: str) -> None:
    """Exit code 0 within ten seconds, sockets closed 1012, no children; typing goes on after the start."""
    server, ledger, stop = start_server(kind), Ledger(), asyncio.Event()
    doc_id = await stage.document(server)
    documents = [await open_recorded(stage, server, "alice", doc_id, ledger) for _ in range(3)]
    idle = await stage.wire(server, "bob", doc_id)
    await idle.join()
    async with asyncio.timeout(60), asyncio.TaskGroup() as typing:
        for n, document in enumerate(documents):
            typing.create_task(appends(document, ledger, f"c{n}", Random(rng.random()), stop))
        await documents[0].until(lambda: documents[0].version > 100)
        started = time.monotonic()
        code, closed = await asyncio.gather(asyncio.to_thread(server.terminate), idle.close_code())
        assert (code, closed) == (0, 1012)
        assert time.monotonic() - started < 10
        await asyncio.to_thread(server.start)
        seen = documents[0].version
        await documents[0].until(lambda: documents[0].version > seen + 50)
        stop.set()
    await assert_faultless(stage, server, doc_id, ledger, documents)
    server.assert_calm()


@pytest.mark.parametrize("kind", ["uvicorn", "daphne"])
async def test_sigterm_with_nobody_there(start_server: Callable[..., Server], kind: str) -> None:
    server = start_server(kind)
    assert server.process is not None
    group = server.process.pid
    started = time.monotonic()
    assert server.terminate() == 0
    assert time.monotonic() - started < 10
    assert not any(os.getpgid(pid) == group for pid in psutil.pids() if _is_ours(pid, group))


def _is_ours(pid: int, group: int) -> bool:
    try:
        return os.getpgid(pid) == group and psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except (ProcessLookupError, psutil.NoSuchProcess):
        return False


async def test_sigint_stops_it_as_well(start_server: Callable[..., Server]) -> None:
    server = start_server()
    assert server.process is not None
    server.process.send_signal(signal.SIGINT)
    assert await asyncio.to_thread(server.process.wait, 10) in (0, -signal.SIGINT, 130)


async def test_two_processes_on_one_file(stage: Stage, start_server: Callable[..., Server], rng: Random) -> None:
    """No broker between them: each finds in the log what the other committed, within five seconds."""
    one = start_server()
    two = start_server(beside=one)
    ledger, stop = Ledger(), asyncio.Event()
    doc_id = await stage.document(one)
    documents = [
        await open_recorded(stage, server, name, doc_id, ledger) for server in (one, two) for name in ("alice", "bob")
    ]
    async with asyncio.timeout(60):
        async with asyncio.TaskGroup() as typing:
            for n, document in enumerate(documents):
                typing.create_task(appends(document, ledger, f"c{n}", Random(rng.random()), stop))
            await documents[0].until(lambda: documents[0].version > 400)
            stop.set()
        head = max(document.version for document in documents)
        async with asyncio.timeout(5):
            for document in documents:
                await document.until(lambda document=document: document.version >= head)  # type: ignore[misc]
    await assert_faultless(stage, one, doc_id, ledger, documents)
    await assert_faultless(stage, two, doc_id, ledger, documents)
    one.assert_calm()
    two.assert_calm()


async def test_one_of_two_processes_is_killed(stage: Stage, start_server: Callable[..., Server], rng: Random) -> None:
    """Its clients go on at the other one, with what the dead one left unanswered."""
    one = start_server()
    two = start_server(beside=one)
    doc_id = await stage.document(one)
    async with Wire(one, doc_id, token=one.tokens["alice"]) as wire, asyncio.timeout(30):
        await wire.join()
        await wire.submit(1, 0, ["a"])
        one.kill()
        async with Wire(two, doc_id, token=two.tokens["alice"], client_id=wire.client_id) as again:
            await again.join(since=0)
            await again.submit(1, 0, ["a"])
            assert (await again.answer(1))["version"] == 1
    log = await read_log(await stage.person(two, "alice"), doc_id)
    assert [(entry["client_id"], entry["seq"]) for entry in log] == [(wire.client_id, 1)]
