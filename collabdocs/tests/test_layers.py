"""The layer between processes, on a real broker that is killed, closed, choked and paused under it."""

import asyncio
import gc
import logging
import os
import random
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import nullcontext, suppress
from typing import Any

import pamqp.commands
import pytest
from channels.exceptions import StopConsumer

from collabdocs import layers
from collabdocs.amqp import Line
from collabdocs.layers import RabbitmqLayer
from documents.tests.readings import Readings
from tests.rabbit import RabbitServer, needs_rabbit

pytestmark = needs_rabbit
PATIENCE = 1.0  # the layers', in seconds
SOON = 15.0  # seconds in which it must have recovered
Start = Callable[..., Awaitable[RabbitmqLayer]]


@pytest.fixture
async def start(rabbit: RabbitServer, caplog: pytest.LogCaptureFixture) -> AsyncIterator[Start]:
    """`await start()`: the layer of one more process. However it ends, nothing has failed with a traceback."""
    started: list[RabbitmqLayer] = []
    caplog.set_level(logging.INFO)

    async def one(url: str = rabbit.url, **options: Any) -> RabbitmqLayer:
        started.append(RabbitmqLayer(url, **{"patience": PATIENCE} | options))
        return started[-1]

    yield one
    for layer in started:
        async with asyncio.timeout(5):
            await layer.close()
    assert not [record for record in caplog.records if record.exc_info or record.levelno >= logging.ERROR]


class Ear:
    """Reads one channel for ever, and remembers."""

    def __init__(self, layer: RabbitmqLayer, channel: str) -> None:
        self.layer, self.channel = layer, channel
        self.heard: asyncio.Queue[Any] = asyncio.Queue()
        self.task = asyncio.create_task(self._listen())

    async def _listen(self) -> None:
        with suppress(StopConsumer):
            while True:
                self.heard.put_nowait((await self.layer.receive(self.channel))["text"])

    async def hears(self) -> Any:
        async with asyncio.timeout(SOON):
            return await self.heard.get()

    def has_heard(self) -> list[Any]:
        return [self.heard.get_nowait() for _ in range(self.heard.qsize())]


async def ear(layer: RabbitmqLayer, *groups: str) -> Ear:
    channel = await layer.new_channel()
    for group in groups:
        await layer.group_add(group, channel)
    return Ear(layer, channel)


def said(text: Any) -> dict[str, Any]:
    return {"type": "test", "text": text}


async def recovers(*all_of_them: RabbitmqLayer) -> None:
    async with asyncio.timeout(SOON):
        while not all(layer.is_connected for layer in all_of_them):  # noqa: ASYNC110
            await asyncio.sleep(0.02)


async def goes(layer: RabbitmqLayer) -> None:
    async with asyncio.timeout(SOON):
        while layer.is_connected:  # noqa: ASYNC110
            await asyncio.sleep(0.02)


async def cut(layer: RabbitmqLayer) -> None:
    """Its connection ends, as by a bad line."""
    layer._line.abandon()
    await goes(layer)


async def assert_refused_in(seconds: float, asked: Awaitable[None]) -> None:
    began = time.monotonic()
    with pytest.raises(ConnectionError):
        await asked
    assert time.monotonic() - began < seconds


# --- Well ---


async def test_it_works(start: Start) -> None:
    one, two = await start(), await start()
    anna, ben, carl = await ear(one, "g"), await ear(one, "g"), await ear(two, "g", "h")
    for number in range(50):
        await two.group_send("g", said(number))
    for who in (anna, ben, carl):
        assert [await who.hears() for _ in range(50)] == list(range(50))
    await one.group_send("h", said("only carl"))
    assert await carl.hears() == "only carl" and not anna.has_heard() + ben.has_heard()


