"""A deploy is no moment: for a while processes, clients and rows of two releases meet. `tests/releases/` holds what
each release said and stored; everything later must take it, and give it what it reads."""

import json
import os
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Mapping
from contextlib import AsyncExitStack, closing
from pathlib import Path
from typing import Any, NamedTuple
from uuid import UUID

import orjson
import pytest
from collabdocs_client import Client

from conftest import PASSWORD
from realtime import announcements
from realtime.protocol import encode, parse_message
from realtime.wire import Wire as Line
from tests.conftest import Stage
from tests.releases.record import announced
from tests.server import ROOT, Server
from tests.wire import Wire

FOLDERS = sorted(path.parent for path in (Path(__file__).parent / "releases").glob("*/database.sql"))
DOCUMENT = UUID(int=4)
each_release = pytest.mark.parametrize("release", FOLDERS, ids=[folder.name for folder in FOLDERS])


def lines_of(release: Path) -> list[list[Any]]:
    return [json.loads(line) for line in (release / "conversation.jsonl").read_text().splitlines()]


def unlike(old: Any, new: Any, where: str = "") -> list[str]:
    """What who reads `old` would miss in `new`, or read as something else. More is fine, and so are other values."""
    if old is None or new is None:
        return []
    if type(old) is not type(new):
        return [f"{where}: {new!r} instead of {old!r}"]
    if isinstance(old, dict):
        missing = [f"{where}.{key} is missing" for key in old if key not in new]
        return missing + [one for key in old if key in new for one in unlike(old[key], new[key], f"{where}.{key}")]
    if isinstance(old, list) and old and not new:
        return [f"{where} is empty"]
    if isinstance(old, list) and where.split(".")[-1] not in ("operation", "selection"):
        return [one for before, after in zip(old, new, strict=False) for one in unlike(before, after, f"{where}[]")]
    return []


# --- Clients ---


class Replay:
    """An old release's clients, who say now what they said then, and hear at least what they heard."""

    def __init__(self, server: Server, stack: AsyncExitStack, alice: Client, doc_id: str) -> None:
        self.server, self.stack, self.alice, self.doc_id = server, stack, alice, doc_id
        self.sockets: dict[str, Wire] = {}
        self.log = ""

    async def opens(self, who: str, client_id: str) -> None:
        wire = Wire(self.server, self.doc_id, token=self.server.tokens[who], client_id=client_id)
        self.sockets[who] = await self.stack.enter_async_context(wire)

    async def says(self, who: str, frame: dict[str, Any]) -> None:
        secrets = {"LOG": self.log, "TOKEN": self.server.tokens[who]}
        said = {key: secrets.get(value, value) if isinstance(value, str) else value for key, value in frame.items()}
        await self.sockets[who].send(said)

    async def hears(self, who: str, old: dict[str, Any]) -> None:
        new = await self.sockets[who].receive(old["type"])
        assert unlike(old, new, old["type"]) == []
        self.log = new.get("log", self.log)
        for entry, before in zip(new.get("operations", ()), old.get("operations", ()), strict=True):
            assert (entry["version"], entry["seq"]) == (before["version"], before["seq"])
            assert entry["operation"] == before["operation"]

    async def asks(self, who: str, what: list[Any]) -> None:
        method, path, more = what
        answer = await self.alice.http.request(method, f"/api/documents/{self.doc_id}{path}", **more)
        assert answer.is_success, answer.text


@each_release
async def test_its_clients_are_understood_and_understand(stage: Stage, server: Server, release: Path) -> None:
    alice = await stage.person(server, "alice")
    doc_id = (await alice.create_document("Plan")).doc_id
    async with AsyncExitStack() as stack:
        replay = Replay(server, stack, alice, doc_id)
        for who, verb, what in lines_of(release):
            await getattr(replay, verb)(who, what)
    assert (await alice.read(doc_id)).content == "A Plan!"


@each_release
def test_its_frames_are_understood_and_what_later_ones_add_is_passed_over(release: Path) -> None:
    said = [what for _, verb, what in lines_of(release) if verb == "says"]
    assert {frame["type"] for frame in said} == {"join", "submit", "presence", "ping", "authenticate"}
    for frame in said:
        fields = {key: value for key, value in frame.items() if key != "type"}
        assert parse_message(encode(frame["type"], **fields)) == parse_message(
            encode(frame["type"], **fields, of_a_later_release=[{"deep": 1}])
        )


def test_missing_a_field_is_noticed() -> None:
    old = {"type": "operations", "operations": [{"version": 1, "operation": [1, "x"]}]}
    assert unlike(old, old | {"more": 1}) == []
    assert unlike(old, {"type": "operations", "operations": [{"version": 7, "operation": ["y"]}]}) == []
    assert unlike(old, {"type": "operations", "operations": [{"operation": []}]}) != []
    assert unlike(old, {"type": "operations", "operations": [{"version": "1", "operation": []}]}) != []
    assert unlike(old, {"type": "operations", "operations": []}) != []


# --- Processes ---


def messages_of(release: Path) -> list[dict[str, Any]]:
    messages: list[dict[str, Any]] = json.loads((release / "announcements.json").read_text())
    return messages


@each_release
def test_what_its_processes_announce_is_understood(release: Path) -> None:
    """Packed again, they say the same."""
    for message in messages_of(release):
        again = announcements.pack(announcements.unpack(message), message["origin"])
        old, new = orjson.loads(message["body"]), orjson.loads(again["body"])
        assert unlike(old, new) == []
        assert {key: new[key] for key in old} == old


