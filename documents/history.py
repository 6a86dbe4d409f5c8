"""Reading what was: texts, versions and the log."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from documents import copies, logtable
from documents.copies import replay
from documents.errors import NoSuchVersion
from documents.logtable import outgrown
from documents.models import Document
from documents.ot.rebase import Entry

__all__ = [
    "Entry",
    "Version",
    "current_text",
    "head",
    "load_head",
    "operations_since",
    "outgrown",
    "page",
    "replay",
    "version_of",
]


@dataclass(frozen=True, slots=True)
class Version:
    """A text as it was at one version, and the author of the operation that made it (None for version 0)."""

    version: int
    content: str
    created_at: datetime
    author: UUID | None


def head(document_id: UUID) -> int:
    """The newest version."""
    newest = logtable.newest(document_id)
    return newest.version if newest else 0


def current_text(document_id: UUID) -> tuple[int, str]:
    """(version, text) at the head."""
    return copies.text_at(document_id)


def load_head(document: Document) -> None:
    """Set `content`, and the version and time of the newest entry, on a document."""
    newest = logtable.newest(document.id)
    document.content = ""
    if newest is not None:
        document.version, document.content = copies.text_at(document.id, newest.version)
        document.updated_at = max(document.updated_at, newest.created_at)


def version_of(document: Document, version: int) -> Version:
    """A version of a document; NoSuchVersion outside 0..head."""
    entry = logtable.entry_at(document.id, version) if version else None
    if version and entry is None:
        raise NoSuchVersion
    _, content = copies.text_at(document.id, version)
    if entry is None:
        return Version(0, content, document.created_at, None)
    return Version(version, content, entry.created_at, entry.author)


def operations_since(document_id: UUID, version: int, limit: int) -> list[Entry]:
    """Entries after `version`, oldest first."""
    return logtable.entries(document_id, after=version, limit=limit)


def page(document_id: UUID, *, skip: int, limit: int, head: int) -> list[Entry]:
    """A page of the log up to `head`, newest first: a range of versions, so its cost grows with neither."""
    return logtable.newest_first(document_id, upto=head - skip, limit=limit)
