"""How a process takes leave of those who listen: one after the other, each when what it submitted is answered.

Closed all at once, a thousand clients would come back at once, to processes that have their own to serve.
"""

import asyncio
import random
import time
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from typing import TypeVar

from realtime import protocol
from realtime.listener import Listener

T = TypeVar("T")
GAP = 0.05  # seconds between two closes where there are few: who runs this alone waits for nothing
ANSWER_PATIENCE = 2.0  # seconds that a close waits for an answer


def schedule(people: Sequence[T], longest: float) -> list[tuple[float, T]]:
    """Everybody with a moment of their own: seconds from now, evenly spread over `longest` at most, in random order."""
    gap = min(GAP, longest / max(1, len(people)))
    order = random.sample(people, len(people))
    return [(number * gap, who) for number, who in enumerate(order)]


async def close_in_turn(
    listeners: Sequence[Listener], answered: Callable[[Listener], Awaitable[None]], longest: float
) -> None:
    """Close everybody 1012. Until then they go on, and hear of what others do."""
    started = time.monotonic()
    async with asyncio.TaskGroup() as closes:
        for moment, listener in schedule(listeners, longest):
            await asyncio.sleep(started + moment - time.monotonic())
            closes.create_task(_close(listener, answered))


async def _close(listener: Listener, answered: Callable[[Listener], Awaitable[None]]) -> None:
    await within(ANSWER_PATIENCE, answered(listener))
    listener.close(protocol.RESTARTING)


async def within(seconds: float, work: Awaitable[object]) -> None:
    """Wait for something so long and no longer: a database or a broker may be stuck."""
    with suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            await work
