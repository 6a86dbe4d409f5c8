"""One run: a third in peace, a third in trouble, a third to heal, then quiet, then the verdict."""

import asyncio
import re
import tempfile
import time
from collections.abc import Awaitable, Callable, Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from random import Random

from tests.faults.crowd import Crowd, Sheet, Size
from tests.faults.rig import CLUSTER, EMBEDDED, Rig, patiently
from tests.faults.verdict import Verdict, judge, vacuous
from tests.ledger import Ledger


@dataclass(frozen=True, slots=True)
class Trouble:
    """What a fault has to do its harm with. It lasts about `seconds`, and ends what it began."""

    rig: Rig
    crowd: Crowd
    seconds: float
    rng: Random


Act = Callable[[Trouble], Awaitable[str | None]]


@dataclass(frozen=True, slots=True)
class Fault:
    """`number` as in the table of faults, with a letter where one has several.

    `act` says in a few words what it has seen, for the report, and asserts what must be so. `unknown` submissions
    at least must lose their line by it. `settings` are environment variables its servers need.
    """

    number: str
    name: str
    act: Act
    modes: tuple[str, ...]
    unknown: int = 0
    settings: Mapping[str, str] = field(default_factory=dict)


FAULTS: dict[str, Fault] = {}


def fault(number: str, name: str, *modes: str, unknown: int = 0, **settings: str) -> Callable[[Act], Act]:
    """Register what is done by its number; in both modes if none is said."""

    def register(act: Act) -> Act:
        assert number not in FAULTS, number
        FAULTS[number] = Fault(number, name, act, modes or (EMBEDDED, CLUSTER), unknown, settings)
        return act

    return register


@dataclass(frozen=True, slots=True)
class Result:
    """What a run has shown. It is good without a breach."""

    fault: Fault
    mode: str
    seed: int
    verdict: Verdict
    settled: float  # seconds from the end of typing until everything was saved and seen
    seen: str


async def run(rig: Rig, fault: Fault, *, seed: int, seconds: float, size: Size) -> Result:
    """`seconds` is the whole of it but for the settling. The system is whole afterwards."""
    rng = Random(seed)
    said_before = [len(server.log()) for server in rig.servers]
    async with AsyncExitStack() as stack:
        books = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="collabdocs-ledger-")))
        crowd = Crowd(rig, size, rng, stack)
        await crowd.gather(books)
        crowd.start()
        await asyncio.sleep(seconds / 3)
        found: list[str] = []
        seen = None
        try:
            seen = await fault.act(Trouble(rig, crowd, seconds / 3, rng))
        except AssertionError as error:  # what the fault itself has seen go wrong
            found.append(f"SEEN: {error}")
        except Exception as error:  # what it could not go on with is wrong too, and the verdict is still wanted
            found.append(f"SEEN: {error!r}")
        finally:
            await rig.heal()
        await asyncio.sleep(seconds / 3)
        began = time.monotonic()
        found += await crowd.finish()
        settled = time.monotonic() - began
        verdict = await _judged(rig, crowd, books)
        verdict.breaches[:0] = found
        verdict.breaches += vacuous(verdict, least=int(size.rate * seconds / 6), unknown=fault.unknown)
    await rig.forget()
    for server, before in zip(rig.servers, said_before, strict=True):
        verdict.breaches += [f"TRACEBACK at {server.url}: {error}" for error in _shocks(server.log()[before:])]
    return Result(fault, rig.mode, seed, verdict, settled, seen or "")


async def _judged(rig: Rig, crowd: Crowd, books: Path) -> Verdict:
    """From the ledger's files, not from what this process remembers."""
    kept = await rig.inspect([sheet.doc_id for sheet in crowd.sheets])
    total = Verdict()
    for number, sheet in enumerate(crowd.sheets):
        ledger = Ledger.read(books / str(number))
        ledger.strangers = sheet.ledger.strangers
        log = kept[sheet.doc_id]["log"]
        texts = await _texts(rig, crowd, sheet)
        verdict = await asyncio.to_thread(judge, ledger, log, texts)  # the relays live on this loop
        verdict.breaches += [f"COPY {what}" for what in kept[sheet.doc_id]["faults"]]
        total += verdict
    return total


async def _texts(rig: Rig, crowd: Crowd, sheet: Sheet) -> dict[str, str]:
    """What everybody reads: each client, each process by REST, and somebody who has only just come."""
    texts = {f"client {document.client_id}": document.text for document in sheet.documents}
    for server in rig.servers:
        async with rig.person("vera", server) as vera:
            document = await patiently(partial(vera.read, sheet.doc_id))
            texts[f"REST at {server.url}"] = document.content or ""
    texts["a newcomer"] = (await crowd.open(sheet, "vera")).text
    return texts


def _shocks(log: str) -> list[str]:
    """The last line of each traceback, once."""
    found = re.findall(r"^Traceback .*\n(?:[ \t|+].*\n|\n)*(\S.*)", log, re.MULTILINE)
    return sorted(set(found)) or ["unlike any"] * ("Traceback" in log)


__all__ = ["CLUSTER", "EMBEDDED", "FAULTS", "Fault", "Result", "Trouble", "fault", "run"]
