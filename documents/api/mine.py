"""All that is kept of a person, over HTTP."""

from typing import Any, cast

from django.utils import timezone
from rest_framework.permissions import IsAuthenticated
from rest_framework.request import Request
from rest_framework.views import APIView

from accounts.models import User
from accounts.permissions import WholeAccount
from accounts.user_throttles import ReadThrottle, WorkThrottle
from documents import export
from documents.api import schema
from documents.api.downloads import Download
from documents.files import outgoing


class ExportMeView(APIView):
    """One zip, written while it is sent."""

    permission_classes = (IsAuthenticated, WholeAccount)
    throttle_classes = (ReadThrottle, WorkThrottle)

    def perform_content_negotiation(self, request: Request, force: bool = False) -> Any:
        """Whatever is asked for: it is a zip."""
        return super().perform_content_negotiation(request, force=True)

    @schema.EXPORT_ME
    def get(self, request: Request) -> Download:
        user = cast(User, request.user)
        chunks = outgoing.zip_chunks(export.texts(user), export.papers(user))
        return Download(request, chunks, name=f"my-data-{timezone.now():%Y-%m-%d}.zip")
