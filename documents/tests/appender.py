"""A process of its own that appends to logs: `python -m documents.tests.appender`, told by lines of JSON.

in   {"documents": [...], "count": 20, "seed": 1}, then a line when to go
out  "ready", then one line: [[document, client_id, seq, version], ...] in the order of the answers
"""

import json
import os
import random
import sys
from uuid import UUID

import django


def append(documents: list[UUID], count: int, seed: int) -> list[tuple[UUID, UUID, int, int]]:
    """`count` submissions to each document, all by one commit each time, each known again when it comes twice."""
    from documents.oplog import Log, append_all
    from documents.tests.writers import Writer

    rng = random.Random(seed)
    logs = [Log(document) for document in documents]
    writers = [Writer() for _ in documents]
    answers = []
    for n in range(count):
        jobs = []
        for log, writer in zip(logs, writers, strict=True):
            own = log._mark(writer.client_id, [])
            base = rng.randint(own.version if own else 0, log.head) if log.head else 0
            length = log._length_at(base, [])
            at, letter = rng.randint(0, length), chr(ord("a") + n % 26)
            submission = writer.writes(*([at] if at else []), letter, base=base)
            jobs.append((log, [submission] * rng.choice((1, 1, 2))))
        for (log, submissions), outcomes in zip(jobs, append_all(jobs), strict=True):
            assert len(set(outcomes)) == 1, "a resend was answered with something else"
            answers.append((log.document_id, submissions[0].client_id, submissions[0].seq, outcomes[0].version))
    return answers


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "collabdocs.settings")
    django.setup()
    job = json.loads(sys.stdin.readline())
    print("ready", flush=True)
    sys.stdin.readline()
    answers = append([UUID(document) for document in job["documents"]], job["count"], job["seed"])
    print(json.dumps([[str(document), str(client), seq, version] for document, client, seq, version in answers]))


if __name__ == "__main__":
    main()
