"""A server whose MongoDB is away, hangs or loses its answers: it says so soon, and nothing is lost or doubled.

Run on MongoDB only (`make mongo-test`). LOST_REPLIES in the environment says how many answers get lost.
"""

import asyncio
import os
import time
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from random import Random
from urllib.parse import urlsplit

import httpx
import psutil
import pytest

from collabdocs.databases import is_mongo
from conftest import PASSWORD
from tests.agreement import agreed_text
from tests.conftest import Stage
from tests.faults.lost_replies import lose_answers
from tests.faults.relay import Relay
from tests.ledger import Ledger
from tests.mongo.databases import noted
from tests.server import Server
from tests.test_crash import appends, assert_faultless, open_recorded

pytestmark = [
    pytest.mark.skipif(not is_mongo(os.environ.get("DATABASE_URL", "")), reason="make mongo-test runs it"),
    pytest.mark.timeout(600),
]

LOST_REPLIES = int(os.environ.get("LOST_REPLIES", "8"))
SOON = 5.0 + 4.0  # seconds until an answer, and what a busy machine may add
OUTAGES = {"cut": (0, 0, 0), "refuse": (12,), "stall": (2, 7)}  # seconds each; sockets are closed after 10
CROWD = 60  # requests at once
RECOVERED = 20.0


@pytest.fixture
async def relay() -> AsyncIterator[Relay]:
    """What the server under test takes for its MongoDB."""
    async with Relay([urlsplit(os.environ["DATABASE_URL"]).port or 27017]) as relay:
        yield relay


@pytest.fixture
async def server(relay: Relay, template: Path, tmp_path: Path) -> AsyncIterator[Server]:
    server = Server.with_data(template, tmp_path / "data")
    own = urlsplit(noted(server.data_dir)["DATABASE_URL"])
    through = own._replace(netloc=f"127.0.0.1:{relay.port}", query="directConnection=true")
    server.env["DATABASE_URL"] = through.geturl()
    yield await asyncio.to_thread(server.start)
    relay.heal()
    await asyncio.to_thread(server.stop)


@pytest.fixture
async def browser(server: Server) -> AsyncIterator[httpx.AsyncClient]:
    """Somebody's who has logged in to the pages."""
    async with httpx.AsyncClient(base_url=server.url, timeout=60) as browser:
        form = (await browser.get("/log-in/")).text
        token = form.split('name="csrfmiddlewaretoken" value="')[1].split('"')[0]
        fields = {"username": "alice", "password": PASSWORD, "csrfmiddlewaretoken": token}
        answer = await browser.post("/log-in/", data=fields, headers={"Referer": server.url})
        assert answer.status_code == 302, answer.text
        yield browser


async def until(is_so: Callable[[], object], patience: float = RECOVERED) -> None:
    async with asyncio.timeout(patience):
        while not await is_so():  # type: ignore[misc]  # noqa: ASYNC110
            await asyncio.sleep(0.05)


@pytest.mark.parametrize("trouble", ["refuse", "stall"])
async def test_who_asks_is_told_soon(
    server: Server, relay: Relay, stage: Stage, browser: httpx.AsyncClient, trouble: str
) -> None:
    doc_id = await stage.document(server, "cat")
    bearer = {"Authorization": f"Bearer {server.tokens['alice']}"}
    log_in = {"username": "alice", "password": PASSWORD}
    asked = {
        "a read": browser.build_request("GET", f"/api/documents/{doc_id}", headers=bearer),
        "a write": browser.build_request("PUT", f"/api/documents/{doc_id}", headers=bearer, json={"content": "dog"}),
        "a log-in": browser.build_request("POST", "/api/token", json=log_in),
        "a sign-up": browser.build_request("POST", "/api/users", json=log_in | {"email": "a@example.org"}),
        "a page": browser.build_request("GET", "/documents/"),
        "the editor": browser.build_request("GET", f"/documents/{doc_id}/"),
    }
    getattr(relay, trouble)()

    async def told(what: str) -> None:
        started = time.monotonic()
        answer = await browser.send(asked[what])
        took = time.monotonic() - started
        print(f"{trouble}: {what} {answer.status_code} after {took:.1f} s")
        assert (answer.status_code, answer.headers.get("Retry-After")) == (503, "5"), (what, answer.text)
        assert took < SOON, what
        if asked[what].url.path.startswith("/api/"):
            assert answer.json()["code"] == "unavailable", what
        else:
            assert "Traceback" not in answer.text and "Try again" in answer.text, what

    await asyncio.gather(*(told(what) for what in asked))
    await asyncio.gather(*(told(what) for what in asked))  # and so it is when the driver has noticed
    relay.heal()

    async def is_well() -> bool:
        answer = await browser.get(f"/api/documents/{doc_id}", headers=bearer)
        return answer.status_code == 200 and answer.json()["content"] == "cat"

    await until(is_well)
    assert (await browser.get("/documents/")).status_code == 200  # nobody was logged out
    assert (await browser.send(asked["a log-in"])).status_code == 200


