"""A room: what becomes known is delivered once and in order, what waits is committed together, and trouble passes."""

import asyncio
import hashlib
import threading
import uuid
from datetime import UTC, datetime
from types import SimpleNamespace

import orjson
import pytest
from django.db import DatabaseError, connection

from documents import history, services
from documents.errors import UnknownOutcome
from documents.events import Committed, Renamed
from documents.ot.rebase import Entry
from realtime import announcements, upkeep
from realtime import commits as lanes
from realtime import hub as hubs
from realtime import room as rooms
from realtime.room import Room
from realtime.seat import Seat
from realtime.tests.clients import eventually

CLIENT = uuid.uuid4()


def entry(version: int) -> Entry:
    """Puts one x at the start."""
    return Entry(
        version=version, client_id=CLIENT, seq=version, author=None, operation=("x",), length=version,
        created_at=datetime.now(UTC),
    )  # fmt: skip


def entries(first: int, last: int) -> tuple[Entry, ...]:
    return tuple(entry(version) for version in range(first, last + 1))


class StoredLog:
    """The log in the database, up to `head`; each reading of it can be held up, or fail."""

    def __init__(self, head: int) -> None:
        self.head, self.reads = head, 0
        self.error: Exception | None = None
        self.open = asyncio.Event()
        self.open.set()

    async def read(self, work):
        self.reads += 1
        found = work()
        await self.open.wait()
        if self.error:
            raise self.error
        return found

    def operations_since(self, document_id, version, limit):
        return list(entries(version + 1, min(version + limit, self.head)))

    def current_text(self, document_id):
        return self.head, "x" * self.head


@pytest.fixture
async def log(monkeypatch) -> StoredLog:
    log = StoredLog(10)
    monkeypatch.setattr(history, "operations_since", log.operations_since)
    monkeypatch.setattr(history, "current_text", log.current_text)
    return log


@pytest.fixture
async def room(log) -> Room:
    """At version 10."""
    return Room(uuid.uuid4(), SimpleNamespace(head=10, length=10), log.read)


@pytest.fixture
async def seat(room) -> Seat:
    """A seat whose frames stay in its queue."""
    seat = Seat(
        None, client_id=uuid.uuid4(), user_id=uuid.uuid4(), user={}, role="editor", session_id=uuid.uuid4(),
        expires_at=datetime.now(UTC),
    )  # fmt: skip
    room.admit(seat, told=[])
    return seat


def frames(seat: Seat) -> list[dict]:
    return [orjson.loads(event["text"]) for event in seat._waiting]


def versions(seat: Seat) -> list[list[int]]:
    """Of each frame of operations, the versions."""
    return [[e["version"] for e in f["operations"]] for f in frames(seat) if f["type"] == "operations"]


# --- Delivering ---


async def test_what_follows_on_is_one_frame_for_all(room, seat):
    room.deliver(entries(11, 13))
    room.deliver(entries(14, 14))
    assert versions(seat) == [[11, 12, 13], [14]]
    assert (room.cursor, room.length) == (14, 14)


async def test_what_is_old_is_dropped(room, seat):
    room.deliver(entries(9, 10))
    room.deliver([])
    room.deliver(entries(9, 12))
    room.deliver(entries(11, 12))
    assert versions(seat) == [[11, 12]]


async def test_a_gap_is_fetched_from_the_log(room, seat, log):
    log.head = 15
    room.deliver(entries(14, 14))
    await eventually(lambda: room.cursor == 15)
    assert versions(seat) == [[11, 12, 13, 14, 15]]


async def test_a_long_gap_is_fetched_in_pages(room, seat, log, monkeypatch):
    monkeypatch.setattr(rooms, "PAGE", 4)
    log.head = 20
    room.fetch_gap()
    await eventually(lambda: room.cursor == 20)
    assert versions(seat) == [[11, 12, 13, 14], [15, 16, 17, 18], [19, 20]]


async def test_what_arrives_while_a_gap_is_fetched_is_not_doubled(room, seat, log):
    log.head = 13
    log.open.clear()
    room.deliver(entries(13, 13))
    room.deliver(entries(13, 13))
    await eventually(lambda: log.reads == 1)  # once at a time
    room.deliver(entries(11, 14))
    log.open.set()
    await eventually(lambda: room._catching_up.done())
    assert versions(seat) == [[11, 12, 13, 14]]


async def test_a_fetch_that_fails_is_told_and_made_again_by_the_next(room, seat, log, caplog):
    log.head, log.error = 12, DatabaseError("away")
    room.fetch_gap()
    await eventually(lambda: room._catching_up.done())
    assert versions(seat) == []
    assert [str(record.exc_info[1]) for record in caplog.records] == ["away"]
    log.error = None
    room.fetch_gap()
    await eventually(lambda: room.cursor == 12)


