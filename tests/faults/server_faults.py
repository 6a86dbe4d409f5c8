"""What happens to server processes: they die, freeze, and are replaced."""

import asyncio
import signal

from tests.faults.run import Trouble, fault
from tests.server import Server


@fault("F0", "nothing happens")
async def nothing(trouble: Trouble) -> str:
    await asyncio.sleep(trouble.seconds)
    return "what the others are measured against"


@fault("F1", "kill -9 in mid-flood, again and again", unknown=1)
async def killed(trouble: Trouble) -> str:
    for _ in range(5):
        await _replaced(trouble.rng.choice(trouble.rig.servers))
        await asyncio.sleep(trouble.seconds / 10)
    return "5 killed"


@fault("F2", "kill -9 between commit and acknowledgement", unknown=5)
async def killed_before_answering(trouble: Trouble) -> str:
    """The front keeps every answer back while they go on committing."""
    for _ in range(5):
        trouble.rig.front.back.is_open.clear()
        await asyncio.sleep(0.3)
        victim = trouble.rng.choice(trouble.rig.servers)
        victim.kill()
        trouble.rig.front.cut()
        trouble.rig.front.heal()
        await asyncio.to_thread(victim.start)
        await asyncio.sleep(trouble.seconds / 10)
    return "5 killed"


@fault("F4", "SIGTERM, one process after the other", unknown=0)
async def rolled(trouble: Trouble) -> str:
    for server in trouble.rig.servers:
        code = await asyncio.to_thread(server.terminate)
        assert code == 0, f"it ended with {code}"
        await asyncio.to_thread(server.start)
        await asyncio.sleep(trouble.seconds / 6)
    return f"{len(trouble.rig.servers)} replaced"


@fault("F5", "SIGSTOP, then SIGCONT", unknown=1)
async def frozen(trouble: Trouble) -> str:
    """Whoever sits there must notice by itself; what the woken one does then must harm nobody."""
    victim = trouble.rng.choice(trouble.rig.servers)
    assert victim.process is not None
    victim.process.send_signal(signal.SIGSTOP)
    try:
        await asyncio.sleep(trouble.seconds)
    finally:
        victim.process.send_signal(signal.SIGCONT)
    return f"frozen for {trouble.seconds:.0f} s"


async def _replaced(server: Server) -> None:
    server.kill()
    await asyncio.to_thread(server.start)
