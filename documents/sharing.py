"""Who may do what with a document: given, changed and taken, by people and by links.

What concerns one person is announced. The end of a link, and a lock, every process finds by its next look after the
rooms, within two seconds.
"""

import secrets
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.conf import settings
from django.db.models import F, QuerySet
from django.utils import timezone

from accounts.models import User
from accounts.services import create_guest
from accounts.tokens import digest
from documents import events, permissions, quota
from documents.errors import Forbidden, InvalidText, NoSuchLink, NotFound, TooMany
from documents.logtable import as_kept
from documents.models import Collaborator, Document, Role, ShareLink

# What a direct role says of a link: nothing.
BY_NO_LINK = {"link": None, "former_role": "", "expires_at": None}

# --- People ---------------------------------------------------------------------------------------------------


def set_role(document: Document, *, user: User, role: str, actor: User) -> None:
    """Make somebody a collaborator, or another one; a new owner makes the old one an editor."""
    if role == Role.OWNER:
        return _transfer(document, user)
    if user.id == document.owner_id:
        raise Forbidden("The owner stays the owner until somebody else is made it.")
    if role not in Role.values:
        raise InvalidText(f"{role} is no role.")
    _require_room(document.id, user)
    _record(document, user, role)
    events.announce(events.RoleChanged(document.id, user.id, role))


def remove_collaborator(document: Document, *, user: User, actor: User) -> None:
    if user.id == document.owner_id:
        raise Forbidden("The owner can't be removed.")
    removed, _ = Collaborator.objects.filter(document_id=document.id, user_id=user.id).delete()
    if not removed:
        raise NotFound("There is no such collaborator.")
    events.announce(events.RoleChanged(document.id, user.id, None))


def _record(document: Document, user: User, role: str) -> None:
    Collaborator.objects.update_or_create(document=document, user=user, defaults={"role": role, **BY_NO_LINK})


def _require_room(document_id: UUID, user: User | None = None) -> None:
    """TooMany for somebody new (None: somebody to be) where there are many."""
    people = Collaborator.objects.filter(document_id=document_id)
    is_there = user is not None and people.filter(user_id=user.id).exists()
    if not is_there and people.count() >= settings.MAX_COLLABORATORS:
        raise TooMany(f"A document has at most {settings.MAX_COLLABORATORS} collaborators.")


def _transfer(document: Document, user: User) -> None:
    """In an order that leaves exactly one owner, and the old one a role, wherever it stops."""
    old = document.owner
    if user.id == old.id:
        return
    if not permissions.can_own(user):
        raise Forbidden("A guest can't own a document, nor can somebody who may not log in.")
    quota.require_room(user)
    _record(document, old, Role.EDITOR)
    if not Document.objects.filter(pk=document.id, owner=old).update(owner=user):
        raise NotFound("The owner has changed meanwhile.")
    Collaborator.objects.filter(document_id=document.id, user_id=user.id).delete()
    document.owner = user
    events.announce(events.RoleChanged(document.id, user.id, Role.OWNER))
    events.announce(events.RoleChanged(document.id, old.id, Role.EDITOR))


# --- Links ----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class NewLink:
    """A link and its secret, which nobody can tell again."""

    link: ShareLink
    secret: str


def create_link(document: Document, *, role: str, expires_at: datetime | None, actor: User) -> NewLink:
    """A link that gives a role, at most until a time."""
    if role not in Role.values or role == Role.OWNER:
        raise InvalidText(f"A link can't give the role {role}.")
    if expires_at is not None and expires_at <= timezone.now():
        raise InvalidText("That time has passed.")
    if live_links(document).count() >= settings.MAX_SHARE_LINKS:
        raise TooMany(f"A document has at most {settings.MAX_SHARE_LINKS} links.")
    secret = secrets.token_urlsafe(24)  # 192 bits
    link = ShareLink.objects.create(
        document=document,
        role=role,
        digest=digest(secret),
        created_by=actor,
        created_at=as_kept(timezone.now()),
        expires_at=expires_at and as_kept(expires_at),
    )
    return NewLink(link, secret)


