"""Two processes over one channel layer, which may lose, double, reorder or refuse: everybody comes to one text."""

import asyncio
import random

import pytest

from documents import history, services, sharing, trash
from documents.events import Committed
from realtime import hub as hubs
from realtime import wire
from realtime.tests.clients import eventually
from realtime.tests.processes import Layer


async def test_it_works(processes, alice, bob):
    layer = Layer()
    a, b, joins = await processes(layer)
    one, two = await joins(a, alice), await joins(b, bob)
    await one.submits(["A"])
    assert await two.reaches(2) == "Ahello"
    await two.submits(["B"])
    assert await one.reaches(3) == "BAhello"
    await two.reaches(3)
    assert two.acknowledged == [(1, 3)] and layer.sent == 2
    assert a.rooms.keys() == b.rooms.keys()


async def test_concurrent_edits_in_both(processes, alice, bob):
    a, b, joins = await processes(Layer())
    one, two = await joins(a, alice), await joins(b, bob)
    for _ in range(20):
        await one.submits(["A"])
        await two.submits(["B"])
        while len(one.acknowledged) < one.seq:
            await one.hears_operations()
        while len(two.acknowledged) < two.seq:
            await two.hears_operations()
    assert await one.reaches(41) == await two.reaches(41)


async def test_titles_roles_and_the_end_are_told(processes, calls, alice, bob, document):
    a, b, joins = await processes(Layer())
    one, two = await joins(a, alice), await joins(b, bob)
    executor = a._lanes.executor  # a view of process a would announce from a thread of process a

    async def in_a(verb, *args, **kwargs):
        await asyncio.get_running_loop().run_in_executor(executor, lambda: verb(document, *args, **kwargs))

    await in_a(services.rename_document, title="New", actor=alice)
    assert (await two.hears("document"))["title"] == "New"
    await in_a(sharing.set_role, user=bob, role="viewer", actor=alice)
    assert (await two.hears("role"))["role"] == "viewer"
    await in_a(trash.delete_document, actor=alice)
    assert [await one.is_closed(), await two.is_closed()] == [4404, 4404]


async def test_a_large_one_is_fetched_from_the_log(processes, alice, bob):
    a, b, joins = await processes(Layer())
    one, two = await joins(a, alice), await joins(b, bob)
    await one.submits(["x" * 100_000])
    assert await two.reaches(2) == "x" * 100_000 + "hello"


async def test_what_was_lost_is_found_by_the_next_announcement(processes, alice, bob):
    layer = Layer()
    a, b, joins = await processes(layer)
    one, two = await joins(a, alice), await joins(b, bob)
    layer.lose = 1.0
    await one.submits(["A"])
    await one.reaches(2)
    await eventually(lambda: layer.sent == 1)
    layer.lose = 0.0
    await one.submits(["B"])
    assert await two.reaches(3) == "BAhello"


async def test_what_is_announced_while_the_room_is_being_opened_is_not_lost(processes, joining_slowly, alice, bob):
    a, b, joins = await processes(Layer())
    one, two = await joins(a, alice), await joins.opens(b, bob)
    async with joining_slowly(two, "open_log"):
        await one.submits(["A"])
        await one.reaches(2)
        await eventually(lambda: any(b._early.values()))
    assert await two.reaches(2) == "Ahello"


async def test_what_was_lost_is_found_by_the_tick(processes, alice, bob):
    layer = Layer(lose=1.0)
    a, b, joins = await processes(layer)
    one, two = await joins(a, alice), await joins(b, bob)
    await one.submits(["A"])
    await one.reaches(2)
    await b.tick()
    assert await two.reaches(2) == "Ahello"


async def test_what_a_command_outside_wrote_is_found_by_the_tick(processes, edits, alice):
    a, b, joins = await processes(Layer())
    one, two = await joins(a, alice), await joins(b, alice)
    await edits("x", 3)
    await a.tick()
    await b.tick()
    assert await one.reaches(4) == await two.reaches(4) == "xxxhello"


async def test_an_author_behind_a_lost_announcement_is_acknowledged_without_a_tick(processes, alice, bob):
    layer = Layer(lose=1.0)
    a, b, joins = await processes(layer)
    one, two = await joins(a, alice), await joins(b, bob)
    await one.submits(["A"])
    await one.reaches(2)
    await two.submits(["B"])
    assert await two.reaches(3) == "BAhello" and two.acknowledged == [(1, 3)]


async def test_a_resend_to_the_other_process_is_answered(processes, alice):
    a, b, joins = await processes(Layer(lose=1.0))
    one = await joins(a, alice)
    await one.submits(["A"])
    await one.reaches(2)
    two = await joins(b, alice, client_id=one.client_id)
    await two.submits(["A"], seq=1, base=1)
    await two.hears_operations()
    assert two.acknowledged == [(1, 2)] and two.text == "Ahello"


