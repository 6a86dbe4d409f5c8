"""Submitting: everybody sees what was committed, the author too; refusals and resends are answered."""

import asyncio
import time
import uuid
from types import SimpleNamespace

import pytest

from documents import services
from documents.ot import tail
from documents.ot.rebase import Submission
from realtime import consumers, crowd
from realtime import hub as hubs
from realtime.tests.clients import eventually


async def test_it_works(joins, alice, bob, vera):
    author, reader, viewer = await joins(alice), await joins(bob), await joins(vera)
    await author.submits([5, " world"])
    for socket in (author, reader, viewer):
        [entry] = await socket.hears_operations()
        assert entry == {
            "version": 2,
            "client_id": author.client_id,
            "seq": 1,
            "author": str(alice.id),
            "operation": [5, " world"],
        }
        assert socket.text == "hello world"
    assert author.acknowledged == [(1, 2)]


async def test_concurrent_edits_are_merged_and_the_later_stands_first(joins, alice, bob):
    one, two = await joins(alice), await joins(bob)
    await one.submits(["A"])
    await two.reaches(2)
    await two.submits(["B"], base=1)
    assert await one.reaches(3) == await two.reaches(3) == "BAhello"


async def test_what_is_sent_is_made_canonical(joins, alice):
    socket = await joins(alice)
    await socket.submits([1, -1, "x", 0, "", 3])
    [entry] = await socket.hears_operations()
    assert entry["operation"] == [1, "x", -1]
    await socket.submits([])
    [entry] = await socket.hears_operations()
    assert (entry["version"], entry["operation"]) == (3, [])


async def test_a_batch_is_one_frame(joins, commits, alice, bob, vera):
    sockets = [await joins(user) for user in (alice, bob, bob)]
    reader = await joins(vera)
    commits.gate.clear()
    await sockets[0].submits(["a"])
    await eventually(lambda: commits.batches == [[1]])
    for socket, text in zip(sockets[1:], "bc", strict=True):
        await socket.submits([text])
    await eventually(lambda: sum(len(room.inbox) for room in hubs.current().rooms.values()) == 2)
    commits.gate.set()
    assert [entry["operation"] for entry in await reader.hears_operations()] == [["a"]]
    assert [entry["operation"] for entry in await reader.hears_operations()] == [["b"], ["c"]]
    assert commits.batches == [[1], [2]]


@pytest.mark.parametrize(
    ("operation", "base", "code"),
    [
        ([6], 1, "invalid_operation"),
        ([-6], 1, "invalid_operation"),
        (["a\r"], 1, "invalid_operation"),
        (["a\0"], 1, "invalid_operation"),
        ([True], 1, "invalid_operation"),
        ([1.5], 1, "invalid_operation"),
        ([2**60], 1, "invalid_operation"),
        ([["x"]], 1, "invalid_operation"),
        ({"x": 1}, 1, "invalid_operation"),
        (None, 1, "invalid_operation"),
        (["x"], 2, "version_unknown"),
        (["x"], 2**53 - 1, "version_unknown"),
        (["x"], -1, "invalid_message"),
        (["x"], "1", "invalid_message"),
        (["x"], True, "invalid_message"),
        (["x"], 2**63, "invalid_message"),
        (["x" * 101], 1, "operation_too_large"),
        ([1, "x"] * 6, 1, "operation_too_large"),
        (["x" * 96], 1, "document_too_large"),
    ],
)
async def test_refusals_name_the_seq_and_commit_nothing(joins, alice, bob, settings, operation, base, code):
    settings.MAX_INSERTED_LENGTH, settings.MAX_COMPONENTS, settings.MAX_TEXT_LENGTH = 100, 10, 100
    author, reader = await joins(alice), await joins(bob)
    await author.submits(operation, base=base, seq=7)
    error = await author.hears("error")
    assert (error["code"], error["seq"]) == (code, 7) and error["detail"]
    assert [m for m in await reader.heard_all() if m["type"] != "presence"] == []
    await author.submits(["x"], base=1, seq=7)  # the pair is free: nothing was committed under it
    assert await reader.reaches(2) == "xhello"


async def test_a_base_too_far_behind_is_asked_to_catch_up(joins, edits, alice, settings):
    settings.MAX_BASE_AGE = 5
    socket = await joins(alice)
    await edits(times=6)
    await socket.reaches(7)
    await socket.submits(["y"], base=1)
    error = await socket.hears("error")
    assert (error["code"], error["seq"]) == ("version_too_old", 1)
    await socket.submits(["y"], base=7, seq=1)
    assert await socket.reaches(8) == "yxxxxxxhello"


