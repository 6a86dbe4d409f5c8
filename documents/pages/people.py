"""How pages show who did something, and when."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TypeAlias
from uuid import UUID

from django.utils import timezone
from django.utils.timesince import timesince

from accounts.models import User
from accounts.names import SOMEBODY
from accounts.services import PRESENCE_COLORS, presence_color, public_user
from documents import permissions
from documents.models import Document

INKS = len(PRESENCE_COLORS)
Inks: TypeAlias = Mapping[UUID, int]  # which of the inks somebody has in a document


@dataclass(frozen=True, slots=True)
class Author:
    """A name, and the class of one of twelve inks."""

    name: str
    ink: str


def inks_of(document: Document) -> dict[UUID, int]:
    """The inks of those who have a role in a document: their own colour's, or the next one that is free, so that of
    twelve people no two are alike."""
    inks: dict[UUID, int] = {}
    people = [person.user for person in permissions.collaborators(document) if public_user(person.user)]
    for user in people:
        own = own_ink(user.id, user.color)
        free = [ink for ink in range(own, own + INKS) if ink % INKS not in inks.values()]
        inks[user.id] = free[0] % INKS if free else own
    return inks


def own_ink(user_id: UUID, chosen: str = "") -> int:
    return PRESENCE_COLORS.index(presence_color(user_id, chosen))


def authors_of(ids: Iterable[UUID | None], inks: Inks) -> dict[UUID | None, Author]:
    """Authors by id, in one query."""
    authors = dict.fromkeys(ids, Author(SOMEBODY, "author-none"))
    known = [user_id for user_id in authors if user_id is not None]
    for user in User.objects.filter(pk__in=known) if known else ():
        if public_user(user):
            authors[user.id] = Author(user.shown_name, f"author-{inks.get(user.id, own_ink(user.id, user.color))}")
    return authors


def ago(moment: datetime) -> str:
    """A time in words."""
    seconds = (timezone.now() - moment).total_seconds()
    return "just now" if seconds < 60 else f"{timesince(moment, depth=1)} ago"
