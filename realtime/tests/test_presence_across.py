"""Two processes over one channel layer: everybody sees everybody, whatever the layer loses, and a client sits once."""

import asyncio
import time
import uuid

import pytest

from documents.events import Committed
from realtime.elsewhere import LONELY_ROLL, ROLL
from realtime.presence import EXPIRES_AFTER, UNTOLD_AFTER
from realtime.tests.clients import Closed, eventually
from realtime.tests.processes import Layer


@pytest.fixture
def passes():
    """`passes(31, a, b)`: so many seconds, for the presences of these processes."""
    passed: dict = {}

    def wait(seconds, *processes):
        for process in processes:
            passed[process] = passed.get(process, 0.0) + seconds
            for room in process.rooms.values():
                room.presences.clock = lambda p=passed[process]: time.monotonic() + p

    return wait


def seen_in(process) -> dict:
    """Who is present, by name, as a process knows it."""
    return {p.user["name"]: p.selection for room in process.rooms.values() for p in room.presences}


async def test_it_works(processes, alice, bob):
    a, b, joins = await processes(Layer())
    one = await joins(a, alice)
    two = await joins(b, bob)
    arrived = await one.hears_presence()
    assert (arrived["client_id"], arrived["selection"]) == (two.client_id, [])
    assert arrived["user"]["name"] == "bob" and arrived["user"]["color"].startswith("#")
    await two.says("presence", base_version=1, selection=[[0, 5], [2, 2]])
    assert (await one.hears_presence())["selection"] == [[0, 5], [2, 2]]
    await two.leaves()
    assert (await one.hears_presence())["selection"] is None


async def test_a_joiner_hears_of_everybody_in_another_process(processes, alice, bob, vera):
    a, b, joins = await processes(Layer())
    there = [await joins(b, user) for user in (bob, vera)]
    await there[0].says("presence", base_version=1, selection=[[3, 3]])
    await there[0].heard_all()
    one = await joins(a, alice)
    heard = {}
    while len(heard) < 2 or not heard[there[0].client_id]:
        message = await one.hears_presence()
        heard[message["client_id"]] = message["selection"]
    assert heard == {there[0].client_id: [[3, 3]], there[1].client_id: []}
    late = await joins.opens(a, alice)
    assert {p["client_id"] for p in (await late.joins())["presence"]} == {one.client_id, *heard}


async def test_selections_move_through_edits_of_both(processes, alice, bob):
    a, b, joins = await processes(Layer())
    one, two = await joins(a, alice), await joins(b, bob)
    await one.hears_presence()
    await two.says("presence", base_version=1, selection=[[2, 5]])
    assert (await one.hears_presence())["selection"] == [[2, 5]]
    await one.submits([1, "ab"])
    await two.reaches(2)
    await two.submits(["c"])
    await one.reaches(3)
    assert seen_in(a)["bob"] == seen_in(b)["bob"] == ((5, 8),)


async def test_a_caret_that_comes_before_its_text_waits_for_it(processes, alice, bob, document):
    layer = Layer()
    a, b, joins = await processes(layer)
    one, two = await joins(a, alice), await joins(b, bob)
    await one.hears_presence()
    layer.lose = 1.0
    await two.submits([5, "!!"])
    await two.reaches(2)
    await eventually(lambda: layer.sent == 1)
    layer.lose = 0.0
    await two.says("presence", base_version=2, selection=[[7, 7]])
    told = layer.told
    await eventually(lambda: layer.told > told)
    assert await one.heard_all() == [] and seen_in(a)["bob"] == ()
    a.act_on(Committed(document.id, ()))  # the look of every two seconds
    assert await one.reaches(2) == "hello!!"
    assert (await one.hears_presence())["selection"] == [[7, 7]]


async def test_who_is_idle_stays_and_who_died_goes(processes, passes, alice, bob, document):
    a, b, joins = await processes(Layer())
    one, two = await joins(a, alice), await joins(b, bob)
    await one.hears_presence()
    for _ in range(5):
        passes(ROLL, a, b)
        for socket in (one, two):
            await socket.says("ping")
            await socket.hears("pong")
        told = b.rooms[document.id].elsewhere._told
        await b.tick()
        await eventually(lambda told=told: b.rooms[document.id].elsewhere._told > told)
        await a.tick()
    assert seen_in(a).keys() == {"alice", "bob"}
    passes(UNTOLD_AFTER + 1, a)  # b does not tick any more
    await one.says("ping")
    await a.tick()
    assert seen_in(a).keys() == {"alice"}
    assert (await one.hears_presence())["selection"] is None


async def test_who_gives_no_sign_of_life_leaves_everywhere(processes, passes, alice, bob, document):
    a, b, joins = await processes(Layer())
    one, two = await joins(a, alice), await joins(b, bob)
    await one.hears_presence()
    for _ in range(2):
        passes(EXPIRES_AFTER / 2 + 1, a, b)
        await one.heard_all()
        await a.tick()
        await eventually(lambda: b.rooms[document.id].elsewhere.is_shared)
    await b.tick()
    gone = await one.hears_presence()
    assert (gone["client_id"], gone["selection"]) == (two.client_id, None)
    await two.says("ping")
    assert (await one.hears_presence())["selection"] == []