async def test_nonsense_from_the_layer_harms_nothing(processes, alice, bob, document, caplog):
    layer = Layer()
    a, b, joins = await processes(layer)
    one, two = await joins(a, alice), await joins(b, bob)
    for message in ({}, {"origin": "x"}, {"body": "nonsense"}, {"type": "document.event", "origin": "x", "body": "{}"}):
        await layer.group_send(wire._group(document.id), message)
    started = asyncio.get_running_loop().time()
    await one.submits(["A"])
    assert await two.reaches(2) == "Ahello"
    assert asyncio.get_running_loop().time() - started < 0.9  # nor holds anything up


async def test_a_closed_room_is_not_heard_any_more_and_a_reopened_one_is(processes, alice, bob, document, monkeypatch):
    layer = Layer()
    a, b, joins = await processes(layer)
    one, two = await joins(a, alice), await joins(b, bob)
    await two.leaves()
    monkeypatch.setattr(hubs, "IDLE_ROOM", -1.0)
    await b.tick()
    assert b.rooms == {} and len(layer.groups[wire._group(document.id)]) == 1
    two = await joins(b, bob)
    await one.submits(["A"])
    assert await two.reaches(2) == "Ahello"


async def test_a_broker_that_is_away_keeps_nobody_from_editing(processes, alice, bob, monkeypatch):
    """Opening, editing and the tick go on; when it is back, it is heard again."""
    monkeypatch.setattr(wire, "SUBSCRIBE_PATIENCE", 0.05)
    monkeypatch.setattr(wire, "PATIENCE", 0.05)
    layer, back = Layer(), asyncio.Event()

    async def hang(*_):
        await back.wait()

    with monkeypatch.context() as away:
        away.setattr(layer, "group_add", hang)
        away.setattr(layer, "group_send", hang)
        away.setattr(layer, "group_discard", hang)
        a, b, joins = await processes(layer)
        one, two = await joins(a, alice), await joins(b, bob)
        await one.submits(["A"])
        assert await one.reaches(2) == "Ahello"
        await a.tick()
        await b.tick()
        assert await two.reaches(2) == "Ahello"
    for hub in (a, b):
        await hub.tick()
    await eventually(lambda: a._wire._outbox.empty() and b._wire._outbox.empty())
    await one.submits(["B"])
    assert await two.reaches(3) == "BAhello"


async def test_a_layer_that_can_not_be_received_from_is_listened_to_again(processes, alice, bob, monkeypatch):
    monkeypatch.setattr(wire.asyncio, "sleep", _no_sleep)
    layer = Layer()
    receive, failures = layer.receive, [OSError("away")] * 3

    async def fails(channel):
        if failures:
            raise failures.pop()
        return await receive(channel)

    layer.receive = fails
    a, b, joins = await processes(layer)
    one, two = await joins(a, alice), await joins(b, bob)
    await one.submits(["A"])
    assert await two.reaches(2) == "Ahello"


async def test_a_full_outbox_drops_and_the_log_heals(processes, alice, bob, monkeypatch, document):
    monkeypatch.setattr(wire, "OUTBOX", 1)
    a, b, joins = await processes(Layer())
    one, two = await joins(a, alice), await joins(b, bob)
    for _ in range(5):
        a._wire.tell(Committed(document.id, ()))  # within one turn of the loop: no room for four of them
    assert a._wire._outbox.qsize() == 1
    await one.submits(["A"])
    await one.reaches(2)
    await b.tick()
    assert await two.reaches(2) == "Ahello"


FAULTS = {
    "loses": {"lose": 0.2},
    "doubles": {"double": 0.2},
    "reorders": {"hold": 0.3},
    "refuses": {"refuse": 0.2},
    "all of it": {"lose": 0.2, "double": 0.2, "hold": 0.2, "refuse": 0.2},
    "capacity of one": {"capacity": 1},
}


@pytest.mark.parametrize("seed", [1, 2])
@pytest.mark.parametrize("faults", FAULTS.values(), ids=FAULTS)
async def test_everybody_converges(processes, calls, alice, bob, document, faults, seed):
    """Four clients in two processes, each with one submission in flight; the layer does its worst."""
    layer = Layer(seed=seed, **faults)
    a, b, joins = await processes(layer)
    sockets = [await joins(a, alice), await joins(a, bob), await joins(b, alice), await joins(b, bob)]
    rng = random.Random(seed)

    async def types(socket):
        for _ in range(25):
            place = rng.randint(0, len(socket.text))
            text = rng.choice(["a", "bc", "😀", "\n"])
            deleted = rng.randint(0, min(2, len(socket.text) - place))
            await socket.submits([place, text, -deleted])
            while len(socket.acknowledged) < socket.seq:
                await socket.hears_operations()

    await asyncio.gather(*map(types, sockets))
    await a.tick()
    await b.tick()
    texts = [await socket.reaches(101) for socket in sockets]
    version, stored = await calls(history.current_text, document.id)
    assert version == 101 and texts == [stored] * 4, f"seed {seed}"
    assert all([seq for seq, _ in socket.acknowledged] == list(range(1, 26)) for socket in sockets), f"seed {seed}"


_sleep = asyncio.sleep


async def _no_sleep(seconds):
    await _sleep(min(seconds, 0.001))
