"""The documents that a command is to work on."""

from collections.abc import Sequence
from uuid import UUID

from django.core.management.base import CommandError, CommandParser

from documents.models import Document


def add_arguments(parser: CommandParser) -> None:
    parser.add_argument("documents", nargs="*", type=UUID, metavar="ID", help="which documents; all if none is named")


def documents(named: Sequence[UUID]) -> list[UUID]:
    """The named ones, or all, also those that are deleted; CommandError for one that does not exist."""
    found = Document.objects.order_by("pk")
    if not named:
        return list(found.values_list("pk", flat=True))
    known = set(found.filter(pk__in=named).values_list("pk", flat=True))
    for document_id in named:
        if document_id not in known:
            raise CommandError(f"There is no document {document_id}.")
    return list(named)
