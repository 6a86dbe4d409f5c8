"""Copies of what the log says, made off the road: texts at some versions, and the document's row for lists.

A copy names its version and may trail or be missing; reading a text is the newest copy at or below a version, and
the operations after it.
"""

import zlib
from collections.abc import Sequence
from uuid import UUID

from documents import logtable
from documents.errors import CorruptLog
from documents.models import Checkpoint, Document
from documents.ot.operation import InvalidOperation, apply
from documents.ot.rebase import Entry

# A checkpoint is due when replaying the tail costs more than reading the text: after 500 operations for small
# texts, 5,000 at most for large ones, whose copies weigh more.
FEWEST, MOST, CODE_POINTS_PER_OPERATION = 500, 5_000, 20
LOOK_EVERY = 100


def text_at(document_id: UUID, version: int | None = None) -> tuple[int, str]:
    """(version, text) at that version, or at the head; CorruptLog if the log does not carry that far."""
    copied, text = _newest_copy(document_id, logtable.MAX_VERSION if version is None else version)
    upto = logtable.MAX_VERSION if version is None else version
    reached, text = replay(copied, text, logtable.entries(document_id, after=copied, upto=upto))
    if version is not None and reached != version:
        raise CorruptLog(f"document {document_id} ends at version {reached}, not {version}")
    return reached, text


def replay(version: int, text: str, entries: Sequence[Entry]) -> tuple[int, str]:
    """(version, text) after the entries that follow on a text."""
    for entry in entries:
        try:
            text = apply(text, entry.operation)
        except InvalidOperation as error:
            raise CorruptLog(f"version {entry.version} does not apply: {error}") from error
        if len(text) != entry.length:
            raise CorruptLog(f"version {entry.version} has {len(text)} code points and not {entry.length}")
        version = entry.version
    return version, text


def refresh_row(document_id: UUID, entry: Entry) -> None:
    """Bring the list's copy of version and time up to an entry; never back."""
    behind = Document.objects.filter(pk=document_id, version__lt=entry.version)
    if not behind.filter(updated_at__lt=entry.created_at).update(version=entry.version, updated_at=entry.created_at):
        behind.update(version=entry.version)  # renamed since


def checkpoint_if_due(document_id: UUID, before: int, head: int) -> None:
    """Copy the text when its tail has grown long; looks only when `before`…`head` crosses a hundred."""
    if before // LOOK_EVERY == head // LOOK_EVERY:
        return
    copied, text = _newest_copy(document_id, head)
    if head - copied >= _due_after(len(text)):
        checkpoint(document_id, head)


def checkpoint(document_id: UUID, version: int) -> None:
    """Copy the text at a version. Whoever else copies it too writes the same."""
    _, text = text_at(document_id, version)
    key, data = logtable.log_key(document_id, version), zlib.compress(text.encode())
    Checkpoint.objects.update_or_create(key=key, defaults={"version": version, "data": data})


def _due_after(length: int) -> int:
    return min(MOST, max(FEWEST, length // CODE_POINTS_PER_OPERATION))


def _newest_copy(document_id: UUID, version: int) -> tuple[int, str]:
    keys = {"key__gt": logtable.log_key(document_id, 0), "key__lte": logtable.log_key(document_id, version)}
    row = Checkpoint.objects.filter(**keys).order_by("-key").values_list("version", "data").first()
    return (row[0], zlib.decompress(row[1]).decode()) if row else (0, "")
