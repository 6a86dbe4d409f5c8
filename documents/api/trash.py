"""The trash over HTTP: what its owner deleted, to bring back or to forget for good."""

from uuid import UUID

from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from documents import permissions, trash
from documents.api import schema, serializers
from documents.api.base import DocumentActions
from documents.errors import NotFound
from documents.models import Document, Role


@schema.TRASH
class TrashViewSet(DocumentActions):
    """See, bring back and purge one's own deleted documents."""

    def list(self, request: Request) -> Response:
        page = self.paginate_queryset(permissions.deleted_documents(self.user).order_by("-deleted_at", "pk")) or []
        for document in page:
            document.role = Role.OWNER
        return self.get_paginated_response(serializers.DeletedDocumentSerializer(page, many=True).data)

    def destroy(self, request: Request, doc_id: str) -> Response:
        trash.purge(self.deleted(doc_id))
        return Response(status=204)

    @action(detail=True, methods=["post"])
    def restore(self, request: Request, doc_id: str) -> Response:
        """Bring it back, with everybody's roles."""
        trash.bring_back(self.deleted(doc_id), actor=self.user)
        return Response(self.shown(self.document(doc_id)))

    def deleted(self, doc_id: str) -> Document:
        try:
            return trash.find_deleted(self.user, UUID(doc_id))
        except ValueError:  # no UUID
            raise NotFound from None
