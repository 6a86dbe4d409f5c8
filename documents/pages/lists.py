"""The list of one's documents, and what is done from it."""

from dataclasses import dataclass
from uuid import UUID

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from accounts import throttles
from accounts.models import User
from documents import permissions, services, trash
from documents.models import Document, Role
from documents.pages.common import MAY, person_asking, private_page, refusals_told, titled
from documents.pages.people import ago

PER_PAGE = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One document as the list shows it to one user."""

    document: Document
    title: str
    standing: str
    locked: bool
    edited: str
    can_rename: bool
    can_delete: bool


@private_page("GET", "HEAD")
def document_list(request: HttpRequest) -> HttpResponse:
    visible = permissions.visible_documents(person_asking(request)).order_by("-updated_at", "pk")
    page = Paginator(visible, PER_PAGE).get_page(request.GET.get("page"))
    roles = permissions.roles_among(person_asking(request), list(page.object_list))
    # Whose role was taken a moment ago has no row.
    me = person_asking(request)
    rows = [_row(document, roles[document.id], me) for document in page.object_list if document.id in roles]
    may_create = person_asking(request).scope.may_create
    return render(request, "documents/list.html", {"page": page, "rows": rows, "may_create": may_create})


def _row(document: Document, role: str, me: User) -> Row:
    mine = document.owner_id == me.id
    return Row(
        document=document,
        title=titled(document),
        standing="Owned by you" if mine else f"Shared by {document.owner.shown_name}, {MAY[Role(role)].lower()}",
        locked=document.locked,
        edited=ago(document.updated_at),
        can_rename=permissions.may(role, "edit"),
        can_delete=permissions.may(role, "manage"),
    )


def _back_to_list(request: HttpRequest) -> HttpResponse:
    page = request.POST.get("page", "")
    later = page.isascii() and page.isdigit() and page != "1"
    return redirect(reverse("document-list") + (f"?page={page[:9]}" if later else ""))


def _deleted(document: Document) -> SafeString:
    """With a button that takes it back; the form that it belongs to stands beside the messages."""
    undo = reverse("document-bring-back", args=[document.id])
    button = '<button class="button" form="undo" formaction="{}">Undo</button>'
    return format_html("“{}” is in the trash. " + button, titled(document), undo)


@private_page("POST")
def create(request: HttpRequest) -> HttpResponse:
    with refusals_told(request):
        throttles.check_user(person_asking(request), throttles.CREATIONS_BY_USER)
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
        trash.delete_document(document, actor=person_asking(request))
        messages.success(request, _deleted(document))
    return _back_to_list(request)
