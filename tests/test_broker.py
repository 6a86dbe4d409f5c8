"""Two processes and one RabbitMQ: live while it lives, and while it does not, nobody is held up and nothing is lost."""

import asyncio
import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from random import Random
from statistics import median

from collabdocs_client import Document

from tests.conftest import Stage
from tests.ledger import Ledger
from tests.rabbit import RabbitServer, needs_rabbit
from tests.server import Server
from tests.test_crash import assert_faultless, open_recorded

pytestmark = needs_rabbit
LIVE = 0.5  # seconds; the look after what nobody announced comes every 2
CAUGHT_UP = 5.0  # seconds from one process to the other, whatever the broker does
KEYSTROKES = 0.05  # seconds between two


class Pair:
    """One document, open in two processes."""

    def __init__(self, ledger: Ledger, one: Document, two: Document) -> None:
        self.ledger, self.one, self.two = ledger, one, two

    @classmethod
    async def on(cls, stage: Stage, servers: list[Server], doc_id: str, ledger: Ledger) -> "Pair":
        names = ("alice", "bob")
        return cls(
            ledger, *[await open_recorded(stage, *who, doc_id, ledger) for who in zip(servers, names, strict=True)]
        )

    async def seconds_across(self, writer: Document, reader: Document) -> float:
        tag, began = self.ledger.tag("across"), time.monotonic()
        await writer.insert(len(writer.text), tag)
        await reader.until(lambda: tag in reader.text)
        return time.monotonic() - began

    async def catches_up(self) -> None:
        async with asyncio.timeout(CAUGHT_UP):
            await asyncio.gather(self.seconds_across(self.one, self.two), self.seconds_across(self.two, self.one))

    async def pace(self, edits: int = 7) -> float:
        """Seconds from the first to the second; the median.

        Each edit waits for the one before to be seen: where looks alone carry them, each takes a whole look.
        """
        return median([await self.seconds_across(self.one, self.two) for _ in range(edits)])

    async def is_live_again(self) -> None:
        async with asyncio.timeout(20):
            while await self.pace(3) > LIVE:
                pass

    async def types(self, document: Document, stop: asyncio.Event) -> None:
        while not stop.is_set():
            await document.insert(len(document.text), self.ledger.tag("typed"))
            await asyncio.sleep(KEYSTROKES)
        await document.saved()

    async def goes_on(self) -> None:
        """Both have had much more acknowledged, and each knows of the other's."""
        for document in (self.one, self.two):
            goal = document.version + 20
            async with asyncio.timeout(CAUGHT_UP + 40 * KEYSTROKES):
                await document.until(lambda document=document, goal=goal: document.version >= goal)  # type: ignore[misc]
        await self.catches_up()


async def test_edits_cross_live(
    stage: Stage, start_server: Callable[..., Server], rabbit: RabbitServer, rng: Random
) -> None:
    first = start_server(RABBITMQ_URL=rabbit.url)
    servers, ledger = [first, start_server("daphne", beside=first, RABBITMQ_URL=rabbit.url)], Ledger()
    doc_id = await stage.document(first)
    pair = await Pair.on(stage, servers, doc_id, ledger)
    assert await pair.pace(12) < LIVE
    await assert_faultless(stage, first, doc_id, ledger, [pair.one, pair.two])


async def test_whatever_happens_to_the_broker(
    stage: Stage, start_server: Callable[..., Server], rabbit: RabbitServer
) -> None:
    first = start_server(RABBITMQ_URL=rabbit.url)
    servers, ledger, stop = [first, start_server(beside=first, RABBITMQ_URL=rabbit.url)], Ledger(), asyncio.Event()
    doc_id, other_id = await stage.document(first), await stage.document(first)
    pair = await Pair.on(stage, servers, doc_id, ledger)

    async def during(trouble: AbstractContextManager[None]) -> None:
        await asyncio.to_thread(trouble.__enter__)
        try:
            await pair.goes_on()
        finally:
            await asyncio.to_thread(trouble.__exit__, None, None, None)
        await pair.is_live_again()

    async with asyncio.timeout(150), asyncio.TaskGroup() as typing:
        for document in (pair.one, pair.two):
            typing.create_task(pair.types(document, stop))
        await pair.goes_on()
        rabbit.kill()
        await pair.goes_on()
        opened = await Pair.on(stage, servers, other_id, Ledger())  # while there is no broker to subscribe at
        await opened.catches_up()
        await asyncio.to_thread(rabbit.start)
        await pair.is_live_again()
        await opened.is_live_again()
        for act in (rabbit.close_all_connections, rabbit.restart):
            await asyncio.to_thread(act)
            await pair.goes_on()
            await pair.is_live_again()
        for trouble in (rabbit.memory_alarm(), rabbit.pause()):
            await during(trouble)
        stop.set()
    await assert_faultless(stage, first, doc_id, ledger, [pair.one, pair.two])
    await assert_faultless(stage, first, other_id, opened.ledger, [opened.one, opened.two])
    rabbit.kill()
    for server in servers:
        assert server.terminate() == 0, "it does not stop without a broker"
        server.assert_calm()
