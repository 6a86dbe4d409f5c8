"""What the way between clients and servers does: single messages go astray, lines are cut anywhere."""

import asyncio
import time
from collections.abc import Callable

from tests.faults.frames import DOUBLED, DROPPED, LATE, OVERTAKEN, Fate, Mischief
from tests.faults.guests import records
from tests.faults.run import Trouble, fault

SHARE_TO, SHARE_BACK = 0.05, 0.003  # of all messages: for one that leaves twenty come
FEWEST, LONGEST = 5, 30.0  # messages each way, and the seconds in which so many must have come by


# --- Single messages ---


@fault("F15", "messages dropped")
async def dropped(trouble: Trouble) -> str:
    """What came is not there and no line is lost: who waits for an answer asks again."""
    since = time.monotonic()

    def resent() -> int:
        made = [record for record in records(trouble.crowd.sheets) if record.invoked_at >= since]
        return sum(record.resent > 0 and not record.was_unknown for record in made)

    seen = await _astray(trouble, DROPPED)
    assert await _soon(lambda: resent() > 0), "nothing was sent again on a line that was live"
    return f"{seen}; {resent()} sent again on live lines"


@fault("F15b", "messages doubled")
async def doubled(trouble: Trouble) -> str:
    return await _astray(trouble, DOUBLED)


@fault("F15c", "messages delayed")
async def delayed(trouble: Trouble) -> str:
    return await _astray(trouble, LATE)


@fault("F15d", "messages overtaken by others")
async def overtaken(trouble: Trouble) -> str:
    return await _astray(trouble, OVERTAKEN)


@fault("F15e", "messages dropped, doubled, delayed, overtaken")
async def mixed(trouble: Trouble) -> str:
    return await _astray(trouble, DROPPED, DOUBLED, LATE, OVERTAKEN)


async def _astray(trouble: Trouble, *fates: Fate) -> str:
    """On new lines: they are told of from their first byte on, or not at all."""
    front = trouble.rig.front
    to, back = (Mischief(trouble.rng, share, *fates) for share in (SHARE_TO, SHARE_BACK))
    front.to.through, front.back.through = to.stream, back.stream
    front.cut()
    try:
        await asyncio.sleep(trouble.seconds)
        assert await _soon(lambda: min(to.done, back.done) >= FEWEST), f"{to.done} there, {back.done} back"
    finally:
        to.is_over = back.is_over = True
    return f"{to.done} there, {back.done} back"


async def _soon(is_so: Callable[[], bool]) -> bool:
    deadline = time.monotonic() + LONGEST
    while not is_so() and time.monotonic() < deadline:  # noqa: ASYNC110  (nobody tells of it)
        await asyncio.sleep(0.1)
    return is_so()


# --- Cut anywhere ---


@fault("F16", "lines cut anywhere, reset", unknown=1)
async def reset(trouble: Trouble) -> str:
    return await _cut_anywhere(trouble, by_reset=True)


@fault("F16b", "lines cut anywhere, ended", unknown=1)
async def ended(trouble: Trouble) -> str:
    return await _cut_anywhere(trouble, by_reset=False)


async def _cut_anywhere(trouble: Trouble, *, by_reset: bool) -> str:
    front, before = trouble.rig.front, trouble.rig.front.cuts
    front.cut_each_after(1 << 17, by_reset=by_reset)
    front.cut(by_reset=by_reset)
    await asyncio.sleep(trouble.seconds)
    cuts = front.cuts - before
    assert cuts >= trouble.seconds, f"{cuts} were cut"
    return f"{cuts} cut"
