import pytest
from asgiref.testing import ApplicationCommunicator
from django.core.asgi import get_asgi_application

from collabdocs.body_limit import BodyLimit

LIMIT = 1000


@pytest.fixture(autouse=True)
def _limit(settings):
    settings.MAX_BODY_BYTES = LIMIT


@pytest.fixture
def server() -> BodyLimit:
    return BodyLimit(get_asgi_application(), LIMIT)


async def send(server, chunks, headers=()):
    """POST chunks; the status, the body, and how many chunks were taken."""
    scope = {"type": "http", "method": "POST", "path": "/page", "query_string": b"", "headers": list(headers)}
    taken, sent, waiting = [], [], list(chunks)

    async def receive():
        if not waiting:
            import asyncio

            await asyncio.sleep(3600)  # nothing more comes, and nobody hangs up
        taken.append(waiting.pop(0))
        return {"type": "http.request", "body": taken[-1], "more_body": bool(waiting)}

    async def reply(message):
        sent.append(message)

    await server({**scope, "http_version": "1.1"}, receive, reply)
    return sent[0]["status"], b"".join(message.get("body", b"") for message in sent[1:]), len(taken)


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


async def test_sockets_pass_untouched():
    async def echo(scope, receive, send):
        await send({"type": "websocket.send", "got": await receive()})

    communicator = ApplicationCommunicator(BodyLimit(echo, 1), {"type": "websocket"})
    await communicator.send_input({"type": "websocket.receive", "text": "x" * 100})
    assert (await communicator.receive_output())["got"]["text"] == "x" * 100
