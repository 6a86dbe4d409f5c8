"""Reading what was: texts, versions, the log, and who wrote what."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import orjson
from django.db.models import QuerySet

from documents import logtable
from documents.copies import blame, cached, revisions, rows, texts
from documents.copies.blame import Run
from documents.copies.rows import Searched
from documents.copies.texts import replay
from documents.differences import diff
from documents.errors import InvalidText, NoSuchVersion
from documents.logtable import outgrown
from documents.models import Document, NamedVersion
from documents.ot.operation import Operation
from documents.ot.rebase import Entry
from documents.ot.revisions import Revision
from documents.ot.unified import unified
from documents.rendering import EDITION, render_markdown

__all__ = [
    "Difference",
    "Entry",
    "Revision",
    "Run",
    "Version",
    "check_version",
    "count_revisions",
    "current_text",
    "difference",
    "head",
    "html_of",
    "load_text",
    "named_versions",
    "names",
    "names_within",
    "operations_since",
    "outgrown",
    "page",
    "replay",
    "revisions_upto",
    "runs_of",
    "search",
    "text_of",
    "version_at",
    "version_of",
]


HTML = f"html{EDITION}"


@dataclass(frozen=True, slots=True)
class Version:
    """A text as it was at one version, and the author of the operation that made it (None for version 0)."""

    version: int
    content: str
    created_at: datetime
    author: UUID | None


@dataclass(frozen=True, slots=True)
class Difference:
    """What makes the text at one version of the text at another: as an operation, and as a unified diff."""

    operation: Operation
    unified: str


# --- Texts ----------------------------------------------------------------------------------------------------


def head(document_id: UUID) -> int:
    """The newest version."""
    newest = logtable.newest(document_id)
    return newest.version if newest else 0


def current_text(document_id: UUID) -> tuple[int, str]:
    """(version, text) at the head."""
    return texts.text_at(document_id)


def load_text(document: Document) -> None:
    """Set `content` and `version` to those of the head that was read with the access; the text may be cached."""
    document.version = document.head
    document.content = text_of(document)


def text_of(document: Document, version: int | None = None) -> str:
    """The text at a version, or at the document's head as it was when access was checked; NoSuchVersion above it."""
    version = check_version(document, document.head if version is None else version)
    return cached.text(document.id, version) if version else ""


def html_of(document: Document, version: int | None = None) -> str:
    """The text at a version, or at the head, as clean HTML; NoSuchVersion above it."""
    version = check_version(document, document.head if version is None else version)
    return cached.kept(HTML, document.id, version, lambda: render_markdown(text_of(document, version)))


def check_version(document: Document, version: int) -> int:
    """The same version; NoSuchVersion outside 0..head."""
    if not 0 <= version <= document.head:
        raise NoSuchVersion
    return version


def version_of(document: Document, version: int) -> Version:
    """A version of a document; NoSuchVersion outside 0..head."""
    content = text_of(document, version)
    entry = logtable.entry_at(document.id, version) if version else None
    if entry is None:
        return Version(0, content, document.created_at, None)
    return Version(version, content, entry.created_at, entry.author)


def version_at(document: Document, moment: datetime) -> Version:
    """The version that stood at a moment; NoSuchVersion before the document was made.

    Found by halving, which takes times to grow with versions. Where the clocks of processes did not agree, it is still
    a version committed at or before the moment (or 0), whose next one, if any, was committed after it.
    """
    if moment < document.created_at:
        raise NoSuchVersion
    lowest, highest = 0, document.head
    while lowest < highest:
        middle = (lowest + highest + 1) // 2
        entry = logtable.entry_at(document.id, middle)
        if entry is not None and entry.created_at <= moment:
            lowest = middle
        else:
            highest = middle - 1
    return version_of(document, lowest)


def difference(document: Document, start: int, end: int) -> Difference:
    """From the text at `start` to the text at `end`, which is no earlier; NoSuchVersion outside 0..head."""
    if check_version(document, start) > check_version(document, end):
        raise InvalidText("A difference goes forwards: `from` may not be above `to`.")
    old = text_of(document, start)
    made = cached.kept(f"diff{start}", document.id, end, lambda: _diffed(old, text_of(document, end)))
    operation = tuple(orjson.loads(made))
    return Difference(operation, unified(old, operation, f"version {start}", f"version {end}"))


def _diffed(old: str, new: str) -> str:
    return orjson.dumps(diff(old, new)).decode()


def search(documents: QuerySet[Document], words: str) -> QuerySet[Document]:
    """Of these documents, those that have every word in their title or text, whatever its case."""
    found = [Searched(*row) for row in documents.order_by("-updated_at").values_list("pk", "title", "version")]
    rows.refresh_search(found)
    return documents.filter(pk__in=rows.found_among([each.document_id for each in found], words))


# --- The log --------------------------------------------------------------------------------------------------


def operations_since(document_id: UUID, version: int, limit: int) -> list[Entry]:
    """At most `limit` entries after `version`, oldest first; fewer, but one, where they weigh much."""
    return logtable.a_page(document_id, after=version, limit=limit)


def page(document_id: UUID, *, skip: int, limit: int, head: int) -> list[Entry]:
    """A page of the log up to `head`, newest first: a range of versions, so its cost grows with neither.

    TooHeavy when its operations weigh too much for one answer.
    """
    return logtable.newest_first(document_id, upto=head - skip, limit=limit)


def count_revisions(document: Document) -> int:
    """How many revisions the log makes up to the head, at least; folds what is new of it."""
    last = revisions.catch_up(document.id, document.head)
    return last.number if last else 0


def revisions_upto(document_id: UUID, number: int, *, limit: int) -> list[Revision]:
    """At most `limit` revisions with numbers up to one that was counted, newest first."""
    return revisions.page(document_id, upto=number, limit=limit)


def runs_of(document: Document, version: int | None = None) -> tuple[int, list[Run]]:
    """(version, runs): who wrote the text at a version, or at the head, from its start to its end."""
    version = check_version(document, document.head if version is None else version)
    return version, blame.runs_at(document.id, version)


# --- Names ----------------------------------------------------------------------------------------------------


def named_versions(document_id: UUID, first: int = 0, last: int = logtable.MAX_VERSION) -> QuerySet[NamedVersion]:
    """The named versions among first … last, newest first."""
    keys = {"key__gte": logtable.log_key(document_id, first), "key__lte": logtable.log_key(document_id, last)}
    return NamedVersion.objects.filter(**keys).order_by("-key")


def names(document_id: UUID) -> list[NamedVersion]:
    """All named versions, newest first."""
    return list(named_versions(document_id))


def names_within(document_id: UUID, page: Sequence[Revision]) -> list[NamedVersion]:
    """The named versions in a page of revisions, which lists them newest first."""
    return list(named_versions(document_id, page[-1].from_version, page[0].to_version)) if page else []
