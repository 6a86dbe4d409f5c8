"""A seat's queue: bounded, in order, and a reader too slow for it is closed, never waited for."""

import asyncio
import uuid
from datetime import UTC, datetime

import pytest

from realtime import protocol
from realtime.seat import MAX_WAITING_CHARACTERS, MAX_WAITING_FRAMES, Seat


class Line:
    """A socket's sending end: open, or held up, or broken."""

    def __init__(self) -> None:
        self.sent: list[str | int] = []
        self.open = asyncio.Event()
        self.open.set()
        self.error: Exception | None = None

    async def send(self, event) -> None:
        await self.open.wait()
        if self.error:
            raise self.error
        self.sent.append(event["text"] if event["type"] == "websocket.send" else event["code"])


@pytest.fixture
async def line():
    return Line()


@pytest.fixture
async def seat(line):
    """Its pump runs as long as the test."""
    seat = Seat(
        line.send,
        client_id=uuid.uuid4(),
        user_id=uuid.uuid4(),
        user={},
        role="editor",
        session_id=uuid.uuid4(),
        expires_at=datetime.now(UTC),
    )
    seat.pumping = asyncio.create_task(seat.pump())
    yield seat
    seat.pumping.cancel()


async def settle() -> None:
    for _ in range(5):
        await asyncio.sleep(0)


async def test_it_works(seat, line):
    seat.push("a")
    seat.push_event({"type": "websocket.send", "text": "b"})
    await settle()
    assert line.sent == ["a", "b"]
    seat.push("c")
    await settle()
    assert line.sent == ["a", "b", "c"]


async def test_the_close_comes_after_what_is_queued_and_ends_the_pump(seat, line):
    line.open.clear()
    seat.push("a")
    seat.push("b")
    seat.close(protocol.NOT_ALLOWED)
    seat.push("never")
    seat.close(protocol.NO_DOCUMENT)  # the first word stands
    line.open.set()
    await seat.pumping
    assert line.sent == ["a", "b", protocol.NOT_ALLOWED]


async def test_frames_queued_before_the_pump_runs_are_sent(line):
    seat = Seat(
        line.send, client_id=uuid.uuid4(), user_id=uuid.uuid4(), user={}, role="editor", session_id=uuid.uuid4(),
        expires_at=datetime.now(UTC),
    )  # fmt: skip
    seat.push("a")
    seat.close(protocol.RESTARTING)
    await seat.pump()
    assert line.sent == ["a", protocol.RESTARTING]


async def test_too_many_frames_close_4408_and_nothing_of_them_is_sent(seat, line):
    line.open.clear()
    seat.push("first")
    await settle()  # it is on its way, held up
    for _ in range(MAX_WAITING_FRAMES):
        seat.push("x")
    assert seat.closing is None
    seat.push("one too many")
    assert seat.closing == protocol.TOO_SLOW
    seat.push("never")
    line.open.set()
    await seat.pumping
    assert line.sent == ["first", protocol.TOO_SLOW]


async def test_too_much_text_closes_4408(seat, line):
    line.open.clear()
    half = "x" * (MAX_WAITING_CHARACTERS // 2)
    seat.push(half)
    await settle()
    seat.push(half)
    seat.push(half)
    assert seat.closing is None
    seat.push("x")
    assert seat.closing == protocol.TOO_SLOW


async def test_one_frame_may_be_as_large_as_any_text(seat, line):
    large = "x" * (2 * MAX_WAITING_CHARACTERS)
    for _ in range(3):
        seat.push(large)
        await settle()
    assert seat.closing is None and [len(text) for text in line.sent] == [len(large)] * 3


async def test_what_was_sent_no_longer_counts(seat, line):
    for _ in range(20):
        seat.push("x" * (MAX_WAITING_CHARACTERS // 4))
        await settle()
    assert seat.closing is None and len(line.sent) == 20


@pytest.mark.parametrize("error", [OSError(), RuntimeError("after close"), ConnectionResetError()])
async def test_a_line_that_is_gone_ends_the_pump_quietly(seat, line, error):
    line.error = error
    seat.push("a")
    await seat.pumping
    for _ in range(MAX_WAITING_FRAMES + 1):
        seat.push("x")
    assert seat.closing == protocol.TOO_SLOW and not seat._waiting


async def test_a_role_is_told_once(seat, line):
    seat.change_role("editor")
    seat.change_role("viewer")
    seat.change_role("viewer")
    await settle()
    assert line.sent == [protocol.encode("role", role="viewer")] and seat.role == "viewer"
    seat.change_role(None)
    await seat.pumping
    assert line.sent[-1] == protocol.NOT_ALLOWED


async def test_an_idle_line_is_sent_to_at_once(seat, line):
    await settle()
    seat.push("a")
    assert line.sent == ["a"], "without a turn of the loop"


async def test_what_the_line_holds_up_is_finished_by_the_pump_in_order(seat, line):
    await settle()
    line.open.clear()
    for text in "abc":
        seat.push(text)
    await settle()
    assert line.sent == []
    line.open.set()
    await settle()
    assert line.sent == ["a", "b", "c"]
    seat.push("d")
    assert line.sent[-1] == "d", "and the line is idle again"


async def test_a_pump_that_is_cancelled_ends_what_the_line_holds_up(seat, line):
    await settle()
    line.open.clear()
    seat.push("a")
    await settle()
    seat.pumping.cancel()
    with pytest.raises(asyncio.CancelledError):
        await seat.pumping
    line.open.set()
    await settle()
    assert line.sent == []
