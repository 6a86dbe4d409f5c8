import sys
from typing import Any
from uuid import UUID

from django.core.management.base import BaseCommand, CommandParser

from documents.copies import cached
from documents.copies.verify import faults
from documents.management import chosen


class Command(BaseCommand):
    help = (
        "Replay the logs of documents, also of deleted ones, and compare every copy with them. Whatever is bad gets "
        "a line that names its version, and makes the exit status 1. The log is never changed."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        chosen.add_arguments(parser)
        parser.add_argument(
            "--drop-bad-copies", action="store_true", help="delete the copies that differ: they are made again"
        )

    def handle(self, *args: Any, documents: list[UUID], drop_bad_copies: bool, **options: Any) -> None:
        checked = chosen.documents(documents)
        bad = {document_id: self.verify(document_id, drop=drop_bad_copies) for document_id in checked}
        count, total = sum(map(bool, bad.values())), sum(bad.values())
        if not total:
            self.stdout.write(f"{len(checked)} documents: every copy says what its log says")
            return
        if drop_bad_copies:
            cached.forget_all()
        self.stdout.write(f"{len(checked)} documents: {total} bad things in {count} of them")
        sys.exit(1)

    def verify(self, document_id: UUID, *, drop: bool) -> int:
        """How many bad things there are, a line for each."""
        count = 0
        for fault in faults(document_id):
            count += 1
            self.stdout.write(f"{document_id} {fault.what}")
            if drop and fault.mend is not None:
                fault.mend()
        return count
