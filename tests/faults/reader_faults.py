"""Guests who read slowly, or not at all, while much is written."""

import asyncio
import time
from contextlib import AsyncExitStack

from tests.faults.crowd import Sheet
from tests.faults.guests import MOST_GROWTH, Others, resident, wire
from tests.faults.run import Trouble, fault
from tests.faults.sleeper import Sleeper

SLEEPERS, SIPPERS = 10, 10
SIP = 1024  # bytes a second
TOO_SLOW = 4408
DEAF = 1011  # no answer to the ping of the server within 20 s: on a busy machine that comes before it is too slow
BLOCK = 100_000  # code points that are put in and taken out again
FEWEST_BLOCKS = 150  # many times what buffers and queues hold


@fault("F29", "slow readers")
async def read_slowly(trouble: Trouble) -> str:
    """Some read nothing, some 1 kB a second, where one writes megabytes and others go on typing."""
    sheet = await trouble.crowd.sheet()
    for name in ("s1", "s2"):
        await trouble.crowd.joined_by(name, sheet)
    others, before = Others(trouble), resident(trouble.rig)
    async with AsyncExitStack() as stack:
        slow = [await stack.enter_async_context(_slow(trouble, sheet)) for _ in range(SLEEPERS + SIPPERS)]
        known = min([(await guest.join())["version"] for guest in slow])
        sipping = asyncio.gather(*(guest.sip(SIP, trouble.seconds) for guest in slow[SLEEPERS:]))
        blocks = await _write_much(trouble, sheet)
        await sipping
        growth = resident(trouble.rig) - before
        codes = await asyncio.gather(*(guest.wake() for guest in slow))
    assert growth < MOST_GROWTH, f"{growth >> 20} MiB more memory"
    assert set(codes) <= {TOO_SLOW, DEAF}, f"closed with {codes}"
    await _catches_up(trouble, sheet, known)
    written = f"{blocks * BLOCK // 10**6} MB written, {growth >> 20} MiB held"
    return f"{codes.count(TOO_SLOW)} of {len(codes)} closed {TOO_SLOW}, {written}; {others.fared()}"


def _slow(trouble: Trouble, sheet: Sheet) -> Sleeper:
    return Sleeper(trouble.rng.choice(trouble.rig.servers), sheet.doc_id, "vera")


async def _write_much(trouble: Trouble, sheet: Sheet) -> int:
    """Put a block in and take it out, for as long as the trouble lasts and until it was enough; how many."""
    document = (await trouble.crowd.typist("much", sheet)).document
    sheet.ledger.take("~")  # so that the judge expects deletions
    end, count = time.monotonic() + trouble.seconds, 0
    while count < FEWEST_BLOCKS or time.monotonic() < end:
        await document.insert(0, "~" * BLOCK)
        await document.saved()
        await document.delete(document.text.index("~"), BLOCK)
        await document.saved()
        count += 1
    return count


async def _catches_up(trouble: Trouble, sheet: Sheet, known: int) -> None:
    """Who was closed comes back with what they knew, and is told all the rest from the log."""
    async with wire(trouble, sheet, "vera") as guest:
        message = await guest.join(since=known)
        versions = [entry["version"] for entry in message["operations"]]
        while versions[-1] < guest.head:
            versions += [entry["version"] for entry in (await guest.receive("operations"))["operations"]]
    assert versions == list(range(known + 1, versions[-1] + 1)), "what they were told has holes"
