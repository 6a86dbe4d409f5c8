"""What Locust has counted, as figures, where LOADTEST_OUTCOME says."""

import os
from pathlib import Path
from typing import Any

from locust.env import Environment
from locust.stats import StatsEntry

from loadtest.figures import POINTS, Figures
from loadtest.gevent_run import Run


def write_outcome(
    environment: Environment, run: Run, strain: dict[str, Any], seconds: float, breaches: list[str]
) -> None:
    """Locust keeps whole milliseconds, from 100 on two digits of them: for fine figures see `loadtest.fine`."""
    if "LOADTEST_OUTCOME" not in os.environ:
        return
    assert environment.parsed_options is not None
    entries = sorted(environment.stats.entries.values(), key=lambda entry: (entry.method != "WS", entry.name))
    Figures(
        kind="Locust",
        users=environment.parsed_options.num_users,
        editors=len(run.sessions),
        documents=len(run.sheets),
        seconds=round(seconds, 1),
        latencies={f"{entry.method} {entry.name}": _figures(entry) for entry in entries},
        operations=run.operations,
        acknowledged=sum(len(sheet.ledger.acknowledged) for sheet in run.sheets),
        lines_lost=sum(sheet.ledger.lines_lost for sheet in run.sheets),
        failures=environment.stats.total.num_failures,
        breaches=breaches,
        strain=strain,
    ).write(Path(os.environ["LOADTEST_OUTCOME"]))


def _figures(entry: StatsEntry) -> dict[str, float]:
    shares = {name: entry.get_response_time_percentile(share) for name, share in POINTS.items()}
    return {"count": entry.num_requests, **shares}
