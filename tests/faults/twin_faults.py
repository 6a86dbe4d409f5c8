"""One client twice: a copied tab, or one that comes back while its old socket lives. Both use the same numbers."""

import asyncio
import time
from collections import Counter
from dataclasses import dataclass, field
from uuid import UUID

from websockets.exceptions import ConnectionClosed

from tests.agreement import read_log
from tests.faults.crowd import Sheet
from tests.faults.guests import Others, unjudged, wire
from tests.faults.run import Trouble, fault
from tests.ledger import inserted
from tests.server import Server
from tests.wire import Wire

TWINS = 4  # pairs of them
TAKEN_OVER, RESTARTING = 4409, 1012
REFUSALS = {"seq_reused", "out_of_order"}


@dataclass
class Twins:
    """Two sockets of one client. `seen` is its newest seq that either has met; `acknowledged` what either was told."""

    servers: tuple[Server, Server]
    client_id: str
    seen: int = 0
    acknowledged: dict[str, tuple[int, int]] = field(default_factory=dict)  # tag: (seq, version)
    counts: Counter[str] = field(default_factory=Counter)


@fault("F19", "one client on two sockets")
async def twice(trouble: Trouble) -> str:
    """The newer socket has the seat, at the same process and at another one; what either was told is there once."""
    others, sheet, end = Others(trouble), await unjudged(trouble), time.monotonic() + trouble.seconds
    servers = trouble.rig.servers
    pairs = [_twins(trouble, (servers[0], servers[number % len(servers)])) for number in range(TWINS)]
    await asyncio.gather(*(_types(trouble, sheet, twins, n, end) for twins in pairs for n in (0, 1)))
    for twins in pairs:
        await _one_is_left(trouble, sheet, twins)
        await _is_there_once(trouble, sheet, twins)
    counts = sum((twins.counts for twins in pairs), Counter[str]())
    assert min(twins.counts["taken over"] for twins in pairs), "a pair never met"
    return f"{', '.join(f'{count} {what}' for what, count in sorted(counts.items()))}; {others.fared()}"


def _twins(trouble: Trouble, servers: tuple[Server, Server]) -> Twins:
    return Twins(servers, str(UUID(int=trouble.rng.getrandbits(128), version=4)))


def _line(trouble: Trouble, sheet: Sheet, twins: Twins, number: int) -> Wire:
    return wire(trouble, sheet, "bob", twins.servers[number], twins.client_id)


async def _types(trouble: Trouble, sheet: Sheet, twins: Twins, number: int, end: float) -> None:
    """Takes the seat, keeps it until the other takes it or a number was used, and comes back."""
    while time.monotonic() < end:
        try:
            async with _line(trouble, sheet, twins, number) as line:
                await line.join()
                while time.monotonic() < end and await _says_one(twins, number, line):
                    pass
        except ConnectionClosed as closed:
            code = closed.rcvd.code if closed.rcvd else None
            assert code in (TAKEN_OVER, RESTARTING), f"one was closed with {code}"
            twins.counts["taken over" if code == TAKEN_OVER else "told to come back"] += 1
        await asyncio.sleep(trouble.rng.uniform(0, 0.3))


async def _says_one(twins: Twins, number: int, line: Wire) -> bool:
    """Whether it was committed."""
    seq, tag = twins.seen + 1, f"[{number}.{twins.counts.total()}]"
    twins.counts["said"] += 1
    answer = await line.commit(seq, line.head, [tag])
    if answer.get("type") == "error":
        assert answer["code"] in REFUSALS, f"one was answered by {answer}"
        twins.counts["refused"] += 1
        twins.seen = max(seq, twins.seen)
        return False
    twins.seen, line.head = max(seq, twins.seen), answer["version"]
    if inserted(answer["operation"]) == tag:
        twins.acknowledged[tag] = seq, answer["version"]
    return True


async def _one_is_left(trouble: Trouble, sheet: Sheet, twins: Twins) -> None:
    async with _line(trouble, sheet, twins, 0) as older, _line(trouble, sheet, twins, 1) as newer:
        await older.join()
        await newer.join()
        assert (code := await older.close_code()) == TAKEN_OVER, f"the older one was closed with {code}"
        await newer.send({"type": "ping"})
        await newer.receive("pong")


async def _is_there_once(trouble: Trouble, sheet: Sheet, twins: Twins) -> None:
    async with trouble.rig.person("bob", trouble.rng.choice(twins.servers)) as bob:
        log = await read_log(bob, sheet.doc_id)
    own = [entry for entry in log if entry["client_id"] == twins.client_id]
    found = {inserted(entry["operation"]): (entry["seq"], entry["version"]) for entry in own}
    lost = twins.acknowledged.items() - found.items()
    assert not lost, f"{len(lost)} were acknowledged and are not there: {sorted(lost)[:3]}"
    seqs = [entry["seq"] for entry in own]
    assert seqs == sorted(set(seqs)), "a number is there twice, or too late"
    twins.counts["acknowledged"] += len(twins.acknowledged)