async def test_a_message_to_a_channel_reaches_it_from_anywhere(start: Start) -> None:
    one, two = await start(), await start()
    anna, ben = await ear(one, "g"), await ear(one, "g")
    await cut(one)  # its next queue has another name
    await recovers(one)
    await two.send(anna.channel, said("psst"))
    await two.group_send("g", said("all"))
    assert [await anna.hears(), await anna.hears(), await ben.hears()] == ["psst", "all", "all"]


async def test_who_joined_and_has_not_left_hears_whatever_happened_between(start: Start) -> None:
    seed = int(os.environ.get("SEED") or random.randrange(2**32))
    print(f"SEED={seed}")
    rng, groups = random.Random(seed), ["g", "h", "i"]
    processes = [await start(patience=5), await start(patience=5)]
    ears = [await ear(layer) for layer in processes for _ in range(2)]
    members: dict[str, set[Ear]] = {group: set() for group in groups}
    for step in range(60):
        who, group = rng.choice(ears), rng.choice(groups)
        if rng.random() < 0.1:
            await recovers(who.layer)
            await cut(who.layer)
        elif rng.random() < 0.6:
            await recovers(who.layer)
            await who.layer.group_add(group, who.channel)
            members[group].add(who)
        else:
            await recovers(who.layer)
            await who.layer.group_discard(group, who.channel)
            members[group].discard(who)
        if step % 10 == 9:
            await recovers(*processes)
            for group in groups:
                await rng.choice(processes).group_send(group, said(group))
                for member in members[group]:
                    assert await member.hears() == group
    await asyncio.gather(*(layer.send(who.channel, said("end")) for layer in processes[:1] for who in ears))
    assert [await who.hears() for who in ears] == ["end"] * 4, "a message too many"


async def test_more_groups_than_a_connection_has_channels_come_back(start: Start) -> None:
    one, two = await start(patience=10), await start(patience=10)
    anna = await ear(one, *(f"g{number}" for number in range(2_100)))
    await cut(one)
    await recovers(one)
    for number in (0, 2_099):
        await two.group_send(f"g{number}", said(number))
        assert await anna.hears() == number


async def test_nonsense_ends_nothing(start: Start, caplog: pytest.LogCaptureFixture) -> None:
    layer = await start()
    anna = await ear(layer, "g")
    grown = Readings()
    for body in (b"", b"\xc1", b"\x93\x01\x02\x03", b"\x80"):  # nothing, no msgpack, a list, to nobody
        await layer._line.publish(body, exchange_name=layer.groups_exchange, routing_key="g")
    await layer.group_send("g", said("sense"))
    assert await anna.hears() == "sense"
    assert caplog.text.count("A message could not be read") == 4
    assert grown("collabdocs_announcements_total", outcome="unreadable") == 4
    caplog.clear()


# --- The broker ---


async def test_the_broker_is_killed_and_comes_back(
    start: Start, rabbit: RabbitServer, caplog: pytest.LogCaptureFixture
) -> None:
    one, two = await start(), await start()
    anna, ben = await ear(one, "g"), await ear(two, "g")
    rabbit.kill()
    await goes(one)
    waiting = [
        asyncio.create_task(waits())
        for _ in range(10)
        for waits in (
            lambda: one.group_send("g", said("lost")),
            lambda: one.group_add("h", anna.channel),
            lambda: one.group_discard("i", anna.channel),
            lambda: one.receive(f"{anna.channel}.other"),
        )
    ]
    await asyncio.sleep(0)
    for task in waiting[::2]:
        task.cancel()
    await assert_refused_in(PATIENCE + 0.5, one.group_send("g", said("lost")))
    for ask in (one.group_add("h", anna.channel), one.group_send("g", said("lost")), one.send(ben.channel, said("x"))):
        await assert_refused_in(0.1, ask)
    await one.group_discard("unknown", anna.channel)
    for task in waiting:
        task.cancel()
    await asyncio.gather(*waiting, return_exceptions=True)
    await asyncio.to_thread(rabbit.start)
    await recovers(one, two)
    await one.group_send("g", said("again"))
    assert [await anna.hears(), await ben.hears()] == ["again", "again"]
    for word in ("away", "is back"):
        assert len([record for record in caplog.records if word in record.message]) == 2, caplog.text


