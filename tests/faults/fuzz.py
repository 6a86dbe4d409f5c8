"""Frames that no client should send: a good message with something wrong in it, or nothing of a message at all."""

import json
import uuid
from collections.abc import Callable
from random import Random
from typing import Any

DEPTH = 200_000  # of nested JSON, in brackets: well below a frame's limit in bytes
GOOD: list[dict[str, Any]] = [
    {"type": "join", "client_id": str(uuid.UUID(int=7, version=4)), "since": 0, "log": "a log"},
    {"type": "submit", "seq": 1, "base_version": 0, "operation": ["x", 1, -1]},
    {"type": "presence", "base_version": 0, "selection": [[0, 0], [1, 3]]},
    {"type": "ping"},
    {"type": "authenticate", "token": "a.b.c"},
    {"type": "joined"},
    {"type": "operations", "operations": []},
    {"type": "websocket.disconnect"},
]
ODD: list[Any] = [
    *(None, True, False, -1, 0, 1.5, -0.0, 2**31, 2**53, 2**63, 2**64, 10**30, float("nan"), float("inf")),
    *("", "x", "1", "\0", "\r\n", "\ud800", "\udfff\ud800", "\U0010ffff", "\u202e", "x" * 10_000, "1e1", "%s%n"),
    *([], {}, [[]], [{}], [None], {"$ne": None}, {"type": "ping"}, [0] * 5_000, ["x"] * 5_000, [[1, 2]] * 500),
]
JUNK = ["", " ", "{", "}", "[", '"', "nul", "{} {}", '{"type":}', '{"type": NaN}', "\ufeff{}", "hello", "<xml/>", "\0"]
Frame = str | bytes
Shape = Callable[[Random], Frame]


def frame(rng: Random) -> Frame:
    """The next of an endless row that a seed sets: text, or bytes for a binary frame."""
    return rng.choices(SHAPES, WEIGHTS)[0](rng)


def no_utf8(rng: Random) -> bytes:
    """What is to go out as a text frame, and is none."""
    good = json.dumps(rng.choice(GOOD)).encode()
    at = rng.randrange(len(good))
    return good[:at] + rng.choice([b"\xff", b"\xc3", b"\xed\xa0\x80", b"\xf8\x88\x80\x80"]) + good[at:]


def _odd_member(rng: Random) -> str:
    message = dict(rng.choice(GOOD))
    for _ in range(rng.randint(1, 3)):
        message[rng.choice([*message, "extra", ""])] = rng.choice(ODD)
    return json.dumps(message)


def _odd_part(rng: Random) -> str:
    """Deeper inside: among an operation's components, or a selection's ranges."""
    message: dict[str, Any] = json.loads(json.dumps(rng.choice(GOOD[1:3])))
    parts = message["operation" if "operation" in message else "selection"]
    parts[rng.randrange(len(parts))] = rng.choice(ODD)
    return json.dumps(message)


def _bitten(rng: Random) -> str:
    """Characters lost, doubled and changed."""
    text = list(json.dumps(rng.choice(GOOD)))
    for _ in range(rng.randint(1, 6)):
        at = rng.randrange(len(text))
        text[at : at + rng.randint(0, 2)] = rng.choice(["", text[at] * 2, chr(rng.randrange(1, 0xD800)), '"', "\\u"])
        text = text or [" "]
    return "".join(text)


def _nested(rng: Random) -> str:
    opened, closed = rng.choice([("[", "]"), ('{"a":', "}")])
    most = DEPTH // len(opened)
    return opened * most + rng.choice(["", "1" + closed * most])


def _bytes(rng: Random) -> bytes:
    return rng.randbytes(rng.choice([0, 1, 2, 100, 5_000]))


def _junk(rng: Random) -> str:
    return rng.choice(JUNK)


SHAPES: list[Shape] = [_odd_member, _odd_part, _bitten, _bytes, _junk, _nested]
WEIGHTS = [30, 20, 30, 10, 9, 1]
