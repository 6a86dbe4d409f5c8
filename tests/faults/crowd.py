"""Who types during a run: clients of some documents, whose every submission is in a ledger before it leaves."""

import asyncio
import uuid
from collections.abc import Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Any

from collabdocs_client import Backoff, Client, Document

from tests.faults.rig import Rig
from tests.ledger import Ledger, tags_in

QUICKLY = Backoff(first=0.1, longest=1.0)
ANSWER_SECONDS = 3.0  # then a client asks again
SETTLING = 60.0  # seconds in which everything must be saved and seen after the system is whole again


@dataclass(frozen=True, slots=True)
class Size:
    """How many type, where, and how fast: edits a second, all together."""

    typists: int = 20
    documents: int = 3
    rate: float = 200.0


@dataclass
class Typist:
    """Puts in tags, mostly at the end, sometimes between two others; takes one of their own out again now and then."""

    name: str
    document: Document
    ledger: Ledger
    rng: Random
    own: list[str] = field(default_factory=list)

    async def types(self, stop: asyncio.Event, pause: float) -> None:
        while not stop.is_set():
            dice = self.rng.random()
            if dice < 0.05 and self.own and self.document.is_saved:
                await self._take_out(self.own.pop(self.rng.randrange(len(self.own))))
            else:
                await self._put_in(len(self.document.text) if dice < 0.7 else self._between())
            await asyncio.sleep(self.rng.uniform(0, 2 * pause))

    async def _put_in(self, position: int) -> None:
        tag = self.ledger.tag(self.name)
        self.own.append(tag)
        await self.document.insert(position, tag)

    async def _take_out(self, tag: str) -> None:
        if (position := self.document.text.find(tag)) >= 0:
            self.ledger.take(tag)
            await self.document.delete(position, len(tag))

    def _between(self) -> int:
        """Behind one of the first tags."""
        known = tags_in(self.document.text[:400])
        return sum(map(len, known[: self.rng.randint(0, len(known))]))


@dataclass
class Sheet:
    """One document of a run, its ledger, and who types there."""

    doc_id: str
    ledger: Ledger
    typists: list[Typist] = field(default_factory=list)

    @property
    def documents(self) -> list[Document]:
        return [typist.document for typist in self.typists]


class Crowd:
    """Opened before a run and left after it."""

    def __init__(self, rig: Rig, size: Size, rng: Random, stack: AsyncExitStack) -> None:
        self.rig, self.size, self.rng, self._stack = rig, size, rng, stack
        self.sheets: list[Sheet] = []
        self.stop = asyncio.Event()
        self._people: dict[str, Client] = {}
        self._typing: list[asyncio.Task[None]] = []

    @property
    def typists(self) -> list[Typist]:
        return [typist for sheet in self.sheets for typist in sheet.typists]

    async def gather(self, books: Path) -> None:
        """Make the documents and open them all."""
        for number in range(self.size.documents):
            doc_id = await self.rig.document()
            directory = books / str(number)
            directory.mkdir(parents=True)
            self.sheets.append(Sheet(doc_id, Ledger(directory)))
        for number in range(self.size.typists):
            sheet = self.sheets[number % len(self.sheets)]
            sheet.typists.append(await self._typist(f"c{number}", sheet))

    async def _typist(self, name: str, sheet: Sheet) -> Typist:
        document = await self.open(sheet, "alice" if len(sheet.typists) % 2 else "bob")
        return Typist(name, document, sheet.ledger, Random(self.rng.random()))

    async def open(self, sheet: Sheet, who: str, **options: Any) -> Document:
        """One more copy of a document, recorded, by the front."""
        person = self._people.get(who)
        if person is None:
            person = self._people[who] = await self._stack.enter_async_context(self.rig.person(who))
        client_id = str(uuid.uuid4())
        usual: dict[str, Any] = {"backoff": QUICKLY, "answer_seconds": ANSWER_SECONDS}
        document = person.open(
            sheet.doc_id, client_id=client_id, tap=sheet.ledger.tap_of(client_id), **(usual | options)
        )
        await document.__aenter__()
        self._stack.push_async_exit(lambda *_: document.__aexit__(asyncio.CancelledError, None, None))
        return document

    def start(self) -> None:
        pause = self.size.typists / self.size.rate
        self._typing = [asyncio.create_task(typist.types(self.stop, pause)) for typist in self.typists]

    async def finish(self) -> list[str]:
        """Stop typing, and wait until everything is saved and everybody has seen it; what went wrong with that."""
        self.stop.set()
        ended = await asyncio.gather(*self._typing, return_exceptions=True)
        found = [f"ENDED {typist.name}: {e!r}" for typist, e in zip(self.typists, ended, strict=True) if e]
        try:
            async with asyncio.timeout(SETTLING):
                await asyncio.gather(*(_quiet(sheet.documents) for sheet in self.sheets))
        except TimeoutError:
            return [*found, f"STUCK: not all was saved and seen within {SETTLING:.0f} seconds"]
        except Exception as error:
            return [*found, f"ENDED: {error!r}"]
        return found


async def _quiet(documents: Sequence[Document]) -> None:
    for document in documents:
        await document.saved()
    head = max(document.version for document in documents)
    for document in documents:
        await document.until(lambda document=document: document.version >= head)  # type: ignore[misc]