async def test_connections_are_closed_by_force(start: Start, rabbit: RabbitServer) -> None:
    one, two = await start(), await start()
    anna, ben = await ear(one, "g"), await ear(two, "g")
    await asyncio.to_thread(rabbit.close_all_connections)
    await recovers(one, two)
    for layer in (one, two):
        await layer.group_send("g", said("again"))
        assert [await anna.hears(), await ben.hears()] == ["again", "again"]


async def test_a_memory_alarm_holds_nobody_up(
    start: Start, rabbit: RabbitServer, caplog: pytest.LogCaptureFixture
) -> None:
    layer = await start(heartbeat=1)
    anna = await ear(layer, "g")
    await layer.group_send("g", said(1))
    first = layer._line
    alarm = rabbit.memory_alarm()
    await asyncio.to_thread(alarm.__enter__)
    try:
        await assert_refused_in(PATIENCE + 0.5, layer.group_send("g", said("?")))
        assert not layer.is_connected
        for _ in range(100):
            await assert_refused_in(0.1, layer.group_send("g", said("lost")))
        await assert_refused_in(0.1, layer.group_add("h", anna.channel))
        await asyncio.sleep(3)  # more than two heartbeats: it is choked, not gone
    finally:
        await asyncio.to_thread(alarm.__exit__, None, None, None)
    await recovers(layer)
    await layer.group_send("g", said(2))
    heard = [await anna.hears()]
    while heard[-1] != 2:
        heard.append(await anna.hears())
    assert heard == [1, "?", 2] and layer._line is first
    assert [record.message.split(",")[0] for record in caplog.records] == ["RabbitMQ is away", "RabbitMQ is back"]
    await cut(layer)
    await recovers(layer)
    await layer.group_send("h", said("to whoever was let in"))
    await layer.group_send("g", said(3))
    assert await anna.hears() == 3


