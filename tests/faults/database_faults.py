"""What happens to MongoDB: it goes away, hangs, is slow, and its answers get lost after the commit.

The emulator keeps everything in memory, so nothing here kills it: it can be out of reach, or frozen. That a real
one keeps what it has acknowledged (`w: majority`, journalled) is its own promise, which the settings ask for.
"""

import asyncio
import time
from collections.abc import Callable

from tests.faults.lost_replies import lose_answers
from tests.faults.outside import FIRST_INSTANT, acknowledged, assert_refused_soon, person, watched
from tests.faults.relay import Relay
from tests.faults.run import CLUSTER, Trouble, fault
from tests.server import Server

LOST_A_SECOND = 5  # answers, at least
IMPATIENT = 150  # requests at once, at each process
TOLD = 30.0  # seconds until each of them has an answer


@fault("F9", "database gone", CLUSTER, resent=1)
async def gone(trouble: Trouble) -> str:
    return await _outage(trouble, _to_mongo(trouble).refuse, _to_mongo(trouble).heal)


@fault("F9b", "database frozen: SIGSTOP, then SIGCONT", CLUSTER, resent=1)
async def frozen(trouble: Trouble) -> str:
    return await _outage(trouble, trouble.rig.mongo.hang, trouble.rig.mongo.wake)


@fault("F10", "database reply lost after the commit", CLUSTER)
async def replies_lost(trouble: Trouble) -> str:
    """Who asked tries again by itself, is told of a key that is there already, and knows its own entry."""
    relay = _to_mongo(trouble)
    before, began = relay.swallowed, time.monotonic()
    lose_answers(relay, trouble.rng)
    try:
        await asyncio.sleep(trouble.seconds)
    finally:
        relay.heal()
    lost, done = relay.swallowed - before, acknowledged(trouble.crowd, began)
    least = LOST_A_SECOND * trouble.seconds
    assert lost >= least, f"{lost} answers were lost, {least:.0f} are the least"
    assert done, "nothing was acknowledged meanwhile"
    return f"{lost} answers lost, {done} acknowledged meanwhile"


@fault("F11", "database slow: a second each way", CLUSTER)
async def slow(trouble: Trouble) -> str:
    relay = _to_mongo(trouble)
    relay.to.delay = relay.back.delay = 1.0
    return await _crowded(trouble)


@fault("F11b", "database stuck: it takes all and answers nothing", CLUSTER, resent=1)
async def stuck(trouble: Trouble) -> str:
    _to_mongo(trouble).stall()
    return await _crowded(trouble)


def _to_mongo(trouble: Trouble) -> Relay:
    assert trouble.rig.to_mongo is not None
    return trouble.rig.to_mongo


async def _outage(trouble: Trouble, begin: Callable[[], None], end: Callable[[], None]) -> str:
    """Nothing is acknowledged in it, and whoever asks is told soon."""
    doc_id = await trouble.rig.document()
    began = time.monotonic()
    begin()
    try:
        async with watched(trouble.rig.servers) as watch:
            told = await assert_refused_soon(trouble.rig, doc_id)
            await asyncio.sleep(max(0.0, began + trouble.seconds - time.monotonic()))
            count = acknowledged(trouble.crowd, began + FIRST_INSTANT)
    finally:
        end()
    assert count == 0, f"{count} were acknowledged in the outage"
    return f"0 ok in the outage, {told}, {watch.assert_well()}"


async def _crowded(trouble: Trouble) -> str:
    """Many ask at once meanwhile, at each process, and each is told something in time."""
    doc_id, relay = trouble.crowd.sheets[0].doc_id, _to_mongo(trouble)
    try:
        async with watched(trouble.rig.servers) as watch, asyncio.TaskGroup() as asking:
            crowds = [asking.create_task(_asks_much(server, doc_id)) for server in trouble.rig.servers]
            await asyncio.sleep(trouble.seconds)
            relay.heal()
    finally:
        relay.heal()
    answers = [answer for crowd in crowds for answer in crowd.result()]
    slowest, refused = max(took for _, took in answers), sum(status == 503 for status, _ in answers)
    assert {status for status, _ in answers} <= {200, 503}, f"answers were {sorted(answers)}"
    assert slowest < TOLD, f"somebody was told after {slowest:.0f} s"
    return f"{refused} of {len(answers)} requests got 503, the last after {slowest:.1f} s; {watch.assert_well()}"


async def _asks_much(server: Server, doc_id: str) -> list[tuple[int, float]]:
    """(status, seconds) of each request."""
    async with person(server) as alice:

        async def asks() -> tuple[int, float]:
            started = time.monotonic()
            answer = await alice.get(f"/api/documents/{doc_id}")
            return answer.status_code, time.monotonic() - started

        return await asyncio.gather(*(asks() for _ in range(IMPATIENT)))
