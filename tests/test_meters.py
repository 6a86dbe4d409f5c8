"""The time from a keystroke to its being seen: the server's own histogram agrees with what clients measure."""

import asyncio
import sqlite3
import time
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager, nullcontext
from itertools import accumulate
from statistics import median

import pytest
from prometheus_client.parser import text_string_to_metric_families

from collabdocs.meters import SECONDS
from tests.conftest import Stage
from tests.server import Server
from tests.wire import Wire

KEYSTROKES = 40
READERS = ("alice", "bob", "vera", "vera")


@pytest.mark.parametrize("held", [0.0, 0.04])
async def test_keystroke_to_seen_by_both_clocks(server: Server, stage: Stage, held: float) -> None:
    """Also where somebody else writes to the database for so many seconds at each keystroke."""
    if held and not (server.data_dir / "collabdocs.sqlite3").exists():
        pytest.skip("only SQLite has one writer")
    doc_id = await stage.document(server)
    typist, *readers = [await stage.wire(server, name, doc_id) for name in ("alice", *READERS)]
    for wire in (typist, *readers):
        await wire.join()
    before = await histogram(server, stage)
    measured = [await seen_after(server, typist, readers, seq, held) for seq in range(1, KEYSTROKES + 1)]
    counts = [now - then for now, then in zip(await histogram(server, stage), before, strict=True)]
    assert sum(counts) == KEYSTROKES
    told, seen = median_bucket(counts), bisect_left(SECONDS, median(measured))
    print(f"server: bucket {told}, {counts}; clients: bucket {seen}, {1000 * median(measured):.2f} ms")
    assert abs(told - seen) <= 1


async def seen_after(server: Server, typist: Wire, readers: Sequence[Wire], seq: int, held: float) -> float:
    """Seconds from sending a keystroke until the last reader has it."""
    with writing(server) if held else nullcontext():
        started = time.perf_counter()
        await typist.submit(seq, typist.head, ["x"])
        await asyncio.sleep(held)
    for reader in readers:
        await reader.receive("operations")
    seconds = time.perf_counter() - started
    typist.head = (await typist.answer(seq))["version"]
    return seconds


@contextmanager
def writing(server: Server) -> Iterator[None]:
    """Nobody else writes meanwhile."""
    with closing(sqlite3.connect(server.data_dir / "collabdocs.sqlite3", isolation_level=None)) as database:
        database.execute("BEGIN IMMEDIATE")
        yield
        database.execute("ROLLBACK")


async def histogram(server: Server, stage: Stage) -> list[float]:
    """How many were in each bucket up to now; the last is for those above all."""
    said = (await (await stage.person(server, "alice")).http.get(f"{server.url}/metrics")).text
    for family in text_string_to_metric_families(said):
        if family.name == "collabdocs_seen_seconds":
            upto = [sample.value for sample in family.samples if sample.name.endswith("_bucket")]
            return [high - low for low, high in zip([0.0, *upto], upto, strict=False)]
    raise AssertionError("it does not tell")


def median_bucket(counts: Sequence[float]) -> int:
    """The first bucket with which half of them are reached."""
    return next(n for n, upto in enumerate(accumulate(counts)) if upto >= sum(counts) / 2)
