"""`python -m loadtest.fine --users 100 --seconds 30`: typing users on asyncio, with the Python client as it is shipped.

Every user has a document open and types. Writes the figures as JSON and as Markdown; ends with 1 if the clients do not
agree with the server. Latencies are of what was sent after everybody had joined.
"""

import asyncio
import sys
from contextlib import AsyncExitStack
from typing import Any

import uvloop

from loadtest.asyncio_run import Run
from loadtest.figures import Figures, percentiles
from loadtest.ledger import ACKNOWLEDGED, JOINED, SEEN
from loadtest.plan import Plan
from loadtest.strain import TICK, Strain
from loadtest.told import between, buckets
from loadtest.world import made


async def measure(plan: Plan) -> Figures:
    """Set up, join, type, judge, take away."""
    async with made(plan, plan.documents_for(plan.users)) as world, AsyncExitStack() as stack:
        run = Run(plan, world, stack)
        await run.join()
        before = await asyncio.to_thread(buckets, plan.host)
        cost = await _typed(run)
        operations, breaches = await run.judge()
        after = await asyncio.to_thread(buckets, plan.host)
        return Figures(
            kind="asyncio",
            users=plan.users,
            editors=len(run.documents),
            documents=len(run.sheets),
            seconds=plan.seconds,
            latencies={name: _row(run.samples[name]) for name in (ACKNOWLEDGED, SEEN, JOINED)},
            operations=operations,
            acknowledged=sum(len(sheet.ledger.acknowledged) for sheet in run.sheets),
            lines_lost=sum(sheet.ledger.lines_lost for sheet in run.sheets),
            failures=0,
            breaches=breaches,
            strain=cost,
            server_says=between(before, after),
        )


async def _typed(run: Run) -> dict[str, Any]:
    """What the typing has cost."""
    strain = Strain(run.plan.host, run.plan.pids)
    ticking = asyncio.create_task(_tick(strain))
    await run.type()
    ticking.cancel()
    return strain.report()


async def _tick(strain: Strain) -> None:
    while True:
        await asyncio.sleep(TICK)
        strain.tick()


def _row(samples: list[float]) -> dict[str, float]:
    return {"count": len(samples), **percentiles(samples)}


def main() -> int:
    plan = Plan.asked("loadtest.fine").named("fine")
    figures = uvloop.run(measure(plan))
    said = "\n".join([figures.markdown(), "", *figures.remarks()])
    figures.write(plan.reports / f"{plan.name}.json")
    (plan.reports / f"{plan.name}.md").write_text(said + "\n")
    print(said)
    return int(not figures.is_good)


if __name__ == "__main__":
    sys.exit(main())
