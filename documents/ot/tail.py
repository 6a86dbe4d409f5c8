"""The newest entries of a log, kept at hand."""

from collections.abc import Iterable, Sequence

from .operation import inserted_length
from .rebase import Entry

MOST_ENTRIES = 512
MOST_TEXT = 2_000_000  # code points inserted by them all


class Tail:
    """The entries after version `start`, without holes; the oldest are forgotten when they are many or large."""

    def __init__(self, start: int) -> None:
        self.start = start
        self._entries: list[Entry] = []
        self._text = 0

    def __len__(self) -> int:
        return len(self._entries)

    @property
    def newest(self) -> Entry | None:
        return self._entries[-1] if self._entries else None

    def extend(self, news: Iterable[Entry]) -> None:
        """Take entries that follow on."""
        for entry in news:
            self._entries.append(entry)
            self._text += inserted_length(entry.operation)
        if len(self._entries) > 2 * MOST_ENTRIES or self._text > MOST_TEXT:
            self._forget()

    def after(self, version: int, upto: int | None = None) -> Sequence[Entry]:
        """The entries after a version, and up to another, as far as they are here."""
        end = len(self._entries) if upto is None else max(0, upto - self.start)
        return self._entries[max(0, version - self.start) : end]

    def _forget(self) -> None:
        kept = min(MOST_ENTRIES, len(self._entries))
        while kept > 1 and sum(inserted_length(entry.operation) for entry in self._entries[-kept:]) > MOST_TEXT:
            kept //= 2
        self.start += len(self._entries) - kept
        del self._entries[:-kept]
        self._text = sum(inserted_length(entry.operation) for entry in self._entries)
