"""`python -m loadtest`: Locust's users on a real server."""

import json
from pathlib import Path
from typing import Any

import pytest

from loadtest.__main__ import run
from loadtest.plan import Plan
from tests.server import Server

LOSSY = Path(__file__).with_name("lossy_locustfile.py")
OVER_SOCKETS = ("WS join", "WS submit→acknowledged", "WS submit→seen", "WS presence→seen")


@pytest.fixture
def plan(server: Server, tmp_path: Path) -> Plan:
    few = {"users": 5, "seconds": 4, "spawn_rate": 10, "accounts": 2, "edits": 4}
    return Plan(host=server.url, name="short", reports=tmp_path, **few)


def figures(plan: Plan) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((plan.reports / "short.json").read_text())
    return found


async def test_it_works(plan: Plan) -> None:
    assert await run(plan) == 0
    found = figures(plan)
    for name in (*OVER_SOCKETS, "CHECK all agree"):
        assert found["latencies"][name]["count"] > 0, name
    assert any(name.startswith("GET") for name in found["latencies"])
    assert found["operations"] >= found["acknowledged"] > 10
    assert found["strain"]["server_cpu_percent"] > 0
    page = (plan.reports / "short.html").read_text()
    assert "submit→seen" in page
    assert "Nothing lost, nothing doubled" in page


async def test_what_is_lost_fails(plan: Plan) -> None:
    assert await run(plan, LOSSY) != 0
    found = figures(plan)
    assert any("LOST" in breach for breach in found["breaches"]), found["breaches"]
    assert any("reads another text" in breach for breach in found["breaches"])
    assert found["failures"] == 1  # the check itself, so it stands in Locust's report, too
