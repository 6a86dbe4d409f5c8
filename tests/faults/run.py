"""One run: a third in peace, a third in trouble, a third to heal, then quiet, then the verdict."""

import asyncio
import re
import tempfile
import time
from collections.abc import Awaitable, Callable, Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from pathlib import Path
from random import Random

from tests.faults import reading
from tests.faults.crowd import SETTLING, Crowd, Size
from tests.faults.rig import CLUSTER, EMBEDDED, Rig
from tests.faults.verdict import Verdict, judge, recovery, slow, vacuous
from tests.ledger import Ledger

RECOVERED = 10.0  # seconds in which all is saved and seen when the system is whole again, and when typing ends


@dataclass(frozen=True, slots=True)
class Trouble:
    """What a fault has to do its harm with. It lasts about `seconds`, and ends what it began.

    `peace` is from when to when (of `time.monotonic`) they have typed before: what is judged by the clock is
    compared with that.
    """

    rig: Rig
    crowd: Crowd
    seconds: float
    rng: Random
    peace: tuple[float, float]


class Vacuous(AssertionError):
    """The harm was not done, so the run shows nothing."""


Act = Callable[[Trouble], Awaitable[str | None]]


@dataclass(frozen=True, slots=True)
class Fault:
    """`number` as in the table of faults, with a letter where one has several.

    `act` says in a few words what it has seen, for the report, and asserts what must be so. `unknown` submissions
    at least must lose their line by it, and so many be sent again, `resent`. Within `recovers` seconds after it all is
    as before. `settings` are environment variables its servers need.
    """

    number: str
    name: str
    act: Act
    modes: tuple[str, ...]
    unknown: int = 0
    resent: int = 0
    recovers: float = RECOVERED
    settings: Mapping[str, str] = field(default_factory=dict)


FAULTS: dict[str, Fault] = {}


def fault(
    number: str,
    name: str,
    *modes: str,
    unknown: int = 0,
    resent: int = 0,
    recovers: float = RECOVERED,
    **settings: str,
) -> Callable[[Act], Act]:
    """Register what is done by its number; in both modes if none is said."""

    def register(act: Act) -> Act:
        assert number not in FAULTS, number
        modes_or_both = modes or (EMBEDDED, CLUSTER)
        FAULTS[number] = Fault(number, name, act, modes_or_both, unknown, resent, recovers, settings)
        return act

    return register


@dataclass(frozen=True, slots=True)
class Result:
    """What a run has shown. It is good without a breach."""

    fault: Fault
    mode: str
    seed: int
    verdict: Verdict
    recovered: float = 0.0  # seconds from when all was whole until everything sent before was answered
    settled: float = 0.0  # seconds from the end of typing until everything was saved and seen
    seen: str = ""


async def run(rig: Rig, fault: Fault, *, seed: int, seconds: float, size: Size) -> Result:
    """`seconds` is the whole of it but for the settling. The system is whole afterwards."""
    rng = Random(seed)
    said_before = [len(server.log()) for server in rig.servers]
    async with AsyncExitStack() as stack:
        books = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="collabdocs-ledger-")))
        crowd = Crowd(rig, size, rng, stack)
        await crowd.gather(books)
        crowd.start()
        began = time.monotonic()
        await asyncio.sleep(seconds / 3)
        seen, found = await _hurt(fault, Trouble(rig, crowd, seconds / 3, rng, (began, time.monotonic())))
        healed = time.monotonic()
        await asyncio.sleep(seconds / 3)
        ended = time.monotonic()
        found += await crowd.finish()
        settled = time.monotonic() - ended
        verdict = await _judged(rig, crowd, books)
        recovered = recovery([sheet.ledger for sheet in crowd.sheets], healed)
        found += slow({"recovered": recovered, "settled": settled}, fault.recovers, SETTLING)
        verdict.breaches[:0] = found
        least = int(size.rate * seconds / 6)
        verdict.breaches += vacuous(verdict, least=least, unknown=fault.unknown, resent=fault.resent)
    await rig.forget()
    for server, before in zip(rig.servers, said_before, strict=True):
        verdict.breaches += [f"TRACEBACK at {server.url}: {error}" for error in _shocks(server.log()[before:])]
    return Result(fault, rig.mode, seed, verdict, recovered, settled, seen)


async def _hurt(fault: Fault, trouble: Trouble) -> tuple[str, list[str]]:
    """What the fault has seen, and what went wrong there. The system is whole afterwards."""
    try:
        return await fault.act(trouble) or "", []
    except Vacuous as error:
        return "", [f"VACUOUS: {error}"]
    except AssertionError as error:  # what the fault itself has seen go wrong
        return "", [f"SEEN: {error}"]
    except Exception as error:  # what it could not go on with is wrong too, and the verdict is still wanted
        return "", [f"SEEN: {error!r}"]
    finally:
        await trouble.rig.heal()


async def _judged(rig: Rig, crowd: Crowd, books: Path) -> Verdict:
    """From the ledger's files, not from what this process remembers."""
    kept = await rig.inspect([sheet.doc_id for sheet in crowd.sheets])
    total = Verdict()
    for number, sheet in enumerate(crowd.sheets):
        ledger = Ledger.read(books / str(number))
        ledger.strangers = sheet.ledger.strangers
        texts, told = await reading.texts(rig, crowd, sheet), await reading.logs(rig, sheet)
        log = kept[sheet.doc_id]["log"]
        verdict = await asyncio.to_thread(judge, ledger, log, texts, told)  # the relays live on this loop
        verdict.breaches += [f"COPY {what}" for what in kept[sheet.doc_id]["faults"]]
        total += verdict
    return total


def _shocks(log: str) -> list[str]:
    """The last line of each traceback, once."""
    found = re.findall(r"^Traceback .*\n(?:[ \t|+].*\n|\n)*(\S.*)", log, re.MULTILINE)
    return sorted(set(found)) or ["unlike any"] * ("Traceback" in log)


__all__ = ["CLUSTER", "EMBEDDED", "FAULTS", "Fault", "Result", "Trouble", "Vacuous", "fault", "run"]
