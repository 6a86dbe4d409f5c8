"""`python -m loadtest --users 100 --seconds 60`: set up, let Locust play its users, take everything away again.

Writes an HTML report with plots, and the figures as JSON. Ends with 1 if a request failed or the clients do not agree
with the server.
"""

import asyncio
import html
import os
import subprocess
import sys
import tempfile
from pathlib import Path

from loadtest.figures import Figures
from loadtest.plan import Plan
from loadtest.world import World, made

ROOT = Path(__file__).parents[1]
LOCUSTFILE = Path(__file__).with_name("locustfile.py")
STOPPING = 30  # seconds for what is under way when the time is over
UNUSUAL = 600.0  # seconds, after which something is stuck


async def run(plan: Plan, locustfile: Path = LOCUSTFILE) -> int:
    """The exit code. It is Locust's own, and 1 where its figures are missing or bad."""
    async with made(plan, plan.documents_for(plan.editors)) as world:
        with tempfile.TemporaryDirectory(prefix="loadtest-") as directory:
            code = await asyncio.to_thread(_locust, plan, world, Path(directory) / "world.json", locustfile)
    outcome = _file(plan, "json")
    if not outcome.exists():
        return code or 1
    figures = Figures.read(outcome)
    _append(_file(plan, "html"), figures)
    print("\n".join([figures.markdown(), "", *figures.remarks(), f"The report is {_file(plan, 'html')}"]))
    return code or int(not figures.is_good)


def _locust(plan: Plan, world: World, handed: Path, locustfile: Path) -> int:
    world.write(handed)
    plan.reports.mkdir(parents=True, exist_ok=True)
    _file(plan, "json").unlink(missing_ok=True)
    command = [sys.executable, "-m", "locust", "-f", str(locustfile), "--headless", "--only-summary"]
    command += ["--host", plan.host, "--users", str(plan.users), "--spawn-rate", str(plan.spawn_rate)]
    command += [
        "--run-time",
        f"{plan.seconds:.0f}s",
        "--stop-timeout",
        str(STOPPING),
        "--html",
        str(_file(plan, "html")),
    ]
    paths = os.pathsep.join([str(ROOT), str(ROOT / "clients/python")])
    told = {"LOADTEST_WORLD": str(handed), "LOADTEST_OUTCOME": str(_file(plan, "json"))}
    pids = {"LOADTEST_PIDS": " ".join(map(str, plan.pids))}
    env = os.environ | {"PYTHONPATH": paths} | told | pids
    return subprocess.run(command, cwd=ROOT, env=env, timeout=plan.seconds + UNUSUAL).returncode


def _append(report: Path, figures: Figures) -> None:
    """Put what Locust does not know at the end of its page."""
    said = html.escape("\n".join([figures.markdown(), "", *figures.remarks()]))
    page, end, rest = report.read_text().rpartition("</body>")
    report.write_text(f'{page}<pre style="padding: 2em">{said}</pre>{end}{rest}')


def _file(plan: Plan, suffix: str) -> Path:
    return plan.reports / f"{plan.name}.{suffix}"


if __name__ == "__main__":
    sys.exit(asyncio.run(run(Plan.asked("loadtest").named("locust"))))
