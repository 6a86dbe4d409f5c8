"""What guests do who ask for too much: bombs of components, floods, bases out of this world."""

import asyncio
import json
import time
from typing import Any

from tests.faults.crowd import Sheet
from tests.faults.guests import Others, unjudged, wire
from tests.faults.run import Trouble, fault
from tests.wire import Wire

SLOWEST = 5.0  # seconds within which a refusal comes, whatever its numbers
BOMBS: dict[str, list[Any]] = {
    "parts": ["a", 1] * 100_000,
    "a long retain": [10**12],
    "the longest retain": [2**53 - 1, "x"],
    "a longer one": [2**63, "x"],
    "a number of 400 digits": [10**400],
    "a long delete": [-(10**12)],
    "many deletes": [-1, 1] * 60_000,
    "retains": [1] * 200_000,
}
REFUSALS = {"operation_too_large", "invalid_operation", "invalid_message"}
RATE, BURST = 60, 120  # of `realtime/pace.py`
OLDEST = 200  # versions behind, in F25
NO_BASES: list[Any] = [-1, "1", True, 1.5, None, 2**53, 2**63, [1]]


@fault("F23", "bombs: many parts, long reaches")
async def bombed(trouble: Trouble) -> str:
    """In the crowd's own document: what is refused is in no log."""
    others, slowest, count = Others(trouble), 0.0, 0
    end = time.monotonic() + trouble.seconds
    while time.monotonic() < end:
        async with wire(trouble, trouble.crowd.sheets[0], "alice") as guest:
            await guest.join()
            for seq, (name, operation) in enumerate(BOMBS.items(), start=1):
                slowest = max(slowest, await _defused(guest, seq, name, operation))
                count += 1
    assert slowest < SLOWEST, f"a bomb was answered after {slowest:.1f} s"
    return f"{count} refused, the slowest after {1000 * slowest:.0f} ms; {others.fared()}"


@fault("F23b", "one client submits as fast as the line takes it", RATE_LIMITS="on")
async def flooded(trouble: Trouble) -> str:
    """Each of what it says is good: it is the pace alone that holds it."""
    others, sheet = Others(trouble), await unjudged(trouble)
    began = time.monotonic()
    async with wire(trouble, sheet, "bob") as guest:
        await guest.join()
        sent = await _flood(guest, trouble.seconds)
        guest.socket.transport.abort()  # a polite end would wait in line
    async with trouble.rig.person("alice") as alice:
        head = (await alice.read(sheet.doc_id)).version
    taken, most = head, BURST + RATE * (time.monotonic() - began)
    assert BURST / 2 < taken <= most < sent, f"{sent} sent, {taken} taken, {most:.0f} may be"
    return f"{sent} sent, {taken} taken; {others.fared()}"


@fault("F25", "bases of long ago, and such as never were", MAX_BASE_AGE=str(OLDEST))
async def based_anywhere(trouble: Trouble) -> str:
    others, sheet = Others(trouble), await trouble.crowd.sheet()
    await _long_history(trouble, sheet)
    async with wire(trouble, sheet, "alice") as guest:
        head = (await guest.join())["head"]
        wrong = dict.fromkeys((0, head - OLDEST - 1), "version_too_old") | {head + 1: "version_unknown"}
        for base, code in [*((base, "invalid_message") for base in NO_BASES), *wrong.items()]:
            answer = await guest.commit(1, base, ["never"])
            assert answer.get("code") == code, f"base {base} was answered with {answer}"
        first = await _committed(guest, sheet, 1, head - OLDEST + 10)
        assert await guest.commit(1, head - OLDEST + 10, first["operation"]) == first, "a resend was not known again"
        await _committed(guest, sheet, 2, first["version"])
        assert (answer := await guest.commit(3, head, ["x"])).get("code") == "out_of_order", f"answered with {answer}"
    return f"{len(NO_BASES) + len(wrong) + 1} refused, the oldest rebased over {OLDEST - 10}; {others.fared()}"


async def _defused(guest: Wire, seq: int, name: str, operation: list[Any]) -> float:
    """Refused; the seconds that took. Numbers of any size are JSON."""
    began = time.monotonic()
    await guest.send(json.dumps({"type": "submit", "seq": seq, "base_version": guest.head, "operation": operation}))
    answer = await guest.receive("error")
    assert answer["code"] in REFUSALS, f"{name} was answered with {answer}"
    return time.monotonic() - began


async def _flood(guest: Wire, seconds: float) -> int:
    """How many submissions the line took. Answers are not read."""
    sent = 0
    try:
        async with asyncio.timeout(seconds):
            while True:
                await guest.submit(sent + 1, guest.head + sent, ["x"])
                sent += 1
                await asyncio.sleep(0)
    except TimeoutError:
        return sent


async def _long_history(trouble: Trouble, sheet: Sheet) -> None:
    """Somewhat longer than a base may be old."""
    document = (await trouble.crowd.typist("w", sheet)).document
    for _ in range(OLDEST + 100):
        await document.insert(len(document.text), sheet.ledger.tag("w"))
        await document.saved()


async def _committed(guest: Wire, sheet: Sheet, seq: int, base: int) -> dict[str, Any]:
    """With its line in the ledger."""
    pair, operation = (guest.client_id, seq), [sheet.ledger.tag("g")]
    sheet.ledger.invoke(pair, tuple(operation), base)
    entry = await guest.commit(seq, base, operation)
    assert "version" in entry, f"base {base} was answered with {entry}"
    sheet.ledger.ok(pair, entry["version"])
    return entry
