import sys
from datetime import timedelta
from typing import Any
from uuid import UUID

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import DatabaseError

from documents import trash
from documents.errors import NotFound
from documents.models import Document


class Command(BaseCommand):
    help = (
        "Forget for good what has been in the trash for longer than --days, and what an earlier purge did not finish. "
        "Run it daily; it may be stopped."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--days", type=int, default=trash.KEPT.days, help="how long what is deleted is kept (30)")

    def handle(self, *args: Any, days: int, **options: Any) -> None:
        if not 0 <= days <= 36_500:
            raise CommandError("--days is a number of days from 0 on.")
        done = [self.purge(document_id) for document_id in trash.due(timedelta(days=days))]
        self.stdout.write(f"{done.count(True)} purged")
        if not all(done):
            sys.exit(1)

    def purge(self, document_id: UUID) -> bool:
        """Whether nothing is left to do for it: what was brought back meanwhile stays."""
        try:
            trash.purge(Document(pk=document_id))
        except NotFound:
            self.stdout.write(f"{document_id} is not in the trash any more")
        except DatabaseError as error:  # one document's trouble is not the others'
            self.stdout.write(f"{document_id} is not purged: {error}")
            return False
        return True