async def test_a_long_way_to_the_head(joins, edits, alice, monkeypatch):
    monkeypatch.setattr(services, "LONG_REBASE", 10)
    await edits("x", 40)
    socket = await joins(alice)
    await socket.submits(["y"], base=1)
    [entry] = await socket.hears_operations()
    assert (entry["version"], entry["operation"]) == (42, ["y"])
    await socket.submits(["y"], base=1, seq=1)  # and sent again from as far
    assert await socket.hears_operations() == [entry]


# --- Resends ---


@pytest.mark.parametrize("base", [1, 2, 3])
async def test_a_resend_is_answered_with_the_same_entry(joins, edits, alice, bob, base):
    author, reader = await joins(alice), await joins(bob)
    await edits("..", 2)
    await author.reaches(3)
    await author.submits(["x"], base=1)
    [entry] = await author.hears_operations()
    await edits(".", 2)
    await author.reaches(6)
    await reader.reaches(6)
    await author.submits(["x"], base=base, seq=1)  # on the old base, or a fresher one below the version it got
    assert await author.hears_operations() == [entry]
    assert [m for m in await reader.heard_all() if m["type"] == "operations"] == []


async def test_a_resend_after_a_rejoin_is_answered(joins, edits, alice, monkeypatch):
    """The acknowledgement was lost with the line, long ago."""
    monkeypatch.setattr(tail, "MOST_ENTRIES", 10)
    author = await joins(alice)
    await author.submits(["x"])
    [entry] = await author.hears_operations()
    await author.leaves()
    await edits(times=30)  # more than is kept in memory
    again = await joins(alice, client_id=author.client_id)
    await again.submits(["x"], base=1, seq=1)
    assert await again.hears_operations() == [entry]
    assert again.version == 32


async def test_a_pair_twice_in_one_batch_is_committed_once_and_both_are_answered(joins, commits, alice, bob):
    author, other = await joins(alice), await joins(bob)
    commits.gate.clear()
    await other.submits(["o"])
    await eventually(lambda: len(commits.batches) == 1)
    for _ in range(3):
        await author.submits(["x"], seq=1, base=1)
    await eventually(lambda: sum(len(room.inbox) for room in hubs.current().rooms.values()) == 3)
    commits.gate.set()
    assert await other.reaches(3) == "xohello"
    assert commits.batches == [[1], [3]]
    await author.reaches(3)
    assert author.acknowledged == [(1, 3)]
    assert [m for m in await author.heard_all() if m["type"] == "error"] == []


async def test_a_duplicate_while_the_batch_is_under_way_is_answered(joins, commits, alice):
    author = await joins(alice)
    commits.gate.clear()
    await author.submits(["x"])
    await eventually(lambda: len(commits.batches) == 1)
    await author.submits(["x"], seq=1, base=1)
    await eventually(lambda: sum(len(room.inbox) for room in hubs.current().rooms.values()) == 1)
    commits.gate.set()
    await author.hears_operations()
    await author.hears_operations()
    assert author.acknowledged == [(1, 2), (1, 2)] and author.text == "xhello"


async def test_the_new_socket_hears_what_the_old_one_had_under_way(joins, connects, commits, alice):
    old = await joins(alice)
    commits.gate.clear()
    await old.submits(["x"])
    await eventually(lambda: len(commits.batches) == 1)
    new = await joins(alice, client_id=old.client_id)
    assert await old.is_closed() == 4409
    commits.gate.set()
    await new.reaches(2)
    assert new.acknowledged == [(1, 2)] and new.text == "xhello"


async def test_other_content_under_a_used_pair_is_refused(joins, alice):
    author = await joins(alice)
    await author.submits(["x"])
    await author.reaches(2)
    for operation, base in ((["y"], 1), (["x"], 2), ([1, "x"], 1)):
        await author.submits(operation, seq=1, base=base)
        error = await author.hears("error")
        assert (error["code"], error["seq"]) == ("seq_reused", 1)
    assert await author.heard_all() == []


async def test_out_of_order(joins, alice):
    author = await joins(alice)
    await author.submits(["x"], seq=5)  # gaps are fine
    await author.reaches(2)
    for seq, base in ((6, 1), (4, 2), (4, 1)):  # a base below the own last version; a seq below the own last
        await author.submits(["y"], seq=seq, base=base)
        error = await author.hears("error")
        assert (error["code"], error["seq"]) == ("out_of_order", seq)
    await author.submits(["y"], seq=6)
    assert await author.reaches(3) == "yxhello"


