"""What texts hash to: by that, who comes back with unsent work knows whether it was made in this history."""

import asyncio
import hashlib
from functools import partial
from uuid import UUID
from weakref import WeakKeyDictionary

from documents.copies import texts
from documents.errors import CorruptLog
from realtime.room import Read, Room


class Digests:
    """Each is made once for all who come back at one time, however many."""

    def __init__(self, read: Read) -> None:
        self._read = read
        self._newest: WeakKeyDictionary[Room, tuple[int, asyncio.Future[str | None]]] = WeakKeyDictionary()

    async def of(self, room: Room, version: int) -> str | None:
        """The text's SHA-256 at a version; None for a text that can't be read. Raises what the database raises."""
        known = self._newest.get(room)
        if known is None or known[0] != version or _has_failed(known[1]):
            made = asyncio.ensure_future(self._read(partial(digest_at, room.document_id, version)))
            known = self._newest[room] = (version, made)
        return await asyncio.shield(known[1])


def digest_at(document_id: UUID, version: int) -> str | None:
    """Of the log's text: a cache may remember another history."""
    try:
        return digest(texts.text_at(document_id, version)[1])
    except CorruptLog:
        return None


def digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def _has_failed(made: "asyncio.Future[str | None]") -> bool:
    return made.done() and (made.cancelled() or made.exception() is not None)
