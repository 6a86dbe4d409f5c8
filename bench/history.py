"""What time travel costs: `python -m bench.history [READS]` replays a trace into documents and prints tables.

    whole    the automerge-paper trace: 259,778 operations that leave 104,852 characters
    start    its first 10,000 operations: a short log, a short text
    end      its last 10,000, on the text that they found as operation 1: a short log, a long text

What `whole` costs beyond `end` is the log's length; what `end` costs beyond `start` is the text's. Reads of random
versions are interleaved between the documents, so that a noisy moment hits all of them. Times are CPU times of this
process. With DATA_DIR set the database stays there, and is measured again by the next run.
"""

# ruff: noqa: E402 (settings read their environment while Django is set up)

import gzip
import json
import os
import random
import statistics
import sys
import tempfile
import time
import uuid
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import django

ROOT = Path(__file__).resolve().parent.parent
TRACES = Path(os.environ.get("TRACES_DIR") or ROOT.parent / "shared" / "traces")
SCRATCH = tempfile.TemporaryDirectory()
os.environ.setdefault("DATA_DIR", SCRATCH.name)
os.environ |= {
    "RATE_LIMITS": "off",
    "SQLITE_SYNCHRONOUS": "OFF",
    "ALLOWED_HOSTS": "testserver",
    "DJANGO_SETTINGS_MODULE": "collabdocs.settings",
}
django.setup()

from django.core.cache import caches
from django.core.management import call_command
from django.db import connection
from rest_framework.test import APIClient

from accounts import tokens
from accounts.models import User
from documents import logtable, services
from documents.copies import blame, revisions, texts
from documents.models import Document
from documents.ot import Operation, canonical
from documents.ot.rebase import Submission

BATCH = 200  # operations committed at once; between them copies are kept, as rooms do
RUN = 350  # operations before the other author goes on
SHORT = 10_000
PASSWORD = "correct-horse-battery-9"


# --- The documents --------------------------------------------------------------------------------------------


def operations() -> list[Operation]:
    """The trace's patches (position, deleted, inserted) as operations, in code points."""
    trace = json.loads(gzip.decompress((TRACES / "automerge-paper.json.gz").read_bytes()))
    patches = (patch for txn in trace["txns"] for patch in txn["patches"])
    return [canonical([position, inserted, -deleted]) for position, deleted, inserted in patches]


def load(owner: User, other: User) -> dict[str, Document]:
    """The three documents; each is written once."""
    found = {document.title: document for document in Document.objects.filter(owner=owner)}
    if found:
        return found
    trace = operations()
    whole = write(owner, other, "whole", trace)
    _, text = texts.text_at(whole.id, len(trace) - SHORT)
    start = write(owner, other, "start", trace[:SHORT])
    end = write(owner, other, "end", [(text,), *trace[-SHORT:]])
    return {"whole": whole, "start": start, "end": end}


