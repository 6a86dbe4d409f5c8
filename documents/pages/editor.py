"""The page of the editor."""

from dataclasses import dataclass
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from documents import history, permissions, services
from documents.pages.common import person_asking, private_page


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
        "locked": document.locked,
    }
    return render(request, "documents/editor.html", context)
