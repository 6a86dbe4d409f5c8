"""Draining: nobody new is let in, who is here is closed in turn, and nobody with a question open."""

import asyncio
from types import SimpleNamespace

import pytest
from django.db import DatabaseError
from hypothesis import given
from hypothesis import strategies as st

from realtime import draining
from realtime import hub as hubs
from realtime.draining import GAP, close_in_turn, schedule
from realtime.tests.clients import Closed, JsonSocket, eventually, room_of


@given(st.integers(0, 2_000), st.floats(0, 60))
def test_everybody_has_a_moment_and_they_are_even(count, longest):
    moments = schedule(range(count), longest)
    times = [moment for moment, _ in moments]
    assert sorted(who for _, who in moments) == list(range(count))
    assert all(0 <= moment <= longest for moment in times)
    gap = min(GAP, longest / max(1, count))
    assert times == pytest.approx([number * gap for number in range(count)])


def test_a_laptop_waits_for_nothing_and_two_hundred_take_all_the_time():
    assert [moment for moment, _ in schedule(["alone"], 5.0)] == [0]
    assert schedule(range(19), 5.0)[-1][0] < 1
    assert 4.9 < schedule(range(200), 5.0)[-1][0] < 5


def test_nobody_is_always_last():
    orders = {tuple(who for _, who in schedule(range(5), 5.0)) for _ in range(200)}
    assert {order[-1] for order in orders} == set(range(5))


async def test_each_is_closed_at_its_moment(monkeypatch):
    """By a clock of our own: the closes come neither earlier nor later."""
    now, closed = 100.0, []

    async def sleep(seconds):
        nonlocal now
        now += max(0, seconds)

    async def answered(_):
        return

    def listener(number):
        return SimpleNamespace(close=lambda code: closed.append((now, number, code)))

    moments = [(0.0, listener(2)), (1.5, listener(0)), (3.0, listener(1))]
    monkeypatch.setattr(draining, "schedule", lambda people, longest: moments)
    monkeypatch.setattr(draining, "time", SimpleNamespace(monotonic=lambda: now))
    monkeypatch.setattr(draining.asyncio, "sleep", sleep)
    await close_in_turn([], answered, 5.0)
    assert [number for _, number, _ in closed] == [2, 0, 1]
    assert {code for *_, code in closed} == {1012}


async def test_who_waits_for_an_answer_is_closed_when_it_has_come(joins, commits, alice, bob):
    author, reader = await joins(alice), await joins(bob)
    commits.gate.clear()
    await author.submits(["x"])
    await eventually(lambda: len(commits.batches) == 1)
    drained = asyncio.create_task(hubs.drain())
    assert await reader.is_closed() == 1012
    assert room_of(author).seats[author_id(author)].closing is None
    commits.gate.set()
    assert await author.reaches(2) == "xhello"
    assert author.acknowledged == [(1, 2)]
    with pytest.raises(Closed, match="1012"):
        await author.next()
    await drained


async def test_until_its_close_everybody_goes_on(joins, alice, bob, monkeypatch):
    first, last = await joins(alice), await joins(bob)
    seats = room_of(first).seats
    moments = [(0.0, seats[author_id(first)]), (0.5, seats[author_id(last)])]
    monkeypatch.setattr(draining, "schedule", lambda people, longest: moments)
    drained = asyncio.create_task(hubs.drain())
    assert await first.is_closed() == 1012
    await last.submits(["x"])
    assert await last.reaches(2) == "xhello"
    assert last.acknowledged == [(1, 2)]
    assert await last.is_closed() == 1012
    await drained


async def test_an_answer_that_does_not_come_is_not_waited_for(joins, commits, alice, monkeypatch):
    monkeypatch.setattr(draining, "ANSWER_PATIENCE", 0.05)
    monkeypatch.setattr(hubs, "SETTLING", 0.05)
    author = await joins(alice)
    commits.gate.clear()
    await author.submits(["x"])
    await eventually(lambda: len(commits.batches) == 1)
    drained = asyncio.create_task(hubs.drain())
    assert await author.is_closed() == 1012
    await asyncio.wait_for(drained, 5)
    assert author.acknowledged == []


async def test_a_commit_that_fails_is_not_tried_again_when_all_is_over(joins, commits, alice, monkeypatch, caplog):
    monkeypatch.setattr(draining, "ANSWER_PATIENCE", 0.05)
    monkeypatch.setattr(hubs, "SETTLING", 0.05)
    author = await joins(alice)
    commits.failures.extend([DatabaseError("away")] * 1000)
    await author.submits(["x"])
    await eventually(lambda: len(commits.batches) >= 1)
    drained = asyncio.create_task(hubs.drain())
    assert await author.is_closed() == 1012
    await asyncio.wait_for(drained, 5)
    tried = len(commits.batches)
    await asyncio.sleep(0.3)  # two pauses between tries, and more
    assert len(commits.batches) == tried
    assert "after shutdown" not in caplog.text


async def test_requests_are_finished_when_the_sockets_are_closed_and_still_announced(joins, edits, alice):
    socket = await joins(alice)
    room, passed_on = room_of(socket), []

    async def finish():
        assert not room.listeners
        await edits()
        await eventually(lambda: room.cursor == 2)
        passed_on.append(room.cursor)

    await asyncio.gather(hubs.drain(finish), socket.is_closed())
    assert passed_on == [2]


async def test_what_nobody_listens_to_is_drained_as_well():
    finished = []

    async def finish():
        finished.append(True)

    await hubs.drain(finish)
    assert finished == [True]


@pytest.mark.parametrize("token", [None, "some token"])
async def test_a_newcomer_is_sent_elsewhere_before_the_handshake_where_that_can_be_said(joins, alice, document, token):
    await joins(alice)
    await hubs.drain()
    late = JsonSocket(document.id, token)
    late.line.scope["extensions"] = {"websocket.http.response": {}}
    answer = await late.opens()
    assert (answer["type"], answer["status"]) == ("websocket.http.response.start", 503)
    assert (b"retry-after", b"1") in answer["headers"]


def author_id(socket: JsonSocket):
    return next(client_id for client_id in room_of(socket).seats if str(client_id) == socket.client_id)
