"""The history of a document: what it was, who changed what, and bringing it back."""

import uuid
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlencode
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.timesince import timesince

from accounts.models import User
from accounts.services import PRESENCE_COLORS, presence_color, public_user
from documents import history, permissions, services
from documents.errors import NoSuchVersion
from documents.history import Revision, Version
from documents.models import Document, NamedVersion
from documents.pages import ink
from documents.pages.common import person_asking, private_page, refusals_told, titled
from documents.pages.ink import Passage, Span

PER_PAGE = 20
VIEWS = {"changes": "Changes", "authors": "Authors", "text": "Text"}
SOMEBODY = "Somebody"  # who was erased, or never had a name


@dataclass(frozen=True, slots=True)
class Author:
    """How an author is shown: a name, and one of twelve inks."""

    name: str
    ink: str


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


@private_page("GET", "HEAD", "POST")
def document_history(request: HttpRequest, document_id: UUID) -> HttpResponse:
    if request.method == "POST":
        return _change(request, document_id)
    document = permissions.get_document(person_asking(request), document_id)
    asked = _asked(request.GET, document.head)
    return render(request, "documents/history.html", _context(document, asked))


# --- Changing -------------------------------------------------------------------------------------------------


def _change(request: HttpRequest, document_id: UUID) -> HttpResponse:
    version = _whole(request.POST, "version", None)
    with refusals_told(request):
        document = permissions.get_document(person_asking(request), document_id, may="edit")
        if request.POST.get("action") == "restore":
            version = _restore(request, document, version)
        elif request.POST.get("action") == "name":
            _name(request, document, version)
    return redirect(f"{reverse('document-history', args=[document_id])}?version={version}")


def _restore(request: HttpRequest, document: Document, version: int) -> int:
    """The version that restoring made, or the one that was to be restored."""
    write_id = _write_id(request.POST.get("write_id", ""))
    entry = services.restore_version(document, version, author=person_asking(request), client_id=write_id)
    if entry is None:
        messages.info(request, f"The text is what it was at version {version} already.")
        return version
    messages.success(
        request, f"Version {version} is restored, as version {entry.version}. What stood before stays here."
    )
    return entry.version


def _write_id(given: str) -> UUID:
    """What names the write: sent twice, the form restores once."""
    try:
        return UUID(given)
    except ValueError:
        return uuid.uuid4()


def _name(request: HttpRequest, document: Document, version: int) -> None:
    named = services.name_version(document, version, request.POST.get("name", ""), actor=person_asking(request))
    said = f"is called “{named.name}” now" if named else "has no name any more"
    messages.success(request, f"Version {version} {said}.")


# --- What is asked for ----------------------------------------------------------------------------------------


def _asked(query: QueryDict, head: int) -> Asked:
    version = _whole(query, "version", head)
    since = _whole(query, "since", version) if query.get("since") else None
    if version > head or (since or 0) > version:
        raise NoSuchVersion
    return Asked(
        version=version,
        since=since,
        view=query.get("view", "") if query.get("view") in VIEWS else "changes",
        skip=_whole(query, "skip", None) if query.get("skip") else None,
        restoring="restore" in query,
    )


def _whole(query: QueryDict, name: str, default: int | None) -> int:
    """A whole number that was asked for; NoSuchVersion for anything else."""
    given = query.get(name) or ("" if default is None else str(default))
    if not (given.isascii() and given.isdigit() and len(given) < 16):
        raise NoSuchVersion
    return int(given)


# --- What is shown --------------------------------------------------------------------------------------------


def _context(document: Document, asked: Asked) -> dict[str, object]:
    count, revision = _revision_of(document, asked.version)
    skip = _skip(count, revision) if asked.skip is None else asked.skip
    _, page = history.revisions_page(document, skip=skip, limit=PER_PAGE)
    named = history.names(document.id)
    shown = history.version_of(document, asked.version)
    since = _since(asked, revision)
    spans, legend = _text(document, asked, shown, since, revision)
    can_edit = permissions.may(document.role, "edit")
    authors = _authors([shown.author, *(each.author for each in page)])
    return {
        "document": document,
        "title": titled(document),
        "head": document.head,
        "shown": shown,
        "author": authors[shown.author],
        "when": ago(shown.created_at),
        "name": next((each.name for each in named if each.version == asked.version), ""),
        "names": named,
        "older_names": [each for each in named if 0 < each.version < asked.version],
        "since": since,
        "chosen_since": asked.since,
        "views": _views(asked),
        "view": asked.view,
        "spans": spans,
        "legend": legend,
        "rows": [_row(each, authors, named, asked.version) for each in page],
        "newer": f"?{_query(asked, skip=max(0, skip - PER_PAGE))}" if skip else "",
        "older": f"?{_query(asked, skip=skip + PER_PAGE)}" if skip + PER_PAGE < count else "",
        "can_edit": can_edit,
        "preview": _preview(document, shown) if asked.restoring and can_edit else None,
        "write_id": uuid.uuid4(),
    }