async def test_a_foreign_announcement_is_delivered_and_one_without_entries_fetched(room, seat, log):
    for event in (
        Committed(room.document_id, entries(11, 11)),
        Renamed(room.document_id, "New"),
        Committed(room.document_id, ()),
    ):
        log.head = 12
        announcements.act(room, announcements.unpack(announcements.pack(event, "elsewhere")))
    await eventually(lambda: room.cursor == 12)
    assert versions(seat) == [[11], [12]]
    assert {"type": "document", "title": "New"} in frames(seat)


async def test_a_slow_reader_harms_nobody(room, seat):
    other = Seat(
        None, client_id=uuid.uuid4(), user_id=uuid.uuid4(), user={}, role="editor", session_id=uuid.uuid4(),
        expires_at=datetime.now(UTC),
    )  # fmt: skip
    room.admit(other, told=[])
    for version in range(11, 600):
        room.deliver([entry(version)])
        other._waiting.clear()
    assert seat.closing == 4408 and other.closing is None and not seat._waiting
    await upkeep.forget_the_gone([room], None)
    assert list(room.seats) == [other.client_id]


# --- The text ---


async def test_the_text_is_read_once_and_then_kept_up_from_memory(room, log):
    assert await room.text() == (10, "x" * 10)
    room.deliver(entries(11, 13))
    assert await room.text() == await room.text() == (13, "x" * 13)
    assert log.reads == 1


async def test_much_replaying_is_done_beside_the_loop(room, log, monkeypatch):
    await room.text()
    monkeypatch.setattr(rooms, "MUCH_WORK", 20)
    room.deliver(entries(11, 13))
    assert await room.text() == (13, "x" * 13)
    assert log.reads == 2


async def test_a_text_read_long_ago_does_not_replace_a_newer_one(room, log):
    log.open.clear()
    slow = asyncio.create_task(room.text())
    await eventually(lambda: log.reads == 1)
    log.head = 12
    log.open.set()
    room._text = (12, "x" * 12)
    assert (await slow)[0] == 10
    assert room._text == (12, "x" * 12)


async def test_a_failing_read_is_no_empty_text(room, log):
    log.error = DatabaseError("away")
    with pytest.raises(DatabaseError):
        await room.text()


# --- Checksums ---


async def test_a_checksum_comes_after_the_operations_it_covers(room, seat, log, monkeypatch):
    monkeypatch.setattr(upkeep, "CHECKSUM_VERSIONS", 3)
    room.deliver(entries(11, 12))
    await upkeep.send_checksums([room], None)
    assert frames(seat)[-1]["type"] == "operations"
    log.head = 13
    room.deliver(entries(13, 13))
    await upkeep.send_checksums([room], None)
    await upkeep.send_checksums([room], None)
    sums = [frame for frame in frames(seat) if frame["type"] == "checksum"]
    assert sums == [frames(seat)[-1]]
    assert sums[0]["version"] == 13
    assert sums[0]["sha256"] == hashlib.sha256(b"x" * 13).hexdigest()


async def test_after_a_minute_of_editing_a_checksum_comes_too(room, seat, log):
    room.deliver(entries(11, 11))
    log.head = 11
    room.checked_at -= upkeep.CHECKSUM_SECONDS
    await upkeep.send_checksums([room], None)
    assert frames(seat)[-1]["type"] == "checksum"
    room.checked_at -= upkeep.CHECKSUM_SECONDS
    await upkeep.send_checksums([room], None)  # nobody has edited since
    assert [frame["type"] for frame in frames(seat)].count("checksum") == 1


async def test_a_text_ahead_of_what_was_handed_out_is_not_summed_up(room, seat, log, monkeypatch):
    """The log is read before its announcement arrives: the clients are not there yet, and nobody waits for them."""
    monkeypatch.setattr(upkeep, "CHECKSUM_VERSIONS", 1)
    room.deliver(entries(11, 11))
    log.head = 12
    async with asyncio.timeout(5):
        await upkeep.send_checksums([room], None)
    assert [frame["type"] for frame in frames(seat)].count("checksum") == 0


async def test_edits_that_go_on_while_the_text_is_read_are_summed_up_too(room, seat, log, monkeypatch):
    monkeypatch.setattr(upkeep, "CHECKSUM_VERSIONS", 1)
    room.deliver(entries(11, 11))
    log.head = 11
    log.open.clear()
    summing = asyncio.create_task(upkeep.send_checksums([room], None))
    await eventually(lambda: log.reads == 1)
    room.deliver(entries(12, 13))
    log.open.set()
    await summing
    assert frames(seat)[-1]["type"] == "checksum" and frames(seat)[-1]["version"] == 13


