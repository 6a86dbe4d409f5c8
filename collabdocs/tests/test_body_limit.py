import asyncio

import pytest
from asgiref.testing import ApplicationCommunicator
from django.core.asgi import get_asgi_application

from collabdocs import body_limit
from collabdocs.body_limit import BodyLimit

LIMIT = 1000


@pytest.fixture(autouse=True)
def _limits(settings, monkeypatch):
    settings.MAX_BODY_BYTES = LIMIT
    monkeypatch.setattr("collabdocs.body_limit.LINGER_SECONDS", 0.05)


@pytest.fixture
def server() -> BodyLimit:
    return BodyLimit(get_asgi_application(), LIMIT)


async def send(server, chunks, headers=()):
    """POST chunks; the status, the body, and how many chunks were taken before the answer."""
    scope = {"type": "http", "method": "POST", "path": "/page", "query_string": b"", "headers": list(headers)}
    taken, sent, waiting, before = [], [], list(chunks), []

    async def receive():
        if not waiting:
            await asyncio.sleep(3600)  # nothing more comes, and nobody hangs up
        taken.append(waiting.pop(0))
        return {"type": "http.request", "body": taken[-1], "more_body": bool(waiting)}

    async def reply(message):
        sent.append(message)
        before.append(len(taken))

    await server({**scope, "http_version": "1.1"}, receive, reply)
    return sent[0]["status"], b"".join(message.get("body", b"") for message in sent[1:]), before[1]


async def test_it_works(server):
    assert await send(server, [b"x" * 500, b"y" * 500]) == (200, b"x" * 500 + b"y" * 500, 2)


async def test_a_declared_length_is_refused_unread(server):
    status, body, taken = await send(server, [b"x"], [(b"content-length", b"1001")])
    assert (status, taken) == (413, 0) and b'"code":"too_large"' in body


async def test_chunks_are_counted(server):
    status, body, taken = await send(server, [b"x" * 400] * 100)
    assert (status, taken) == (413, 3) and b'"code":"too_large"' in body


@pytest.mark.parametrize("length", [b"abc", b"-1", b"", b"1e9"])
async def test_a_length_that_is_no_number_is_counted_by_chunks(server, length):
    status, _, _ = await send(server, [b"x" * 2000], [(b"content-length", length)])
    assert status == 413


async def test_a_huge_number_is_a_huge_length(server):
    status, _, taken = await send(server, [b"x"], [(b"content-length", b"9" * 5000)])
    assert (status, taken) == (413, 0)


async def read_on(chunks) -> int:
    """How many chunks are taken of somebody who sends these, and then nothing."""
    waiting = list(chunks)

    async def receive():
        if not waiting:
            await asyncio.sleep(3600)
        return {"type": "http.request", "body": waiting.pop(0), "more_body": True}

    async def reply(message):
        pass

    scope = {"type": "http", "method": "POST", "path": "/page", "query_string": b"", "headers": []}
    await BodyLimit(get_asgi_application(), LIMIT)({**scope, "http_version": "1.1"}, receive, reply)
    return len(chunks) - len(waiting)


async def test_it_reads_on_for_some_bytes(monkeypatch):
    """So that who still sends gets the answer."""
    monkeypatch.setattr("collabdocs.body_limit.LINGER_BYTES", 1200)
    assert await read_on([b"x" * 400] * 100) == 3 + 3


async def test_it_reads_on_for_some_seconds():
    assert await read_on([b"x" * 400] * 5) == 5


async def test_who_sends_slowly_on_purpose_is_told(server, monkeypatch):
    monkeypatch.setattr(body_limit, "BODY_SECONDS", 0.05)
    scope = {"type": "http", "method": "POST", "path": "/page", "query_string": b"", "headers": []}
    sent = []

    async def drip():
        await asyncio.sleep(0.01)
        return {"type": "http.request", "body": b"x", "more_body": True}

    async def reply(message):
        sent.append(message)

    async with asyncio.timeout(5):
        await server({**scope, "http_version": "1.1"}, drip, reply)
    assert sent[0]["status"] == 408 and b'"code":"too_slow"' in sent[1]["body"]


async def test_who_has_sent_all_may_wait_for_the_answer_for_long(monkeypatch):
    monkeypatch.setattr(body_limit, "BODY_SECONDS", 0.01)
    told = []

    async def application(scope, receive, send):
        await receive()
        told.append(await receive())

    waiting = [{"type": "http.request", "body": b"x"}, {"type": "http.disconnect"}]

    async def receive():
        await asyncio.sleep(0 if len(waiting) == 2 else 0.05)
        return waiting.pop(0)

    await BodyLimit(application, LIMIT)({"type": "http", "headers": []}, receive, None)
    assert told == [{"type": "http.disconnect"}]


async def test_sockets_pass_untouched():
    async def echo(scope, receive, send):
        await send({"type": "websocket.send", "got": await receive()})

    communicator = ApplicationCommunicator(BodyLimit(echo, 1), {"type": "websocket"})
    await communicator.send_input({"type": "websocket.receive", "text": "x" * 100})
    assert (await communicator.receive_output())["got"]["text"] == "x" * 100
