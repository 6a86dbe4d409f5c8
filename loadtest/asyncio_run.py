"""One run of typing users on asyncio, each with the Python client's own `Document`."""

import asyncio
import time
import uuid
from collections import defaultdict
from collections.abc import Sequence
from contextlib import AsyncExitStack
from random import Random

from collabdocs_client import Client, Document

from loadtest.ending import SETTLING, Server, judged
from loadtest.ledger import JOINED
from loadtest.plan import Plan
from loadtest.sheets import Sheet, seat, sheets_of
from loadtest.typist import Typist
from loadtest.world import World


class Run:
    """What it opens is closed by the stack that it is given. `samples` are seconds, by what took so long."""

    def __init__(self, plan: Plan, world: World, stack: AsyncExitStack) -> None:
        self.plan, self.world, self._stack = plan, world, stack
        self.samples: dict[str, list[float]] = defaultdict(list)
        self.sheets: list[Sheet[Document]] = sheets_of(world, self._note)
        self._clients = {name: Client.with_tokens(world.host, each.tokens) for name, each in world.people.items()}
        for client in self._clients.values():
            stack.push_async_callback(client.aclose)

    def _note(self, name: str, seconds: float) -> None:
        self.samples[name].append(seconds)

    @property
    def documents(self) -> list[Document]:
        return [document for sheet in self.sheets for document in sheet.copies]

    async def join(self) -> None:
        """Everybody, one after the other at the plan's pace."""
        async with asyncio.TaskGroup() as tasks:
            for number in range(self.plan.users):
                tasks.create_task(self._join(number))
                await asyncio.sleep(1 / self.plan.spawn_rate)

    async def _join(self, number: int) -> None:
        sheet, name = seat(self.sheets, number)
        client_id = str(uuid.uuid4())
        began = time.perf_counter()
        tap = sheet.ledger.tap_of(client_id)
        document = self._clients[name].open(sheet.paper.doc_id, client_id=client_id, tap=tap)
        await document.__aenter__()
        self._note(JOINED, time.perf_counter() - began)
        self._stack.push_async_exit(lambda *_: document.__aexit__(asyncio.CancelledError, None, None))
        sheet.copies.append(document)

    async def type(self) -> None:
        """All at once, each at a pace of their own."""
        ends = time.monotonic() + self.plan.seconds
        async with asyncio.TaskGroup() as tasks:
            for document in self.documents:
                tasks.create_task(self._type(document, ends))

    async def _type(self, document: Document, ends: float) -> None:
        rng = Random()
        typist = Typist(rng)
        while (pause := rng.uniform(0, 2 / self.plan.edits)) + time.monotonic() < ends:
            await asyncio.sleep(pause)
            try:
                await document.edit(typist.next_edit(document.text))
            except Exception:  # what has ended it is told by `judge`
                return

    async def judge(self) -> tuple[int, list[str]]:
        """Wait until everything is saved and seen: how many operations there are, and everything that is wrong."""
        each = [await self._judge(sheet) for sheet in self.sheets]
        return sum(count for count, _ in each), [breach for _, found in each for breach in found]

    async def _judge(self, sheet: Sheet[Document]) -> tuple[int, list[str]]:
        access = await self._clients[sheet.paper.writers[0]].tokens.access()
        found = []
        try:
            async with asyncio.timeout(SETTLING):
                await _settled(sheet.copies)
        except Exception as error:
            found.append(f"{sheet.paper.doc_id}: STUCK: {error!r}")
        texts = {f"client {document.client_id}": document.text for document in sheet.copies}
        server = Server(self.world.host, access.token)
        count, breaches = await asyncio.to_thread(judged, server, sheet.paper.doc_id, sheet.ledger, texts)
        return count, found + breaches


async def _settled(documents: Sequence[Document]) -> None:
    for document in documents:
        await document.saved()
    head = max((document.version for document in documents), default=0)
    for document in documents:
        await document.until(lambda document=document: document.version >= head)  # type: ignore[misc]
