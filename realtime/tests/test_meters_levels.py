"""What the meters say of who is here and what waits, and of the looks after that."""

import asyncio
import threading

from django.db import connection

from accounts import tokens
from documents import services, trash
from documents.tests.readings import Readings, level
from realtime import hub as hubs
from realtime import levels, seat, upkeep
from realtime.tests.clients import eventually, room_of
from realtime.tests.lines import Line
from realtime.tests.streams import Reader

assert levels  # it is imported by whoever is scraped


# --- What waits ---


async def test_submissions_wait_in_the_inbox_and_in_the_commit(joins, commits, alice, bob):
    one, two = await joins(alice), await joins(bob)
    commits.gate.clear()
    await one.submits(["x"])
    await eventually(lambda: commits.batches == [[1]])
    await two.submits(["y"])
    await eventually(lambda: level("collabdocs_waiting_submissions") == 2)
    commits.gate.set()
    await one.reaches(3)
    await eventually(lambda: level("collabdocs_waiting_submissions") == 0)


async def test_frames_wait_for_a_slow_reader_who_is_closed_at_last(joins, monkeypatch, alice, bob):
    monkeypatch.setattr(seat, "MAX_WAITING_FRAMES", 3)
    line = Line()
    await joins(bob, application=line)
    author = await joins(alice)
    grown = Readings()
    line.is_open.clear()
    for version in range(2, 6):
        await author.submits(["x"])
        await author.reaches(version)
    assert level("collabdocs_waiting_frames") == 3
    assert grown("collabdocs_closes_total", code=4408) == 0
    await author.submits(["x"])
    await author.reaches(6)
    assert grown("collabdocs_closes_total", code=4408) == 1
    assert level("collabdocs_waiting_frames") == 0
    line.is_open.set()


async def test_reads_wait_for_a_thread(joins, alice):
    await joins(alice)
    go_on = threading.Event()
    more = hubs.READERS[connection.vendor] + 3
    stuck = [asyncio.ensure_future(hubs.current().read(go_on.wait)) for _ in range(more)]
    await eventually(lambda: level("collabdocs_waiting_reads") == 3)
    go_on.set()
    await asyncio.gather(*stuck)
    assert level("collabdocs_waiting_reads") == 0


# --- Coming and going ---


async def test_sockets_and_rooms_are_there_while_somebody_is(connects, alice, bob):
    before = level("collabdocs_sockets")
    one = await connects(alice)
    assert (level("collabdocs_sockets"), level("collabdocs_rooms")) == (before + 1, 0)
    await one.joins()
    two = await connects(bob)
    assert (level("collabdocs_sockets"), level("collabdocs_rooms")) == (before + 2, 1)
    await one.leaves()
    await two.leaves()
    assert level("collabdocs_sockets") == before


async def test_streams_are_there_while_somebody_reads(connects, calls, document, alice):
    before = level("collabdocs_streams")
    token = (await calls(tokens.start_session, alice)).access_token
    reader = Reader(document.id, token=token)
    await reader.opens()
    await reader.hears("joined")
    assert level("collabdocs_streams") == before + 1
    await reader.leaves()
    assert level("collabdocs_streams") == before


async def test_closes_have_their_code_and_are_counted_once(joins, connects, calls, document, alice, bob):
    grown = Readings()
    former = await joins(alice)
    await joins(alice, client_id=former.client_id)
    assert await former.is_closed() == 4409
    assert grown("collabdocs_closes_total", code=4409) == 1
    reader = await joins(bob)
    await calls(trash.delete_document, document, actor=alice)
    assert await reader.is_closed() == 4404
    assert grown("collabdocs_closes_total", code=4404) == 2  # alice's, too
    late = await connects(bob)
    assert await late.is_closed() == 4404
    assert grown("collabdocs_closes_total", code=4404) == 3
    await reader.leaves()
    assert grown("collabdocs_closes_total", code=4404) == 3


async def test_who_is_closed_while_joining_is_counted_once(connects, calls, document, alice, bob):
    line = Line()
    socket = await connects(bob, application=line)
    grown = Readings()
    line.is_open.clear()
    await socket.says("join", client_id=socket.client_id)
    await eventually(lambda: hubs.current().rooms and room_of(socket).coming)
    [coming] = room_of(socket).coming
    await calls(trash.delete_document, document, actor=alice)
    await eventually(lambda: coming.closing is not None)
    line.is_open.set()
    assert await socket.is_closed() == 4404
    assert grown("collabdocs_closes_total", code=4404) == 1
    assert grown("collabdocs_joins_total", how="fresh") == 0


async def test_draining_is_told(joins, alice):
    socket = await joins(alice)
    grown = Readings()
    assert level("collabdocs_draining") == 0
    draining = asyncio.create_task(hubs.drain())
    assert await socket.is_closed() == 1012
    assert level("collabdocs_draining") == 1
    assert grown("collabdocs_closes_total", code=1012) == 1
    await draining


# --- Looks ---


async def test_a_look_that_fails_is_counted_by_its_name(joins, alice, monkeypatch):
    async def faints(rooms, read) -> None:
        raise OSError("away")

    monkeypatch.setattr(upkeep, "WATCH", (faints, upkeep.end_sessions))
    await joins(alice)
    grown = Readings()
    await hubs.current().watch()
    assert grown("collabdocs_failed_looks_total", look="faints") == 1
    assert grown("collabdocs_failed_looks_total", look="end_sessions") == 0
    assert grown("collabdocs_look_seconds_count", look="faints") == 1
    assert grown("collabdocs_look_seconds_count", look="end_sessions") == 1


async def test_a_document_in_trouble_is_counted(joins, alice, monkeypatch):
    def crash(*_):
        raise OSError("away")

    socket = await joins(alice)
    await socket.submits(["x"])
    await socket.reaches(2)
    grown = Readings()
    monkeypatch.setattr(services, "keep_copies", crash)
    await hubs.current().look_after()
    assert grown("collabdocs_failed_looks_total", look="keep_copies") == 1
