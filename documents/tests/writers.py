"""Who writes to a log in tests, and how a log is looked at.

tab = Writer(alice.id)
log.append([tab.writes("hi", base=0)])
assert text(document_id) == "hi"
"""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

from documents import oplog
from documents.copies.texts import replay
from documents.oplog import Log
from documents.ot.operation import Component
from documents.ot.rebase import Entry, Submission

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)


class Writer:
    """One editing session: a client_id, and the seq that it counts."""

    def __init__(self, author: UUID | None = None) -> None:
        self.client_id = uuid4()
        self.author = author
        self.seq = 0

    def writes(self, *operation: Component, base: int, seq: int | None = None, **more: Any) -> Submission:
        """The next submission, or one under a `seq` of the test's choice."""
        self.seq = self.seq + 1 if seq is None else seq
        return Submission(
            client_id=self.client_id,
            seq=self.seq,
            base_version=base,
            operation=operation,
            author=self.author,
            **more,
        )


def entry(writer: Writer, version: int, *operation: Component, seq: int = 1, length: int = 0) -> Entry:
    """A committed operation, made by hand."""
    return Entry(
        version=version,
        client_id=writer.client_id,
        seq=seq,
        author=writer.author,
        operation=operation,
        length=length,
        created_at=NOON,
    )


def text(document_id: UUID) -> str:
    """The fold of the whole log, without any copy."""
    return replay(0, "", oplog.entries(document_id, after=0))[1]


def start(document_id: UUID, content: str) -> Log:
    """A log whose operation 1 is `content`."""
    log = Log(document_id)
    log.append([Writer().writes(content, base=0, whole_text=True)])
    return log


def assert_sound(document_id: UUID) -> list[Entry]:
    """Versions dense, every pair once, each client's seq rising, every length true; returns the log."""
    found = oplog.entries(document_id, after=0)
    assert [e.version for e in found] == list(range(1, len(found) + 1))
    pairs = [(e.client_id, e.seq) for e in found]
    assert len(set(pairs)) == len(pairs), "a pair was committed twice"
    assert_own_order(found)
    content = ""
    for e in found:
        content = replay(e.version - 1, content, [e])[1]
        assert len(content) == e.length
    return found


def assert_own_order(entries: Sequence[Entry]) -> None:
    """What one client wrote stands in the order of its seq."""
    last: dict[UUID, int] = {}
    for e in entries:
        assert e.seq > last.get(e.client_id, 0), f"seq {e.seq} stands after {last[e.client_id]}"
        last[e.client_id] = e.seq
