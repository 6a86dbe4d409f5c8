"""What happens when the database hangs in the middle of opening a document: an error, and never an empty text."""

import asyncio
import secrets
import uuid
from collections import Counter
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import httpx

from tests.faults.outside import ask, person
from tests.faults.rig import Rig
from tests.faults.run import CLUSTER, Trouble, fault
from tests.server import Server

TEXT = "".join(f"word {n}, " for n in range(20_000))  # some 230,000 code points, none of which a page escapes
HANGS_AT_MOST_AFTER = 0.5  # seconds after the opening has begun
HANGS = 6.0  # seconds: longer than the driver waits for an answer
OPENS_WITHIN = 60.0  # seconds


@dataclass(frozen=True, slots=True)
class Visitor:
    """Somebody with a browser, logged in everywhere."""

    name: str
    http: httpx.AsyncClient


@fault("F28", "database stuck while documents open", CLUSTER)
async def stuck_while_opening(trouble: Trouble) -> str:
    """By socket, by REST and as the editor's page, at each process, again and again, a fresh document each time."""
    seen: Counter[str] = Counter()
    rounds = max(2, round(trouble.seconds / HANGS))
    async with _visitor(trouble.rig) as visitor:
        for _ in range(rounds):
            seen.update(await _opened_in_trouble(trouble, visitor, await _big_document(trouble.rig, visitor.name)))
    assert seen["503"], "nothing was refused: it hung too late"
    return f"{rounds} documents: {seen['whole']} whole texts, {seen['503']} times 503, never an empty one"


async def _opened_in_trouble(trouble: Trouble, visitor: Visitor, doc_id: str) -> list[str]:
    """What each way in brought."""
    rig = trouble.rig
    assert rig.to_mongo is not None
    async with asyncio.timeout(HANGS + OPENS_WITHIN), asyncio.TaskGroup() as opening:
        tasks = [
            opening.create_task(way)
            for server in rig.servers
            for way in (_by_rest(server, doc_id), _as_page(server, visitor, doc_id), _by_socket(rig, server, doc_id))
        ]
        await asyncio.sleep(trouble.rng.uniform(0, HANGS_AT_MOST_AFTER))
        rig.to_mongo.stall()
        try:
            await asyncio.sleep(HANGS)
        finally:
            rig.to_mongo.heal()
    for server in rig.servers:
        assert await _by_rest(server, doc_id) == await _as_page(server, visitor, doc_id) == "whole", "not healed"
    return [task.result() for task in tasks]


async def _by_rest(server: Server, doc_id: str) -> str:
    answer = await ask(server, "GET", doc_id)
    if answer.status_code == 503:
        return "503"
    assert answer.status_code == 200, f"a read was answered {answer.status_code} {answer.text[:100]}"
    assert answer.json()["content"] == TEXT, f"REST shows {len(answer.json()['content'])} code points"
    return "whole"


async def _as_page(server: Server, visitor: Visitor, doc_id: str) -> str:
    answer = await visitor.http.get(f"{server.url}/documents/{doc_id}/")
    if answer.status_code == 503:
        assert "document-text" not in answer.text, "an error page shows a text"
        return "503"
    assert answer.status_code == 200, f"the page was answered {answer.status_code} {answer.text[:100]}"
    assert TEXT in answer.text, "the page does not show the text"
    return "whole"


async def _by_socket(rig: Rig, server: Server, doc_id: str) -> str:
    """It comes back until it is let in, and is told nothing but the whole text."""
    texts: list[str] = []

    def tap(way: str, message: Mapping[str, Any]) -> None:
        if message["type"] == "joined":
            texts.append(message["content"])

    async with rig.person("vera", server) as vera, vera.open(doc_id, tap=tap):
        assert set(texts) == {TEXT}, f"a socket was told {[len(text) for text in texts]} code points"
    return "whole"


async def _big_document(rig: Rig, reader: str) -> str:
    """A fresh one, whose text nobody has read yet."""
    doc_id = await rig.document()
    submission = {"client_id": str(uuid.uuid4()), "seq": 1, "base_version": 0, "operation": [TEXT]}
    written = await ask(rig.servers[0], "POST", doc_id, submission, "/operations")
    shared = await ask(rig.servers[0], "POST", doc_id, {"username": reader, "role": "viewer"}, "/collaborators")
    assert (written.status_code, shared.status_code) == (200, 201), f"{written.text[:100]} {shared.text[:100]}"
    return doc_id


@asynccontextmanager
async def _visitor(rig: Rig) -> AsyncIterator[Visitor]:
    name, password = f"v{secrets.token_hex(4)}", secrets.token_urlsafe()
    async with person(rig.servers[0]) as http:
        del http.headers["Authorization"]
        answer = await http.post("/api/users", json={"username": name, "password": password})
        assert answer.status_code == 201, answer.text
        form = (await http.get("/log-in/")).text
        token = form.split('name="csrfmiddlewaretoken" value="')[1].split('"')[0]
        fields = {"username": name, "password": password, "csrfmiddlewaretoken": token}
        answer = await http.post("/log-in/", data=fields, headers={"Referer": rig.servers[0].url})
        assert answer.status_code == 302, answer.text[:200]
        yield Visitor(name, http)
