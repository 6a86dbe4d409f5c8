"""What happens to RabbitMQ, and to what it carries: others look into the log, until they are told again."""

import asyncio
import time
from collections.abc import Callable

from tests.faults.across import Logs, across, went_on
from tests.faults.run import CLUSTER, Trouble, fault
from tests.rabbit import RabbitServer

Harm = Callable[[RabbitServer], object]
AWAY, BACK = "RabbitMQ is away", "RabbitMQ is back"
CLOSINGS = 3


@fault("F6", "RabbitMQ: kill -9, and started again", CLUSTER)
async def killed(trouble: Trouble) -> str:
    def kill_and_start(rabbit: RabbitServer) -> None:
        rabbit.kill()
        rabbit.start()

    return await _endured(trouble, kill_and_start, seconds=0)


@fault("F6b", "RabbitMQ is down", CLUSTER)
async def down(trouble: Trouble) -> str:
    return await _endured(trouble, RabbitServer.kill, RabbitServer.start)


@fault("F6c", "RabbitMQ: close_all_connections", CLUSTER)
async def closed(trouble: Trouble) -> str:
    def close(rabbit: RabbitServer) -> None:
        for _ in range(CLOSINGS):
            rabbit.close_all_connections()

    return await _endured(trouble, close, seconds=0)


@fault("F6d", "RabbitMQ: memory alarm, publishers are blocked", CLUSTER)
async def choked(trouble: Trouble) -> str:
    alarm = trouble.rig.rabbit.memory_alarm()
    return await _endured(trouble, lambda _: alarm.__enter__(), lambda _: alarm.__exit__(None, None, None))


@fault("F6e", "RabbitMQ hangs: takes everything, answers nothing", CLUSTER)
async def stuck(trouble: Trouble) -> str:
    pause = trouble.rig.rabbit.pause()
    return await _endured(trouble, lambda _: pause.__enter__(), lambda _: pause.__exit__(None, None, None))


@fault(
    "F7",
    "the channel layer drops, doubles, reorders and delays",
    CLUSTER,
    DJANGO_SETTINGS_MODULE="tests.faults.settings",
)
async def lossy(trouble: Trouble) -> str:
    """It does so all the time; the next message shows what is missing, so most is seen long before a look."""
    began = time.monotonic()
    async with across(trouble) as document:
        await asyncio.sleep(trouble.seconds)
        behind = document.behind(began)
        await document.is_live_again()
    said = "".join(server.log() for server in trouble.rig.servers)
    missing = [harm for harm in ("lost", "doubled", "delayed") if f"the layer has {harm}" not in said]
    assert not missing, f"the layer has not {missing} enough"
    return f"others {behind:.1f} s behind at most; {went_on(trouble, trouble.crowd.sheets, began)}"


async def _endured(
    trouble: Trouble, harm: Harm, mend: Harm = lambda rabbit: None, *, seconds: float | None = None
) -> str:
    """Edits are acknowledged all the while, others see them by looks, and live when it is mended."""
    rabbit, logs, crowd = trouble.rig.rabbit, Logs(trouble), list(trouble.crowd.sheets)
    async with across(trouble) as document:
        await document.is_live_again()
        began = time.monotonic()
        try:
            await asyncio.to_thread(harm, rabbit)
            await asyncio.sleep(trouble.seconds if seconds is None else seconds)
            meanwhile = went_on(trouble, crowd, began)
            await logs.hear(AWAY)
        finally:
            await asyncio.to_thread(mend, rabbit)
        resumed = await document.is_live_again()
        behind = document.behind(began)
    await logs.hear(BACK)
    return f"{meanwhile}; others {behind:.1f} s behind at most, live again after {resumed:.0f} s"