@pytest.mark.parametrize("faults", [{"lose": 1.0}, {"refuse": 1.0}], ids=["lost", "refused"])
async def test_after_a_time_without_a_broker_the_roll_heals(processes, passes, alice, bob, faults):
    layer = Layer(**faults)
    a, b, joins = await processes(layer)
    one, two = await joins(a, alice), await joins(b, bob)
    await two.says("presence", base_version=1, selection=[[1, 1]])
    await two.heard_all()
    await a.tick()
    assert seen_in(a).keys() == {"alice"} and seen_in(b).keys() == {"bob"}
    await eventually(lambda: a._wire._outbox.empty() and b._wire._outbox.empty())
    layer.lose = layer.refuse = 0.0
    for _ in range(3):
        passes(LONELY_ROLL / 3, a, b)
        for socket in (one, two):
            await socket.heard_all()
    await b.tick()
    shown = await one.hears_presence()
    assert (shown["client_id"], shown["selection"]) == (two.client_id, [[1, 1]])
    await eventually(lambda: "alice" in seen_in(b))  # whom a tells of, having heard of b


async def test_alone_in_a_document_nobody_is_told_of_moving_carets(processes, alice, bob, document):
    layer = Layer()
    a, _, joins = await processes(layer)
    one, two = await joins(a, alice), await joins(a, bob)
    await one.hears_presence()
    await eventually(lambda: not a.rooms[document.id].elsewhere._news and not a._wire._outbox._unfinished_tasks)
    told = layer.told
    for place in range(5):
        await two.says("presence", base_version=1, selection=[[place, place]])
        await one.hears_presence()
    await one.heard_all()
    assert told <= 2 and layer.told == told


async def test_with_a_busy_broker_nobody_speaks_of_presence(processes, alice, bob, document):
    a, _, joins = await processes(Layer())
    await joins(a, alice)
    for _ in range(150):
        a._wire.tell(Committed(document.id, ()))
    waiting = a._wire._outbox.qsize()
    a.rooms[document.id].elsewhere._tell_all()
    a.rooms[document.id].elsewhere.tell_now()
    assert a._wire._outbox.qsize() == waiting


# --- One client, one seat ---


async def test_who_joins_in_another_process_closes_the_former_socket(processes, alice, bob):
    a, b, joins = await processes(Layer(double=1.0))
    old, other = await joins(a, alice), await joins(a, bob)
    new = await joins(b, alice, client_id=old.client_id)
    assert await old.is_closed() == 4409
    await new.submits(["x"])
    assert await other.reaches(2) == "xhello"
    assert {m["selection"] is None for m in await other.heard_all() if m["type"] == "presence"} <= {False}
    await eventually(lambda: seen_in(a).keys() == seen_in(b).keys() == {"alice", "bob"})
    again = await joins(a, alice, client_id=old.client_id)  # and back
    assert await new.is_closed() == 4409
    await again.submits(["y"], seq=2)
    assert await other.reaches(3) == "yxhello"


@pytest.mark.parametrize("faults", [{}, {"double": 1.0}, {"hold": 0.5, "seed": 3}], ids=str)
async def test_of_two_joins_at_once_one_stays(processes, alice, faults):
    a, b, joins = await processes(Layer(**faults))
    client_id = str(uuid.uuid4())
    two = [await joins.opens(process, alice, client_id=client_id) for process in (a, b)]
    await asyncio.gather(*(socket.joins() for socket in two))
    codes = []
    for socket in two:
        try:
            await socket.submits(["x"], seq=1, base=1)  # the same, once
            await socket.hears_operations()
        except Closed as closed:
            codes.append(closed.args[0])
    assert codes in ([], [4409])


async def test_a_join_that_took_long_does_not_close_a_later_one_elsewhere(processes, joining_slowly, alice):
    """Its line may be dead, and nobody has noticed: the later one is the client's own."""
    a, b, joins = await processes(Layer())
    client_id = str(uuid.uuid4())
    stale = await joins.opens(a, alice, client_id=client_id)
    async with joining_slowly(stale):
        await asyncio.sleep(0.002)  # joins are told apart by the millisecond
        new = await joins(b, alice, client_id=client_id)
        await eventually(lambda: "alice" in seen_in(a))
    assert await stale.is_closed() == 4409
    await new.submits(["x"])
    assert await new.reaches(2) == "xhello"


async def test_nobody_takes_a_client_of_somebody_in_another_process(processes, alice, bob):
    a, b, joins = await processes(Layer())
    one, two = await joins(a, alice), await joins(b, bob)
    await eventually(lambda: "alice" in seen_in(b))
    thief = await joins.opens(b, bob, client_id=one.client_id)
    assert (await thief.joins())["code"] == "forbidden" and await thief.is_closed() == 4403
    await one.submits(["x"])
    assert await two.reaches(2) == "xhello"


async def test_a_process_that_drains_leaves_no_ghosts(processes, alice, bob):
    a, b, joins = await processes(Layer())
    one, two = await joins(a, alice), await joins(b, bob)
    await one.hears_presence()
    draining = asyncio.create_task(b.drain())
    assert await two.is_closed() == 1012
    assert (await one.hears_presence())["selection"] is None
    await draining


@pytest.mark.parametrize("seed", [1, 2])
async def test_whatever_the_layer_does_everybody_is_seen_in_the_end(processes, passes, alice, bob, vera, seed):
    layer = Layer(seed=seed, lose=0.3, double=0.3, hold=0.3, refuse=0.2)
    a, b, joins = await processes(layer)
    sockets = [await joins(a, alice), await joins(b, bob), await joins(b, vera)]
    for n in range(10):
        for socket in sockets:
            await socket.says("presence", base_version=1, selection=[[n % 6, 0]])
            await socket.heard_all()
        await a.tick()
        await b.tick()
    layer.lose = layer.double = layer.hold = layer.refuse = 0.0
    for _ in range(2):
        for _ in range(3):
            passes(LONELY_ROLL / 3, a, b)
            for socket in sockets:
                await socket.heard_all()
        await a.tick()
        await b.tick()
        await eventually(lambda: a._wire._outbox.empty() and b._wire._outbox.empty())
    await eventually(lambda: seen_in(a) == seen_in(b) == dict.fromkeys(["alice", "bob", "vera"], ((3, 0),)))
