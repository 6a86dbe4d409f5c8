"""What everybody reads when a run is over: clients, processes by REST, and somebody who has only just come."""

import asyncio
from functools import partial
from typing import Any

from collabdocs_client import Client
from collabdocs_client.tokens import checked

from tests.faults.crowd import Crowd, Sheet
from tests.faults.rig import Rig, patiently
from tests.faults.verdict import Log
from tests.server import Server

PAGE = 200  # entries
TOO_LARGE = 413


async def texts(rig: Rig, crowd: Crowd, sheet: Sheet) -> dict[str, str]:
    """The text: each client's, each process's, and a newcomer's."""
    found = {f"client {document.client_id}": document.text for document in sheet.documents}
    for server in rig.servers:
        async with rig.person("vera", server) as vera:
            document = await patiently(partial(vera.read, sheet.doc_id))
            found[f"REST at {server.url}"] = document.content or ""
    found["a newcomer"] = (await crowd.open(sheet, "vera")).text
    return found


async def logs(rig: Rig, sheet: Sheet) -> dict[str, Log]:
    """The whole log as each process tells it, and the same with its newest entries as `history` tells them."""
    found: dict[str, Log] = {}
    for told in await asyncio.gather(*(_told(rig, server, sheet.doc_id) for server in rig.servers)):
        found |= told
    return found


async def _told(rig: Rig, server: Server, doc_id: str) -> dict[str, Log]:
    async with rig.person("vera", server) as vera:
        log = await whole_log(vera, doc_id)
        newest = await patiently(partial(_history, vera, doc_id))
    history = log[: len(log) - len(newest)] + newest[::-1]
    return {f"operations at {server.url}": log, f"history at {server.url}": history}


async def whole_log(reader: Client, doc_id: str) -> list[dict[str, Any]]:
    """Every entry, oldest first."""
    log: list[dict[str, Any]] = []
    while page := await patiently(partial(_operations, reader, doc_id, since=len(log))):
        log += page
    return log


async def _operations(reader: Client, doc_id: str, since: int) -> list[dict[str, Any]]:
    asked = {"since": since, "limit": PAGE}
    answer = checked(await reader.http.get(f"/api/documents/{doc_id}/operations", params=asked))
    entries: list[dict[str, Any]] = answer["operations"]
    return entries


async def _history(reader: Client, doc_id: str) -> list[dict[str, Any]]:
    """The newest entries, newest first: fewer where they weigh too much for one answer."""
    for limit in (PAGE, 1):
        answer = await reader.http.get(f"/api/documents/{doc_id}/history", params={"limit": limit})
        if answer.status_code != TOO_LARGE:
            break
    entries: list[dict[str, Any]] = checked(answer)["results"]
    return entries
