"""What rooms need now and then, off the road of any edit."""

import hashlib
import time
from collections.abc import Iterable, Sequence
from functools import partial
from uuid import UUID

from django.utils import timezone

from accounts import tokens
from documents.ot.rebase import Entry
from realtime import protocol
from realtime.room import Read, Room

CHECKSUM_VERSIONS, CHECKSUM_SECONDS = 500, 60.0


def cursors(rooms: Iterable[Room]) -> dict[UUID, int]:
    return {room.document_id: room.cursor for room in rooms}


def forget_the_gone(room: Room) -> None:
    """Drop the presence of those not heard of for 30 seconds."""
    for gone in room.presences.expire():
        room.broadcast(protocol.presence(gone.client_id, gone.user, room.cursor, None))


async def end_sessions(rooms: Sequence[Room], read: Read) -> None:
    """Close the sockets whose token has expired, or whose session was revoked."""
    seats = [seat for room in rooms for seat in room.seats.values()]
    if not seats:
        return
    revoked = await read(partial(tokens.revoked_sessions, {seat.session_id for seat in seats}))
    now = timezone.now()
    for seat in seats:
        if seat.session_id in revoked or seat.expires_at < now:
            seat.close(protocol.TOKEN_ENDED)


def dirty(rooms: Iterable[Room]) -> list[tuple[UUID, int, Entry]]:
    """Documents whose copies trail: (document, version of the copies, newest entry)."""
    found = []
    for room in rooms:
        newest = room.newest()
        if newest is not None and newest.version > room.copied:
            found.append((room.document_id, room.copied, newest))
            room.copied = newest.version
    return found


async def send_checksums(rooms: Iterable[Room]) -> None:
    """Tell clients every 500 versions, or 60 seconds of editing, what the text must hash to."""
    for room in rooms:
        due = room.cursor - room.checked_version >= CHECKSUM_VERSIONS
        late = time.monotonic() - room.checked_at >= CHECKSUM_SECONDS
        if room.seats and room.cursor > room.checked_version and (due or late):
            version, text = await room.text()
            while version != room.cursor:  # edits went on while it was read; from memory it takes no waiting
                version, text = await room.text()
            room.checked_version, room.checked_at = version, time.monotonic()
            digest = hashlib.sha256(text.encode()).hexdigest()
            room.broadcast(protocol.encode("checksum", version=version, sha256=digest))
