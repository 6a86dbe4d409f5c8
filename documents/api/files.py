"""Documents as HTML and as files over HTTP."""

import hashlib
import uuid
from collections.abc import Mapping
from typing import Any
from uuid import UUID

from django.conf import settings
from django.http import HttpResponse
from django.utils import timezone
from rest_framework.decorators import action
from rest_framework.exceptions import ValidationError
from rest_framework.parsers import MultiPartParser
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.errors import Problem, TooLarge
from accounts.throttles import WriteThrottle
from accounts.user_throttles import ReadThrottle, WorkThrottle
from documents import export, history, permissions, services
from documents.api import preconditions, schema, serializers
from documents.api.base import DocumentActions
from documents.api.downloads import Download, as_attachment
from documents.api.idempotency import once
from documents.errors import Unreadable
from documents.files import incoming, outgoing
from documents.files.incoming import Source
from documents.models import Document

# Whatever gets through the cleaning, and is opened by its address, runs nothing and loads nothing.
HTML_POLICY = (
    "default-src 'none'; style-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; sandbox"
)
BYTES_A_CHARACTER = 4  # at most, in UTF-8 and in UTF-16


class FilesParser(MultiPartParser):
    """multipart/form-data of at most settings.MAX_BODY_BYTES."""

    def parse(self, stream: Any, media_type: str | None = None, parser_context: Mapping[str, Any] | None = None) -> Any:
        assert parser_context is not None
        if int(parser_context["request"].META.get("CONTENT_LENGTH") or 0) > settings.MAX_BODY_BYTES:
            raise TooLarge
        return super().parse(stream, media_type, dict(parser_context))


@schema.FILES
class FilesViewSet(DocumentActions):
    """Read a document as HTML, take it or all of them away as files, and bring files in."""

    takes = {"import_files": serializers.ImportFiles}

    def perform_content_negotiation(self, request: Request, force: bool = False) -> Any:
        """Whatever is asked for: these answers have the type that they have."""
        return super().perform_content_negotiation(request, force=True)

    @action(detail=True, throttle_classes=[ReadThrottle, WorkThrottle])
    def html(self, request: Request, doc_id: str) -> HttpResponse:
        """The text at a version, or at the head: Markdown rendered and sanitised, a piece of HTML."""
        document = self.document(doc_id)
        version = self.whole("version", document.head)
        body = history.html_of(document, version).encode()
        tag = f'"{version}-{hashlib.blake2b(body, digest_size=8).hexdigest()}"'
        headers = {"ETag": tag, "Content-Security-Policy": HTML_POLICY}
        if preconditions.not_modified(request, tag):
            return HttpResponse(status=304, headers=headers)
        return HttpResponse(body, content_type="text/html; charset=utf-8", headers=headers)

    @action(detail=True, throttle_classes=[ReadThrottle, WorkThrottle])
    def export(self, request: Request, doc_id: str) -> HttpResponse:
        """A download of the text at a version, or at the head: `format` is md, txt or html."""
        document = self.document(doc_id)
        extension = request.query_params.get("format", "md")
        if extension not in outgoing.MEDIA_TYPES:
            raise ValidationError({"format": f"must be one of {', '.join(outgoing.MEDIA_TYPES)}"})
        body = exported(document, self.whole("version", document.head), extension)
        name = outgoing.file_name(document.title, extension)
        content_type = f"{outgoing.MEDIA_TYPES[extension]}; charset=utf-8"
        return HttpResponse(body, content_type=content_type, headers=as_attachment(name))

    @action(detail=False, url_path="export", throttle_classes=[ReadThrottle, WorkThrottle])
    def export_all(self, request: Request) -> Download:
        """A zip of all documents that the caller may see, as Markdown."""
        found = permissions.visible_documents(self.user).order_by("created_at", "pk")
        documents = export.visible_texts(self.user, list(found.values_list("pk", flat=True)))
        return Download(request, outgoing.zip_chunks(documents), name=f"documents-{timezone.now():%Y-%m-%d}.zip")

    @action(
        detail=False,
        methods=["post"],
        url_path="import",
        parser_classes=[FilesParser],
        throttle_classes=[WriteThrottle, WorkThrottle],
    )
    def import_files(self, request: Request) -> Response:
        """A document of each text in the files of the field `file`, those in zips too."""
        uploads: list[Any] = request.FILES.getlist("file")
        if not uploads:
            raise ValidationError({"file": "must be one file or several, as multipart/form-data"})
        return once(request, lambda write_id: self.answered(*self.imported(uploads, write_id)))

    def answered(self, created: list[dict[str, Any]], refused: list[tuple[str, Problem]]) -> Response:
        skipped = [{"file": file, "code": problem.code, "detail": problem.detail} for file, problem in refused]
        if created:
            return Response({"created": created, "skipped": skipped}, status=201)
        first = refused[0][1] if refused else Unreadable("There is no text in there.")
        raise Problem(first.detail, code=first.code, status=first.status, skipped=skipped)

    def imported(
        self, uploads: list[Any], write_id: UUID | None
    ) -> tuple[list[dict[str, Any]], list[tuple[str, Problem]]]:
        """What was made of the files, and what was refused."""
        created, refused = [], []
        for number, source in enumerate(incoming.sources([(each.name, each) for each in uploads], limits())):
            document_id = None if write_id is None else uuid.uuid5(write_id, str(number))
            try:
                created.append(self.made(source, document_id))
            except Problem as problem:
                refused.append((source.file, problem))
        return created, refused

    def made(self, source: Source, document_id: UUID | None) -> dict[str, Any]:
        """The document of a text; the same one, if it is given the same id again."""
        content = source.text()
        document = services.create_document(
            owner=self.user, title=source.title, content=content, document_id=document_id
        )
        version = history.head(document.id)
        return {"doc_id": document.id, "title": document.title, "version": version, "file": source.file}


def exported(document: Document, version: int, extension: str) -> bytes:
    if extension == "html":
        return outgoing.page_bytes(document.title, history.html_of(document, version))
    return outgoing.text_bytes(history.text_of(document, version))


def limits() -> incoming.Limits:
    return incoming.Limits(
        files=settings.MAX_IMPORT_FILES,
        text_bytes=settings.MAX_TEXT_LENGTH * BYTES_A_CHARACTER,
        all_bytes=settings.MAX_INFLATED_BYTES,
        title=services.MAX_TITLE,
    )
