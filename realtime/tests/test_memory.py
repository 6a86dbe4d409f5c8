"""What Redis remembers of who is present: it shows though the broker carries nothing, and ends with its process."""

import asyncio
import os
import shutil
import time
import uuid

import orjson
import pytest
from django.core.cache import caches

from realtime import memory
from realtime.elsewhere import Here, Person
from realtime.memory import LASTS, PROCESSES, exchange, forget
from realtime.presence import UNTOLD_AFTER
from realtime.tests.clients import eventually
from realtime.tests.processes import Layer
from tests.redis_server import RedisServer, use

pytestmark = pytest.mark.skipif(
    not shutil.which("redis-server") and not os.environ.get("CI"), reason="LEFT OUT: redis-server is not installed"
)
TIME_OUT = 0.5  # seconds that Redis has for an answer
DOCUMENT, OTHER = uuid.uuid4(), uuid.uuid4()


@pytest.fixture
def redis(tmp_path, settings, monkeypatch):
    started = RedisServer(tmp_path).start()
    use(started.url, settings, monkeypatch)
    yield started
    started.kill()


def here(document_id=DOCUMENT, name="bob", told=1) -> Here:
    user = {"id": str(uuid.uuid4()), "name": name, "color": "#000000"}
    return Here(document_id, 1, told, (Person(uuid.uuid4(), user, ((1, 1),), 1),))


def client():
    return caches["default"].client.get_client()


# --- What lies there ---


def test_it_works(redis):
    told = here()
    assert exchange("a", [told, here(OTHER)]) == []
    [(age, document_id, packed)] = exchange("b", [here()])
    assert 0 <= age < 1 and document_id == DOCUMENT
    assert orjson.loads(packed) == orjson.loads(orjson.dumps(told))


def test_where_nobody_is_here_nothing_is_written_nor_read(redis):
    exchange("a", [here()])
    assert exchange("b", []) == [] and client().smembers(PROCESSES) == {b"a"}
    exchange("a", [])
    assert exchange("b", [here()]) == []


def test_what_a_process_wrote_ends_with_it(redis):
    exchange("a", [here()])
    assert 0 < client().pttl(f"{PROCESSES}:a") <= LASTS == 1000 * UNTOLD_AFTER
    client().pexpire(f"{PROCESSES}:a", LASTS - 20_000)  # so long ago
    [(age, _, _)] = exchange("b", [here()])
    assert age == pytest.approx(20, abs=1)
    client().delete(f"{PROCESSES}:a")
    assert exchange("b", [here()]) == [] and client().smembers(PROCESSES) == {b"b"}


def test_who_is_forgotten_is_gone(redis):
    exchange("a", [here()])
    forget("a")
    assert redis.count() == 0


def test_an_emptied_one_is_written_again(redis):
    exchange("a", [here()])
    redis.asked("FLUSHALL")
    assert exchange("b", [here()]) == []
    exchange("a", [here()])
    assert len(exchange("b", [here()])) == 1


# --- Two processes ---


@pytest.fixture
async def pair(redis, processes, alice, bob):
    """Alice in process a, bob in process b, and a broker that carries nothing."""
    a, b, joins = await processes(Layer(lose=1.0))
    return a, b, await joins(a, alice), await joins(b, bob)


async def looks(*processes):
    for process in processes:
        process._memory.look(process.rooms)
        await asyncio.wait({process._memory._looking})


def seen_in(process) -> dict:
    return {p.user["name"]: p.selection for room in process.rooms.values() for p in room.presences}


async def test_each_look_shows_who_is_elsewhere(pair):
    a, b, one, two = pair
    await two.says("presence", base_version=1, selection=[[0, 5]])
    await two.heard_all()
    await b.tick()
    await asyncio.wait({b._memory._looking})
    await a.tick()
    shown = await one.hears_presence()
    assert (shown["client_id"], shown["selection"], shown["user"]["name"]) == (two.client_id, [[0, 5]], "bob")
    await looks(b)
    assert seen_in(b) == {"bob": ((0, 5),), "alice": ()}


async def test_who_left_is_gone_when_their_process_says_so_or_has_ended(pair):
    a, b, one, _ = pair
    await looks(b, a)
    assert seen_in(a).keys() == {"alice", "bob"}
    await b.drain()
    await looks(a)
    [room] = a.rooms.values()
    room.presences.clock = lambda: time.monotonic() + UNTOLD_AFTER + 1
    await one.heard_all()
    await a.tick()
    assert seen_in(a).keys() == {"alice"}


async def test_what_lies_there_and_is_not_ours_harms_nothing(pair):
    a, b, *_ = pair
    [document_id] = a.rooms
    for n, nonsense in enumerate(("", "x", "[]", "{}", '{"people": 7}', b"\xff")):
        client().hset(f"{PROCESSES}:{n}", str(document_id), nonsense)
        client().pexpire(f"{PROCESSES}:{n}", LASTS)
        client().sadd(PROCESSES, n)
    await looks(b, a)
    assert seen_in(a).keys() == {"alice", "bob"} and a._memory._looking.exception() is None
    client().set(f"{PROCESSES}:0", "not a hash")
    await looks(b, a)
    assert a._memory._looking.exception() is None


@pytest.mark.parametrize("act", ["kill", "hang", "fill"])
async def test_in_trouble_it_keeps_nothing_waiting_and_heals(pair, redis, act, caplog, settings, monkeypatch):
    a, b, one, two = pair
    await looks(b, a)
    getattr(redis, act)()
    loop = asyncio.get_running_loop()
    began = loop.time()
    for _ in range(3):
        await a.tick()  # each begins a look, and none waits
    await one.submits(["x"])
    assert await one.reaches(2) == "xhello" and loop.time() - began < TIME_OUT
    await looks(b, a)
    assert a._memory._looking.exception() is None
    {"kill": redis.start, "hang": redis.wake, "fill": redis.empty}[act]()
    use(redis.url, settings, monkeypatch)  # it is asked again at once
    await two.says("presence", base_version=1, selection=[[2, 2]])
    await two.heard_all()
    await looks(b, a)
    await eventually(lambda: seen_in(a)["bob"] == ((3, 3),))
    assert len([r for r in caplog.records if r.name == "collabdocs.redis"]) <= 2


async def test_while_a_look_takes_long_there_is_no_other(pair, monkeypatch):
    a, *_ = pair
    began, go = [], asyncio.Event()
    loop = asyncio.get_running_loop()

    def slow(name, here):
        began.append(name)
        asyncio.run_coroutine_threadsafe(go.wait(), loop).result(10)
        return []

    monkeypatch.setattr(memory, "exchange", slow)
    for _ in range(5):
        await a.tick()
    await eventually(lambda: began)
    go.set()
    await asyncio.wait({a._memory._looking})
    assert len(began) == 1
    await a.tick()
    await eventually(lambda: len(began) == 2)
