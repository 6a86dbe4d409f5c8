"""A document that was written in for years: it opens, takes edits and tells its past as one of yesterday does."""

import asyncio
import json
import time
from collections.abc import Mapping

from tests.agreement import digest
from tests.faults.crowd import Sheet
from tests.faults.guests import MOST_GROWTH, SLOWER, Others, p99, resident, waits, wire
from tests.faults.outside import ask
from tests.faults.rig import EMBEDDED
from tests.faults.run import Trouble, fault
from tests.server import Server

LONG, SHORTER = 100_000, 20_000  # operations
EMULATED = 5  # times fewer where MongoDB is emulated: it looks at all it holds for each range of keys
LONG_RUN = 20.0  # seconds of trouble that the former are for
TYPISTS = 4
OPENED = 2.0  # seconds in which it is there, or one of its versions
VIEWS = ("/history", "/history?skip={half}", "/revisions", "/blame", "/blame?version={half}", "/diff?from=1&to={half}")


@fault("F24", "a long history")
async def old(trouble: Trouble) -> str:
    rig, count = trouble.rig, _length(trouble)
    sheet = await trouble.crowd.sheet()
    sheet.ledger.strangers = count
    written = await rig.tool("tests.faults.long_history", sheet.doc_id, str(count))
    assert written.returncode == 0, written.stderr[-500:]
    digests = {int(version): told for version, told in json.loads(written.stdout).items()}
    others, memory, since = Others(trouble), resident(rig), time.monotonic()
    for number in range(TYPISTS):
        await trouble.crowd.joined_by(f"h{number}", sheet)
    took = [await _told(trouble, sheet, server, digests) for server in rig.servers]
    await asyncio.sleep(since + trouble.seconds - time.monotonic())
    growth, typed = resident(rig) - memory, p99(waits([sheet], since))
    seconds = f"{count} operations: opened and read within {max(took):.1f} s, p99 there {1000 * typed:.0f} ms"
    assert max(*took, typed) < max(OPENED, SLOWER * others.usual), seconds
    assert growth < MOST_GROWTH, f"{growth >> 20} MiB more memory"
    return f"{seconds}, {growth >> 20} MiB more; {others.fared()}"


def _length(trouble: Trouble) -> int:
    count = LONG if trouble.seconds >= LONG_RUN else SHORTER
    return count if trouble.rig.mode == EMBEDDED else count // EMULATED


async def _told(trouble: Trouble, sheet: Sheet, server: Server, digests: Mapping[int, str]) -> float:
    """The seconds that the slowest took of opening it and all that tells its past; what is told is true."""
    began = time.monotonic()
    async with wire(trouble, sheet, "vera", server) as guest:
        joined = await guest.join()
    slowest = time.monotonic() - began
    assert joined["version"] >= max(digests), f"it was opened at version {joined['version']}"
    views = [view.format(half=max(digests) // 2) for view in VIEWS]
    for path in [*views, *(f"/versions/{version}" for version in digests)]:
        began = time.monotonic()
        answer = await ask(server, "GET", sheet.doc_id, path=path)
        slowest = max(slowest, time.monotonic() - began)
        assert answer.status_code == 200, f"{path} was answered {answer.status_code} {answer.text[:100]}"
        if path.startswith("/versions"):
            told = digest(answer.json()["content"])
            assert told == digests[answer.json()["version"]], f"{path} tells another text"
    return slowest
