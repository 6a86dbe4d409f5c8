"""What must bite soon is asked for by itself: no chore, no slow reader and nobody who stalls in coming holds it up."""

import asyncio
import threading
import uuid
from datetime import timedelta

import pytest
from django.utils import timezone

from accounts import tokens
from documents import sharing, trash
from documents.events import Deleted
from realtime import hub as hubs
from realtime import room as rooms
from realtime import upkeep
from realtime.announcements import pack
from realtime.tests.clients import Closed
from realtime.tests.processes import Layer


@pytest.fixture
def soon(monkeypatch):
    monkeypatch.setattr(hubs, "TICK", 0.02)


async def test_a_chore_that_hangs_delays_no_revocation(soon, joins, calls, bob, monkeypatch):
    is_hanging = asyncio.Event()

    async def hang(rooms, read):
        is_hanging.set()
        await asyncio.Event().wait()

    monkeypatch.setattr(upkeep, "LOOKS", [hang])
    socket = await joins(bob)
    await is_hanging.wait()
    await calls(bob.end_sessions)
    assert await socket.is_closed() == 4401


async def test_reads_that_hang_delay_no_revocation(soon, joins, calls, bob, alice, document):
    socket = await joins(bob)
    go_on = threading.Event()
    stuck = [asyncio.ensure_future(hubs.current().read(go_on.wait)) for _ in range(20)]
    await calls(sharing.remove_collaborator, document, user=bob, actor=alice)
    assert await socket.is_closed() == 4403
    go_on.set()
    await asyncio.gather(*stuck)


async def test_an_expired_token_ends_though_the_database_is_away(joins, bob, monkeypatch):
    socket = await joins(bob)

    def away(sessions):
        raise OSError("the database is away")

    monkeypatch.setattr(tokens, "revoked_sessions", away)
    [room] = hubs.current().rooms.values()
    [seat] = room.seats.values()
    seat.expires_at = timezone.now() - timedelta(seconds=1)
    await hubs.current().watch()
    assert await socket.is_closed() == 4401


# --- Who is coming --------------------------------------------------------------------------------------------------


@pytest.fixture
async def stalls(connects, edits, bob, monkeypatch):
    """Bob is being told of a long history, and reads no further until `go_on` is set."""
    monkeypatch.setattr(rooms, "PAGE", 1)
    monkeypatch.setattr(rooms.Room, "known_since", lambda room, version: None)
    pages, after = 0, rooms.Room.operations_after
    has_stalled, go_on = asyncio.Event(), asyncio.Event()

    async def slowly(room, version):
        nonlocal pages
        pages += 1
        if pages == 3:
            has_stalled.set()
            await go_on.wait()
        return await after(room, version)

    await edits("x", 6)
    monkeypatch.setattr(rooms.Room, "operations_after", slowly)
    socket = await connects(bob)
    await socket.says("join", client_id=str(uuid.uuid4()), since=1)
    await has_stalled.wait()
    return socket, go_on


async def heard_until_closed(socket) -> tuple[list[int], int]:
    """The versions that it is told of, and the code it is closed with."""
    versions = []
    try:
        while True:
            message = await socket.next()
            versions += [entry["version"] for entry in message.get("operations", [])]
    except Closed as closed:
        return versions, closed.args[0]


@pytest.mark.parametrize(
    ("change", "code"),
    [
        (lambda document, alice, bob: sharing.remove_collaborator(document, user=bob, actor=alice), 4403),
        (lambda document, alice, bob: bob.end_sessions(), 4401),
        (lambda document, alice, bob: trash.delete_document(document, actor=alice), 4404),
    ],
    ids=["removed", "signed out", "deleted"],
)
async def test_who_stalls_in_coming_is_told_no_more(stalls, calls, document, alice, bob, change, code):
    socket, go_on = stalls
    await calls(change, document, alice, bob)
    await hubs.current().watch()
    go_on.set()
    assert await heard_until_closed(socket) == ([2, 3, 4], code)  # 4 was on its way
    [room] = hubs.current().rooms.values()
    assert not room.seats and not room.coming


async def test_who_is_demoted_in_coming_sits_down_as_what_is_left(stalls, calls, document, alice, bob):
    socket, go_on = stalls
    await calls(sharing.set_role, document, user=bob, role="viewer", actor=alice)
    await hubs.current().watch()
    go_on.set()
    assert (await socket.hears("joined"))["role"] == "editor"
    while (message := await socket.hears("operations", "role"))["type"] == "operations":
        pass
    assert message["role"] == "viewer"
    await socket.submits(["x"], base=7)
    assert (await socket.hears("error"))["code"] == "forbidden"


# --- What is old ----------------------------------------------------------------------------------------------------


async def test_a_deletion_that_was_undone_before_it_was_heard_of_closes_nobody(processes, calls, document, alice, bob):
    """A broker that was stuck for a while hands on what was true then."""
    layer = Layer()
    _, b, joins = await processes(layer)
    socket = await joins(b, bob)
    await layer.group_send(f"document.{document.id.hex}", pack(Deleted(document.id), "another"))
    await socket.submits([5, "!"])
    assert await socket.reaches(2) == "hello!"
