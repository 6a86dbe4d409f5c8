"""One client, one seat: who joins again with the same client_id takes over, and the former socket is closed 4409."""

import asyncio
from uuid import UUID

from realtime.tests.clients import eventually, presences_of, room_of


async def test_it_works(joins, alice):
    old = await joins(alice)
    new = await joins(alice, client_id=old.client_id)
    assert await old.is_closed() == 4409
    await new.submits(["x"])
    assert await new.reaches(2) == "xhello"


async def test_the_former_socket_is_not_heard_any_more(joins, alice, bob):
    """It may not have read the close yet, and goes on typing: the two are never mixed."""
    old, other = await joins(alice), await joins(bob)
    new = await joins(alice, client_id=old.client_id)
    await old.submits(["old"])
    await old.says("presence", base_version=1, selection=[[3, 3]])
    await old.says("ping")
    assert await old.is_closed() == 4409
    await new.submits(["new"])
    assert await other.reaches(2) == "newhello"
    assert presences_of(new)[new.client_id] == ()


async def test_when_the_former_socket_goes_the_new_one_stays(joins, alice, bob):
    old, other = await joins(alice), await joins(bob)
    new = await joins(alice, client_id=old.client_id)
    await old.is_closed()
    await old.leaves()
    assert set(room_of(new).seats) == {UUID(new.client_id), UUID(other.client_id)}
    assert all(m["selection"] is not None for m in await other.heard_all() if m["type"] == "presence")
    await new.leaves()
    await eventually(lambda: list(room_of(other).seats) == [UUID(other.client_id)])
    assert (await other.hears_presence())["selection"] is None


async def test_many_tabs_of_one_person_do_not_disturb_each_other(joins, alice):
    one, two = await joins(alice), await joins(alice)
    await one.submits(["1"])
    await two.reaches(2)
    await two.submits(["2"])
    assert await one.reaches(3) == await two.reaches(3) == "21hello"


async def test_a_join_that_took_long_does_not_take_the_seat_of_a_later_one(joins, connects, joining_slowly, alice):
    """Its line may be dead, and nobody has noticed: the later one is the client's own."""
    stale = await connects(alice)
    async with joining_slowly(stale):
        await asyncio.sleep(0.002)  # joins are told apart by the millisecond
        new = await joins(alice, client_id=stale.client_id)
    assert await stale.is_closed() == 4409
    await new.submits(["x"])
    assert await new.reaches(2) == "xhello"
