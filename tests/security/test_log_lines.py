"""The log tells of people's writing nothing, and nobody writes lines of their own into it (S40)."""

import asyncio
import json
import re
import socket
from collections.abc import Callable
from typing import Any
from urllib.parse import quote

import httpx
import pytest

from tests.conftest import Stage
from tests.server import Server

TEXT = "Sesame-opens"
TOLD = {"uvicorn": "Invalid HTTP request received", "daphne": r"evil.example\x1b[2J"}  # of an escape in a header
EVIL = "x\r\n2026-01-01 00:00:00 CRITICAL root: forged-line\x1b[2J"


def lines(log: str, form: str) -> list[tuple[str, str]]:
    """The level and the message of each; how it is asked for is told on stdout, before, and is none."""
    if form == "json":
        told = [json.loads(line) for line in log.splitlines() if not line.startswith("CollabDocs is at ")]
        return [(each["level"], each["message"]) for each in told]
    found = (re.fullmatch(r"[\d-]+ [\d:,]+ ([A-Z]+) [\w.]+: (.*)", line) for line in log.splitlines())
    return [match.groups() for match in found if match]  # type: ignore[misc]  # there are two


@pytest.mark.parametrize("form", ["json", "text"])
@pytest.mark.parametrize("kind", ["uvicorn", "daphne"])
async def test_it_works(start_server: Callable[..., Server], stage: Stage, kind: str, form: str) -> None:
    server = start_server(kind, LOG_LEVEL="DEBUG", LOG_FORMAT=form)
    doc_id = await stage.document(server, f"a secret: {TEXT}")
    bob = await stage.open(server, "bob", doc_id)
    await bob.insert(0, f"{TEXT} again")
    await bob.saved()
    async with httpx.AsyncClient(base_url=server.url, headers=bearer(server), timeout=30) as client:
        await misuse(client, doc_id)
    await asyncio.to_thread(asks_with_escapes, server)
    wire = await stage.wire(server, "bob", doc_id)
    await wire.send(f'{{"type": "{TEXT}"}}')
    await wire.send(f'{{"type": "submit", "seq": 1, "base_version": 1, "operation": [999999, "{TEXT}"]}}')
    await wire.receive("error")
    server.stop()
    log = server.log()
    told = lines(log, form)
    assert {"DEBUG", "INFO"} <= {level for level, _ in told}
    assert TEXT not in log and "forged-line" not in log
    assert "CRITICAL" not in {level for level, _ in told}
    assert [message for _, message in told if TOLD[kind] in message] and "\x1b" not in log
    assert [message for _, message in told if message.startswith(f"Socket closed: document {doc_id}, user ")]


def asks_with_escapes(server: Server) -> None:
    """What no client that minds the rules would send: a terminal's orders, as they are."""
    heads = (
        b"GET /log-in/ HTTP/1.1\r\nHost: evil.example\x1b[2J\r\n",
        b"GET /log-in/\x1b[2J HTTP/1.1\r\nHost: 127.0.0.1\r\n",
        b"GET /nowhere HTTP/1.1\r\nHost: 127.0.0.1\r\nUser-Agent: x\x1b[2J\r\nReferer: x\x1b[2J\r\n",
        b"POST /documents/new HTTP/1.1\r\nHost: 127.0.0.1\r\nOrigin: x\x1b[2J\r\nContent-Length: 0\r\n",
    )
    for head in heads:
        with socket.create_connection(("127.0.0.1", server.port), timeout=10) as line:
            line.sendall(head + b"Connection: close\r\n\r\n")
            assert line.recv(65536)


def bearer(server: Server) -> dict[str, str]:
    return {"Authorization": f"Bearer {server.tokens['bob']}"}


async def misuse(client: httpx.AsyncClient, doc_id: str) -> None:
    """Text, and lines of the log, in every place where a request holds some."""
    home = f"/api/documents/{doc_id}"
    bodies: list[dict[str, Any]] = [{"content": [TEXT]}, {"title": TEXT * 100}, {"title": EVIL, "content": f"{TEXT}\n"}]
    for body in bodies:
        await client.put(home, json=body)
        await client.patch(home, json=body)
    await client.post("/api/token", json={"username": EVIL, "password": TEXT})
    for path in (
        f"/nowhere/{quote(EVIL)}",
        f"/api/{quote(EVIL)}",
        f"{home}/versions/{quote(EVIL)}",
        f"/static/{quote(EVIL)}",
    ):
        assert (await client.get(path)).status_code == 404
    await client.get(f"/api/documents?search={quote(EVIL)}&ordering={quote(EVIL)}")
    await client.post("/api/documents/import", files={"file": (f"{TEXT}.md", b"\xff\xfe\x00")})