def _revision_of(document: Document, version: int) -> tuple[int, Revision | None]:
    """How many revisions there are, and the one that a version is in; found by halving, page by page."""
    count, page = history.revisions_page(document, skip=0, limit=PER_PAGE)
    lowest, highest = 0, max(0, count - 1) // PER_PAGE
    number = 0
    while version and page and lowest <= highest:
        if version > page[0].to_version:
            highest = number - 1
        elif version < page[-1].from_version:
            lowest = number + 1
        else:
            return count, next(each for each in page if each.from_version <= version)
        number = (lowest + highest) // 2
        _, page = history.revisions_page(document, skip=number * PER_PAGE, limit=PER_PAGE)
    return count, None


def _skip(count: int, revision: Revision | None) -> int:
    """Where the page begins that shows a revision."""
    newer = count - revision.number if revision else max(0, count - 1)
    return newer // PER_PAGE * PER_PAGE


def _since(asked: Asked, revision: Revision | None) -> int:
    """What the text is compared with: the version asked for, or the one before the revision."""
    if asked.since is not None:
        return asked.since
    return revision.from_version - 1 if revision else 0


def _text(
    document: Document, asked: Asked, shown: Version, since: int, revision: Revision | None
) -> tuple[list[Inked], list[tuple[Author, int]]]:
    """The text in ink, and whose ink it is, with how many characters."""
    if asked.view == "text":
        return [Inked("same", shown.content)], []
    if asked.view == "authors":
        everything = [Span("same", shown.content)] if shown.content else []
        return _inked(list(ink.authored(everything, _written(document, shown), ("same",))))
    spans: Iterable[Span] = ink.changes(history.text_of(document, since), _operation(document, since, shown.version))
    if revision and since >= revision.from_version - 1:
        whole = Passage(len(shown.content), revision.author, revision.started_at, shown.created_at)
        return _inked(list(ink.authored(spans, [whole], ("insert",))))
    return _inked(list(ink.authored(spans, _written(document, shown), ("insert",))))


def _written(document: Document, shown: Version) -> Iterator[Passage]:
    return ink.passages(history.runs_of(document, shown.version)[1])


def _operation(document: Document, since: int, version: int) -> tuple[int | str, ...]:
    return history.difference(document, since, version).operation


def _inked(spans: Sequence[Span]) -> tuple[list[Inked], list[tuple[Author, int]]]:
    written = [(span, span.passage) for span in spans]
    authors = _authors(passage.author for _, passage in written if passage)
    inked, lengths = [], dict.fromkeys(authors, 0)
    for span, passage in written:
        if passage is None:
            inked.append(Inked(span.kind, span.text))
            continue
        lengths[passage.author] += len(span.text)
        inked.append(Inked(span.kind, span.text, authors[passage.author], ago(passage.last)))
    legend = sorted(lengths, key=lambda author: -lengths[author])
    return inked, [(authors[author], lengths[author]) for author in legend]


def _preview(document: Document, shown: Version) -> dict[str, object]:
    """What restoring would do to the text as it is now."""
    since_then = ink.changes(shown.content, _operation(document, shown.version, document.head))
    spans = list(ink.flipped(since_then))
    return {
        "spans": [Inked(span.kind, span.text) for span in spans],
        "inserted": sum(len(span.text) for span in spans if span.kind == "insert"),
        "deleted": sum(len(span.text) for span in spans if span.kind == "delete"),
    }


def _views(asked: Asked) -> list[dict[str, object]]:
    return [
        {"name": VIEWS[view], "view": view, "url": f"?{_query(asked, view=view)}", "is_shown": view == asked.view}
        for view in VIEWS
    ]


def _query(asked: Asked, *, view: str | None = None, skip: int | None = None) -> str:
    """The address of the same version, seen otherwise."""
    wanted = {"version": asked.version, "since": asked.since, "view": view or asked.view, "skip": skip}
    return urlencode({name: value for name, value in wanted.items() if value not in (None, "changes")})


def _row(revision: Revision, authors: dict[UUID | None, Author], named: list[NamedVersion], version: int) -> Row:
    return Row(
        revision=revision,
        author=authors[revision.author],
        when=ago(revision.ended_at),
        names=[each for each in named if revision.from_version <= each.version <= revision.to_version],
        is_shown=revision.from_version <= version <= revision.to_version,
    )


def _authors(ids: Iterable[UUID | None]) -> dict[UUID | None, Author]:
    """Authors by id, in one query."""
    authors = dict.fromkeys(ids, Author(SOMEBODY, "author-none"))
    known = [user_id for user_id in authors if user_id is not None]
    for user in User.objects.filter(pk__in=known) if known else ():
        if public_user(user):
            authors[user.id] = Author(user.username, f"author-{PRESENCE_COLORS.index(presence_color(user.id))}")
    return authors


def ago(moment: datetime) -> str:
    """A time in words."""
    seconds = (timezone.now() - moment).total_seconds()
    return "just now" if seconds < 60 else f"{timesince(moment, depth=1)} ago"