# --- The tick ---


async def test_a_document_in_trouble_keeps_the_tick_from_nothing_else(joins, calls, alice, bob, document, monkeypatch):
    poisoned = await calls(services.create_document, owner=alice, title="Poison", content="p")
    one, two = await joins(alice, document_id=poisoned.id), await joins(bob)
    for socket in (one, two):
        await socket.submits(["x"])
        await socket.reaches(2)
    keep_copies = services.keep_copies

    def fails(dirty):
        if dirty[0][0] == poisoned.id:
            raise DatabaseError("poison")
        keep_copies(dirty)

    monkeypatch.setattr(services, "keep_copies", fails)
    monkeypatch.setattr(upkeep.permissions, "roles_in", lambda _: 1 / 0)
    monkeypatch.setattr(upkeep, "CHECKSUM_VERSIONS", 1)
    await hubs.current().tick()
    assert (await two.hears("checksum"))["version"] == 2
    await calls(document.refresh_from_db)
    assert document.version == 2
    monkeypatch.setattr(services, "keep_copies", keep_copies)
    await hubs.current().tick()  # what failed is made up for
    await calls(poisoned.refresh_from_db)
    assert poisoned.version == 2


# --- Committing ---


def waiting() -> int:
    return sum(len(room.inbox) for room in hubs.current().rooms.values())


async def test_what_arrives_during_a_commit_is_committed_together(joins, commits, alice, bob):
    sockets = [await joins(bob) for _ in range(8)]
    first = await joins(alice)
    commits.gate.clear()
    await first.submits(["a"])
    await eventually(lambda: commits.batches == [[1]])
    for socket in sockets:
        await socket.submits(["b"])
    await eventually(lambda: waiting() == 8)
    commits.gate.set()
    assert await first.reaches(10) == "b" * 8 + "ahello"
    assert commits.batches == [[1], [8]]


async def test_all_rooms_of_a_process_are_committed_together(joins, calls, commits, alice):
    others = [await calls(services.create_document, owner=alice, title=str(n)) for n in range(3)]
    first = await joins(alice)
    sockets = [await joins(alice, document_id=other.id) for other in others]
    commits.gate.clear()
    await first.submits(["a"])
    await eventually(lambda: commits.batches == [[1]])
    for socket in sockets:
        await socket.submits(["b"])
    await sockets[0].submits(["c"], base=9)  # refused, in the same batch
    await eventually(lambda: waiting() == 4)
    commits.gate.set()
    assert (await sockets[0].hears("error", "operations"))["type"] == "operations"
    assert (await sockets[0].hears("error"))["code"] == "version_unknown"
    for socket in sockets[1:]:
        assert await socket.reaches(1) == "b"
    assert commits.batches == [[1], [2, 1, 1]]


@pytest.mark.skipif(connection.features.supports_transactions, reason="they share one writer")
async def test_a_room_waits_for_no_other_rooms_commit(joins, calls, commits, alice, document):
    other = await calls(services.create_document, owner=alice)
    first, second = await joins(alice), await joins(alice, document_id=other.id)
    really, gate = commits._commit, threading.Event()

    def holds(jobs):
        assert jobs[0][0].document_id == other.id or gate.wait(10)
        return really(jobs)

    commits._commit = holds
    await first.submits(["a"])
    await eventually(lambda: commits.batches == [[1]])
    await second.submits(["b"])
    assert await second.reaches(1) == "b"
    gate.set()
    assert await first.reaches(2) == "ahello"


FAILURES = [DatabaseError("away"), UnknownOutcome("away"), OSError("away"), ValueError("anything")]


@pytest.mark.parametrize("when", ["failures", "failures_after"])
async def test_a_failing_commit_is_tried_again_and_never_an_error(joins, commits, alice, bob, monkeypatch, when):
    monkeypatch.setattr(lanes, "FIRST_PAUSE", 0.001)
    author, reader = await joins(alice), await joins(bob)
    getattr(commits, when).extend(FAILURES)
    await author.submits(["x"])
    assert await author.reaches(2) == await reader.reaches(2) == "xhello"
    assert author.acknowledged == [(1, 2)]
    await eventually(lambda: len(commits.batches) >= 2)
    assert [m for m in await author.heard_all() if m["type"] == "error"] == []


