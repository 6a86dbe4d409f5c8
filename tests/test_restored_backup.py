"""An older backup is put in the place of the database: whoever knows more than it merges nothing into it."""

import asyncio
import os
import sqlite3
import subprocess
import sys
import uuid
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from collabdocs_client import Document, LogChanged
from django.db import connection
from pymongo import MongoClient

from tests.agreement import read_log
from tests.conftest import Stage
from tests.mongo import databases
from tests.mongo.databases import noted
from tests.server import ROOT, Server

NOTICED = {"sqlite": 6, "mongodb": 10}  # seconds: one look after the rooms, or two
SAVED, LOST, PENDING = "Saved.\n", "Lost.\n", "Never acknowledged.\n"


def back_up(server: Server, backup: Path) -> None:
    """Also while the server writes."""
    if noted(server.data_dir):
        databases.back_up(server.data_dir, backup)
    else:
        _copy(_file(server), backup)


def restore(server: Server, backup: Path) -> None:
    """The backup in the place of the database, which nobody has open, and of what belongs to it."""
    if noted(server.data_dir):
        return databases.restore(backup, server.data_dir)
    for path in server.data_dir.glob("collabdocs.sqlite3*"):
        path.unlink()
    _copy(backup, _file(server))


def lose_all_after(server: Server, version: int) -> None:
    """Under the hands of a server that runs."""
    if url := noted(server.data_dir).get("DATABASE_URL"):
        with MongoClient(url) as mongo:
            mongo.get_default_database()["documents_operation"].delete_many({"version": {"$gt": version}})
        return
    with closing(sqlite3.connect(_file(server), timeout=20)) as writer, writer:
        writer.execute("DELETE FROM documents_operation WHERE version > ?", [version])


def _file(server: Server) -> Path:
    return server.data_dir / "collabdocs.sqlite3"


def _copy(source: Path, target: Path) -> None:
    """As `sqlite3 source ".backup target"` does."""
    with closing(sqlite3.connect(source)) as origin, closing(sqlite3.connect(target)) as copied:
        origin.backup(copied)


def rename_history(server: Server) -> None:
    env = os.environ | server.env
    subprocess.run([sys.executable, "manage.py", "new_log_identity"], cwd=ROOT, env=env, check=True, timeout=60)


async def lose_the_future(stage: Stage, server: Server, backup: Path) -> tuple[str, Document]:
    """A document of which one version is in the backup, another is not, and bob holds a third that nobody has."""
    doc_id = await stage.document(server)
    bob = await stage.open(server, "bob", doc_id)
    await bob.insert(0, SAVED)
    await bob.saved()
    await asyncio.to_thread(back_up, server, backup)
    await bob.insert(len(SAVED), LOST)
    await bob.saved()
    bob.cut(stay_down=True)
    await bob.until(lambda: not bob.is_connected)
    await bob.insert(len(SAVED + LOST), PENDING)
    return doc_id, bob


async def assert_offered(bob: Document) -> None:
    """His copy has ended, and shows all that he typed, for copying."""
    with pytest.raises(LogChanged):
        await asyncio.wait_for(bob.saved(), 20)
    assert bob.text == SAVED + LOST + PENDING


async def log_of(stage: Stage, server: Server, doc_id: str) -> list[list[Any]]:
    return [entry["operation"] for entry in await read_log(await stage.person(server, "alice"), doc_id)]


async def test_the_history_has_a_new_name(stage: Stage, start_server: Callable[..., Server], tmp_path: Path) -> None:
    server = start_server()
    doc_id, bob = await lose_the_future(stage, server, tmp_path / "backup")
    assert await asyncio.to_thread(server.terminate) == 0
    await asyncio.to_thread(restore, server, tmp_path / "backup")
    await asyncio.to_thread(rename_history, server)
    await asyncio.to_thread(server.start)
    alice = await stage.open(server, "alice", doc_id)
    for text in "ab":  # beyond what bob knows: only the name tells
        await alice.insert(0, text)
        await alice.saved()
    bob.mend()
    await assert_offered(bob)
    assert await log_of(stage, server, doc_id) == [[SAVED], ["a"], ["b"]]


