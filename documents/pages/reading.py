"""What the history page shows: a version in ink, whose ink it is, and the list of who changed what."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from urllib.parse import urlencode
from uuid import UUID

from documents import history
from documents.history import Revision, Version
from documents.models import Document, NamedVersion
from documents.ot import Operation, apply, invert
from documents.pages import ink
from documents.pages.ink import Passage, Span
from documents.pages.people import Author, Inks, ago, authors_of, inks_of

PER_PAGE = 20
VIEWS = {"changes": "Changes", "authors": "Authors", "text": "Text"}


@dataclass(frozen=True, slots=True)
class Inked:
    """A span as the template writes it."""

    kind: str
    text: str
    author: Author | None = None
    when: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One revision in the list."""

    revision: Revision
    author: Author
    when: str
    names: list[NamedVersion]
    is_shown: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What the reader wants to see."""

    version: int
    since: int | None
    view: str
    skip: int | None
    restoring: bool


def context_for(document: Document, asked: Asked) -> dict[str, object]:
    """What the template needs to show a version."""
    count, revision = _revision_of(document, asked.version)
    named = history.names(document.id)
    shown, inks = history.version_of(document, asked.version), inks_of(document)
    ours = json.dumps({str(user_id): ink for user_id, ink in inks.items()})
    return (
        {"document": document, "head": document.head, "view": asked.view, "views": _views(asked), "inks": ours}
        | _about(asked, shown, named, inks)
        | (_preview(document, shown) if asked.restoring else _text(document, asked, shown, revision, inks))
        | _list(document, asked, count, revision, named, inks)
    )


def _about(asked: Asked, shown: Version, named: Sequence[NamedVersion], inks: Inks) -> dict[str, object]:
    """Which version it is, and what else it may be compared with."""
    return {
        "shown": shown,
        "author": authors_of([shown.author], inks)[shown.author],
        "when": ago(shown.created_at),
        "name": next((each.name for each in named if each.version == shown.version), ""),
        "names": named,
        "older_names": [each for each in named if 0 < each.version < shown.version],
        "chosen_since": asked.since,
    }


# --- The list -------------------------------------------------------------------------------------------------


def _list(
    document: Document,
    asked: Asked,
    count: int,
    revision: Revision | None,
    named: Sequence[NamedVersion],
    inks: Inks,
) -> dict[str, object]:
    """A page of revisions: the one asked for, or the one that the shown version is in."""
    skip = _skip(count, revision) if asked.skip is None else min(asked.skip, _skip(count, None))
    page = history.revisions_upto(document.id, count - skip, limit=PER_PAGE)
    authors = authors_of((each.author for each in page), inks)
    return {
        "rows": [_row(each, authors, named, asked.version) for each in page],
        "newer": f"?{_query(asked, skip=max(0, skip - PER_PAGE))}" if skip else "",
        "older": f"?{_query(asked, skip=skip + PER_PAGE)}" if skip + PER_PAGE < count else "",
    }


def _revision_of(document: Document, version: int) -> tuple[int, Revision | None]:
    """How many revisions there are, and the one that a version is in, found by halving; None for version 0."""
    count = history.count_revisions(document)
    lowest, highest = 1, count
    number = count
    while version and lowest <= highest:
        [found] = history.revisions_upto(document.id, number, limit=1)
        if found.from_version <= version <= found.to_version:
            return count, found
        if version < found.from_version:
            highest = number - 1
        else:
            lowest = number + 1
        number = (lowest + highest) // 2
    return count, None


def _skip(count: int, revision: Revision | None) -> int:
    """Where the page begins that shows a revision; the last page, without one."""
    newer = count - revision.number if revision else max(0, count - 1)
    return newer // PER_PAGE * PER_PAGE


# --- The text -------------------------------------------------------------------------------------------------


def _text(document: Document, asked: Asked, shown: Version, revision: Revision | None, inks: Inks) -> dict[str, object]:
    """The text in ink, and the legend: whose ink it is, with how many characters."""
    everything = [Span("same", shown.content)] if shown.content else []
    if asked.view == "text":
        return {"spans": [Inked(span.kind, span.text) for span in everything], "legend": []}
    if asked.view == "authors":
        return _inked(list(ink.authored(everything, _written(document, shown), ("same",))), inks)
    since = _since(asked, revision)
    spans = ink.changes(history.text_of(document, since), _operation(document, since, shown.version))
    written = _written(document, shown)
    if revision and since >= revision.from_version - 1:  # all of it is by one author
        written = iter([Passage(len(shown.content), revision.author, revision.started_at, shown.created_at)])
    return _inked(list(ink.authored(spans, written, ("insert",))), inks)


def _since(asked: Asked, revision: Revision | None) -> int:
    """What the text is compared with: the version asked for, or the one before the revision."""
    if asked.since is not None:
        return asked.since
    return revision.from_version - 1 if revision else max(0, asked.version - 1)


def _written(document: Document, shown: Version) -> Iterator[Passage]:
    yield from ink.passages(history.runs_of(document, shown.version)[1])


def _operation(document: Document, since: int, version: int) -> Operation:
    return history.difference(document, since, version).operation


def _inked(spans: Sequence[Span], inks: Inks) -> dict[str, object]:
    written = [(span, span.passage) for span in spans]
    authors = authors_of((passage.author for _, passage in written if passage), inks)
    inked, lengths = [], dict.fromkeys(authors, 0)
    for span, passage in written:
        if passage is None:
            inked.append(Inked(span.kind, span.text))
            continue
        lengths[passage.author] += len(span.text)
        inked.append(Inked(span.kind, span.text, authors[passage.author], ago(passage.last)))
    legend = sorted(lengths, key=lambda author: -lengths[author])
    return {"spans": inked, "legend": [(authors[author], lengths[author]) for author in legend]}


def _preview(document: Document, shown: Version) -> dict[str, object]:
    """What restoring would do to the text as it is now."""
    since_then = _operation(document, shown.version, document.head)
    spans = list(ink.changes(apply(shown.content, since_then), invert(since_then, shown.content)))
    says = _what_restoring_does(spans)
    return {"spans": [Inked(span.kind, span.text) for span in spans], "legend": [], "preview": says}


def _what_restoring_does(spans: Sequence[Span]) -> str:
    back, gone = (sum(len(span.text) for span in spans if span.kind == kind) for kind in ("insert", "delete"))
    if not back and not gone:
        return "The text is the same now: nothing would change."
    parts = [_counted(back, "character comes back", "characters come back")] * (back > 0)
    parts += [_counted(gone, "character goes", "characters go")] * (gone > 0)
    return f"{' and '.join(parts)}, as marked below. Nothing is lost: the text of now stays in the history."


def _counted(count: int, one: str, many: str) -> str:
    return f"{count:,} {one if count == 1 else many}"


def _views(asked: Asked) -> list[dict[str, object]]:
    return [
        {"name": VIEWS[view], "view": view, "url": f"?{_query(asked, view=view)}", "is_shown": view == asked.view}
        for view in VIEWS
    ]


def _query(asked: Asked, *, view: str | None = None, skip: int | None = None) -> str:
    """The address of the same version, seen otherwise."""
    wanted = {"version": asked.version, "since": asked.since, "view": view or asked.view, "skip": skip}
    return urlencode({name: value for name, value in wanted.items() if value not in (None, "changes")})


def _row(revision: Revision, authors: dict[UUID | None, Author], named: Sequence[NamedVersion], version: int) -> Row:
    return Row(
        revision=revision,
        author=authors[revision.author],
        when=ago(revision.ended_at),
        names=[each for each in named if revision.from_version <= each.version <= revision.to_version],
        is_shown=revision.from_version <= version <= revision.to_version,
    )
