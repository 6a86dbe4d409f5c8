"""Clocks that are wrong: order comes from versions alone, and tokens allow for seconds between clocks."""

import asyncio
import uuid
from datetime import datetime
from itertools import pairwise
from pathlib import Path
from typing import Any

from collabdocs_client import Client
from collabdocs_client.client import open_http

from tests.faults.crowd import Sheet
from tests.faults.guests import Others
from tests.faults.rig import Rig
from tests.faults.run import Trouble, fault
from tests.server import Server

PASSWORD = "a battery staples horses"
AHEAD, BEHIND = "+25", "-25"  # seconds: what tokens allow for is a little more
VIEWS = ("history", "revisions", "blame", "operations")


@fault("F20", "clocks 25 s ahead and behind, and one that jumps")
async def skewed(trouble: Trouble) -> str:
    others, rig = Others(trouble), trouble.rig
    try:
        clocks = [await _with_clock(rig, server, skew) for server, skew in zip(rig.servers, _skews(rig), strict=True)]
        await _tokens_hold(rig)
        await asyncio.sleep(trouble.seconds / 2)
        clocks[-1].write_text(BEHIND)  # it jumps
        await asyncio.sleep(trouble.seconds / 2)
        back = [await _read_everywhere(rig, sheet) for sheet in trouble.crowd.sheets]
    finally:
        for server in rig.servers:
            await _with_right_clock(server)
    return f"times in the log step back {sum(back)} times; {others.fared()}"


def _skews(rig: Rig) -> list[str]:
    """The last is right until it jumps; alone, it jumps from ahead to behind."""
    return [AHEAD] if len(rig.servers) == 1 else [AHEAD, BEHIND, "+0"]


async def _with_clock(rig: Rig, server: Server, skew: str) -> Path:
    """Let a process begin anew with a clock that is wrong by what a file says."""
    clock = rig.directory / f"clock-{server.port}"
    clock.write_text(skew)
    server.env |= {"DJANGO_SETTINGS_MODULE": "tests.faults.wrong_clock", "CLOCK_FILE": str(clock)}
    await _replaced(server)
    return clock


async def _with_right_clock(server: Server) -> None:
    for name in ("DJANGO_SETTINGS_MODULE", "CLOCK_FILE"):
        server.env.pop(name, None)
    await _replaced(server)


async def _replaced(server: Server) -> None:
    await asyncio.to_thread(server.stop)
    await asyncio.to_thread(server.start)


async def _tokens_hold(rig: Rig) -> None:
    """A token that any process gives out is good at the one that knows the time; and its own at all."""
    right, name = rig.servers[-1], f"guest-{uuid.uuid4().hex[:12]}"
    async with await Client.sign_up(right.url, name, PASSWORD, f"{name}@example.org"):
        for server in rig.servers:
            for giver, taker in ((server, right), (right, server)):
                assert await _lets_in(giver, taker, name), f"{giver.url}'s token is no good at {taker.url}"


async def _lets_in(giver: Server, taker: Server, name: str) -> bool:
    async with await Client.log_in(giver.url, name, PASSWORD) as known, open_http(taker.url) as http:
        token = (await known.tokens.access()).token
        answer = await http.get("/api/users/me", headers={"Authorization": f"Bearer {token}"})
        return answer.status_code == 200


async def _read_everywhere(rig: Rig, sheet: Sheet) -> int:
    """Every process can tell the past; how often the times of the log step back."""
    for server in rig.servers:
        async with rig.person("vera", server) as vera:
            for view in VIEWS:
                answer = await vera.http.get(f"/api/documents/{sheet.doc_id}/{view}")
                assert answer.status_code == 200, f"{view} at {server.url} was answered {answer.status_code}"
    entries = await _entries(rig, sheet)
    assert [entry["version"] for entry in entries] == list(range(1, len(entries) + 1)), "versions are out of order"
    times = [datetime.fromisoformat(entry["created_at"]) for entry in entries]
    return sum(later < earlier for earlier, later in pairwise(times))


async def _entries(rig: Rig, sheet: Sheet) -> list[dict[str, Any]]:
    """The whole log by the API."""
    entries: list[dict[str, Any]] = []
    async with rig.person("vera") as vera:
        while True:
            asked = {"since": len(entries), "limit": 200}
            page = (await vera.http.get(f"/api/documents/{sheet.doc_id}/operations", params=asked)).json()
            entries += page["operations"]
            if not page["operations"]:
                return entries
