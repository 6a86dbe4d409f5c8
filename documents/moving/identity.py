"""Whose history the target holds, and how far its move is."""

from enum import Enum
from uuid import UUID, uuid5

from django.db import DatabaseError, connections
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.recorder import MigrationRecorder
from django.db.models import QuerySet

from documents.models import LogIdentity
from documents.moving.tables import SOURCE, TARGET, Table, carried


class CantMove(Exception):
    """Why, in words for whoever wants to move."""


class State(Enum):
    EMPTY = "nothing is there"
    UNDER_WAY = "a move from this source has begun"
    DONE = "it is the source's history, in use perhaps"
    OTHER = "somebody else's"


def state() -> State:
    """The target's, which need not have all of its tables yet."""
    tables = set(connections[TARGET].introspection.table_names())
    found = set(_identities(TARGET).values_list("pk", flat=True)) if LogIdentity._meta.db_table in tables else set()
    if _marker() in found:
        return State.UNDER_WAY
    if _name() in found:
        return State.DONE
    there = [table for table in carried() if table.model._meta.db_table in tables]
    return State.OTHER if any(table.all(TARGET).exists() for table in there) else State.EMPTY


def begin() -> None:
    """Name the target's history after the move: no client of the source merges into one half carried.

    It has no other name then, so that what `finish` takes away is one row, and one step.
    """
    marker, _ = _identities(TARGET).get_or_create(pk=_marker())
    _identities(TARGET).exclude(pk=marker.pk).delete()


def finish() -> None:
    """Name it as the source's is. The marker goes last."""
    identities = Table(LogIdentity)
    identities.fill(lambda _: None)
    identities.drop_strays()


def require_source() -> None:
    """CantMove unless it can be read and was last used by this very release."""
    models = [table.model for table in carried()]
    ours = {model._meta.app_label for model in models if not model.__module__.startswith("django.")}
    wanted = {key for key in MigrationLoader(None).disk_migrations if key[0] in ours}
    try:
        applied = MigrationRecorder.Migration.objects.using(SOURCE).values_list("app", "name")
        found = {key for key in applied if key[0] in ours}
    except DatabaseError as error:
        raise CantMove(f"The source can't be read: {error}") from error
    if found != wanted:
        raise CantMove("The source is not of this release: start it once, or run `manage.py migrate` on it, first.")


def _name() -> UUID:
    newest = _identities(SOURCE).order_by("-created_at").first()
    if newest is None:
        raise CantMove("The source has no log identity: run `manage.py new_log_identity` on it first.")
    return newest.pk


def _marker() -> UUID:
    return uuid5(_name(), "is being moved")


def _identities(using: str) -> QuerySet[LogIdentity]:
    return LogIdentity.objects.using(using)
