"""What every view of documents stands on."""

from typing import Any, ClassVar
from uuid import UUID

from django.urls import reverse
from rest_framework.exceptions import ValidationError
from rest_framework.serializers import Serializer
from rest_framework.viewsets import GenericViewSet

from accounts.models import User
from documents import history, permissions
from documents.api import serializers
from documents.errors import NotFound
from documents.models import Document
from documents.permissions import Verb


class DocumentActions(GenericViewSet):
    """Finds the document for the caller, checks what came, shows what is."""

    queryset = Document.objects.none()  # for the schema and the forms, which want to know the model
    lookup_url_kwarg = "doc_id"
    takes: ClassVar[dict[str, type[Serializer]]] = {}  # the shape of the body, by action

    @property
    def user(self) -> User:
        user = self.request.user
        assert isinstance(user, User)  # IsAuthenticated stands before
        return user

    def document(self, doc_id: str, may: Verb = "view") -> Document:
        try:
            return permissions.get_document(self.user, UUID(doc_id), may=may)
        except ValueError:  # no UUID
            raise NotFound from None

    def shown(self, document: Document) -> dict[str, Any]:
        """The document as the caller sees it, with the text at the head and that text's version and time."""
        history.load_text(document)
        return dict(serializers.DocumentSerializer(document).data)

    def get_serializer_class(self) -> type[Serializer]:
        """The shape of what the action takes: forms and the schema show it."""
        return self.takes.get(self.action or "", Serializer)

    def get_extra_action_url_map(self) -> dict[str, str]:
        """Where else one may look in this document, for the browsable API."""
        if "doc_id" not in self.kwargs:
            return {}
        home = reverse("document-api-detail", args=[self.kwargs["doc_id"]])
        actions: list[Any] = [
            action for kind in DocumentActions.__subclasses__() for action in kind.get_extra_actions()
        ]
        paths = sorted({action.url_path for action in actions if action.detail and "(" not in action.url_path})
        return {path: f"{home}/{path}" for path in paths}

    def checked(self, kind: type[Serializer]) -> dict[str, Any]:
        serializer = kind(data=self.request.data)
        serializer.is_valid(raise_exception=True)
        return dict(serializer.validated_data)

    def whole(self, name: str, default: int | None) -> int:
        """A whole number from the query; without a default it must be there."""
        given = self.request.query_params.get(name)
        if given is None and default is not None:
            return default
        if given is None or not (given.isascii() and given.isdigit() and len(given) < 16):
            raise ValidationError({name: "must be a whole number"})
        return int(given)
