"""Who is present: those who died with a process are forgotten, and a crowd that comes and goes holds up nobody."""

import asyncio
import time
from contextlib import AsyncExitStack
from random import Random

from tests.faults.across import went_on
from tests.faults.crowd import Sheet
from tests.faults.guests import Others, wire
from tests.faults.run import Trouble, fault
from tests.server import Server

FORGOTTEN = 30.0  # seconds after which nobody is shown who is not there
GHOSTS, GUESTS = 10, 50


@fault("F32", "kill -9: who sat there is present no more")
async def haunted(trouble: Trouble) -> str:
    """The process is back at once, and none of the dead with it."""
    sheet, victim = trouble.crowd.sheets[0], trouble.rng.choice(trouble.rig.servers)
    async with AsyncExitStack() as stack:
        ghosts = set()
        for _ in range(GHOSTS):
            ghost = await stack.enter_async_context(wire(trouble, sheet, "vera", victim))
            await ghost.join()
            ghosts.add(ghost.client_id)
        await _all_show(trouble, sheet, ghosts)
        victim.kill()
        died_at = time.monotonic()
        await asyncio.to_thread(victim.start)
        await _all_show(trouble, sheet)
    return f"{GHOSTS} ghosts gone after {time.monotonic() - died_at:.0f} s"


@fault("F32b", f"{GUESTS} come and go as fast as they can")
async def flooded(trouble: Trouble) -> str:
    """In the crowd's own document, at every process; half of them leave without a word."""
    others, sheet, began = Others(trouble), trouble.crowd.sheets[0], time.monotonic()
    end = began + trouble.seconds
    visits = await asyncio.gather(*(_comes_and_goes(trouble, sheet, end) for _ in range(GUESTS)))
    meanwhile = f"{went_on(trouble, others.sheets, began)}; {others.fared()}"
    ended = time.monotonic()
    await _all_show(trouble, sheet)
    return f"{sum(visits)} visits; {meanwhile}; who is present was right {time.monotonic() - ended:.0f} s later"


async def _comes_and_goes(trouble: Trouble, sheet: Sheet, end: float) -> int:
    count, rng = 0, Random(trouble.rng.random())
    while time.monotonic() < end:
        async with wire(trouble, sheet, rng.choice(["alice", "bob", "vera"])) as guest:
            joined = await guest.join()
            await guest.send({"type": "presence", "base_version": joined["version"], "selection": [[0, 0]]})
            if rng.random() < 0.5:
                guest.socket.transport.abort()
        count += 1
    return count


async def _all_show(trouble: Trouble, sheet: Sheet, more: set[str] | None = None) -> None:
    """Wait until at each process those are present who have a live socket, and nobody else."""
    living = {document.client_id for document in sheet.documents} | (more or set())
    deadline = time.monotonic() + FORGOTTEN
    for server in trouble.rig.servers:
        while (shown := await _shown(trouble, sheet, server)) != living:
            wrong = f"{len(shown - living)} are shown who are not there, {len(living - shown)} are not shown"
            assert time.monotonic() < deadline, f"{wrong}, at {server.url}"
            await asyncio.sleep(0.5)


async def _shown(trouble: Trouble, sheet: Sheet, server: Server) -> set[str]:
    """Who is said to be present to one more who comes."""
    async with wire(trouble, sheet, "vera", server) as looker:
        return {present["client_id"] for present in (await looker.join())["presence"]}
