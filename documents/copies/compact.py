"""The copies of a document as the rules want them, whatever there is: missing ones made, and the others deleted.

It may run while the server does. Every copy of a version holds the same, so what is written over another one changes
nothing that anybody reads; deleting comes last, when all that is to stay is there.
"""

from collections.abc import Iterator
from uuid import UUID

from documents import logtable
from documents.copies import blame, revisions, texts
from documents.logtable import Step

SLICE = 1_000  # entries read at once


def compact(document_id: UUID) -> None:
    """Bring all copies into order; CorruptLog if the log is bad, and then nothing is deleted."""
    newest = logtable.newest(document_id)
    head = newest.version if newest else 0
    _compact_texts(document_id, head)
    _compact_blame(document_id, head)
    revisions.catch_up(document_id, head)


def bytes_of(document_id: UUID) -> int:
    """What the copies of texts, and of who wrote them, take."""
    return texts.bytes_of(document_id) + blame.bytes_of(document_id)


def _compact_texts(document_id: UUID, head: int) -> None:
    due, whole = set(), None
    for version, text in _due_texts(document_id, head):
        whole = texts.save(document_id, version, text, whole)
        due.add(version)
    texts.drop(document_id, _others(texts.copied_versions(document_id), due, head))


def _due_texts(document_id: UUID, head: int) -> Iterator[tuple[int, str]]:
    """(version, text) of the copies that are due when somebody looks after every single version."""
    copied, text = 0, ""
    for step in _steps(document_id, head):
        version, text = texts.replay(step.version - 1, text, [step])
        if texts.is_look(version - 1, step) and texts.is_due(document_id, copied, step):
            copied = version
            yield version, text


def _steps(document_id: UUID, head: int) -> Iterator[Step]:
    for after in range(0, head, SLICE):
        yield from logtable.steps(document_id, after=after, upto=min(head, after + SLICE))


def _compact_blame(document_id: UUID, head: int) -> None:
    copied, due = blame.copied_versions(document_id), set(range(blame.EVERY, head + 1, blame.EVERY))
    for version in sorted(due.difference(copied)):
        blame.blame_at(document_id, version)  # makes it
    blame.drop(document_id, _others(copied, due, head))


def _others(copied: list[int], due: set[int], head: int) -> list[int]:
    """What is there without being due; nothing above the head, for that is newer than what was looked at."""
    return [version for version in copied if version <= head and version not in due]
