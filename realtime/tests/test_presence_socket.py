"""Presence on the wire: shown to the others at most ten times a second, moved with the text, gone when nobody is."""

import time

import pytest

from realtime import hub as hubs
from realtime import presence
from realtime.presence import EXPIRES_AFTER


@pytest.fixture
def clock(monkeypatch):
    """The presences' time; `clock.passes(31)`."""

    class Clock:
        passed = 0.0

        def passes(self, seconds):
            self.passed += seconds
            for room in hubs.current().rooms.values():
                room.presences.clock = lambda: time.monotonic() + self.passed

    return Clock()


async def test_it_works(joins, alice, bob):
    one, two = await joins(alice), await joins(bob)
    await one.hears_presence()
    await two.says("presence", base_version=1, selection=[[0, 5], [2, 2]])
    shown = await one.hears_presence()
    assert shown["client_id"] == two.client_id and shown["user"]["name"] == "bob"
    assert shown["user"]["color"].startswith("#") and shown["user"]["id"] == str(bob.id)
    assert (shown["version"], shown["selection"]) == (1, [[0, 5], [2, 2]])
    assert await two.heard_all() == []  # not to the one it came from


async def test_joining_and_leaving_are_shown(joins, alice, bob):
    one, two = await joins(alice), await joins(bob)
    assert (await one.hears_presence())["selection"] == []
    await two.leaves()
    assert (await one.hears_presence())["selection"] is None


async def test_viewers_are_present_too(joins, alice, vera):
    one, two = await joins(alice), await joins(vera)
    await one.hears_presence()
    await two.says("presence", base_version=1, selection=[[1, 1]])
    assert (await one.hears_presence())["selection"] == [[1, 1]]


async def test_a_selection_is_moved_over_what_its_client_had_not_seen(joins, alice, bob):
    one, two = await joins(alice), await joins(bob)
    await one.hears_presence()
    await one.submits(["xx"])
    await one.reaches(2)
    await two.says("presence", base_version=1, selection=[[0, 5]])
    shown = await one.hears_presence()
    assert (shown["version"], shown["selection"]) == (2, [[0, 7]])


async def test_what_is_stored_is_moved_through_each_batch(joins, connects, alice, bob, carol):
    one, two = await joins(alice), await joins(bob)
    await two.says("presence", base_version=1, selection=[[2, 5]])
    await two.heard_all()
    await one.submits([1, "ab"])
    await one.reaches(2)
    joined = await (await connects(carol)).joins()
    shown = {p["client_id"]: (p["version"], p["selection"]) for p in joined["presence"]}
    assert shown == {one.client_id: (2, []), two.client_id: (2, [[4, 7]])}


async def test_from_a_base_long_ago_or_in_the_future_nothing_is_shown(joins, alice, bob):
    one, two = await joins(alice), await joins(bob)
    await one.hears_presence()
    for base in (0, 99):
        await two.says("presence", base_version=base, selection=[[0, 0]])
    assert await two.heard_all() == [] and await one.heard_all() == []


async def test_what_is_much_work_to_move_is_not_shown(joins, alice, bob, monkeypatch):
    one, two = await joins(alice), await joins(bob)
    await one.hears_presence()
    await one.submits([1, "a", 1, "b"])
    await one.reaches(2)
    monkeypatch.setattr(presence, "MOST_EFFORT", 11)
    await two.says("presence", base_version=1, selection=[[0, 0], [2, 2]])
    await two.heard_all()
    await two.says("presence", base_version=1, selection=[[2, 2]])
    assert (await one.hears_presence())["selection"] == [[3, 3]]


async def test_a_position_beyond_the_text_is_an_error(joins, alice):
    socket = await joins(alice)
    await socket.says("presence", base_version=1, selection=[[0, 6]])
    assert (await socket.hears("error"))["code"] == "invalid_message"


async def test_at_most_ten_a_second(joins, alice, bob):
    one, two = await joins(alice), await joins(bob)
    await one.hears_presence()
    started, shown = time.monotonic(), []
    position = 0
    while time.monotonic() - started < 0.5:
        position = (position + 1) % 5
        await two.says("presence", base_version=1, selection=[[position, position]])
        shown += await two.heard_all()
    await two.says("presence", base_version=1, selection=[[5, 5]])
    heard = [await one.hears_presence()]
    while heard[-1]["selection"] != [[5, 5]]:  # the last one always comes
        heard.append(await one.hears_presence())
    assert len(heard) <= 7 and shown == []


async def test_who_gives_no_sign_of_life_is_forgotten(joins, clock, alice, bob):
    one, two = await joins(alice), await joins(bob)
    await one.hears_presence()
    clock.passes(EXPIRES_AFTER - 1)
    await one.says("ping")
    await one.hears("pong")
    clock.passes(2)
    await hubs.current().tick()
    gone = await one.hears_presence()
    assert (gone["client_id"], gone["selection"]) == (two.client_id, None)
    assert (await one.heard_all()) == []


async def test_who_comes_back_to_life_is_present_again(joins, clock, alice, bob):
    one, two = await joins(alice), await joins(bob)
    await one.hears_presence()
    clock.passes(EXPIRES_AFTER - 1)
    await one.says("ping")
    await one.hears("pong")
    clock.passes(2)
    await hubs.current().tick()
    assert (await one.hears_presence())["selection"] is None
    await two.says("ping")
    back = await one.hears_presence()
    assert (back["client_id"], back["selection"]) == (two.client_id, [])


async def test_who_types_is_alive(joins, clock, alice, bob):
    one, two = await joins(alice), await joins(bob)
    clock.passes(EXPIRES_AFTER - 1)
    for socket in (one, two):
        await socket.submits(["x"])
    await one.reaches(3)
    await two.reaches(3)
    clock.passes(2)
    await hubs.current().tick()
    assert [m for m in await two.heard_all() if m["type"] == "presence" and m["selection"] is None] == []


async def test_a_closed_socket_that_clings_to_its_line_is_no_ghost(joins, alice, bob):
    one, two = await joins(alice), await joins(bob)
    await one.hears_presence()
    seat = next(s for r in hubs.current().rooms.values() for s in r.seats.values() if str(s.client_id) == two.client_id)
    seat.close(4408)
    await hubs.current().tick()
    assert (await one.hears_presence())["selection"] is None
