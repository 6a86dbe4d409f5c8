"""Documents over HTTP: thin shells over services, history and permissions."""

from typing import Any, cast
from uuid import UUID

from rest_framework.exceptions import ValidationError
from rest_framework.filters import OrderingFilter
from rest_framework.request import Request
from rest_framework.response import Response

from accounts import throttles
from documents import history, permissions, services, trash
from documents.api import preconditions, schema, serializers
from documents.api.base import DocumentActions
from documents.api.idempotency import once

MAX_SEARCH = 200


@schema.DOCUMENTS
class DocumentViewSet(DocumentActions):
    """Create, read, change and delete documents."""

    takes = {
        "create": serializers.CreateDocument,
        "update": serializers.PutDocument,
        "partial_update": serializers.PatchDocument,
    }
    filter_backends = [OrderingFilter]
    ordering_fields = ["title", "created_at", "updated_at", "version"]
    ordering = ["-updated_at"]

    def list(self, request: Request) -> Response:
        found = permissions.visible_documents(self.user)
        if words := request.query_params.get("search"):
            throttles.check_user(self.user, throttles.WORK_BY_USER)
            if "\0" in words or len(words) > MAX_SEARCH:  # SQLite's LIKE would end at a NUL
                raise ValidationError({"search": f"has at most {MAX_SEARCH} characters and no NUL"})
            found = history.search(found, words)
        found = self.filter_queryset(found)
        page = self.paginate_queryset(found.order_by(*found.query.order_by, "pk")) or []  # pages without overlap
        roles = permissions.roles_among(self.user, list(page))
        for document in page:
            document.role = roles[document.id]
        return self.get_paginated_response(serializers.DocumentListSerializer(page, many=True).data)

    def create(self, request: Request) -> Response:
        throttles.check_user(self.user, throttles.CREATIONS_BY_USER)
        given = self.checked(serializers.CreateDocument)

        def work(write_id: UUID | None) -> Response:
            document = services.create_document(owner=self.user, document_id=write_id, **given)
            return Response(self.shown(self.document(str(document.id))), status=201)

        answer = once(request, work)
        answer["Location"] = f"{request.path.rstrip('/')}/{answer.data['doc_id']}"
        answer["ETag"] = preconditions.etag(answer.data)
        return answer

    def retrieve(self, request: Request, doc_id: str) -> Response:
        shown = self.shown(self.document(doc_id))
        tag = preconditions.etag(shown)
        if preconditions.not_modified(request, tag):
            return Response(status=304, headers={"ETag": tag})
        return Response(shown, headers={"ETag": tag})

    def update(self, request: Request, doc_id: str) -> Response:
        return self.change(request, doc_id, self.checked(serializers.PutDocument))

    def partial_update(self, request: Request, doc_id: str) -> Response:
        return self.change(request, doc_id, self.checked(serializers.PatchDocument))

    def destroy(self, request: Request, doc_id: str) -> Response:
        trash.delete_document(self.document(doc_id, may="manage"), actor=self.user)
        return Response(status=204)

    def change(self, request: Request, doc_id: str, given: dict[str, Any]) -> Response:
        """PUT and PATCH: the text first, for it may be refused, then the title."""
        document = self.document(doc_id, may="edit")
        base = preconditions.base_version(request, given.get("version"))
        strict = base is not None and preconditions.is_strict(request)

        def work(write_id: UUID | None) -> Response:
            if "content" in given:
                services.replace_content(
                    document,
                    given["content"],
                    author=self.user,
                    base_version=base,
                    strict=strict,
                    client_id=write_id,
                )
            elif strict:
                services.require_head(document, cast(int, base))
            if "title" in given:
                services.rename_document(document, title=given["title"], actor=self.user)
            return Response(self.shown(self.document(doc_id)))

        answer = once(request, work)
        answer["ETag"] = preconditions.etag(answer.data)
        return answer
