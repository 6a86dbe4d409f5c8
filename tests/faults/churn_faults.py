"""Guests who come and go as fast as they can, and documents that are opened once."""

import asyncio
import time
from collections.abc import Awaitable, Callable

from tests.faults.crowd import Sheet
from tests.faults.guests import MOST_GROWTH, Others, handles, resident, wire
from tests.faults.rig import CLUSTER, Rig
from tests.faults.run import Trouble, fault

AT_ONCE = 20  # guests
FEWEST = 200  # who came, in a run of any length
WARMING = 100  # guests before memory is looked at
DOCUMENTS = 40  # opened once, for each second of trouble
CALM_SECONDS = 90.0  # rooms are kept for 30 s when nobody is there; listing bindings takes seconds
SPARE_HANDLES = 20  # of all processes: threads that read from the database come and go


@fault("F31", "guests come and go")
async def churned(trouble: Trouble) -> str:
    rig, others = trouble.rig, Others(trouble)
    await _visits(trouble, lambda count: count < WARMING)
    memory, files, bindings = resident(rig), handles(rig), await _bindings(rig)
    end = time.monotonic() + trouble.seconds
    guests = await _visits(trouble, lambda count: count < FEWEST or time.monotonic() < end)
    opened = await _opened_once(trouble, round(DOCUMENTS * trouble.seconds))
    fared = others.fared()
    await _until(lambda: _is_calm(rig, files, bindings))
    growth = resident(rig) - memory
    assert growth < MOST_GROWTH, f"{growth >> 20} MiB more memory"
    return f"{guests} guests, {opened} documents; {growth >> 20} MiB and {handles(rig) - files} handles more; {fared}"


async def _visits(trouble: Trouble, goes_on: Callable[[int], bool]) -> int:
    """Join and leave, half of them without a word, until it is enough; how many came."""
    count = 0

    async def visits() -> None:
        nonlocal count
        while goes_on(count):
            count += 1
            await _visit(trouble, trouble.rng.choice(trouble.crowd.sheets), is_polite=trouble.rng.random() < 0.5)

    await asyncio.gather(*(visits() for _ in range(AT_ONCE)))
    return count


async def _visit(trouble: Trouble, sheet: Sheet, *, is_polite: bool) -> None:
    async with wire(trouble, sheet, "vera") as guest:
        await guest.join()
        if not is_polite:
            guest.socket.transport.abort()


async def _opened_once(trouble: Trouble, most: int) -> int:
    left = most

    async def opens() -> None:
        nonlocal left
        async with trouble.rig.person("alice") as alice:
            while left > 0:
                left -= 1
                info = await alice.create_document("Opened once", "once")
                async with wire(trouble, Sheet(info.doc_id, trouble.crowd.sheets[0].ledger), "alice") as guest:
                    await guest.join()

    await asyncio.gather(*(opens() for _ in range(AT_ONCE // 4)))
    return most


async def _is_calm(rig: Rig, files: int, bindings: int) -> bool:
    return handles(rig) <= files + SPARE_HANDLES and await _bindings(rig) <= bindings


async def _until(is_so: Callable[[], Awaitable[bool]]) -> None:
    deadline = time.monotonic() + CALM_SECONDS
    while not await is_so():
        assert time.monotonic() < deadline, f"handles or bindings are not given back within {CALM_SECONDS:.0f} s"
        await asyncio.sleep(2)


async def _bindings(rig: Rig) -> int:
    """How many the broker knows; and that each process has one queue. 0 where there is none."""
    if rig.mode != CLUSTER:
        return 0
    queues = await asyncio.to_thread(rig.rabbit.control, "list_queues", "name")
    assert len(queues.split()) <= 1 + len(rig.servers), f"queues: {queues}"
    return len((await asyncio.to_thread(rig.rabbit.control, "list_bindings")).splitlines())