async def test_a_client_id_used_elsewhere_by_somebody_else_is_refused(joins, calls, alice, bob, document):
    author = await joins(alice)
    theft = Submission(client_id=uuid.UUID(author.client_id), seq=1, base_version=1, operation=("b",), author=bob.id)
    await calls(services.submit, document.id, theft)
    await author.reaches(2)
    await author.submits(["x"])
    assert (await author.hears("error"))["code"] == "forbidden"


# --- Who may ---


@pytest.mark.parametrize("name", ["vera", "carol"])
async def test_viewers_and_commenters_change_nothing(joins, request, alice, name):
    reader, author = await joins(request.getfixturevalue(name)), await joins(alice)
    await reader.submits(["x"])
    error = await reader.hears("error")
    assert (error["code"], error["seq"]) == ("forbidden", 1)
    assert [m for m in await author.heard_all() if m["type"] != "presence"] == []


async def test_identity_comes_from_the_token_never_from_the_message(joins, alice, bob):
    author = await joins(bob)
    await author.says(
        "submit", seq=1, base_version=1, operation=["x"], author=str(alice.id), client_id=str(uuid.uuid4()),
        user=str(alice.id), doc_id=str(uuid.uuid4()),
    )  # fmt: skip
    [entry] = await author.hears_operations()
    assert (entry["author"], entry["client_id"]) == (str(bob.id), author.client_id)


# --- Bad input ---


@pytest.mark.parametrize(
    "frame",
    [
        "{", "[]", "1", '"submit"', "null", "{}", '{"type": 1}', '{"type": ["join"]}', '{"type": "nonsense"}',
        '{"type": "submit"}', '{"type": "submit", "seq": 0, "base_version": 1, "operation": []}',
        '{"type": "submit", "seq": 1, "base_version": 1, "operation": ["\\ud800"]}',
        '{"type": "presence", "base_version": 1, "selection": [[1]]}',
        '{"type": "presence", "base_version": 1, "selection": [[0, 9]]}', "[" * 200_000, "\ud800", b"binary",
        '{"type": "submit", "seq": ' + "9" * 5_000 + "}",
    ],
)  # fmt: skip
async def test_nonsense_gets_an_error_and_harms_nobody(joins, alice, bob, frame):
    culprit, other = await joins(bob), await joins(alice)
    await culprit.says_raw(frame)
    assert (await culprit.hears("error"))["code"] in ("invalid_message", "invalid_operation")
    await culprit.submits(["x"])
    assert await other.reaches(2) == await culprit.reaches(2) == "xhello"


async def test_nonsense_without_end_closes(joins, bob):
    culprit = await joins(bob)
    for _ in range(21):
        await culprit.says_raw("nonsense")
    assert await culprit.is_closed() == 4400


@pytest.mark.parametrize("frame", ["x" * 1_001, "é" * 501])
async def test_a_frame_too_large_closes(joins, bob, settings, frame):
    settings.MAX_FRAME_BYTES = 1_000
    culprit = await joins(bob)
    await culprit.says_raw(frame)
    assert await culprit.is_closed() == 4413


# --- Pace ---


async def test_who_floods_is_read_more_slowly_and_closed_at_last(joins, vera, settings, monkeypatch):
    settings.RATE_LIMITS = True
    now, slept = [0.0], []

    async def sleep(seconds):
        slept.append(seconds)
        now[0] += seconds
        await real_sleep(0)

    real_sleep = asyncio.sleep
    for module in (consumers, crowd):
        monkeypatch.setattr(module, "time", SimpleNamespace(monotonic=lambda: now[0], perf_counter=time.perf_counter))
    monkeypatch.setattr(
        consumers, "asyncio", SimpleNamespace(sleep=sleep, create_task=asyncio.create_task, timeout=asyncio.timeout)
    )
    culprit = await joins(vera)  # answered at once
    closing = asyncio.ensure_future(culprit.is_closed())
    for _ in range(60 * 62 + 120):
        if closing.done():
            break
        await culprit.says("submit", seq=1, base_version=9, operation=[])
        await asyncio.wait([closing], timeout=0)
    assert await closing == 4429
    assert 60 <= sum(slept) < 62


async def test_without_rate_limits_nobody_is_slowed_down(joins, bob, monkeypatch):
    monkeypatch.setattr(
        consumers, "asyncio", SimpleNamespace(create_task=asyncio.create_task, timeout=asyncio.timeout)
    )  # no sleep
    socket = await joins(bob)
    for _ in range(500):
        await socket.says("ping")
    for _ in range(500):
        assert (await socket.next())["type"] == "pong"
