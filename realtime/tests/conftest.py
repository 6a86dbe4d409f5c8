import asyncio
import threading
from contextlib import asynccontextmanager
from uuid import uuid4

import pytest
from asgiref.sync import sync_to_async

from accounts import tokens
from documents import history, services, sharing
from realtime import hub as hubs
from realtime.tests.clients import JsonSocket
from realtime.tests.processes import Process, where


@pytest.fixture
def document(transactional_db, alice, bob, carol, vera):
    """Alice's: bob edits, carol comments, vera views. The text is "hello", at version 1."""
    document = services.create_document(owner=alice, title="Plan", content="hello")
    for user, role in ((bob, "editor"), (carol, "commenter"), (vera, "viewer")):
        sharing.set_role(document, user=user, role=role, actor=alice)
    return document


@pytest.fixture
async def calls():
    """`await calls(function, …)` runs database work on a thread, as a view would."""

    async def run(function, *args, **kwargs):
        return await sync_to_async(function, thread_sensitive=True)(*args, **kwargs)

    return run


@pytest.fixture
async def connects(document, calls):
    """`await connects(alice)` is a socket of alice's, accepted. All are gone, and the hub drained, at the end."""
    opened: list[JsonSocket] = []

    async def connect(user, *, document_id=None, token=None, **more) -> JsonSocket:
        token = token or (await calls(tokens.start_session, user)).access_token
        socket = JsonSocket(document_id or document.id, token, **more)
        opened.append(socket)
        answer = await socket.opens()
        assert (answer["type"], answer["subprotocol"]) == ("websocket.accept", "collabdocs.v1")
        return socket

    yield connect
    for socket in opened:
        await socket.leaves()
    await hubs.drain()
    hubs._hubs.pop(asyncio.get_running_loop(), None)


@pytest.fixture
def joining_slowly(monkeypatch):
    """`async with joining_slowly(socket):` the answer to its look-up is on its way meanwhile, and of others not."""

    @asynccontextmanager
    async def hold_up(socket, look_up="facts_for"):
        work, asked, go_on = getattr(services, look_up), asyncio.Event(), threading.Event()
        loop = asyncio.get_running_loop()

        def slowly(*args):
            found = work(*args)
            loop.call_soon_threadsafe(asked.set)
            assert go_on.wait(10)
            return found

        with monkeypatch.context() as patch:
            patch.setattr(services, look_up, slowly)
            joining = asyncio.create_task(socket.joins())
            await asked.wait()
        yield
        go_on.set()
        await joining

    return hold_up


@pytest.fixture
async def joins(connects):
    """`await joins(bob)` is a socket of bob's that has joined."""

    async def join(user, *, since=None, **more) -> JsonSocket:
        socket = await connects(user, **more)
        socket.version = since or 0
        joined = await socket.joins(**({} if since is None else {"since": since}))
        assert joined["type"] == "joined", joined
        return socket

    return join


@pytest.fixture
def edits(document, alice, calls):
    """`await edits("!", 3)` puts "!" at the start three times, by another road than the socket's."""

    async def edit(text: str = "x", times: int = 1) -> None:
        def work():
            base = history.head(document.id)
            for n in range(times):
                submission = services.Submission(
                    client_id=uuid4(), seq=1, base_version=base + n, operation=(text,), author=alice.id
                )
                services.submit(document.id, submission)

        await calls(work)

    return edit


class Commits:
    """The group commits of a test: counted, held up, made to fail."""

    def __init__(self) -> None:
        self.batches: list[list[int]] = []  # of each commit, how many submissions of each room
        self.failures: list[Exception] = []  # raised, one by each commit, instead of committing
        self.failures_after: list[Exception] = []  # the same, when it is in the log
        self.gate = threading.Event()
        self.gate.set()
        self._commit = services.commit

    def __call__(self, jobs):
        self.batches.append([len(submissions) for _, submissions in jobs])
        assert self.gate.wait(10)
        if self.failures:
            raise self.failures.pop(0)
        outcomes = self._commit(jobs)
        if self.failures_after:
            raise self.failures_after.pop(0)
        return outcomes


@pytest.fixture
def commits(monkeypatch) -> Commits:
    commits = Commits()
    monkeypatch.setattr(services, "commit", commits)
    yield commits
    commits.gate.set()


@pytest.fixture
async def processes(document, calls, monkeypatch):
    """`a, b, joins = await processes(layer)`; `await joins(a, bob)` is a socket of bob's at process a (or of whoever
    a `token` stands for), and `await joins.opens(a, bob)` one that has not joined. They look when the test says."""
    hubs_made, sockets = [], []
    monkeypatch.setattr(hubs, "TICK", 3600.0)
    monkeypatch.setattr(hubs, "current", lambda: where.get())

    async def opens(process, user, *, client_id=None, token=None) -> JsonSocket:
        token = token or (await calls(tokens.start_session, user)).access_token
        socket = JsonSocket(document.id, token, client_id=client_id, application=process.serve)
        sockets.append(socket)
        await socket.opens()
        return socket

    async def joins(process, user, **more) -> JsonSocket:
        socket = await opens(process, user, **more)
        await socket.joins()
        return socket

    joins.opens = opens

    async def make(layer):
        hubs_made.extend([Process(layer, "a"), Process(layer, "b")])
        return *hubs_made, joins

    yield make
    for socket in sockets:
        await socket.leaves()
    for hub in hubs_made:
        if not hub.draining:
            await hub.drain()
