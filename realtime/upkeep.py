"""What rooms need now and then, off the road of any edit. Each look takes all rooms, and heals what was lost."""

import hashlib
import logging
import time
from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from typing import TypeAlias
from uuid import UUID

from django.utils import timezone

from accounts import tokens
from collabdocs import meters
from documents import history, permissions, services, sharing, threads
from documents.api import idempotency
from realtime import announcements, heard, protocol
from realtime.room import Read, Room

logger = logging.getLogger(__name__)

CHECKSUM_VERSIONS, CHECKSUM_SECONDS = 500, 60.0

Look: TypeAlias = Callable[[Sequence[Room], Read], Awaitable[None]]


async def forget_the_gone(rooms: Sequence[Room], read: Read) -> None:
    """Drop the presence of those not heard of for 30 seconds, and those who were closed but cling to the line."""
    for room in rooms:
        for gone in room.presences.expire():
            room.show_presence(gone)
        for seat in [seat for seat in room.seats.values() if seat.closing is not None]:
            room.leave(seat)
        room.followers -= {follower for follower in room.followers if follower.closing is not None}


async def call_rolls(rooms: Sequence[Room], read: Read) -> None:
    """Tell other processes of everybody here, now and then."""
    for room in rooms:
        if room.elsewhere is not None:
            room.elsewhere.call_roll()


async def fetch_gaps(rooms: Sequence[Room], read: Read) -> None:
    """Read what was committed without an announcement that reached us, and count what the last look found so."""
    for room in rooms:
        room.count_found()
    by_id = {room.document_id: room for room in rooms}
    cursors = {room.document_id: room.cursor for room in rooms}
    for document_id in await read(partial(history.outgrown, cursors)):
        by_id[document_id].fetch_gap()


async def end_sessions(rooms: Sequence[Room], read: Read) -> None:
    """Close those whose token has expired, or whose session was revoked."""
    now = timezone.now()
    listeners = [listener for room in rooms for listener in room.listeners]
    for listener in listeners:  # for this nobody needs to be asked, who may not answer
        if listener.expires_at < now:
            listener.close(protocol.TOKEN_ENDED)
    sessions = {listener.session_id for listener in listeners}
    revoked = await read(partial(tokens.revoked_sessions, sessions)) if sessions else ()
    for listener in listeners:
        if listener.session_id in revoked:
            listener.close(protocol.TOKEN_ENDED)


async def end_links(rooms: Sequence[Room], read: Read) -> None:
    """Take back what share links gave whose time has come."""
    await read(sharing.end_expired_links)


async def check_roles(rooms: Sequence[Room], read: Read) -> None:
    """Bring seats and followers to their users' roles, and close those of documents that are gone.

    Whose role changed while it was read was brought to a newer one meanwhile.
    """
    before = [(room.document_id, listener, listener.role) for room in rooms for listener in room.listeners]
    people: dict[UUID, set[UUID]] = {}
    for document_id, listener, _ in before:
        people.setdefault(document_id, set()).add(listener.user_id)
    roles = await read(partial(permissions.roles_in, people)) if people else {}
    for document_id, listener, role in before:
        if document_id not in roles:
            listener.close(protocol.NO_DOCUMENT)
        elif listener.role == role:
            listener.change_role(roles[document_id].get(listener.user_id))


async def forget_answers(rooms: Sequence[Room], read: Read) -> None:
    """Forget what keyed writes were answered days ago."""
    await read(idempotency.forget_some)


async def tell_comments(rooms: Sequence[Room], read: Read) -> None:
    """Tell of comments that changed without an announcement that reached us; of very many, the rest next time."""
    by_id = {room.document_id: room for room in rooms}
    known = {room.document_id: dict(room.comments.changes) for room in rooms}
    since, now = min((room.comments.since for room in rooms), default=None), timezone.now()
    if since is None:
        return
    missed = await read(partial(threads.unheard, known, since, heard.AT_ONCE))
    for event in missed:
        announcements.act(by_id[event.document_id], event)
    if len(missed) < heard.AT_ONCE:
        for room in rooms:
            room.comments.looked(now)


async def keep_copies(rooms: Sequence[Room], read: Read) -> None:
    """Bring copies (lists, checkpoints) up to what came by."""
    for room in rooms:
        newest = room.newest()
        if newest is None or newest.version <= room.copied:
            continue
        try:
            await read(partial(services.keep_copies, [(room.document_id, room.copied, newest)]))
        except Exception as error:  # one document's trouble is not the others'; a copy may trail
            meters.FAILED_LOOKS.labels("keep_copies").inc()
            logger.warning("Copies of document %s trail: %r", room.document_id, error)
        else:
            room.copied = newest.version


async def send_checksums(rooms: Sequence[Room], read: Read) -> None:
    """Tell clients every 500 versions, or 60 seconds of editing, what the text must hash to."""
    for room in rooms:
        due = room.cursor - room.checked_version >= CHECKSUM_VERSIONS
        late = time.monotonic() - room.checked_at >= CHECKSUM_SECONDS
        if room.seats and room.cursor > room.checked_version and (due or late):
            room.checked_version, room.checked_at = room.cursor, time.monotonic()
            try:
                await send_checksum(room)
            except Exception as error:  # one document's trouble is not the others'
                meters.FAILED_LOOKS.labels("send_checksums").inc()
                logger.warning("The text of document %s can't be checked: %r", room.document_id, error)


async def send_checksum(room: Room) -> None:
    """Hash the text at the cursor; nothing if what was read is ahead of it, for the clients are not there yet."""
    version, text = await room.text()
    while version < room.cursor:  # edits went on while it was read
        version, text = await room.text()
    if version == room.cursor:
        digest = hashlib.sha256(text.encode()).hexdigest()
        room.broadcast(protocol.encode("checksum", version=version, sha256=digest))


WATCH: Sequence[Look] = (end_sessions, end_links, check_roles)  # what must bite soon, whatever else there is to do
LOOKS: Sequence[Look] = (
    forget_the_gone,
    call_rolls,
    fetch_gaps,
    tell_comments,
    keep_copies,
    send_checksums,
    forget_answers,
)
