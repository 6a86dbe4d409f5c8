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

from tests.faults.relay import Relay
from tests.faults.rig import Rig
from tests.ledger import Ledger, tags_in
from tests.server import Server

QUICKLY = Backoff(first=0.1, longest=1.0)
ANSWER_SECONDS = 3.0  # then a client asks again
SETTLING = 60.0  # seconds after which what is not saved and seen by everybody is stuck


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

    async def races(self, stop: asyncio.Event) -> None:
        """As fast as answers come."""
        while not stop.is_set():
            await self._put_in(self.rng.choice([len(self.document.text), self._between()]))
            await self.document.saved()

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
        self._people: dict[tuple[str, str], Client] = {}
        self._typing: list[asyncio.Task[None]] = []
        self._books: Path

    @property
    def typists(self) -> list[Typist]:
        return [typist for sheet in self.sheets for typist in sheet.typists]

    async def gather(self, books: Path) -> None:
        """Make the documents and open them all."""
        self._books = books
        for _ in range(self.size.documents):
            await self.sheet()
        for number in range(self.size.typists):
            await self.typist(f"c{number}", self.sheets[number % self.size.documents])

    async def sheet(self) -> Sheet:
        """One more document, with a ledger of its own, judged with the others."""
        doc_id = await self.rig.document()
        directory = self._books / str(len(self.sheets))
        directory.mkdir(parents=True)
        self.sheets.append(Sheet(doc_id, Ledger(directory)))
        return self.sheets[-1]

    async def typist(self, name: str, sheet: Sheet, who: str = "", server: Server | Relay | None = None) -> Typist:
        """One more who may type there: by the front, or at one server or relay. Their name is unique in the run."""
        document = await self.open(sheet, who or ("alice" if len(sheet.typists) % 2 else "bob"), server)
        sheet.typists.append(Typist(name, document, sheet.ledger, Random(self.rng.random())))
        return sheet.typists[-1]

    async def joined_by(self, name: str, sheet: Sheet, who: str = "") -> Typist:
        """One more who types there from now on."""
        typist = await self.typist(name, sheet, who)
        self.lets(typist)
        return typist

    async def open(self, sheet: Sheet, who: str, server: Server | Relay | None = None, **options: Any) -> Document:
        """One more copy of a document, recorded, by the front or at one server or relay."""
        at = who, server.url if server else ""
        person = self._people.get(at)
        if person is None:
            person = self._people[at] = await self._stack.enter_async_context(self.rig.person(who, server))
        client_id = str(uuid.uuid4())
        usual: dict[str, Any] = {"backoff": QUICKLY, "answer_seconds": ANSWER_SECONDS}
        document = person.open(
            sheet.doc_id, client_id=client_id, tap=sheet.ledger.tap_of(client_id), **(usual | options)
        )
        await document.__aenter__()
        self._stack.push_async_exit(lambda *_: document.__aexit__(asyncio.CancelledError, None, None))
        return document

    def start(self) -> None:
        for typist in self.typists:
            self.lets(typist)

    def lets(self, typist: Typist, *, race: bool = False) -> None:
        """Let somebody type until all stop: as fast as the crowd does, or as answers come."""
        pause = self.size.typists / self.size.rate
        typing = typist.races(self.stop) if race else typist.types(self.stop, pause)
        self._typing.append(asyncio.create_task(typing, name=typist.name))

    async def finish(self) -> list[str]:
        """Stop typing, and wait until everything is saved and everybody has seen it; what went wrong with that."""
        self.stop.set()
        ended = await asyncio.gather(*self._typing, return_exceptions=True)
        found = [f"ENDED {task.get_name()}: {e!r}" for task, e in zip(self._typing, ended, strict=True) if e]
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
    head = max((document.version for document in documents), default=0)
    for document in documents:
        await document.until(lambda document=document: document.version >= head)  # type: ignore[misc]
