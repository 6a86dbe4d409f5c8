"""The log is told of each socket when it opens and when it ends: who, where, how, and how much; never what."""

import logging
from uuid import uuid4

import pytest
from channels.routing import get_default_application

from accounts import tokens
from documents import sharing
from realtime.tests.clients import JsonSocket, eventually, room_of

WORD = "Sesame"


@pytest.fixture
def told(caplog):
    """`told()`: the lines so far. What the application's first import does to the log is done before."""
    get_default_application()
    caplog.set_level(logging.INFO, "collabdocs.access")
    return lambda: [line for line in caplog.records if line.getMessage().startswith("Socket ")]


async def test_it_works(joins, told, bob, document):
    socket = await joins(bob)
    [opened] = told()
    assert opened.getMessage() == f"Socket opened: document {document.id}, user {bob.id}"
    await socket.submits([WORD])
    await socket.hears_operations()
    await socket.leaves()
    await eventually(lambda: len(told()) == 2)
    closed = told()[1]
    assert (closed.operations, closed.version) == (1, 2) and 0 < closed.seconds < 60
    assert not [line for line in told() if WORD in line.getMessage()]


async def test_the_code_that_the_server_closed_with(joins, calls, told, alice, bob, document):
    socket = await joins(bob)
    await socket.heard_all()  # so it sits
    await calls(sharing.remove_collaborator, document, user=bob, actor=alice)
    assert await socket.is_closed() == 4403
    await socket.leaves()
    await eventually(lambda: len(told()) == 2)
    assert told()[1].close_code == 4403


async def test_our_code_counts_though_the_line_drops_before_it_is_read(joins, told, bob):
    socket = await joins(bob)
    await socket.heard_all()
    [seat] = room_of(socket).seats.values()
    seat.close(4408)
    await socket.line.send_input({"type": "websocket.disconnect", "code": 1006})
    await eventually(lambda: len(told()) == 2)
    assert told()[1].close_code == 4408


async def test_the_code_before_anybody_joined(connects, told, mallory, document):
    socket = await connects(mallory)
    assert await socket.is_closed() == 4404
    await eventually(lambda: len(told()) == 2)
    assert (told()[1].close_code, told()[1].operations, told()[1].version) == (4404, 0, None)


async def test_who_is_refused(connects, told):
    socket = JsonSocket(uuid4(), "no token")
    assert (await socket.opens())["type"] == "websocket.close"
    await eventually(told)
    [refused] = told()
    assert refused.status == 403 and "no token" not in refused.getMessage()


async def test_the_id_is_answered_with_the_handshake(connects, document, calls, bob):
    said = b"0123456789abcdef"
    token = (await calls(tokens.start_session, bob)).access_token
    socket = JsonSocket(document.id, token, headers=[(b"x-request-id", said)])
    assert dict((await socket.opens())["headers"]) == {b"x-request-id": said}
    await socket.leaves()
