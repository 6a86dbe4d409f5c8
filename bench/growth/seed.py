"""`python -m bench.growth.seed LENGTH ENTRIES DOCUMENTS` fills the database of DATA_DIR, which it makes.

One user owns DOCUMENTS documents, each with a text of LENGTH code points and a log of ENTRIES operations. The first
operation is the text; each of the others replaces one letter, in runs at places by chance, so that the length stays.
They are committed through the log, in batches, with a look at the copies after each, as rooms do.
"""

# ruff: noqa: E402 (models need Django set up)

import os
import random
import sys
import uuid
from collections.abc import Iterator
from itertools import islice

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "collabdocs.settings")
django.setup()

from django.core.management import call_command

from accounts.models import User
from bench.growth.template import WHO, document_id
from documents import services
from documents.ot import Operation, canonical
from documents.ot.rebase import Submission

BATCH = 500  # operations committed at once
RUN = 30  # letters typed at one place
WORDS = "the quick brown fox jumps over the lazy dog and goes home again to sleep\n"


def text(length: int) -> str:
    return (WORDS * (length // len(WORDS) + 1))[:length]


def replacements(length: int) -> Iterator[Operation]:
    """Letters typed over others, without end, in a text of `length` code points, which is more than RUN."""
    dice = random.Random(length)
    while True:
        at = dice.randrange(length - RUN)
        for place in range(at, at + RUN):
            yield canonical([place, dice.choice("abcdefgh"), -1])


def seed(length: int, entries: int, documents: int) -> None:
    call_command("migrate", verbosity=0)
    owner = User.objects.create_user(WHO["username"], "bench@example.org", WHO["password"])
    for number in range(documents):
        _write(owner, number, length, entries)


def _write(owner: User, number: int, length: int, entries: int) -> None:
    document = services.create_document(owner=owner, content=text(length), document_id=document_id(number))
    log, letters = services.open_log(document.id), replacements(length)
    while (before := log.head) < entries:
        client_id, written = uuid.uuid4(), list(islice(letters, min(BATCH, entries - before)))
        batch = [_submission(owner.id, client_id, before + n, operation) for n, operation in enumerate(written)]
        [outcomes] = services.commit([(log, batch)])
        assert log.newest is not None and log.head == before + len(batch), outcomes
        services.keep_copies([(document.id, before, log.newest)])


def _submission(author: uuid.UUID, client_id: uuid.UUID, base: int, operation: Operation) -> Submission:
    return Submission(client_id=client_id, seq=base, base_version=base, operation=operation, author=author)


def main(length: str, entries: str, documents: str) -> None:
    seed(int(length), int(entries), int(documents))


if __name__ == "__main__":
    main(*sys.argv[1:])