@each_release
def test_its_processes_understand_what_is_announced(release: Path) -> None:
    """It reads `origin` and `body`, and in the body the fields that it has put there itself."""
    now = announced(DOCUMENT)
    for old, new in zip(messages_of(release), now, strict=False):
        assert unlike(old, new) == []
        assert unlike(orjson.loads(old["body"]), orjson.loads(new["body"])) == []
    kinds = [orjson.loads(message["body"])["kind"] for message in now]
    assert [orjson.loads(message["body"])["kind"] for message in messages_of(release)] == kinds


@each_release
def test_what_a_later_release_announces_harms_nobody(release: Path, caplog: pytest.LogCaptureFixture) -> None:
    heard: list[announcements.Event] = []
    line = object.__new__(Line)
    line._name, line._act_on = "this process", heard.append
    for message in messages_of(release):
        body = orjson.loads(message["body"])
        line._take(message | {"body": orjson.dumps(body | {"more": 1}).decode(), "more": 2})
    line._take({"origin": "x", "body": orjson.dumps({"kind": "Later", "document_id": DOCUMENT}).decode()})
    assert heard == [announcements.unpack(message) for message in messages_of(release)]
    assert not caplog.records


# --- Rows ---


class Column(NamedTuple):
    name: str
    is_required: bool
    default: str | None

    @property
    def must_be_given(self) -> bool:
        return self.is_required and self.default is None


Schema = dict[str, dict[str, Column]]


def schema_of(database: sqlite3.Connection) -> Schema:
    tables = [name for (name,) in database.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
    return {
        table: {
            name: Column(name, bool(required) and not is_key, default)
            for _, name, _, required, default, is_key in database.execute(f'PRAGMA table_info("{table}")')
        }
        for table in tables
    }


def harm(old: Schema, new: Schema) -> list[str]:
    """What the old release's statements would fail of."""
    found = []
    for table, columns in old.items():
        now: Mapping[str, Column] = new.get(table, {})
        found += [f"{table}.{name} is gone" for name in columns if name not in now]
        found += [
            f"{table}.{column.name} must be given"
            for column in now.values()
            if column.must_be_given and not (column.name in columns and columns[column.name].must_be_given)
        ]
    return found


@pytest.fixture
def upgraded(release: Path, template: Path, tmp_path: Path) -> Path:
    """A DATA_DIR with the old release's rows, migrated by this one."""
    data_dir = tmp_path / "upgraded"
    data_dir.mkdir()
    shutil.copy(template / "tokens.json", data_dir)
    with closing(sqlite3.connect(data_dir / "collabdocs.sqlite3")) as database:
        database.executescript((release / "database.sql").read_text())
    manage(data_dir, "migrate", "-v0")
    return data_dir


def manage(data_dir: Path, *command: str) -> None:
    env = os.environ | {"DATA_DIR": str(data_dir)}
    subprocess.run([sys.executable, "manage.py", *command], cwd=ROOT, env=env, check=True, timeout=120)


@each_release
def test_its_rows_can_still_be_written(release: Path, upgraded: Path) -> None:
    """While the new release migrates and starts, processes of the old one go on inserting."""
    with (
        closing(sqlite3.connect(":memory:")) as old,
        closing(sqlite3.connect(upgraded / "collabdocs.sqlite3")) as new,
    ):
        old.executescript((release / "database.sql").read_text())
        assert harm(schema_of(old), schema_of(new)) == []
        for table, columns in schema_of(old).items():
            names = ", ".join(f'"{name}"' for name in columns)
            marks = ", ".join("?" * len(columns))
            rows = old.execute(f'SELECT {names} FROM "{table}"').fetchall()
            new.execute(f'DELETE FROM "{table}"')
            new.executemany(f'INSERT INTO "{table}" ({names}) VALUES ({marks})', rows)


def test_a_column_that_old_code_does_not_give_is_noticed() -> None:
    with closing(sqlite3.connect(":memory:")) as database:
        database.execute("CREATE TABLE t (id INTEGER PRIMARY KEY, a TEXT)")
        old = schema_of(database)
        database.execute("ALTER TABLE t ADD COLUMN b TEXT")
        database.execute("ALTER TABLE t ADD COLUMN c TEXT NOT NULL DEFAULT ''")
        assert harm(old, schema_of(database)) == []
        database.execute("DROP TABLE t")
        database.execute("CREATE TABLE t (id INTEGER PRIMARY KEY, b TEXT NOT NULL)")
        assert harm(old, schema_of(database)) == ["t.a is gone", "t.b must be given"]
        database.execute("DROP TABLE t")
        database.execute("CREATE TABLE t (id INTEGER PRIMARY KEY, a TEXT NOT NULL)")
        assert harm(old, schema_of(database)) == ["t.a must be given"]


@each_release
async def test_its_documents_go_on(release: Path, upgraded: Path, start_server: Callable[..., Server]) -> None:
    server = start_server(beside=Server(upgraded))
    async with await Client.log_in(server.url, "bob", PASSWORD) as bob:
        (info,) = [each async for each in bob.documents()]
        assert (info.title, info.role) == ("Another", "viewer")
        assert (await bob.read(info.doc_id)).content == "A Plan!"
    async with await Client.log_in(server.url, "alice", PASSWORD) as alice:
        async with alice.open(info.doc_id) as document:
            await document.insert(len(document.text), "?")
            await document.saved()
        log = (await alice.http.get(f"/api/documents/{info.doc_id}/operations?since=0")).json()
    assert log["version"] == 4
    manage(upgraded, "verify_documents")
    server.assert_calm()
