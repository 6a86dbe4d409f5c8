"""The move: carry until nothing is left to carry, compare everything, and only then call it done."""

from collections.abc import Callable, Iterator

from django.core.management import call_command
from django.db import connections
from django.db.models import Model

from documents.copies.verify import faults
from documents.models import Document
from documents.moving import identity, log, rights
from documents.moving.identity import CantMove, State
from documents.moving.progress import Progress
from documents.moving.tables import SOURCE, TARGET, Table, carried

PASSES = 5  # of carrying, when somebody goes on writing to the source
REFUSED = "The target holds users or documents that are not the source's. It must be empty; nothing was changed."
IN_USE = "The source is still being written to. Stop its server, and run this again: it goes on where it was."

Say = Callable[[str], object]


def move(say: Say) -> bool:
    """Carry and compare, telling what is done and every difference; whether all is well.

    It may be stopped at any moment and be called again. Raises CantMove before anything was changed, or when the
    source does not keep still.
    """
    identity.require_source()
    found = identity.state()
    if found is State.OTHER:
        raise CantMove(REFUSED)
    call_command("migrate", verbosity=0, interactive=False, database=TARGET)
    if found is State.DONE:
        say("The target has had this history before. It is compared with the source; nothing is written.")
        return _is_same(say)
    identity.begin()
    _carry_all(say)
    if not _is_same(say):
        say("Nobody should use the target. Once the cause is known, empty it and move again.")
        return False
    if _carry():
        raise CantMove(IN_USE)
    identity.finish()
    return _is_sound(say)


def _carry_all(say: Say) -> None:
    for _ in range(PASSES):
        count = _carry()
        if not count:
            return
        say(f"{count:,} rows carried")
    raise CantMove(IN_USE)


def _carry() -> int:
    """Make the target what the source is now; how many rows that took."""
    tables = carried()
    with Progress("carried", _total(tables)) as progress, connections[TARGET].constraint_checks_disabled():
        count = sum(table.carry(progress.advance) for table in tables if table.name != log.LOG.name)
        return count + rights.carry() + log.carry(progress.advance)


def _is_same(say: Say) -> bool:
    """Whether both hold the same, row by row; tells what differs."""
    count = 0
    for difference in differences():
        say(difference)
        count += 1
    say(f"{count:,} differences" if count else "Every row of the target is the source's")
    return not count


def differences() -> Iterator[str]:
    tables = carried()
    with Progress("compared", _total(tables)) as progress:
        for table in tables:
            yield from table.differences(progress.advance)
    yield from rights.differences()


def _is_sound(say: Say) -> bool:
    """Whether each log, replayed, makes the texts that the source had made of it; tells where one does not.

    That is the source's own damage then, and carried as it is.
    """
    documents = list(Document.objects.using(TARGET).order_by("pk").values_list("pk", "version"))
    bad = 0
    with Progress("replayed", sum(version for _, version in documents)) as progress:
        for document_id, version in documents:
            for fault in faults(document_id):
                say(f"document {document_id} {fault.what}: so it is in the source")
                bad += 1
            progress.advance(version)
    say(f"{len(documents):,} documents moved" + (f"; {bad:,} bad things in them" if bad else ", and every log replays"))
    return not bad


def _total(tables: list[Table[Model]]) -> int:
    return sum(table.all(SOURCE).count() for table in tables)