async def test_a_broker_that_falls_silent_is_noticed(
    start: Start, rabbit: RabbitServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(layers, "SET_UP_PATIENCE", 1.0)
    one = await start(heartbeat=1)
    anna = await ear(one, "g")
    with rabbit.pause():
        await goes(one)
        two = await start()  # meets one that takes the connection and says nothing
        await assert_refused_in(PATIENCE + 0.5, two.group_send("g", said("lost")))
        await asyncio.sleep(1)
    await recovers(one, two)
    await two.group_send("g", said("again"))
    assert await anna.hears() == "again"


async def test_asked_in_the_moment_a_line_closes(start: Start) -> None:
    """Before the layer has heard of it: an answer to that would never come, and it would be waited for, for ever."""
    layer = await start()
    channel = await layer.new_channel()
    await layer.group_add("one", channel)
    layer._line.abandon()
    with suppress(Exception):
        await layer._line._protocol.closed
    assert layer._line is not None
    with pytest.raises(ConnectionError):
        await layer.group_add("two", channel)
    await recovers(layer)
    await layer.group_add("two", channel)


async def test_a_line_closes_while_nobody_waits_for_its_answers(rabbit: RabbitServer, caplog: Any) -> None:
    line = Line(rabbit.url, heartbeat=10)
    await line.connect()
    line.acking_consumer("nothing")
    line.queue_declare("nothing", exclusive=True)
    line.abandon()
    await asyncio.wait({line.closed}, timeout=SOON)
    del line
    gc.collect()
    assert not caplog.records


async def test_what_it_relies_on_is_taken_away(start: Start) -> None:
    one, two = await start(), await start()
    anna = await ear(one, "g")
    await one._line._protocol.rpc(pamqp.commands.Exchange.Delete(exchange=one.groups_exchange, nowait=True))
    for layer in (one, two):
        await assert_refused_in(PATIENCE, layer.group_send("g", said("lost")))
    await goes(one)
    await recovers(one, two)
    await two.group_send("g", said("again"))
    assert await anna.hears() == "again"


@pytest.mark.parametrize("is_silent", [False, True])
async def test_who_takes_connections_and_is_no_broker_is_tried_again(
    start: Start, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch, is_silent: bool
) -> None:
    monkeypatch.setattr(layers, "SET_UP_PATIENCE", 0.2)
    tries: asyncio.Queue[asyncio.StreamWriter] = asyncio.Queue()

    async def takes(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readexactly(8)  # the protocol's header: unread, it would make a reset of the hanging up
        tries.put_nowait(writer)
        if not is_silent:
            writer.close()

    async with await asyncio.start_server(takes, "127.0.0.1", 0) as door, asyncio.timeout(SOON):
        layer = await start(f"amqp://127.0.0.1:{door.sockets[0].getsockname()[1]}")
        for writer in [await tries.get() for _ in range(3)]:
            writer.close()
        await layer.close()
    assert [record.levelname for record in caplog.records] == ["WARNING"]


# --- Too much ---


async def test_a_backlog_at_reconnect_ends_nothing(start: Start) -> None:
    one, two = await start(local_capacity=20), await start()
    channel = await one.new_channel()
    await one.group_add("g", channel)
    grown = Readings()
    for _ in range(2):
        for number in range(60):
            await two.group_send("g", said(number))
        await cut(one)
        await recovers(one)
    anna = Ear(one, channel)
    assert [await anna.hears() for _ in range(20)] == list(range(20))
    assert grown("collabdocs_announcements_total", outcome="dropped") >= 40
    await two.group_send("g", said("again"))
    assert await anna.hears() == "again"


async def test_what_nobody_reads_keeps_nobody_from_reading(start: Start) -> None:
    one, two = await start(local_capacity=20, local_expiry=0.0), await start()
    await one.group_add("g", await one.new_channel())  # who never listens
    anna = await ear(one, "h")
    for _ in range(50):
        await two.group_send("g", said("lost"))
    await two.group_send("h", said("heard"))
    assert await anna.hears() == "heard"


# --- Addresses, and the end ---


@pytest.mark.parametrize("address", ["{}", "{}/", "{}/%2F", "{}/%2f"])
async def test_the_usual_virtual_host_needs_no_name(start: Start, rabbit: RabbitServer, address: str) -> None:
    layer = await start(address.format(rabbit.url))
    await recovers(layer)


@pytest.mark.parametrize("wrong", ["guest:gu%65st@/nowhere", "guest:wrong@"])
async def test_a_wrong_address_is_told_once_and_shows_no_password(
    start: Start, rabbit: RabbitServer, caplog: pytest.LogCaptureFixture, wrong: str
) -> None:
    who, _, where = wrong.partition("@")
    layer = await start(f"amqp://{who}@127.0.0.1:{rabbit.port}{where}")
    await assert_refused_in(PATIENCE + 0.5, layer.group_send("g", said("lost")))
    assert len(caplog.records) == 1 and "wrong" not in caplog.text and "guest:" not in caplog.text


async def test_other_schemes_are_refused() -> None:
    with pytest.raises(ValueError, match="amqps"):
        RabbitmqLayer("http://localhost")


@pytest.mark.parametrize("is_silent", [False, True])
async def test_closing_ends_who_listens_and_leaves_nothing_running(
    start: Start, rabbit: RabbitServer, is_silent: bool
) -> None:
    before = asyncio.all_tasks()
    layer = await start()
    listening = asyncio.create_task(layer.receive(await layer.new_channel()))
    await layer.group_send("g", said("connected"))
    assert layer.is_trying
    with rabbit.pause() if is_silent else nullcontext():
        await layer.close()
    assert not layer.is_trying
    with pytest.raises(StopConsumer):
        await listening
    assert asyncio.all_tasks() == before
