"""`python -m tests.faults.long_history ID COUNT`: writes so many operations into a document, as bob and in no time.

They go in by the log, in batches, with the copies that rooms would keep. Prints as JSON the SHA-256 of the text at some
versions.
"""

import json
import os
import random
import sys
from hashlib import sha256
from uuid import UUID, uuid4

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "collabdocs.settings")
django.setup()

from accounts.models import User  # noqa: E402  (needs Django set up)
from documents import services  # noqa: E402
from documents.oplog import Log  # noqa: E402
from documents.ot.operation import Operation, apply, canonical  # noqa: E402
from documents.ot.rebase import Submission  # noqa: E402

BATCH = 200  # operations, between which copies are kept
LONGEST = 3_000  # code points: then as much goes out as comes in
SAMPLES = 10  # versions of which the text is told


def operation(rng: random.Random, text: str) -> Operation:
    """A word somewhere in the text, in the place of another where that is long enough."""
    at = rng.randrange(len(text) + 1)
    gone = min(8, len(text) - at) if len(text) > LONGEST else 0
    return canonical([at, f"{rng.randrange(10**6):06} ", -gone])


def write(document_id: UUID, author: UUID, count: int) -> dict[int, str]:
    """The digests by version."""
    log, client_id, rng = Log(document_id), uuid4(), random.Random(count)
    text, told = "", {}
    while log.head < count:
        before, batch = log.head, list[Submission]()
        for version in range(before, min(before + BATCH, count)):
            step = operation(rng, text)
            text = apply(text, step)
            batch.append(
                Submission(client_id=client_id, seq=version + 1, base_version=version, operation=step, author=author)
            )
        log.append(batch)
        assert log.newest is not None and log.head == before + len(batch)
        services.keep_copies([(document_id, before, log.newest)])
        if log.head * SAMPLES // count > before * SAMPLES // count:
            told[log.head] = sha256(text.encode()).hexdigest()
    return told


name, number = sys.argv[1:]
json.dump(write(UUID(name), User.objects.get(username="bob").id, int(number)), sys.stdout)
