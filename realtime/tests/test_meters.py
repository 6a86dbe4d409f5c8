"""What the meters say of operations: real consumers, a real log, and values that change as told."""

import time

from documents.tests.readings import Readings
from realtime.tests.clients import eventually
from realtime.tests.lines import Line


def outcomes(grown: Readings) -> list[float]:
    return [grown("collabdocs_operations_total", outcome=each) for each in ("committed", "resent", "refused")]


async def test_it_works(joins, alice, bob):
    grown = Readings()
    author, reader = await joins(alice), await joins(bob)
    await author.submits(["x"])
    await reader.reaches(2)
    assert outcomes(grown) == [1, 0, 0]
    for name in ("commit", "acknowledge", "seen"):
        assert grown(f"collabdocs_{name}_seconds_count") == 1, name
        assert grown(f"collabdocs_{name}_seconds_sum") > 0, name
    assert grown("collabdocs_seen_seconds_sum") > grown("collabdocs_commit_seconds_sum")
    assert grown("collabdocs_batch_operations_sum") == 1
    assert grown("collabdocs_joins_total", how="fresh") == grown("collabdocs_join_seconds_count") == 2


async def test_a_resend_is_acknowledged_again_but_not_seen_again(joins, alice):
    socket = await joins(alice)
    grown = Readings()
    await socket.submits(["x"], base=1, seq=1)
    await socket.reaches(2)
    await socket.submits(["x"], base=1, seq=1)
    await socket.hears_operations()
    assert outcomes(grown) == [1, 1, 0]
    assert grown("collabdocs_acknowledge_seconds_count") == 2
    assert grown("collabdocs_seen_seconds_count") == 1


async def test_what_the_log_refuses_has_its_code_and_no_time(joins, alice):
    socket = await joins(alice)
    grown = Readings()
    await socket.submits(["x"], base=99)
    assert (await socket.hears("error"))["code"] == "version_unknown"
    assert outcomes(grown) == [0, 0, 1]
    assert grown("collabdocs_refusals_total", code="version_unknown") == 1
    assert grown("collabdocs_acknowledge_seconds_count") == grown("collabdocs_seen_seconds_count") == 0


async def test_what_the_socket_refuses_is_counted_too(joins, alice, vera):
    writer, viewer = await joins(alice), await joins(vera)
    grown = Readings()
    await viewer.submits(["x"])
    await writer.says("submit", seq=1, base_version=1, operation=[1.5])
    await writer.says("nonsense")
    await viewer.heard_all()
    await writer.heard_all()
    assert outcomes(grown) == [0, 0, 2]
    codes = ("forbidden", "invalid_operation", "invalid_message")
    assert [grown("collabdocs_refusals_total", code=code) for code in codes] == [1, 1, 1]


async def test_the_time_begins_when_the_frame_is_read(joins, commits, alice):
    socket = await joins(alice)
    grown, held = Readings(), 0.03
    commits.gate.clear()
    started = time.perf_counter()
    await socket.submits(["x"])
    await eventually(lambda: commits.batches == [[1]])
    until = time.perf_counter() + held
    await eventually(lambda: time.perf_counter() > until)
    commits.gate.set()
    await socket.reaches(2)
    seen, acknowledged = grown("collabdocs_seen_seconds_sum"), grown("collabdocs_acknowledge_seconds_sum")
    assert time.perf_counter() - started > seen >= acknowledged > held


async def test_who_waits_for_an_acknowledgement_waits_for_no_reader(joins, alice, bob, vera):
    """And the last reader ends the time that `seen` takes."""
    readers = [await joins(user, application=Line(work=0.02)) for user in (bob, vera)]
    author = await joins(alice)
    await author.heard_all()
    grown = Readings()
    await author.submits(["x"])
    for reader in readers:
        await reader.reaches(2)
    acknowledged, seen = (grown(f"collabdocs_{name}_seconds_sum") for name in ("acknowledge", "seen"))
    assert seen - acknowledged >= 0.04


async def test_what_another_socket_committed_is_timed_for_its_own_author_alone(joins, edits, alice, bob):
    await joins(alice)
    grown = Readings()
    await edits("x", 3)
    socket = await joins(bob, since=1)
    await socket.reaches(4)
    assert outcomes(grown) == [3, 0, 0]
    assert grown("collabdocs_acknowledge_seconds_count") == grown("collabdocs_seen_seconds_count") == 0
    assert grown("collabdocs_joins_total", how="resumed") == 1


async def test_what_failed_at_first_is_timed_when_it_is_known(joins, commits, alice):
    socket = await joins(alice)
    grown = Readings()
    commits.failures_after.append(OSError("the reply was lost"))
    await socket.submits(["x"])
    await socket.reaches(2)
    await eventually(lambda: grown("collabdocs_acknowledge_seconds_count") == 1)
    assert grown("collabdocs_seen_seconds_count") == 1
