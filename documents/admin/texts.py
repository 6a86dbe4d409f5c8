"""A document's text as an administrator sees it: so much of it, and what is wrong with it."""

from dataclasses import dataclass
from uuid import UUID

from documents import history
from documents.errors import CorruptLog

MOST_SHOWN = 100_000  # code points


@dataclass(frozen=True, slots=True)
class Reading:
    """A text at the head; or, with `trouble`, why it can't be read."""

    version: int = 0
    text: str = ""
    trouble: str = ""

    @property
    def size(self) -> str:
        if self.trouble:
            return "not known"
        return f"{len(self.text):,} code points, {len(self.text.encode()):,} bytes in UTF-8"

    @property
    def shown(self) -> str:
        return self.text[:MOST_SHOWN]

    @property
    def note(self) -> str:
        """What has to be said beside the text."""
        if self.trouble:
            return f"This document is damaged: {self.trouble}. `manage.py verify_documents` tells more."
        if len(self.text) > MOST_SHOWN:
            return f"These are the first {MOST_SHOWN:,} code points of {len(self.text):,}."
        return "" if self.text else "The text is empty."


def read(document_id: UUID) -> Reading:
    """The text at the head, from the log: never an empty one in place of one that can't be read."""
    try:
        return Reading(*history.current_text(document_id))
    except CorruptLog as error:
        return Reading(trouble=error.detail)


def head(document_id: UUID) -> int | None:
    """The newest version; None if its entry can't be read."""
    try:
        return history.head(document_id)
    except CorruptLog:
        return None
