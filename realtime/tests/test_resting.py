"""A room that many sit in rests after a commit, and only that room: more operations share the next one."""

import asyncio
from types import SimpleNamespace

import pytest

from documents import services
from realtime import commits as lanes
from realtime import hub as hubs
from realtime.commits import CommitLane
from realtime.tests.clients import eventually


def room_of(seats: int, insert_seconds: float = 0.0) -> SimpleNamespace:
    return SimpleNamespace(seats=dict.fromkeys(range(seats)), log=SimpleNamespace(insert_seconds=insert_seconds))


@pytest.mark.parametrize(("seats", "rest"), [(0, 0), (2, 0), (30, 0), (100, 0.005), (200, 0.01), (5_000, 0.03)])
def test_it_rests_the_longer_the_more_sit_there(monkeypatch, seats, rest):
    monkeypatch.setattr(lanes, "REST_FOR_A_SEAT", 50e-6)
    assert CommitLane(None)._rest_of(room_of(seats)) == pytest.approx(rest)


@pytest.mark.parametrize(("took", "rest"), [(0.0, 0), (0.0004, 0.0008), (0.01, 0.02), (1.0, 0.5)])
def test_where_no_lock_orders_processes_it_leaves_gaps(took, rest):
    assert CommitLane(None, leaves_gaps=True)._rest_of(room_of(2, took)) == rest
    assert CommitLane(None)._rest_of(room_of(2, took)) == 0


@pytest.fixture
def end_rest(monkeypatch):
    """Rooms rest until `await end_rest()`."""
    monkeypatch.setattr(CommitLane, "_rest_of", lambda self, room: 3600.0)

    def resting():
        hub = hubs.current()
        return [(lane, room) for room in hub.rooms.values() if room in (lane := hub._lanes._of(room))._resting]

    async def end():
        await eventually(resting)
        for lane, room in resting():
            lane._resting[room].cancel()
            lane._end_rest(room)

    return end


def waiting() -> int:
    return sum(len(room.inbox) for room in hubs.current().rooms.values())


async def test_what_comes_meanwhile_is_committed_together(joins, commits, end_rest, alice, bob):
    first, *others = [await joins(alice), await joins(bob), await joins(bob)]
    await first.submits(["a"])
    assert await first.reaches(2) == "ahello"
    for socket in (first, *others):
        await socket.submits(["b"])
    await eventually(lambda: waiting() == 3)
    assert len(commits.batches) == 1
    await end_rest()
    assert len({await socket.reaches(5) for socket in (first, *others)}) == 1
    assert commits.batches == [[1], [3]]


async def test_what_came_during_the_commit_rests_too(joins, commits, end_rest, alice, bob):
    first, second = await joins(alice), await joins(bob)
    commits.gate.clear()
    await first.submits(["a"])
    await eventually(lambda: len(commits.batches) == 1)
    await second.submits(["b"])
    await eventually(lambda: waiting() == 1)
    commits.gate.set()
    await first.reaches(2)
    assert (waiting(), commits.batches) == (1, [[1]])
    await end_rest()
    await second.reaches(3)


async def test_another_room_does_not_rest_with_it(joins, calls, commits, end_rest, alice):
    other = await calls(services.create_document, owner=alice)
    here, there = await joins(alice), await joins(alice, document_id=other.id)
    await here.submits(["a"])
    await here.reaches(2)
    await here.submits(["b"])
    await eventually(lambda: waiting() == 1)
    await there.submits(["c"])
    assert await there.reaches(1) == "c"
    await end_rest()
    await here.reaches(3)


async def test_draining_waits_for_what_rests(joins, end_rest, alice):
    author = await joins(alice)
    await author.submits(["a"])
    await author.reaches(2)
    await author.submits(["b"])
    await eventually(lambda: waiting() == 1)
    draining = asyncio.create_task(hubs.drain())
    await eventually(lambda: hubs.current().draining)
    await end_rest()
    assert await author.reaches(3) == "bahello"
    assert await author.is_closed() == 1012
    await draining
