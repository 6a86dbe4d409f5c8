import sys
from typing import Any
from uuid import UUID

from django.core.management.base import BaseCommand, CommandParser

from documents.copies.compact import bytes_of, compact
from documents.errors import CorruptLog
from documents.management import chosen


class Command(BaseCommand):
    help = (
        "Bring the copies of documents into order: make missing ones (checkpoints, blame, revisions), store as a "
        "change what can be, delete what is not needed. May run while the server does, and may be stopped."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        chosen.add_arguments(parser)

    def handle(self, *args: Any, documents: list[UUID], **options: Any) -> None:
        sizes, failed = [(0, 0)], 0
        for document_id in chosen.documents(documents):
            before = bytes_of(document_id)
            try:
                compact(document_id)
            except CorruptLog as error:
                failed += 1
                self.stdout.write(f"{document_id} is left as it is: {error} (see verify_documents)")
            sizes.append((before, bytes_of(document_id)))
            if len(set(sizes[-1])) > 1:
                self.stdout.write(f"{document_id} {before:,} bytes before, {sizes[-1][1]:,} after")
        before, after = map(sum, zip(*sizes, strict=True))
        self.stdout.write(f"{len(sizes) - 1} documents: {before:,} bytes of copies before, {after:,} after")
        if failed:
            sys.exit(1)