def write(owner: User, other: User, title: str, written: Sequence[Operation]) -> Document:
    """Commit operations as rooms do: in batches, each followed by a look at the copies."""
    document = services.create_document(owner=owner, title=title)
    log, writers = services.open_log(document.id), [(owner.id, uuid.uuid4()), (other.id, uuid.uuid4())]
    for start in range(0, len(written), BATCH):
        before = log.head
        batch = [
            submission(writers[(version // RUN) % 2], version, operation)
            for version, operation in enumerate(written[start : start + BATCH], start=start)
        ]
        [outcomes] = services.commit([(log, batch)])
        assert log.head == before + len(batch), outcomes
        assert log.newest is not None
        services.keep_copies([(document.id, before, log.newest)])
    return document


def submission(writer: tuple[uuid.UUID, uuid.UUID], base: int, operation: Operation) -> Submission:
    author, client_id = writer
    return Submission(
        client_id=client_id, seq=base + 1, base_version=base, operation=operation, author=author, whole_text=True
    )


# --- What is measured -----------------------------------------------------------------------------------------


def seconds(work: Callable[..., object], *arguments: object) -> float:
    """CPU time, which is the clock's on a machine that has nothing else to do: all is in this process and in memory."""
    started = time.process_time()
    work(*arguments)
    return time.process_time() - started


def interleaved(
    documents: dict[str, Document], reads: int, read: Callable[[Document, int], object]
) -> dict[str, list[float]]:
    """Seconds of many reads at random versions, one document after the other."""
    dice, taken = random.Random(3), {title: [] for title in documents}
    for _ in range(reads):
        for title, document in documents.items():
            version = dice.randint(1, document.head)
            taken[title].append(seconds(read, document, version))
    return taken


def table(name: str, taken: dict[str, list[float]]) -> None:
    """A line for each document: median and p95 in milliseconds, and the median beside that of `end`."""
    for title, values in taken.items():
        median, p95 = statistics.median(values), statistics.quantiles(values, n=20)[18]
        ratio = median / statistics.median(taken["end"])
        print(f"| {name} | {title} | {1e3 * median:,.2f} | {1e3 * p95:,.2f} | {ratio:.2f} |", flush=True)


def get(client: APIClient, document: Document, path: str) -> bytes:
    """The answer's body, with nothing in the cache."""
    caches["texts"].clear()
    answer = client.get(f"/api/documents/{document.id}{path}")
    assert answer.status_code == 200, answer.content
    return answer.content


def bytes_on_disk() -> Iterator[tuple[str, int]]:
    """(table or index, its bytes) by the pages that SQLite gives them, largest first; what is small is left out."""
    query = """SELECT m.tbl_name || CASE m.type WHEN 'index' THEN ', index ' || m.name ELSE '' END, SUM(s.pgsize)
        FROM dbstat s JOIN sqlite_master m ON m.name = s.name WHERE m.tbl_name LIKE 'documents_%'
        GROUP BY 1 HAVING SUM(s.pgsize) > 20000 ORDER BY 2 DESC"""
    with connection.cursor() as cursor:
        yield from cursor.execute(query).fetchall()


def measure_versions(documents: dict[str, Document], client: APIClient, reads: int) -> None:
    print("| a random version | document | median ms | p95 ms | beside `end` |\n|---|---|---|---|---|")
    table("text_at", interleaved(documents, reads, lambda document, at: texts.text_at(document.id, at)))
    table("GET versions/{v}", interleaved(documents, reads, lambda d, at: get(client, d, f"/versions/{at}")))
    table("GET blame", interleaved(documents, reads // 4, lambda d, at: get(client, d, f"/blame?version={at}")))
    print()


def measure_heads(documents: dict[str, Document], client: APIClient) -> None:
    """What people open first: medians of nine."""
    print("| at the head | document | median ms |\n|---|---|---|")
    for title, document in documents.items():
        tail = document.head - texts.newest_copied_version(document.id, document.head)
        middle = document.head // 2
        ways: dict[str, tuple[Callable[..., object], ...]] = {
            f"text_at, a tail of {tail} entries": (texts.text_at, document.id),
            "GET the document": (get, client, document, ""),
            "GET blame": (get, client, document, "/blame"),
            "GET history": (get, client, document, "/history?limit=200"),
            "GET history, from the middle": (get, client, document, f"/history?skip={middle}&limit=200"),
            "GET revisions": (get, client, document, "/revisions?limit=200"),
        }
        for name, work in ways.items():
            taken = statistics.median(seconds(*work) for _ in range(9))
            print(f"| {name} | {title} | {1e3 * taken:,.1f} |", flush=True)
    print()


def measure_making(documents: dict[str, Document]) -> None:
    """With no copy at all: once in a document's life, and it makes them."""
    print("| copies to be made first | document | s |\n|---|---|---|")
    for title, document in documents.items():
        blame.drop_all(document.id)
        revisions.drop_all(document.id)
        taken = seconds(blame.runs_at, document.id, document.head)
        print(f"| blame | {title} | {taken:.1f} |", flush=True)
        taken = seconds(revisions.catch_up, document.id, document.head)
        print(f"| revisions | {title} | {taken:.1f} |", flush=True)
    print()


def main() -> None:
    reads = int(sys.argv[1]) if len(sys.argv) > 1 else 200
    call_command("migrate", verbosity=0)
    people = [
        User.objects.by_name(name) or User.objects.create_user(name, f"{name}@example.org", PASSWORD)
        for name in ("alice", "bob")
    ]
    started = time.perf_counter()
    documents = load(*people)
    for document in documents.values():
        document.head = newest.version if (newest := logtable.newest(document.id)) else 0
    operations_written = sum(document.head for document in documents.values())
    print(f"{operations_written:,} operations in {time.perf_counter() - started:.0f} s\n")
    client = APIClient()
    client.credentials(HTTP_AUTHORIZATION=f"Bearer {tokens.start_session(people[0]).access_token}")
    measure_making(documents)
    measure_heads(documents, client)
    measure_versions(documents, client, reads)
    print("| on disk | bytes | per operation |\n|---|---|---|")
    for name, size in bytes_on_disk():
        print(f"| {name} | {size:,} | {size / operations_written:.1f} |")


if __name__ == "__main__":
    main()