async def test_what_comes_while_commits_fail_waits_its_turn(joins, commits, alice, bob, monkeypatch):
    """Everything is answered in the end, whatever failed in between, and nothing is stuck in an inbox."""
    monkeypatch.setattr(lanes, "FIRST_PAUSE", 0.001)
    monkeypatch.setattr(lanes, "LONGEST_PAUSE", 0.01)
    sockets = [await joins(user) for user in (alice, bob, bob)]
    commits.failures.extend([DatabaseError("away")] * 6)
    commits.gate.clear()
    await sockets[0].submits(["a"])
    await eventually(lambda: len(commits.batches) == 1)
    await sockets[1].submits(["b"])
    await eventually(lambda: waiting() == 1)
    commits.gate.set()
    await eventually(lambda: len(commits.batches) >= 4)
    await sockets[2].submits(["c"])
    texts = {await socket.reaches(4) for socket in sockets}
    assert len(texts) == 1 and sorted(texts.pop()) == sorted("abchello")
    assert [socket.acknowledged[0][0] for socket in sockets] == [1, 1, 1]


async def test_one_room_in_trouble_is_not_the_others(joins, calls, commits, alice, bob, document, monkeypatch):
    monkeypatch.setattr(lanes, "FIRST_PAUSE", 0.001)
    poisoned = await calls(services.create_document, owner=alice, title="Poison", content="p")
    sick, well, first = await joins(alice, document_id=poisoned.id), await joins(bob), await joins(alice)
    really, broken = commits._commit, [True]

    def fails(jobs):
        if broken[0] and any(log.document_id == poisoned.id for log, _ in jobs):
            raise DatabaseError("poison")
        return really(jobs)

    commits._commit = fails
    commits.gate.clear()
    await first.submits(["f"])
    await eventually(lambda: commits.batches == [[1]])
    await sick.submits(["s"])
    await well.submits(["w"])
    await eventually(lambda: waiting() == 2)
    commits.gate.set()
    assert await well.reaches(3) == "wfhello"
    assert sick.version == 1
    broken[0] = False
    assert await sick.reaches(2) == "sp"


async def test_at_last_sockets_close_1012_and_the_resend_is_taken(joins, commits, alice, bob, monkeypatch):
    monkeypatch.setattr(lanes, "PATIENCE", 0.0)
    author, reader = await joins(alice), await joins(bob)
    commits.failures.extend([DatabaseError("away")] * 2)
    await author.submits(["x"])
    assert [await author.is_closed(), await reader.is_closed()] == [1012, 1012]
    again = await joins(alice, client_id=author.client_id)
    assert again.version == 1
    await again.submits(["x"], seq=1)
    assert await again.reaches(2) == "xhello"


async def test_what_landed_before_the_sockets_closed_is_known_again(joins, commits, alice, monkeypatch):
    monkeypatch.setattr(lanes, "PATIENCE", 0.0)
    author = await joins(alice)
    commits.failures_after.append(DatabaseError("the answer is lost"))
    await author.submits(["x"])
    await author.reaches(2)
    await author.submits(["x"], seq=1, base=1)
    await author.hears_operations()
    assert author.text == "xhello" and set(author.acknowledged) == {(1, 2)}


# --- Draining ---


async def test_draining_finishes_what_is_under_way_then_closes(joins, connects, commits, alice, bob):
    author, reader = await joins(alice), await joins(bob)
    commits.gate.clear()
    await author.submits(["x"])
    await eventually(lambda: len(commits.batches) == 1)
    draining = asyncio.create_task(hubs.drain())
    await eventually(lambda: hubs.current().draining)
    late = await connects(bob)
    assert await late.is_closed() == 1012
    commits.gate.set()
    assert await author.reaches(2) == "xhello"
    assert [await author.is_closed(), await reader.is_closed()] == [1012, 1012]
    await draining
    assert author.acknowledged == [(1, 2)]
    assert commits.batches == [[1]]


async def test_who_comes_after_draining_is_closed_too(joins, connects, alice):
    await joins(alice)
    await hubs.drain()
    await hubs.drain()
    late = await connects(alice)
    assert await late.is_closed() == 1012


async def test_draining_keeps_copies_up(joins, calls, alice, document):
    author = await joins(alice)
    await author.submits(["x"])
    await author.reaches(2)
    await hubs.drain()
    await calls(document.refresh_from_db)
    assert document.version == 2


async def test_draining_goes_on_when_the_database_is_away(joins, alice, monkeypatch):
    author = await joins(alice)
    await author.submits(["x"])
    await author.reaches(2)

    def fails(_):
        raise DatabaseError("away")

    monkeypatch.setattr(services, "keep_copies", fails)
    await hubs.drain()
    assert await author.is_closed() == 1012
