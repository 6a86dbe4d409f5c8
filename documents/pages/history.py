"""The history of a document: what it was, who changed what, and bringing it back."""

import uuid
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse

from accounts import throttles
from documents import permissions, services
from documents.errors import NoSuchVersion
from documents.models import Document
from documents.pages.common import person_asking, private_page, refusals_told, titled
from documents.pages.reading import VIEWS, Asked, context_for


@private_page("GET", "HEAD", "POST")
def document_history(request: HttpRequest, document_id: UUID) -> HttpResponse:
    throttles.check_user(request.user, throttles.WORK_BY_USER)
    if request.method == "POST":
        return _change(request, document_id)
    document = permissions.get_document(person_asking(request), document_id)
    can_edit = permissions.may(document.role, "edit")
    context = context_for(document, _asked(request.GET, document.head, can_edit=can_edit))
    more = {"title": titled(document), "can_edit": can_edit, "write_id": uuid.uuid4()}
    return render(request, "documents/history.html", context | more)


# --- Changing -------------------------------------------------------------------------------------------------


def _change(request: HttpRequest, document_id: UUID) -> HttpResponse:
    version = _whole(request.POST, "version")
    if version is None:
        raise NoSuchVersion
    with refusals_told(request):
        document = permissions.get_document(person_asking(request), document_id, may="edit")
        if request.POST.get("action") == "restore":
            version = _restore(request, document, version)
        elif request.POST.get("action") == "name":
            _name(request, document, version)
    return redirect(f"{reverse('document-history', args=[document_id])}?version={version}")


def _restore(request: HttpRequest, document: Document, version: int) -> int:
    """The version that restoring made, or the one that was to be restored. A form sent twice restores once."""
    user, form = person_asking(request), request.POST.get("write_id") or uuid.uuid4()
    write_id = uuid.uuid5(user.pk, f"restore {version} {form}")
    base = _whole(request.POST, "base")  # what the reader was shown as the text of now
    entry = services.restore_version(document, version, author=user, base_version=base, client_id=write_id)
    if entry is None:
        messages.info(request, f"The text is what it was at version {version} already.")
        return version
    said = f"Version {version} is restored, as version {entry.version}. What stood before stays here."
    messages.success(request, said)
    return entry.version


def _name(request: HttpRequest, document: Document, version: int) -> None:
    named = services.name_version(document, version, request.POST.get("name", ""), actor=person_asking(request))
    said = f"is called “{named.name}” now" if named else "has no name any more"
    messages.success(request, f"Version {version} {said}.")


# --- What is asked for ----------------------------------------------------------------------------------------


def _asked(query: QueryDict, head: int, *, can_edit: bool) -> Asked:
    version, since = _whole(query, "version"), _whole(query, "since")
    version = head if version is None else version
    if version > head or (since or 0) > version:
        raise NoSuchVersion
    return Asked(
        version=version,
        since=since,
        view=view if (view := query.get("view", "")) in VIEWS else "changes",
        skip=_whole(query, "skip"),
        restoring=can_edit and "restore" in query,
    )


def _whole(query: QueryDict, name: str) -> int | None:
    """A whole number, if one was given; NoSuchVersion for anything else."""
    given = query.get(name) or "0"
    if not (given.isascii() and given.isdigit() and len(given) < 16):
        raise NoSuchVersion
    return int(given) if query.get(name) else None
