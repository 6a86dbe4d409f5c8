"""`manage.py move_documents` from SQLite to an emulated MongoDB, killed by kill -9 on the way, served there, and back.

MOVE_SEED=7 asks for another installation and other moments; the seed is printed.
"""

import os
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from random import Random
from urllib.parse import quote
from uuid import UUID

import orjson
import pytest
from collabdocs_client import Client
from collabdocs_client.ot import apply

from collabdocs.databases import read_only
from documents.tests.installation import PASSWORD, Contents, contents
from tests.mongo.server import EmulatedMongo, lacking
from tests.server import ROOT, Server, make_template
from tests.wire import Wire

needs_mongo = pytest.mark.skipif(
    bool(lacking()) and not os.environ.get("CI"), reason=f"LEFT OUT: not installed: {lacking()}"
)

SECONDS = 120.0
BATCH = 5  # rows, so that there is much to be killed between

# Moves, and dies by kill -9 when it is about to insert for the n-th time, on whatever database.
MOVE = f"""
import os, signal, sys
import django
from itertools import count
from pymongo import monitoring
django.setup()
from django.core.management import call_command
from django.db.backends.signals import connection_created
from documents.moving import tables
tables.MANY = {BATCH}
left = count(int(sys.argv[1]), -1)

def insert():
    if next(left) == 0:
        os.kill(os.getpid(), signal.SIGKILL)

class Listener(monitoring.CommandListener):
    def started(self, event):
        event.command_name == "insert" and insert()
    def succeeded(self, event): pass
    failed = succeeded

def execute(run, sql, *rest):
    sql.startswith("INSERT") and insert()
    return run(sql, *rest)

monitoring.register(Listener())
connection_created.connect(lambda connection, **_: connection.execute_wrappers.append(execute), weak=False)
call_command("move_documents")
"""


@pytest.fixture
def mongo() -> Iterator[EmulatedMongo]:
    server = EmulatedMongo().start()
    yield server
    server.stop()


@pytest.fixture
def rng() -> Random:
    seed = int(os.environ.get("MOVE_SEED") or Random().randrange(2**32))
    print(f"MOVE_SEED={seed}")
    return Random(seed)


@pytest.fixture
def data_dir(tmp_path: Path, rng: Random) -> Path:
    """An installation as `make run` has it."""
    made = make_template(tmp_path / "data", DATABASE_URL=sqlite(tmp_path / "data"))
    settings = {"DATABASE_URL": sqlite(made), "DATA_DIR": str(made)}
    run("-m", "documents.tests.installation", str(rng.randrange(2**32)), **settings).check_returncode()
    return made


def sqlite(data_dir: Path) -> str:
    return f"sqlite:///{data_dir / 'collabdocs.sqlite3'}"


def run(*words: str, **settings: str) -> subprocess.CompletedProcess[str]:
    command, environment = [sys.executable, *words], {"DJANGO_SETTINGS_MODULE": "collabdocs.settings"} | settings
    return subprocess.run(
        command, cwd=ROOT, env=os.environ | environment, capture_output=True, text=True, timeout=SECONDS
    )


def move_through_kills(data_dir: Path, source: str, target: str, rng: Random) -> int:
    """Move until it gets through; how often it was killed."""
    settings = {"DATA_DIR": str(data_dir), "SOURCE_DATABASE_URL": source, "DATABASE_URL": target}
    for kills in range(30):
        done = run("-c", MOVE, str(rng.randint(30, 80)), **settings)
        if done.returncode == 0:
            return kills
        assert done.returncode == -signal.SIGKILL, done.stdout + done.stderr
    raise AssertionError("it does not go on where it was")


def text_of(found: Contents, document_id: str) -> str:
    """The fold of a log as the file has it."""
    text = ""
    columns = [row for row in found["documents_operation"] if row[0].startswith(document_id)]
    for *_, operation, _length, _created_at in sorted(columns):
        text = apply(text, tuple(orjson.loads(operation)))
    return text


@needs_mongo
async def test_to_mongodb_and_back(mongo: EmulatedMongo, data_dir: Path, tmp_path: Path, rng: Random) -> None:
    before = contents(data_dir / "collabdocs.sqlite3", milliseconds=True)
    assert move_through_kills(data_dir, sqlite(data_dir), mongo.url, rng) > 0
    assert contents(data_dir / "collabdocs.sqlite3", milliseconds=True) == before
    (tmp_path / "back").mkdir()
    back = run("manage.py", "move_documents", "--from", mongo.url, "--to", sqlite(tmp_path / "back"))
    assert back.returncode == 0, back.stdout + back.stderr
    assert contents(tmp_path / "back" / "collabdocs.sqlite3") == before
    server = Server(data_dir, DATABASE_URL=mongo.url).start()
    try:
        await assert_served(server, before)
    finally:
        server.stop()


async def assert_served(server: Server, before: Contents) -> None:
    """Who had an account logs in as ever, finds every text, and goes on writing the same history."""
    (identity, _) = before["documents_logidentity"][-1]
    async with await Client.log_in(server.url, "Ann", PASSWORD) as ann:
        seen = [document async for document in ann.documents()]
        assert seen
        for document in seen:
            text = text_of(before, UUID(document.doc_id).hex)
            assert (await ann.read(document.doc_id)).content == text
            if document.role in ("owner", "editor"):
                written = await ann.write(document.doc_id, text + "!", base_version=document.version)
                assert (written.content, written.version) == (text + "!", document.version + 1)
    async with server.person("alice") as alice:  # by a token that the old server had given
        made = await alice.create_document("new", "text")
        async with Wire(server, made.doc_id, token=server.tokens["alice"]) as wire:
            assert (await wire.join())["log"] == str(UUID(identity))
    server.assert_calm()


def test_a_file_that_is_moved_from_is_never_written_nor_made(tmp_path: Path) -> None:
    file = tmp_path / "a ?#%41.sqlite3"
    name = read_only(f"sqlite:///{quote(str(file))}")["NAME"]
    with pytest.raises(sqlite3.OperationalError, match="unable to open"):
        sqlite3.connect(name, uri=True)
    assert not file.exists()
    with sqlite3.connect(file) as written:
        written.execute("CREATE TABLE cats (name)")
    with sqlite3.connect(name, uri=True) as source, pytest.raises(sqlite3.OperationalError, match="readonly"):
        source.execute("INSERT INTO cats VALUES ('Tom')")
