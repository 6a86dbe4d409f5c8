"""Deleting: into the trash, out of it again, and for good."""

import logging
from contextlib import suppress
from datetime import timedelta
from uuid import UUID

from django.utils import timezone

from accounts.models import User
from accounts.services import forget_guests
from documents import events, history, logtable, permissions
from documents.copies import cached
from documents.errors import CorruptLog, Forbidden, NotFound
from documents.models import Comment, Document, SearchCopy

logger = logging.getLogger(__name__)

KEPT = timedelta(days=30)  # in the trash, before `purge_trash` takes it out for good


def delete_document(document: Document, *, actor: User) -> None:
    """Into the trash: out of everybody's sight, for its owner to bring back. What it is stays as it is."""
    Document.objects.filter(pk=document.id, deleted_at=None).update(deleted_at=logtable.as_kept(timezone.now()))
    events.announce(events.Deleted(document.id))


def find_deleted(user: User, document_id: UUID) -> Document:
    """A document in the user's trash, to do something about it. NotFound for any other; Forbidden for one that is
    locked."""
    document = permissions.deleted_documents(user).filter(pk=document_id).first()
    if document is None:
        raise NotFound
    if document.locked:
        raise Forbidden(permissions.LOCKED)
    return document


def bring_back(document: Document, *, actor: User) -> None:
    """Out of the trash, as it was, with everybody's roles and links. NotFound for one that is being purged."""
    if not Document.objects.filter(pk=document.id, purged_at=None).update(deleted_at=None):
        raise NotFound


def purge(document: Document) -> None:
    """Forget a deleted document, its history, its people and everything made of it, for good.

    It can be brought back no more from the first step on; who stops in between does it again.
    """
    doomed = Document.objects.filter(pk=document.id).exclude(deleted_at=None)
    if not doomed.update(purged_at=timezone.now()):
        raise NotFound
    with suppress(CorruptLog):  # of a damaged one there is no text to forget
        cached.drop(document.id, history.head(document.id))
    logtable.forget(document.id)
    Comment.objects.filter(document_id=document.id).delete()
    SearchCopy.objects.filter(pk=document.id).delete()
    forget_guests(document.id)
    Document.objects.filter(pk=document.id).delete()
    logger.info("Document %s is purged", document.id)


def due(older_than: timedelta = KEPT) -> list[UUID]:
    """Documents that have been in the trash for so long, and those that a purge did not finish with. What is locked
    waits for an administrator."""
    deleted = Document.objects.filter(deleted_at__lt=timezone.now() - older_than, locked_at=None)
    old = deleted.values_list("pk", flat=True)
    begun = Document.objects.exclude(purged_at=None).values_list("pk", flat=True)
    return sorted({*old, *begun})
