"""The trash: what one has deleted, to bring back or to forget for good."""

import math
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone

from documents import permissions, trash
from documents.models import Document
from documents.pages.common import person_asking, private_page, refusals_told, titled
from documents.pages.people import ago

PER_PAGE = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One document in its owner's trash."""

    document: Document
    title: str
    deleted: str
    left: str
    locked: bool


@private_page("GET", "HEAD")
def document_trash(request: HttpRequest) -> HttpResponse:
    deleted = permissions.deleted_documents(person_asking(request)).order_by("-deleted_at", "pk")
    page = Paginator(deleted, PER_PAGE).get_page(request.GET.get("page"))
    rows = [_row(document, document.deleted_at) for document in page.object_list if document.deleted_at]
    return render(request, "documents/trash.html", {"page": page, "rows": rows, "days": trash.KEPT.days})


def _row(document: Document, deleted_at: datetime) -> Row:
    left = "Locked by an administrator" if document.locked else f"Gone for good {_left(deleted_at)}"
    return Row(document=document, title=titled(document), deleted=ago(deleted_at), left=left, locked=document.locked)


def _left(deleted_at: datetime) -> str:
    days = math.ceil((deleted_at + trash.KEPT - timezone.now()) / timedelta(days=1))
    return "today" if days <= 0 else f"in {days} day{'s' * (days > 1)}"


@private_page("POST")
def bring_back(request: HttpRequest, document_id: UUID) -> HttpResponse:
    with refusals_told(request):
        document = trash.find_deleted(person_asking(request), document_id)
        trash.bring_back(document, actor=person_asking(request))
        messages.success(request, f"“{titled(document)}” is back, with everybody it was shared with.")
    return redirect("document-list")


@private_page("POST")
def purge(request: HttpRequest, document_id: UUID) -> HttpResponse:
    with refusals_told(request):
        document = trash.find_deleted(person_asking(request), document_id)
        trash.purge(document)
        messages.success(request, f"“{titled(document)}” is gone for good.")
    return redirect("document-trash")
