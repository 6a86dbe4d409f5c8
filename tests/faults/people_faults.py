"""What people do to a document while others type in it: rename it, take and give roles, delete it."""

import asyncio
import time
from contextlib import AsyncExitStack
from typing import Any
from uuid import UUID

from collabdocs_client import NoDocument

from tests.faults.crowd import Sheet, Typist
from tests.faults.guests import Others, refusals, wire
from tests.faults.run import Trouble, fault
from tests.ledger import Ledger, Record

HEARD = 5.0  # seconds within which every process knows
TYPISTS = 6
PAUSE = 0.05  # seconds


@fault("F33", "renamed, and roles taken and given back, under typing hands")
async def demoted(trouble: Trouble) -> str:
    others, sheet = Others(trouble), await trouble.crowd.sheet()
    bobs = [await trouble.crowd.joined_by(f"b{n}", sheet, "bob") for n in range(TYPISTS)]
    await trouble.crowd.joined_by("a0", sheet, "alice")
    await asyncio.sleep(trouble.seconds / 4)
    await _rename(trouble, sheet)
    assert not _refused(sheet), "renaming has refused something"
    took = await _change(trouble, sheet, bobs, "viewer")
    since, head = time.monotonic(), bobs[0].document.version
    await asyncio.sleep(trouble.seconds / 4)
    assert not (late := _committed_by(bobs, since)), f"{late} of a viewer's submissions were committed"
    assert bobs[0].document.version > head, "the owner can't type any more"
    refused = len(_refused(sheet))
    assert refused, "a viewer was refused nothing"
    back = await _change(trouble, sheet, bobs, "editor")
    since = time.monotonic()
    codes = {code for bob in bobs for code in await refusals(bob.document)}
    assert codes == {"forbidden"}, f"refused with {codes}"
    await asyncio.sleep(trouble.seconds / 4)
    assert _committed_by(bobs, since), "an editor again can't type"
    return f"{refused} refused; heard after {1000 * took:.0f} and {1000 * back:.0f} ms; {others.fared()}"


@fault("F33b", "deleted under typing hands")
async def deleted(trouble: Trouble) -> str:
    """Not one of the crowd's documents: nobody may read it afterwards, so the log alone is judged."""
    others, sheet = Others(trouble), Sheet(await trouble.rig.document(), Ledger())
    typists = [await trouble.crowd.typist(f"d{n}", sheet) for n in range(TYPISTS)]
    typing = [asyncio.create_task(typist.types(trouble.crowd.stop, PAUSE)) for typist in typists]
    await asyncio.sleep(trouble.seconds / 3)
    async with trouble.rig.person("alice") as alice:
        await alice.delete_document(sheet.doc_id)
    began = time.monotonic()
    _, still = await asyncio.wait(typing, timeout=HEARD)
    took = time.monotonic() - began
    for task in still:
        task.cancel()
    ends = [type(end) for end in await asyncio.gather(*typing, return_exceptions=True)]
    assert set(ends) == {NoDocument}, f"who typed there ended with {ends}"
    await _is_gone(trouble, sheet)
    log = await _log(trouble, sheet)
    await asyncio.sleep(trouble.seconds / 3)
    assert await _log(trouble, sheet) == log, "the log of a deleted document grows"
    assert not (found := sheet.ledger.breaches(log, {})), f"{found[:3]}"
    return f"{len(log)} in the log, all gone after {1000 * took:.0f} ms; {others.fared()}"


# --- What is done ---


async def _rename(trouble: Trouble, sheet: Sheet) -> None:
    """Everybody is told, at each process."""
    async with AsyncExitStack() as stack:
        servers = trouble.rig.servers
        guests = [await stack.enter_async_context(wire(trouble, sheet, "vera", server)) for server in servers]
        for guest in guests:
            await guest.join()
        async with trouble.rig.person("alice") as alice:
            answer = await alice.http.patch(f"/api/documents/{sheet.doc_id}", json={"title": "Renamed"})
        assert answer.status_code == 200, f"renaming was answered {answer.status_code}"
        titles = {(await guest.receive("document"))["title"] for guest in guests}
        assert titles == {"Renamed"}, f"they were told {titles}"


async def _change(trouble: Trouble, sheet: Sheet, bobs: list[Typist], role: str) -> float:
    """Give bob a role; the seconds until all of him know."""
    async with trouble.rig.person("alice") as alice:
        await alice.share(sheet.doc_id, "bob", role)
    began = time.monotonic()
    async with asyncio.timeout(HEARD):
        for bob in bobs:
            await bob.document.until(lambda document=bob.document: document.role == role)  # type: ignore[misc]
    return time.monotonic() - began


async def _is_gone(trouble: Trouble, sheet: Sheet) -> None:
    """For reading and writing, at each process."""
    path = f"/api/documents/{sheet.doc_id}"
    submission = {"client_id": str(UUID(int=1, version=4)), "seq": 1, "base_version": 0, "operation": ["back"]}
    for server in trouble.rig.servers:
        async with trouble.rig.person("alice", server) as alice:
            answers = [
                await alice.http.get(path),
                await alice.http.get(f"{path}/history"),
                await alice.http.put(path, json={"content": "back"}),
                await alice.http.post(f"{path}/restore", json={"version": 1}),
                await alice.http.post(f"{path}/operations", json=submission),
            ]
            assert {answer.status_code for answer in answers} == {404}, f"{server.url} answers {answers}"


# --- What became of it ---


def _refused(sheet: Sheet) -> list[Record]:
    return [record for record in sheet.ledger.records.values() if record.failed]


def _committed_by(typists: list[Typist], since: float) -> int:
    """How much was sent since then and acknowledged."""
    clients = {typist.document.client_id for typist in typists}
    records = typists[0].ledger.records.items()
    return sum(
        record.version is not None and record.invoked_at > since for (client, _), record in records if client in clients
    )


async def _log(trouble: Trouble, sheet: Sheet) -> list[dict[str, Any]]:
    """Straight from the database."""
    log: list[dict[str, Any]] = (await trouble.rig.inspect([sheet.doc_id]))[sheet.doc_id]["log"]
    return log
