"""Many who type on one text at once, in all processes: each version can be only one's."""

import asyncio
import time
from collections import Counter

from tests.faults.crowd import Sheet
from tests.faults.guests import Others, p99, waits
from tests.faults.run import Trouble, fault

RACERS = 40


@fault("F14", "all processes commit to one document at once")
async def raced(trouble: Trouble) -> str:
    """Each client sits at a known process, and sends the next as soon as it has its answer."""
    servers, sheet, others = trouble.rig.servers, await trouble.crowd.sheet(), Others(trouble)
    racers = [await trouble.crowd.typist(f"r{n}", sheet, server=servers[n % len(servers)]) for n in range(RACERS)]
    began = time.monotonic()
    for racer in racers:
        trouble.crowd.lets(racer, race=True)
    await asyncio.sleep(trouble.seconds)
    answers = _answered(sheet, began)
    each = [answers[racer.document.client_id] for racer in racers]
    of_process = [sum(each[n :: len(servers)]) for n in range(len(servers))]
    assert min(each) > 0, (
        f"{each.count(0)} of {RACERS} had no answer in {trouble.seconds:.0f} s; processes: {of_process}"
    )
    pace = f"{sum(each) / trouble.seconds:.0f} a second, by process {'/'.join(map(str, of_process))}"
    return f"{pace}, a client {min(each)} to {max(each)}, p99 {p99(waits([sheet], began)):.2f} s; {others.fared()}"


def _answered(sheet: Sheet, since: float) -> Counter[str]:
    """How many answers each client has had."""
    return Counter(client_id for (client_id, _), record in sheet.ledger.records.items() if record.answered_at >= since)
