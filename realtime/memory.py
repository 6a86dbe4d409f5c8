"""What Redis remembers of who is present: what processes tell each other, for those who did not hear it.

Each process keeps one hash, by document, which is gone 25 seconds after its last look: how old the hash is, Redis tells
by how long it still lasts, so no two clocks are compared. A look writes what is so here and reads what was so
elsewhere, in a thread of its own; while one takes long there is no other, and nobody waits for it. A Redis that is
away, full or slow is as good as none: what the broker carries goes on.
"""

import asyncio
import logging
import uuid
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeAlias
from uuid import UUID

import orjson
from django.core.cache import caches
from redis.exceptions import RedisError

from realtime.announcements import unpack_here
from realtime.elsewhere import Here
from realtime.presence import UNTOLD_AFTER
from realtime.room import Room

logger = logging.getLogger(__name__)

PROCESSES = "collabdocs:presence"  # the names of all processes that have written
LASTS = round(1000 * UNTOLD_AFTER)  # milliseconds
FAREWELL = 1.0  # seconds
Read: TypeAlias = tuple[float, UUID, bytes]  # how many seconds ago it was written, and what


class Memory:
    """One process's part of it."""

    def __init__(self) -> None:
        self._name = uuid.uuid4().hex
        self._thread = ThreadPoolExecutor(1, "presence")
        self._looking: asyncio.Task[None] | None = None

    def look(self, rooms: Mapping[UUID, Room]) -> None:
        """Begin to write and to read, unless the last look still goes on."""
        if self._looking is None or self._looking.done():
            self._looking = asyncio.create_task(self._look(rooms))

    async def close(self) -> None:
        """Nobody is here any more."""
        if self._looking is not None:
            self._looking.cancel()
        forgetting = asyncio.get_running_loop().run_in_executor(self._thread, forget, self._name)
        await asyncio.wait({forgetting}, timeout=FAREWELL)
        self._thread.shutdown(wait=False)

    async def _look(self, rooms: Mapping[UUID, Room]) -> None:
        rolls = [room.elsewhere.roll() for room in rooms.values() if room.elsewhere is not None]
        here = [roll for roll in rolls if roll is not None]
        loop = asyncio.get_running_loop()
        try:
            read = await loop.run_in_executor(self._thread, exchange, self._name, here)
        except (OSError, RedisError) as error:  # whose guard tells the log
            logger.debug("Presence is not remembered: %r", error)
            return
        for age, document_id, packed in read:
            room = rooms.get(document_id)
            if room is not None and room.elsewhere is not None:
                _learn(room, age, packed)


def exchange(name: str, here: Sequence[Here]) -> list[Read]:
    """Write who is here, and read who is elsewhere in the same documents."""
    redis = _redis()
    with redis.pipeline() as pipe:
        pipe.delete(_key(name))
        if here:
            pipe.hset(_key(name), mapping={str(each.document_id): orjson.dumps(each) for each in here})
            pipe.pexpire(_key(name), LASTS)
            pipe.sadd(PROCESSES, name)
        pipe.smembers(PROCESSES)
        *_, names = pipe.execute()
    others = sorted(other.decode() for other in names if other.decode() != name)
    return _read(redis, others, [each.document_id for each in here]) if here and others else []


def recall(document_id: UUID) -> list[Here]:
    """Who is in a document, by each process that has it open, this one too. Raises what Redis raises."""
    redis = _redis()
    names = sorted(name.decode() for name in redis.smembers(PROCESSES))
    with redis.pipeline(transaction=False) as pipe:
        for name in names:
            pipe.hget(_key(name), str(document_id))
        return [unpack_here(document_id, orjson.loads(packed)) for packed in pipe.execute() if packed is not None]


def forget(name: str) -> None:
    """Take back what a process has written."""
    try:
        with _redis().pipeline() as pipe:
            pipe.delete(_key(name)).srem(PROCESSES, name).execute()
    except (OSError, RedisError) as error:
        logger.debug("Presence is not forgotten: %r", error)


def _read(redis: Any, others: Sequence[str], documents: Sequence[UUID]) -> list[Read]:
    with redis.pipeline(transaction=False) as pipe:
        for other in others:
            pipe.pttl(_key(other)).hmget(_key(other), [str(document_id) for document_id in documents])
        answers = pipe.execute()
    read = []
    for other, left, packed in zip(others, answers[::2], answers[1::2], strict=True):
        if left < 0:  # it has ended
            redis.srem(PROCESSES, other)
        else:
            age = (LASTS - left) / 1000
            read += [(age, *found) for found in zip(documents, packed, strict=True) if found[1] is not None]
    return read


def _learn(room: Room, age: float, packed: bytes) -> None:
    assert room.elsewhere is not None
    try:
        room.elsewhere.hear(unpack_here(room.document_id, orjson.loads(packed)), age)
    except (ValueError, KeyError, TypeError, AttributeError) as error:  # another release's, or nonsense
        logger.debug("Presence of another release: %r", error)


def _redis() -> Any:
    """The client behind Django's cache, with its pool, its time-outs and its guard."""
    return caches["default"].client.get_client()  # type: ignore[attr-defined]


def _key(name: str) -> str:
    return f"{PROCESSES}:{name}"