async def test_a_crowd_that_waits_holds_up_nobody_else(server: Server, relay: Relay, stage: Stage) -> None:
    doc_id = await stage.document(server, "cat")
    bearer = {"Authorization": f"Bearer {server.tokens['bob']}"}
    process = psutil.Process(server.process.pid)  # type: ignore[union-attr]
    before = process.num_threads()
    relay.stall()
    async with httpx.AsyncClient(base_url=server.url, timeout=60, limits=httpx.Limits(max_connections=200)) as crowd:
        async with asyncio.TaskGroup() as waiting:
            asked = [waiting.create_task(crowd.get(f"/api/documents/{doc_id}", headers=bearer)) for _ in range(CROWD)]
            while not any(answer.done() for answer in asked):
                started = time.monotonic()
                assert (await crowd.get("/healthz")).status_code == 200
                assert time.monotonic() - started < 2
                await asyncio.sleep(0.1)
        assert {(await answer).status_code for answer in asked} == {503}
        relay.heal()

        async def is_well() -> bool:
            return (await crowd.get(f"/api/documents/{doc_id}", headers=bearer)).status_code == 200

        await until(is_well)

    async def have_gone() -> bool:
        return process.num_threads() <= before + 20

    await until(have_gone)


@pytest.mark.parametrize("trouble", ["cut", "refuse", "stall"])
async def test_what_is_typed_meanwhile_is_saved_once(
    server: Server, relay: Relay, stage: Stage, rng: Random, trouble: str
) -> None:
    ledger, stop = Ledger(), asyncio.Event()
    doc_id = await stage.document(server)
    documents = [await open_recorded(stage, server, name, doc_id, ledger) for name in ("alice", "alice", "bob")]
    async with asyncio.timeout(240), asyncio.TaskGroup() as typing:
        for n, document in enumerate(documents):
            typing.create_task(appends(document, ledger, f"c{n}", Random(rng.random()), stop))
        for seconds in OUTAGES[trouble]:
            await gets_on(documents[0])
            getattr(relay, trouble)()
            await asyncio.sleep(seconds)
            relay.heal()
        await gets_on(documents[0])
        stop.set()
    await assert_faultless(stage, server, doc_id, ledger, documents)


async def test_answers_lost_after_the_commit(server: Server, relay: Relay, stage: Stage, rng: Random) -> None:
    """The insert is done, and who asked for it never hears so: it is known again by its key."""
    ledger, stop = Ledger(), asyncio.Event()
    doc_ids = [await stage.document(server) for _ in range(2)]
    pairs = [(doc_id, await open_recorded(stage, server, "alice", doc_id, ledger)) for doc_id in doc_ids]
    lose_answers(relay, rng)
    async with asyncio.timeout(500), asyncio.TaskGroup() as typing:
        for n, (_, document) in enumerate(pairs):
            typing.create_task(appends(document, ledger, f"c{n}", Random(rng.random()), stop))
        while relay.swallowed < LOST_REPLIES:  # noqa: ASYNC110
            await asyncio.sleep(0.05)
        relay.heal()
        stop.set()
    print(f"{relay.swallowed} answers lost, {ledger.resends} submissions sent again")
    for doc_id, document in pairs:
        assert await agreed_text(await stage.person(server, "alice"), doc_id, [document]) == document.text
    everywhere = "".join(document.text for _, document in pairs)
    assert all(everywhere.count(tag) == 1 for tag in ledger.tags)


async def gets_on(document: object) -> None:
    seen = document.version  # type: ignore[attr-defined]
    await document.until(lambda: document.version > seen + 20)  # type: ignore[attr-defined]
