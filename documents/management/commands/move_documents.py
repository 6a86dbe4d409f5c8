import os
import sys
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import DatabaseError
from pymongo.errors import PyMongoError

from documents.moving.identity import CantMove
from documents.moving.move import move


class Command(BaseCommand):
    help = (
        "Carry users, documents and their whole history from one database to another, empty one: SQLite to MongoDB, "
        "the way back, or to another of the same kind. Stop the server first. The source is only read. It may be "
        "stopped at any moment and run again. Everything is compared at the end; the exit status is 1 if anything "
        "differs."
    )
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--from", dest="source", metavar="URL", help="else SOURCE_DATABASE_URL's")
        parser.add_argument("--to", dest="target", metavar="URL", help="else DATABASE_URL's")

    def handle(self, *args: Any, source: str | None, target: str | None, **options: Any) -> None:
        source, target = source or settings.SOURCE_DATABASE_URL, target or settings.DATABASE_URL
        if not source:
            raise CommandError("Say which database to move --from, as sqlite:////srv/var/collabdocs.sqlite3")
        if source == target:
            raise CommandError("The source is the target.")
        if (source, target) != (settings.SOURCE_DATABASE_URL, settings.DATABASE_URL):
            _start_again(source, target)
        problem = ""
        try:
            is_well = move(self.stdout.write)
        except CantMove as error:
            problem = str(error)
        except (DatabaseError, PyMongoError) as error:
            why = error.__cause__ or error  # MongoDB's backend says nothing itself
            problem = f"A database failed: {why}\nRun this again: it goes on where it was."
        if problem:
            raise CommandError(problem)
        if not is_well:
            sys.exit(1)


def _start_again(source: str, target: str) -> None:
    """In a process that is made for the target, whatever this one is made for."""
    urls = {"SOURCE_DATABASE_URL": source, "DATABASE_URL": target}
    os.execve(sys.executable, [sys.executable, *sys.argv], os.environ | urls)
