"""`python -m loadtest.fine`: the Python client's own documents on a real server."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from collabdocs_client import Client, LoggedOut
from collabdocs_client.line import Line

from loadtest.fine import measure
from loadtest.ledger import ACKNOWLEDGED, JOINED, SEEN
from loadtest.plan import Plan
from loadtest.world import made
from tests.server import Server


@pytest.fixture
def plan(server: Server, tmp_path: Path) -> Plan:
    few = {"users": 4, "seconds": 2, "spawn_rate": 20, "accounts": 2, "edits": 8}
    return Plan(host=server.url, name="short", reports=tmp_path, **few)


@pytest.fixture
def lossy(monkeypatch: pytest.MonkeyPatch) -> None:
    """The first submission never leaves; in the place of what comes next its author hears that it was committed."""
    names: dict[Line, str] = {}
    lost: list[tuple[Line, Mapping[str, Any]]] = []
    answered: list[Line] = []
    send, receive = Line.send, Line.receive

    async def lossy_send(line: Line, message: Mapping[str, Any]) -> None:
        names[line] = message.get("client_id") or names[line]
        if message["type"] != "submit" or lost:
            return await send(line, message)
        lost.append((line, message))
        line._tap("out", message)  # type: ignore[misc]

    async def lossy_receive(line: Line) -> dict[str, Any]:
        message = await receive(line)
        if message["type"] != "operations" or answered or not lost or lost[0][0] is not line:
            return message
        answered.append(line)
        version = message["operations"][0]["version"]
        entry = dict(lost[0][1]) | {"version": version, "client_id": names[line], "author": None}
        forged = {"type": "operations", "operations": [entry]}
        line._tap("in", forged)  # type: ignore[misc]
        return forged

    monkeypatch.setattr(Line, "send", lossy_send)
    monkeypatch.setattr(Line, "receive", lossy_receive)


async def test_it_works(plan: Plan) -> None:
    figures = await measure(plan)
    assert figures.is_good, figures.remarks()
    assert figures.operations == figures.acknowledged == figures.latencies[ACKNOWLEDGED]["count"] > 10
    assert figures.latencies[SEEN]["count"] == 3 * figures.acknowledged
    assert figures.latencies[JOINED]["count"] == 4
    assert figures.strain["server_cpu_seconds"] > 0
    assert "| submit→seen |" in figures.markdown()


async def test_the_server_says_the_same(plan: Plan) -> None:
    """It counts what the clients count, and no bucket of its begins later than what a client has waited."""
    figures = await measure(plan)
    told = figures.server_says[ACKNOWLEDGED]
    assert told["count"] == figures.acknowledged
    for point in ("p50", "max"):
        assert told[point] <= bucket_of(figures.latencies[ACKNOWLEDGED][point])


def bucket_of(milliseconds: float) -> float:
    """The upper end of the bucket that it lies in."""
    return min(end for end in (1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000) if milliseconds <= end)


@pytest.mark.usefixtures("lossy")
async def test_what_is_lost_fails(plan: Plan) -> None:
    figures = await measure(plan)
    assert any("LOST" in breach for breach in figures.breaches), figures.breaches
    assert not figures.is_good


async def test_all_is_gone_afterwards(plan: Plan) -> None:
    async with made(plan, 2) as world:
        ada = world.people[world.papers[0].writers[1]]
        async with await Client.log_in(world.host, ada.username, ada.password) as client:
            assert (await client.read(world.papers[0].doc_id)).role == "editor"
    with pytest.raises(LoggedOut):
        await Client.log_in(world.host, ada.username, ada.password)
