"""What the frame-aware line does with any bytes, cut anywhere."""

import asyncio
from collections.abc import Sequence
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st
from websockets.frames import Frame, Opcode

from tests.faults.frames import DOUBLED, DROPPED, LATE, OVERTAKEN, PASSED, Fate, Frames, FrameStream, Piece

HEADS = [
    b"GET /ws/x HTTP/1.1\r\nHost: here\r\nupgrade: websocket\r\n\r\n",
    b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n",
]
PLAIN = b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n\x81\x00\r\n\r\n\x81\x7f\x00"
SIZES = [0, 1, 125, 126, 127, 65535, 65536]

payloads = st.one_of(st.binary(max_size=40), st.sampled_from(SIZES).map(bytes))
whole = st.builds(Frame, st.sampled_from([Opcode.TEXT, Opcode.BINARY]), payloads)
parts = st.builds(Frame, st.sampled_from([Opcode.TEXT, Opcode.CONT]), payloads, fin=st.just(False))
controls = st.builds(Frame, st.sampled_from([Opcode.PING, Opcode.PONG, Opcode.CLOSE]), st.binary(max_size=125))
frames = st.lists(st.tuples(st.one_of(whole, parts, controls), st.booleans()), max_size=12)


def split(data: bytes, cuts: Sequence[int]) -> list[bytes]:
    """Cut at these places, wherever they are when they lie beyond the end."""
    places = sorted({cut % (len(data) + 1) for cut in cuts} | {0, len(data)})
    return [data[start:end] for start, end in pairwise(places)]


cuts = st.lists(st.integers(0, 1 << 18), max_size=20)


@given(st.sampled_from(HEADS), frames, cuts)
def test_frames_are_the_same_wherever_the_stream_is_cut(head, frames, cuts) -> None:
    raw = [frame.serialize(mask=mask) for frame, mask in frames]
    reader = Frames()
    found = [piece for data in split(head + b"".join(raw), cuts) for piece in reader.feed(data)]
    known = [
        Piece(data, frame.fin and frame.opcode in (Opcode.TEXT, Opcode.BINARY))
        for (frame, _), data in zip(frames, raw, strict=True)
    ]
    assert found == [Piece(head), *known]


@given(st.sampled_from([*(head + Frame(Opcode.TEXT, b"x" * 300).serialize(mask=True) for head in HEADS), PLAIN]), cuts)
def test_with_nothing_to_do_bytes_pass_unchanged(stream, cuts) -> None:
    assert b"".join(said(stream, cuts, [])) == stream


@given(frames, cuts, st.lists(st.sampled_from([PASSED, DROPPED, DOUBLED]), min_size=12, max_size=12))
def test_each_message_but_the_first_has_its_fate(frames, cuts, fates) -> None:
    raw = [frame.serialize(mask=mask) for frame, mask in frames]
    messages = [frame.fin and frame.opcode in (Opcode.TEXT, Opcode.BINARY) for frame, _ in frames]
    left, expected = [PASSED, *fates], HEADS[0]
    for data, is_message in zip(raw, messages, strict=True):
        expected += data * (len(left.pop(0).copies) if is_message else 1)
    assert b"".join(said(HEADS[0] + b"".join(raw), cuts, fates)) == expected


def test_who_is_late_holds_up_and_who_is_overtaken_does_not() -> None:
    names = [b"join", b"a", b"b", b"c"]
    raw = [Frame(Opcode.TEXT, name).serialize(mask=False) for name in names]
    stream = HEADS[0] + b"".join(raw)
    assert said(stream, [], [LATE, PASSED, PASSED])[1:] == raw
    assert said(stream, [], [OVERTAKEN, PASSED, PASSED])[1:] == [raw[0], raw[2], raw[3], raw[1]]


def said(stream: bytes, cuts: Sequence[int], fates: Sequence[Fate]) -> list[bytes]:
    """What comes out of a stream that goes in, cut anywhere; after these fates every message passes."""
    left, out = list(fates), []

    async def run() -> None:
        through = FrameStream(lambda: left.pop(0) if left else PASSED)
        for data in split(stream, cuts):
            await through(data, out.append)
        await asyncio.sleep(OVERTAKEN.copies[0] + 0.2 if OVERTAKEN in fates else 0)

    asyncio.run(run())
    return out
