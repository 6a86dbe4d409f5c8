"""What happens to the disk and to SQLite on it: death before the copies are written, another writer, no room."""

import asyncio
import sqlite3
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing
from pathlib import Path

import psutil

from tests.faults.heavy import HeavyWriter, assert_kept_once
from tests.faults.outside import ask
from tests.faults.run import EMBEDDED, Trouble, Vacuous, fault
from tests.server import Server

LEAST_KILLS, MOST_KILLS = 3, 12  # the latter where none has come between the log and what trails it
WRITERS = 4  # beside the crowd, each of whose writes makes a copy
LONGEST_LOCK = 10.0  # seconds
ROOM = 64 << 10  # bytes that a full disk still has
FULL_WITHIN = 20.0  # seconds until somebody meets it


@fault("F3", "kill -9 between log insert and copies or head", unknown=1)
async def killed_before_copying(trouble: Trouble) -> str:
    """One process where every write of some makes a copy dies again and again; the moment is any."""
    rig = trouble.rig
    server = trouble.rng.choice(rig.servers)
    writers = [HeavyWriter(rig, server, await rig.document()) for _ in range(WRITERS)]
    async with asyncio.TaskGroup() as writing:
        tasks = [writing.create_task(writer.writes()) for writer in writers]
        trailed = await _killed(trouble, server, writers)
        for writer in writers:
            writer.stops()
        await asyncio.wait(tasks)
    if not any(trailed):
        raise Vacuous(f"copies and heads were up to date after each of {len(trailed)} kills")
    await assert_kept_once(rig, writers)
    resent = sum(writer.resent for writer in writers)
    count = sum(writer.count for writer in writers)
    killed = f"{len(trailed)} killed, {sum(trailed)} of {WRITERS * len(trailed)} times a copy or head trailed the log"
    return f"{killed}; {count} heavy writes are there once, of which {resent} had to be sent again"


async def _killed(trouble: Trouble, server: Server, writers: list[HeavyWriter]) -> list[int]:
    """Of how many documents the copy or the head trailed the log, after each kill."""
    deadline, trailed = time.monotonic() + trouble.seconds, list[int]()
    while len(trailed) < LEAST_KILLS or time.monotonic() < deadline or not any(trailed):
        await asyncio.gather(*(writer.has_an_answer() for writer in writers))
        await asyncio.sleep(trouble.rng.uniform(0, 1))
        server.kill()
        kept = (await trouble.rig.inspect([writer.doc_id for writer in writers])).values()
        trailed.append(sum(min(found["row"], found["copy"]) < len(found["log"]) for found in kept))
        await asyncio.to_thread(server.start)
        if len(trailed) == MOST_KILLS:
            break
    return trailed


@fault("F12", "SQLite locked by another writer", EMBEDDED)
async def locked(trouble: Trouble) -> str:
    """For ten seconds, or as long as there is trouble, and before that several times shorter."""
    doc_id, server = await trouble.rig.document(), trouble.rig.servers[0]
    longest = min(LONGEST_LOCK, trouble.seconds)
    statuses = []
    for seconds in (0.05, 0.3, 1.0, longest):
        async with _write_lock(server):
            written = asyncio.create_task(ask(server, "PUT", doc_id, {"content": f"{seconds} seconds"}))
            read = await ask(server, "GET", doc_id)
            assert read.status_code == 200, f"a read was answered {read.status_code}"
            await asyncio.sleep(seconds)
        statuses.append((await written).status_code)
        assert statuses[-1] in (200, 503), f"a write was answered {statuses[-1]} {written.result().text[:100]}"
    return f"locked 4 times, {longest:.0f} s at most; writes then: {statuses}; reads 200"


@fault("F13", "disk full, then freed", EMBEDDED)
async def full(trouble: Trouble) -> str:
    """No file of the server's may grow. SQLite says so as it does of a full disk, and the server goes on reading."""
    doc_id, server = await trouble.rig.document(), trouble.rig.servers[0]
    database = _database(server)
    began = time.monotonic()
    async with _no_room_beyond(server, database.stat().st_size + ROOM):
        refused = await _first_refusal(server, doc_id)
        read = await ask(server, "GET", trouble.crowd.sheets[0].doc_id)
        assert read.status_code == 200 and read.json()["content"], f"a read was answered {read.status_code}"
        await asyncio.sleep(max(0.0, began + trouble.seconds - time.monotonic()))
        detail = (await ask(server, "PUT", doc_id, {"content": "no room"})).json().get("detail")
    took = await _first_success(server, doc_id)
    with closing(sqlite3.connect(database, check_same_thread=False)) as own:
        found = (await asyncio.to_thread(own.execute, "PRAGMA integrity_check")).fetchall()
    assert found == [("ok",)], f"integrity_check: {found[:5]}"
    return f"full after {refused:.1f} s: {detail!r}, reads 200; freed, writes after {took:.1f} s; integrity ok"


@asynccontextmanager
async def _write_lock(server: Server) -> AsyncIterator[None]:
    """Nobody else may write meanwhile."""
    with closing(sqlite3.connect(_database(server), isolation_level=None, timeout=30, check_same_thread=False)) as own:
        await asyncio.to_thread(own.execute, "BEGIN IMMEDIATE")
        try:
            yield
        finally:
            own.execute("ROLLBACK")


@asynccontextmanager
async def _no_room_beyond(server: Server, size: int) -> AsyncIterator[None]:
    """No file that a server writes may become larger than so many bytes."""
    assert server.process is not None
    process = psutil.Process(server.process.pid)
    soft, hard = process.rlimit(psutil.RLIMIT_FSIZE)
    process.rlimit(psutil.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        process.rlimit(psutil.RLIMIT_FSIZE, (soft, hard))


async def _first_refusal(server: Server, doc_id: str) -> float:
    """Seconds until a write meets the full disk: 503, and nothing else but 200 before."""
    return await _seconds_until(server, doc_id, 503)


async def _first_success(server: Server, doc_id: str) -> float:
    """Seconds until a write succeeds again."""
    return await _seconds_until(server, doc_id, 200)


async def _seconds_until(server: Server, doc_id: str, status: int) -> float:
    began = time.monotonic()
    while time.monotonic() < began + FULL_WITHIN:
        answer = await ask(server, "PUT", doc_id, {"content": f"at {time.monotonic()}"})
        assert answer.status_code in (200, 503), f"a write was answered {answer.status_code} {answer.text[:100]}"
        if answer.status_code == status:
            return time.monotonic() - began
        await asyncio.sleep(0.1)
    raise AssertionError(f"no write was answered {status} within {FULL_WITHIN:.0f} s")


def _database(server: Server) -> Path:
    return server.data_dir / "collabdocs.sqlite3"