def live_links(document: Document) -> QuerySet[ShareLink]:
    """The links that let somebody in, the newest first."""
    found = ShareLink.objects.filter(document_id=document.id, ended_at=None).exclude(expires_at__lte=timezone.now())
    return found.order_by("-created_at")


def revoke_link(document: Document, link_id: str) -> None:
    """End a link, and what those who came by it have of it. NoSuchLink for none that lives."""
    for link in live_links(document):
        if str(link.pk) == link_id.lower():
            return _end(link)
    raise NoSuchLink


def end_expired_links() -> None:
    """End the links whose time has come; whoever looks first does it."""
    for link in ShareLink.objects.filter(ended_at=None, expires_at__lte=timezone.now()):
        _end(link)


def find_link(secret: str) -> ShareLink:
    """The living link of a secret, into a document that is there. NoSuchLink: one answer for all that is wrong."""
    link = ShareLink.objects.select_related("document__owner").filter(digest=digest(secret)).first()
    if link is None or not _lives(link) or link.document.deleted_at is not None:
        raise NoSuchLink
    return link


def let_guest_in(link: ShareLink, name: str) -> User:
    """Somebody without an account, who calls themselves so. Raises Django's ValidationError for what is no name."""
    _require_room(link.document_id)
    guest = create_guest(name, link.document_id)
    redeem(link, guest)
    return guest


def redeem(link: ShareLink, user: User) -> None:
    """Give somebody the link's role, for as long as it lives; nobody is made less than they are, nor for less long."""
    had = permissions.given_role(link.document, user.id)
    if permissions.rank(had) > permissions.rank(link.role) or (had == link.role and not _prolongs(link, user)):
        return
    _arrive(link, user)
    if not _lives(ShareLink.objects.get(pk=link.pk)):  # ended while this went on
        _end(link)
        raise NoSuchLink
    events.announce(events.RoleChanged(link.document_id, user.id, link.role))


def _prolongs(link: ShareLink, user: User) -> bool:
    """Whether somebody who has the link's role already has it longer by this one: by a link that ends no later."""
    came = Collaborator.objects.filter(document_id=link.document_id, user_id=user.id).exclude(link=link)
    by = came.exclude(link=None).select_related("link").first()
    if by is None or by.link is None:
        return False
    return link.expires_at is None or (by.link.expires_at is not None and by.link.expires_at <= link.expires_at)


def _arrive(link: ShareLink, user: User) -> None:
    """Who keeps something after the link is not locked out at its end, but brought back to that."""
    _require_room(link.document_id, user)
    had = Collaborator.objects.filter(document_id=link.document_id, user_id=user.id).first()
    own = "" if had is None else had.former_role if had.link_id else had.role
    columns = {"role": link.role, "link": link, "former_role": own, "expires_at": None if own else link.expires_at}
    Collaborator.objects.update_or_create(document=link.document, user=user, defaults=columns)


def _lives(link: ShareLink) -> bool:
    return link.ended_at is None and (link.expires_at is None or link.expires_at > timezone.now())


def _end(link: ShareLink) -> None:
    ShareLink.objects.filter(pk=link.pk, ended_at=None).update(ended_at=timezone.now())
    arrived = Collaborator.objects.filter(link_id=link.pk)
    arrived.filter(former_role="").delete()
    arrived.update(role=F("former_role"), **BY_NO_LINK)


# --- Locks ----------------------------------------------------------------------------------------------------


def lock(document: Document) -> None:
    """Let nobody change a document, its owner neither; it can be read."""
    Document.objects.filter(pk=document.id, locked_at=None).update(locked_at=timezone.now())


def unlock(document: Document) -> None:
    Document.objects.filter(pk=document.id).update(locked_at=None)


def close_sessions(document: Document) -> None:
    """End every socket and event stream of a document, for their clients to come back and be looked at anew. While the
    broker is away, this reaches the own process alone."""
    events.announce(events.SessionsClosed(document.id))
