"""What happens to server processes: they die, freeze, and are replaced."""

import asyncio
import signal
import time

from collabdocs_client import Document

from tests.faults.guests import all_are, records
from tests.faults.run import Trouble, Vacuous, fault
from tests.server import Server

KILLS, MOST_KILLS = 5, 12  # the latter where none of the first has met anybody with something unanswered
BACK = 5.0  # seconds after a restart in which everybody has a line
NOTICED = 20.0  # seconds in which a client leaves a process that says nothing
STUCK = "Something is stuck"  # a process that was told to end says so, and ends all the same


@fault("F0", "nothing happens")
async def nothing(trouble: Trouble) -> str:
    await asyncio.sleep(trouble.seconds)
    return "what the others are measured against"


@fault("F1", "kill -9 in mid-flood, again and again", unknown=1, resent=1)
async def killed(trouble: Trouble) -> str:
    kills, longest, began = 0, 0.0, time.monotonic()
    while kills < KILLS or (kills < MOST_KILLS and not _sent_again(trouble, began)):
        await _replaced(trouble.rng.choice(trouble.rig.servers))
        longest = max(longest, await all_are(_documents(trouble), connected=True, within=BACK))
        kills += 1
        await asyncio.sleep(trouble.seconds / 10)
    return f"{kills} killed, all back {longest:.1f} s later at most"


@fault("F2", "kill -9 between commit and acknowledgement", unknown=5)
async def killed_before_answering(trouble: Trouble) -> str:
    """The front keeps every answer back while they go on committing.

    Nothing need be sent again: who comes back is told of what was committed before they would say it again.
    """
    for _ in range(KILLS):
        trouble.rig.front.back.is_open.clear()
        await asyncio.sleep(0.3)
        victim = trouble.rng.choice(trouble.rig.servers)
        victim.kill()
        trouble.rig.front.cut()
        trouble.rig.front.heal()
        await asyncio.to_thread(victim.start)
        await asyncio.sleep(trouble.seconds / 10)
    return f"{KILLS} killed"


@fault("F4", "SIGTERM, one process after the other", unknown=0)
async def rolled(trouble: Trouble) -> str:
    """Each ends by itself, in time; 0 is also what one ends with that is stuck, but it says so."""
    for server in trouble.rig.servers:
        said = len(server.log())
        code = await asyncio.to_thread(server.terminate)
        assert code == 0, f"it ended with {code}"
        assert STUCK not in server.log()[said:], f"it said {STUCK!r}"
        await asyncio.to_thread(server.start)
        await asyncio.sleep(trouble.seconds / 6)
    return f"{len(trouble.rig.servers)} replaced"


@fault("F5", "SIGSTOP, then SIGCONT", unknown=1, resent=1)
async def frozen(trouble: Trouble) -> str:
    """Whoever sits there must notice by itself; what the woken one does then must harm nobody."""
    front, servers = trouble.rig.front, trouble.rig.servers
    victim = max(servers, key=lambda server: len(front.lines_to(server.port)))
    lines, began = front.lines_to(victim.port), time.monotonic()
    if not lines:
        raise Vacuous("nobody sits anywhere")
    assert victim.process is not None
    victim.process.send_signal(signal.SIGSTOP)
    try:
        while left := lines & front.lines_to(victim.port):
            assert time.monotonic() - began < NOTICED, f"after {NOTICED:.0f} s {len(left)} still wait for it"
            await asyncio.sleep(0.1)
        noticed = time.monotonic() - began
        await asyncio.sleep(trouble.seconds - noticed)
    finally:
        victim.process.send_signal(signal.SIGCONT)
    return (
        f"{len(lines)} sat there, all had left after {noticed:.0f} s; frozen for {max(trouble.seconds, noticed):.0f} s"
    )


def _documents(trouble: Trouble) -> list[Document]:
    return [typist.document for typist in trouble.crowd.typists]


def _sent_again(trouble: Trouble, since: float) -> bool:
    """Anything of what was sent from then on."""
    return any(record.resent for record in records(trouble.crowd.sheets) if record.invoked_at > since)


async def _replaced(server: Server) -> None:
    server.kill()
    await asyncio.to_thread(server.start)
