"""Facts about documents, announced once and heard by whoever listens in this process (the rooms do).

An announcement is a hint: the log is the truth, and a listener that missed one reads it there.
"""

from dataclasses import dataclass
from typing import TypeAlias, TypedDict
from uuid import UUID

from django.dispatch import Signal

from accounts.services import PublicUser
from documents.ot.rebase import Entry


class ShownComment(TypedDict):
    """A comment as everybody sees it; JSON as it is."""

    id: str
    author: PublicUser | None
    body: str
    range: list[int]
    version: int
    quote: str
    resolved: bool
    parent: str | None
    created_at: str
    changed_at: str
    deleted: bool


@dataclass(frozen=True, slots=True)
class Committed:
    """These entries, in version order and without holes, are in the log."""

    document_id: UUID
    entries: tuple[Entry, ...]


@dataclass(frozen=True, slots=True)
class Renamed:
    document_id: UUID
    title: str


@dataclass(frozen=True, slots=True)
class Deleted:
    document_id: UUID


@dataclass(frozen=True, slots=True)
class RoleChanged:
    """`role` is None for somebody who may not see the document any more."""

    document_id: UUID
    user_id: UUID
    role: str | None


@dataclass(frozen=True, slots=True)
class SessionsClosed:
    """Everybody who has it open shall come back, and be looked at anew."""

    document_id: UUID


@dataclass(frozen=True, slots=True)
class Commented:
    """A comment is new, changed, or deleted."""

    document_id: UUID
    comment: ShownComment


Event: TypeAlias = Committed | Renamed | Deleted | RoleChanged | SessionsClosed | Commented

announced = Signal()


def announce(event: Event) -> None:
    """Tell every listener; one that fails harms neither the fact nor the others."""
    announced.send_robust(sender=None, event=event)
