"""Sockets that sit in a document, and how they edit it."""

import asyncio
import random
import time
import uuid
from collections.abc import Sequence
from dataclasses import dataclass

import orjson

from bench.growth.template import document_id
from bench.rooms import Typist
from bench.server import Server
from bench.wire import Wire

MOST_TYPISTS = 20
LAST_WORDS = 0.5  # seconds until what was sent last has come back


@dataclass
class Member(Typist):
    """A typist who counts frames, and may type over a letter in the middle, so that the text keeps its length."""

    frames: int = 0
    place: int | None = None  # code points before the letter; None: type at the text's start

    def hear(self, payload: bytes) -> None:
        self.frames += payload.startswith(b'{"type":"operations"')
        super().hear(payload)

    def type(self) -> None:
        if self.place is None:
            return super().type()
        if self._sent_at is None and self.wire is not None:
            self.seq, self._sent_at = self.seq + 1, time.perf_counter()
            operation = [self.place, "abcdefgh"[self.seq % 8], -1]
            submit = {"type": "submit", "seq": self.seq, "base_version": self.version, "operation": operation}
            self.wire.send(orjson.dumps(submit))


async def sit(server: Server, number: int, *members: Member) -> None:
    """Join them to a seeded document, one after the other."""
    for member in members:
        member.wire = await Wire.open(server.port, f"/ws/{document_id(number)}", server.token, member.hear)
        member.wire.send(orjson.dumps({"type": "join", "client_id": member.client_id}))
        await member.joined.wait()


async def flood(writer: Typist, seconds: float) -> None:
    """The next edit leaves when the last is acknowledged."""
    writer.endless = True
    writer.type()
    await asyncio.sleep(seconds)
    writer.endless = False
    await asyncio.sleep(LAST_WORDS)


async def type_by_chance(members: Sequence[Member], rate: float, seconds: float) -> None:
    """`rate` operations a second in all, at moments by chance: people have no common beat."""
    dice, start = random.Random(7), time.perf_counter()
    at = dice.expovariate(rate)
    while at < seconds:
        await asyncio.sleep(max(0.0, start + at - time.perf_counter()))
        dice.choice(members[:MOST_TYPISTS]).type()
        at += dice.expovariate(rate)
    await asyncio.sleep(LAST_WORDS)


@dataclass(frozen=True, slots=True)
class Opening:
    """How long it took from `join` until the text was there, and what that weighed."""

    seconds: float
    size: int


async def open_once(server: Server, number: int) -> Opening:
    heard: asyncio.Future[Opening] = asyncio.get_running_loop().create_future()

    def hear(payload: bytes) -> None:
        if not heard.done():
            heard.set_result(Opening(time.perf_counter() - asked, len(payload)))

    wire = await Wire.open(server.port, f"/ws/{document_id(number)}", server.token, hear)
    asked = time.perf_counter()
    wire.send(orjson.dumps({"type": "join", "client_id": str(uuid.uuid4())}))
    try:
        return await asyncio.wait_for(heard, 30)
    finally:
        wire.close()
