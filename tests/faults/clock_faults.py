"""Clocks that are wrong: order comes from versions alone, and fresh tokens allow for seconds between clocks."""

import asyncio
import uuid
from collections.abc import Sequence
from datetime import datetime
from functools import partial
from itertools import pairwise
from pathlib import Path

from collabdocs_client import Client
from collabdocs_client.client import open_http
from collabdocs_client.tokens import checked

from tests.faults.crowd import Sheet
from tests.faults.guests import Others
from tests.faults.reading import whole_log
from tests.faults.rig import Rig, patiently
from tests.faults.run import Trouble, Vacuous, fault
from tests.server import Server

PASSWORD = "a battery staples horses"
FRESH_TOKENS_HOLD = 25  # seconds: what tokens allow for between who gives and who takes them is a little more
HOUR = 3600  # seconds: who came before with a token of some hours stays
NOTICED = 1.5  # seconds until a process has read what its clock shall say
VIEWS = ("history", "revisions", "blame", "operations")


@fault("F20", "clocks 25 s, then an hour ahead and behind, and one that jumps")
async def skewed(trouble: Trouble) -> str:
    rig = trouble.rig
    try:
        clocks = [await _with_clock(rig, server) for server in rig.servers]
        others = Others(trouble)  # restarting them was no part of it
        _set(clocks, FRESH_TOKENS_HOLD)
        await asyncio.sleep(NOTICED)
        await _tokens_hold(rig)
        _set(clocks, HOUR)
        await asyncio.sleep(trouble.seconds / 2)
        _set(clocks[-1:], -HOUR)  # it jumps: alone, by two hours
        await asyncio.sleep(trouble.seconds / 2)
        fared = others.fared()
        back = await _read_everywhere(rig, trouble.rng.choice(trouble.crowd.sheets))
    finally:
        for server in rig.servers:
            await _with_right_clock(server)
    if not back:
        raise Vacuous("no time in the log steps back")
    return f"times in the log step back {back} times; {fared}"


def _set(clocks: Sequence[Path], seconds: int) -> None:
    """The first is ahead by so much, the second behind, the last right."""
    for clock, way in zip(clocks, (1, -1, 0), strict=False):
        clock.write_text(str(way * seconds))


async def _with_clock(rig: Rig, server: Server) -> Path:
    """Let a process begin anew with a clock that is wrong by what a file says."""
    clock = rig.directory / f"clock-{server.port}"
    clock.write_text("0")
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
                await patiently(partial(_shows, vera, f"/api/documents/{sheet.doc_id}/{view}"))
    async with rig.person("vera") as vera:
        entries = await whole_log(vera, sheet.doc_id)
    assert [entry["version"] for entry in entries] == list(range(1, len(entries) + 1)), "versions are out of order"
    times = [datetime.fromisoformat(entry["created_at"]) for entry in entries]
    return sum(later < earlier for earlier, later in pairwise(times))


async def _shows(reader: Client, path: str) -> None:
    checked(await reader.http.get(path))
