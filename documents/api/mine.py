"""All that is kept of a person, over HTTP."""

from typing import Any, cast

from django.http import StreamingHttpResponse
from django.utils import timezone
from rest_framework.permissions import IsAuthenticated
from rest_framework.request import Request
from rest_framework.views import APIView

from accounts.models import User
from accounts.permissions import WholeAccount
from accounts.user_throttles import ReadThrottle, WorkThrottle
from documents import export, permissions
from documents.api import schema
from documents.api.files import as_attachment, in_this_thread, readable
from documents.files import outgoing


class ExportMeView(APIView):
    """One zip, written while it is sent."""

    permission_classes = (IsAuthenticated, WholeAccount)
    throttle_classes = (ReadThrottle, WorkThrottle)

    def perform_content_negotiation(self, request: Request, force: bool = False) -> Any:
        """Whatever is asked for: it is a zip."""
        return super().perform_content_negotiation(request, force=True)

    @schema.EXPORT_ME
    def get(self, request: Request) -> StreamingHttpResponse:
        user = cast(User, request.user)
        found = permissions.visible_documents(user).order_by("created_at", "pk")
        ids = list(found.values_list("pk", flat=True))
        chunks = in_this_thread(outgoing.zip_chunks(readable(user, ids), export.papers(user, ids)))
        headers = as_attachment(f"my-data-{timezone.now():%Y-%m-%d}.zip")
        return StreamingHttpResponse(chunks, content_type="application/zip", headers=headers)
