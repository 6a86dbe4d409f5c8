"""A backup that was restored while this process ran: what it has open is of a history that is gone.

Servers are to be stopped for that. Who forgets it finds at the next look that the rooms are closed, and their clients
find, when they come back, that they are of another history.
"""

from collections.abc import Sequence
from functools import partial
from uuid import UUID

from django.db import connection

from documents import history, services
from documents.copies import cached
from realtime.room import Read, Room

SURE_AFTER = {"sqlite": 1, "mongodb": 2}  # looks: a new primary can't say for a moment what it has already


class Restores:
    """Notices them: the log has another name, or is shorter than what was handed out."""

    def __init__(self, read: Read) -> None:
        self._read = read
        self._log: str | None = None  # None while nothing is open
        self._looks: dict[UUID, int] = {}  # in which a document was shorter, one after the other

    async def outlived(self, rooms: Sequence[Room]) -> list[Room]:
        """Those of these rooms whose history is gone."""
        if not rooms:
            self._log, self._looks = None, {}
            return []
        befores = {room.document_id: room.cursor - 1 for room in rooms if room.cursor}
        log, alive = await self._read(partial(_look, befores))
        is_renamed = self._log not in (None, log)
        self._log = log
        self._looks = {shorter: self._looks.get(shorter, 0) + 1 for shorter in befores.keys() - alive}
        sure = SURE_AFTER[connection.vendor]
        found = [room for room in rooms if is_renamed or self._looks.get(room.document_id, 0) >= sure]
        if found:
            await self._read(cached.forget_all)
        return found


def _look(befores: dict[UUID, int]) -> tuple[str, set[UUID]]:
    """The log's name, and which of these documents have an entry after the version given."""
    return services.log_identity(), set(history.outgrown(befores))
