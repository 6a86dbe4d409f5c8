"""How pages show who did something, and when."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.utils import timezone
from django.utils.timesince import timesince

from accounts.models import User
from accounts.services import PRESENCE_COLORS, presence_color, public_user

SOMEBODY = "Somebody"  # who was erased, or never had a name


@dataclass(frozen=True, slots=True)
class Author:
    """A name, and the class of one of twelve inks."""

    name: str
    ink: str


def authors_of(ids: Iterable[UUID | None]) -> dict[UUID | None, Author]:
    """Authors by id, in one query."""
    authors = dict.fromkeys(ids, Author(SOMEBODY, "author-none"))
    known = [user_id for user_id in authors if user_id is not None]
    for user in User.objects.filter(pk__in=known) if known else ():
        if public_user(user):
            authors[user.id] = Author(user.username, f"author-{PRESENCE_COLORS.index(presence_color(user.id))}")
    return authors


def ago(moment: datetime) -> str:
    """A time in words."""
    seconds = (timezone.now() - moment).total_seconds()
    return "just now" if seconds < 60 else f"{timesince(moment, depth=1)} ago"
