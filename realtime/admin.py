"""Who has a document open, for the admin's page of it. Django's admin imports this module by its name."""

import logging
from datetime import UTC, datetime
from uuid import UUID

from django.conf import settings
from redis.exceptions import RedisError

from documents.admin import live
from documents.admin.live import Seen, Visitor
from realtime import hub, memory

LATEST = 253_402_300_799_000  # milliseconds; the end of the year 9999
logger = logging.getLogger(__name__)


def who_is_there(document_id: UUID) -> Seen:
    """By what processes told Redis in the last seconds; without it, by what the rooms of this process know."""
    if settings.REDIS_URL:
        try:
            return Seen(_remembered(document_id), is_all=True)
        except (OSError, RedisError, ValueError, KeyError, TypeError) as error:
            logger.debug("Presence can't be recalled: %r", error)
    return Seen(_known(document_id), is_all=False)


def _remembered(document_id: UUID) -> list[Visitor]:
    rooms = enumerate(memory.recall(document_id), start=1)
    return [
        _visitor(person.user, person.since, f"process {number} of those that have it open")
        for number, here in rooms
        for person in here.people
        if person.selection is not None
    ]


def _known(document_id: UUID) -> list[Visitor]:
    return [
        _visitor(present.user, present.since, "this process" if present.is_here else "another process")
        for present in hub.who_is_present(document_id)
    ]


def _visitor(user: dict[str, str], since: int, where: str) -> Visitor:
    """Joins are numbered by milliseconds since 1970; a process with another idea of that harms nobody."""
    return Visitor(user["name"], datetime.fromtimestamp(min(since, LATEST) / 1000, UTC), where)


live.look_by(who_is_there)
