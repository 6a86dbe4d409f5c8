"""`python -m tests.releases.record VERSION`: what this release says on every wire, and what it stores, for the next.

It writes, beside this file, in a folder named after the release:

  conversation.jsonl  two people at one document: [who, "opens" | "says" | "hears" | "asks", what]
  announcements.json  what processes tell each other, as channel-layer messages
  database.sql        the schema with a few rows, as SQLite dumps it

`tests/test_releases.py` holds later code against it. A recording is made once, when a release is, and never changed.
"""

import asyncio
import json
import sqlite3
import sys
import tempfile
import uuid
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path
from typing import Any

import django

from tests.server import ROOT, Server, make_template
from tests.wire import Wire

Line = list[Any]


class Recorder(Wire):
    """A socket that writes down what is said."""

    lines: list[Line]
    who: str

    async def send(self, frame: Any) -> None:
        self.lines.append([self.who, "says", frame])
        await super().send(frame)

    async def receive(self, *kinds: str) -> dict[str, Any]:
        message = await super().receive(*kinds)
        self.lines.append([self.who, "hears", message])
        return message


class Stage:
    """A server, its cast, and the lines so far."""

    def __init__(self, server: Server, doc_id: str) -> None:
        self.server, self.doc_id = server, doc_id
        self.lines: list[Line] = []

    def socket(self, who: str, number: int) -> Recorder:
        socket = Recorder(self.server, self.doc_id, token=self.server.tokens[who], client_id=str(uuid.UUID(int=number)))
        socket.who, socket.lines = who, self.lines
        self.lines.append([who, "opens", socket.client_id])
        return socket

    async def asks(self, who: str, method: str, path: str, **more: Any) -> None:
        self.lines.append([who, "asks", [method, path, more]])
        async with self.server.person(who) as person:
            answer = await person.http.request(method, f"/api/documents/{self.doc_id}{path}", **more)
            assert answer.is_success, answer.text


async def converse(stage: Stage) -> None:
    """Everything that clients of today say, and most of what they hear."""
    await stage.asks("alice", "PUT", "", json={"content": "Plan", "version": 0}, headers={"Idempotency-Key": "first"})
    await stage.asks("alice", "POST", "/collaborators", json={"username": "bob", "role": "editor"})
    async with stage.socket("alice", 1) as alice, stage.socket("bob", 2) as bob:
        log = (await alice.join())["log"]
        await bob.join(since=0, log=log)
        await alice.receive("presence")
        await alice.submit(1, 1, [4, "!"])
        await alice.receive("operations")
        await bob.receive("operations")
        await bob.submit(1, 1, ["A ", 1, "l", -1])
        await bob.receive("operations")
        await bob.submit(1, 1, ["A ", 1, "l", -1])  # a resend
        await bob.receive("operations")
        await bob.submit(2, 3, [100])
        await bob.receive("error")
        await alice.send({"type": "presence", "base_version": 3, "selection": [[0, 2], [3, 3]]})
        await bob.receive("presence")
        await alice.send({"type": "ping"})
        await alice.receive("pong")
        await bob.send({"type": "authenticate", "token": stage.server.tokens["bob"]})
        await stage.asks("alice", "PATCH", "", json={"title": "Another"})
        await bob.receive("document")
        await stage.asks("alice", "POST", "/collaborators", json={"username": "bob", "role": "viewer"})
        await bob.receive("role")


def masked(lines: list[Line], secrets: Mapping[str, str]) -> str:
    """One line each, without what is another the next time."""
    text = "".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines)
    for secret, name in secrets.items():
        text = text.replace(secret, name)
    return text


def announced(document_id: uuid.UUID) -> list[dict[str, Any]]:
    """A message of each kind, and one of what is too large to be sent."""
    from datetime import UTC, datetime

    from documents.events import Committed, Deleted, Renamed, RoleChanged
    from documents.ot.rebase import Entry
    from realtime.announcements import pack

    someone, now = uuid.UUID(int=3), datetime(2026, 1, 2, 3, 4, 5, 678000, UTC)
    entries = [
        Entry(version=1, client_id=someone, seq=1, author=someone, operation=("hi",), length=2, created_at=now),
        Entry(version=2, client_id=someone, seq=2, author=None, operation=(1, "é", -1), length=2, created_at=now),
    ]
    large = Entry(
        version=3, client_id=someone, seq=3, author=None, operation=("x" * 100_000,), length=100_002, created_at=now
    )
    events = [
        Committed(document_id, tuple(entries)),
        Committed(document_id, (large,)),
        Renamed(document_id, "Another"),
        RoleChanged(document_id, someone, "viewer"),
        RoleChanged(document_id, someone, None),
        Deleted(document_id),
    ]
    return [pack(event, "another process") for event in events]


def dumped(server: Server) -> str:
    with closing(sqlite3.connect(server.data_dir / "collabdocs.sqlite3")) as database:
        return "\n".join(database.iterdump()) + "\n"


async def played(server: Server) -> str:
    """The conversation, as text."""
    async with server.person("alice") as alice:
        doc_id = (await alice.create_document("Plan")).doc_id
    stage = Stage(server, doc_id)
    await converse(stage)
    log = next(what["log"] for _, verb, what in stage.lines if verb == "hears" and what["type"] == "joined")
    return masked(stage.lines, {log: "LOG", doc_id: "DOCUMENT"} | dict.fromkeys(server.tokens.values(), "TOKEN"))


def main(version: str) -> None:
    django.setup()
    target = Path(__file__).parent / version
    target.mkdir()
    with tempfile.TemporaryDirectory() as directory:
        server = Server(make_template(Path(directory) / "data"))
        server.start()
        try:
            (target / "conversation.jsonl").write_text(asyncio.run(played(server)))
        finally:
            server.stop()
        (target / "database.sql").write_text(dumped(server))
    messages = json.dumps(announced(uuid.UUID(int=4)), ensure_ascii=False, indent=1)
    (target / "announcements.json").write_text(messages + "\n")
    print(f"recorded in {target.relative_to(ROOT)}")


if __name__ == "__main__":
    main(sys.argv[1])