async def test_it_has_the_old_name_and_ends_before(
    stage: Stage, start_server: Callable[..., Server], tmp_path: Path
) -> None:
    """Nobody ran `new_log_identity`. What HTTP knows of the lost versions is refused as well."""
    server = start_server()
    doc_id, bob = await lose_the_future(stage, server, tmp_path / "backup")
    alice = await stage.person(server, "alice")
    tag = (await alice.http.get(f"/api/documents/{doc_id}")).headers["ETag"]
    assert await asyncio.to_thread(server.terminate) == 0
    await asyncio.to_thread(restore, server, tmp_path / "backup")
    await asyncio.to_thread(server.start)
    bob.mend()
    await assert_offered(bob)
    for answer in (
        await alice.http.put(f"/api/documents/{doc_id}", json={"content": "x", "version": 2}),
        await alice.http.put(f"/api/documents/{doc_id}", json={"content": "x"}, headers={"If-Match": tag}),
        await alice.http.get(f"/api/documents/{doc_id}/events", headers={"Last-Event-ID": "2"}),
    ):
        assert (answer.status_code, answer.json()["code"]) == (409, "version_unknown")
    assert (await alice.http.get(f"/api/documents/{doc_id}", headers={"If-None-Match": tag})).status_code == 200
    assert await log_of(stage, server, doc_id) == [[SAVED]]


async def test_it_has_the_old_name_and_others_wrote_past_what_one_knows(
    stage: Stage, start_server: Callable[..., Server], tmp_path: Path
) -> None:
    """Version numbers say nothing then; what the text hashes to does."""
    server = start_server()
    doc_id, bob = await lose_the_future(stage, server, tmp_path / "backup")
    assert await asyncio.to_thread(server.terminate) == 0
    await asyncio.to_thread(restore, server, tmp_path / "backup")
    await asyncio.to_thread(server.start)
    alice = await stage.open(server, "alice", doc_id)
    for text in "ab":
        await alice.insert(0, text)
        await alice.saved()
    bob.mend()
    await assert_offered(bob)
    assert await log_of(stage, server, doc_id) == [[SAVED], ["a"], ["b"]]


async def test_a_server_ran_meanwhile(stage: Stage, start_server: Callable[..., Server], tmp_path: Path) -> None:
    """Its open rooms are of the lost history: it notices within a few seconds, and nobody goes on in them."""
    server = start_server()
    doc_id, bob = await lose_the_future(stage, server, tmp_path / "backup")
    wire = await stage.wire(server, "alice", doc_id)
    assert (await wire.join())["version"] == 2
    await asyncio.to_thread(lose_all_after, server, 1)
    async with asyncio.timeout(NOTICED[connection.vendor]):
        assert await wire.close_code() == 1012
    bob.mend()
    await assert_offered(bob)
    again = await stage.wire(server, "alice", doc_id)
    assert (await again.join())["content"] == SAVED
    assert (await again.commit(1, 1, ["a"]))["version"] == 2
    assert await log_of(stage, server, doc_id) == [[SAVED], ["a"]]


async def test_an_idempotency_key_of_the_lost_future_counts_anew(
    stage: Stage, start_server: Callable[..., Server], tmp_path: Path
) -> None:
    server = start_server()
    doc_id = await stage.document(server)
    alice = await stage.person(server, "alice")
    await asyncio.to_thread(back_up, server, tmp_path / "backup")
    key = {"Idempotency-Key": str(uuid.uuid4())}
    body = {"content": LOST, "version": 0}
    first = await alice.http.put(f"/api/documents/{doc_id}", json=body, headers=key)
    assert await asyncio.to_thread(server.terminate) == 0
    await asyncio.to_thread(restore, server, tmp_path / "backup")
    await asyncio.to_thread(server.start)
    for _ in range(2):
        again = await alice.http.put(f"/api/documents/{doc_id}", json=body, headers=key)
        assert (again.status_code, again.json()["version"]) == (first.status_code, 1)
    assert await log_of(stage, server, doc_id) == [[LOST]]
