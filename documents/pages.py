"""The pages people see: thin, private, and complete without a script.

A document that the reader may not know of is a 404; what a service refuses becomes a message on the page it
came from; a text that can't be loaded is an error page, never an empty sheet.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import wraps
from typing import Concatenate, ParamSpec, TypeAlias, cast
from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.timesince import timesince
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_http_methods

from accounts.errors import Problem
from accounts.models import User
from documents import history, permissions, services
from documents.models import Document, Role

PER_PAGE = 20
UNTITLED = "Untitled"
MAY = {Role.OWNER: "Owner", Role.EDITOR: "Can edit", Role.COMMENTER: "Can comment", Role.VIEWER: "Can read"}

P = ParamSpec("P")
View: TypeAlias = Callable[Concatenate[HttpRequest, P], HttpResponse]


def private_page(*methods: str) -> Callable[[View[P]], View[P]]:
    """A page for somebody logged in, stored nowhere; what it refuses becomes an error page."""

    def decorate(view: View[P]) -> View[P]:
        @wraps(view)
        def answer(request: HttpRequest, *args: P.args, **kwargs: P.kwargs) -> HttpResponse:
            try:
                return view(request, *args, **kwargs)
            except Problem as problem:
                return _error_page(request, problem)

        logged_in = login_required(require_http_methods(methods)(answer))
        return cast(View[P], cache_control(private=True, no_store=True)(logged_in))

    return decorate


def _error_page(request: HttpRequest, problem: Problem) -> HttpResponse:
    if problem.status == 404:
        raise Http404(problem.detail) from problem
    if problem.status == 403:
        raise PermissionDenied(problem.detail) from problem
    return render(request, "500.html", status=problem.status)


@contextmanager
def refusals_told(request: HttpRequest) -> Iterator[None]:
    """What is refused becomes a message; only a document that is not there stays an error."""
    try:
        yield
    except Problem as problem:
        if problem.status == 404:
            raise
        messages.error(request, problem.detail)


def person_asking(request: HttpRequest) -> User:
    return cast(User, request.user)


def titled(document: Document) -> str:
    return document.title or UNTITLED


# --- The list -----------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One document as the list shows it to one user."""

    document: Document
    title: str
    standing: str
    edited: str
    can_rename: bool
    can_delete: bool


@private_page("GET", "HEAD")
def document_list(request: HttpRequest) -> HttpResponse:
    visible = permissions.visible_documents(person_asking(request)).order_by("-updated_at", "pk")
    page = Paginator(visible, PER_PAGE).get_page(request.GET.get("page"))
    roles = permissions.roles_among(person_asking(request), list(page.object_list))
    # Whose role was taken a moment ago has no row.
    rows = [_row(document, roles[document.id]) for document in page.object_list if document.id in roles]
    return render(request, "documents/list.html", {"page": page, "rows": rows})


def _row(document: Document, role: str) -> Row:
    mine = role == Role.OWNER
    return Row(
        document=document,
        title=titled(document),
        standing="Owned by you" if mine else f"Shared by {document.owner.username}, {MAY[Role(role)].lower()}",
        edited=_ago(document),
        can_rename=permissions.may(role, "edit"),
        can_delete=permissions.may(role, "manage"),
    )


def _ago(document: Document) -> str:
    seconds = (timezone.now() - document.updated_at).total_seconds()
    return "just now" if seconds < 60 else f"{timesince(document.updated_at, depth=1)} ago"


def _back_to_list(request: HttpRequest) -> HttpResponse:
    page = request.POST.get("page", "")
    later = page.isascii() and page.isdigit() and page != "1"
    return redirect(reverse("document-list") + (f"?page={page[:9]}" if later else ""))


@private_page("POST")
def create(request: HttpRequest) -> HttpResponse:
    with refusals_told(request):
        document = services.create_document(owner=person_asking(request), title=request.POST.get("title", ""))
        return redirect("document-editor", document.id)
    return _back_to_list(request)


@private_page("POST")
def rename(request: HttpRequest, document_id: UUID) -> HttpResponse:
    with refusals_told(request):
        document = permissions.get_document(person_asking(request), document_id, may="edit")
        services.rename_document(document, title=request.POST.get("title", ""), actor=person_asking(request))
    return _back_to_list(request)


@private_page("POST")
def delete(request: HttpRequest, document_id: UUID) -> HttpResponse:
    with refusals_told(request):
        document = permissions.get_document(person_asking(request), document_id, may="manage")
        services.delete_document(document, actor=person_asking(request))
        messages.success(request, f"“{titled(document)}” is deleted.")
    return _back_to_list(request)


# --- The editor ---------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Opened:
    """A document as a page was given it: this version is the version of this page's text."""

    id: UUID
    title: str
    version: int


@private_page("GET", "HEAD")
def editor(request: HttpRequest, document_id: UUID) -> HttpResponse:
    document = permissions.get_document(person_asking(request), document_id)
    version, text = history.current_text(document.id)
    context = {
        "document": Opened(document.id, document.title, version),
        "text": text,
        "role": document.role,
        "log": services.log_identity(),
        "can_edit": permissions.may(document.role, "edit"),
    }
    return render(request, "documents/editor.html", context)
