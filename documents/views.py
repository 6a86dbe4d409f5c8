"""Documents over HTTP: thin shells over services, history and permissions."""

from typing import Any, cast
from uuid import UUID

from django.db.models import Q
from rest_framework.decorators import action
from rest_framework.exceptions import ValidationError
from rest_framework.filters import OrderingFilter
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.serializers import Serializer
from rest_framework.viewsets import GenericViewSet

from accounts.models import User
from documents import history, permissions, preconditions, serializers, services
from documents.errors import NotFound
from documents.idempotency import once
from documents.models import Document
from documents.ot.rebase import Entry, Submission, entry_fields
from documents.permissions import Verb


class LogPage:
    """What a paginator needs of a log to cut pages from it: its length, and a range of it."""

    def __init__(self, document: Document) -> None:
        self.document_id = document.id
        self.head = history.head(document.id)

    def count(self) -> int:
        return self.head

    def __getitem__(self, asked: slice) -> list[Entry]:
        return history.page(self.document_id, skip=asked.start, limit=asked.stop - asked.start, head=self.head)


class DocumentViewSet(GenericViewSet):
    """Create, read, change, share and delete documents; read their logs."""

    serializer_class = serializers.DocumentSerializer
    filter_backends = [OrderingFilter]
    ordering_fields = ["title", "created_at", "updated_at", "version"]
    ordering = ["-updated_at"]
    lookup_url_kwarg = "doc_id"

    # --- The documents ---

    def list(self, request: Request) -> Response:
        found = permissions.visible_documents(self.user)
        if words := request.query_params.get("search"):
            if "\0" in words:  # where SQLite's LIKE would end
                raise ValidationError({"search": "may not hold NUL"})
            found = found.filter(Q(title__icontains=words))
        found = self.filter_queryset(found)
        page = self.paginate_queryset(found.order_by(*found.query.order_by, "pk")) or []  # pages without overlap
        roles = permissions.roles_among(self.user, list(page))
        for document in page:
            document.role = roles[document.id]
        return self.get_paginated_response(serializers.DocumentListSerializer(page, many=True).data)

    def create(self, request: Request) -> Response:
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
        services.delete_document(self.document(doc_id, may="manage"), actor=self.user)
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

    # --- Their logs ---

    @action(detail=True)
    def history(self, request: Request, doc_id: str) -> Response:
        """Committed operations, newest first."""
        page = self.paginate_queryset(LogPage(self.document(doc_id)))  # type: ignore[arg-type]
        return self.get_paginated_response(serializers.history_json(cast(list[Entry], page)))

    @action(detail=True)
    def operations(self, request: Request, doc_id: str) -> Response:
        """Entries after `since`, oldest first, and the head."""
        document = self.document(doc_id)
        since, limit = self.whole("since", 0), self.whole("limit", 200)
        if not 1 <= limit <= 200:
            raise ValidationError({"limit": "must be from 1 to 200"})
        found = history.operations_since(document.id, since, limit)
        entries = [entry_fields(entry) | {"created_at": entry.created_at} for entry in found]
        return Response({"version": history.head(document.id), "operations": entries})

    @operations.mapping.post
    def submit(self, request: Request, doc_id: str) -> Response:
        """Commit a submission, as the socket does."""
        document = self.document(doc_id, may="edit")
        given = self.checked(serializers.SubmissionSerializer)
        entry = services.submit(document.id, Submission(author=self.user.id, **given))
        return Response({"version": entry.version, "operation": entry.operation})

    @action(detail=True, url_path=r"versions/(?P<version>\d{1,15})")
    def version(self, request: Request, doc_id: str, version: str) -> Response:
        """The text as it was at a version."""
        found = history.version_of(self.document(doc_id), int(version))
        author = serializers.public_users([found.author]).get(found.author) if found.author else None
        return Response(
            {"version": found.version, "content": found.content, "created_at": found.created_at, "author": author}
        )

    # --- Their people ---

    @action(detail=True)
    def collaborators(self, request: Request, doc_id: str) -> Response:
        """Everybody with a role."""
        people = permissions.collaborators(self.document(doc_id))
        return Response(serializers.CollaboratorSerializer(people, many=True).data)

    @collaborators.mapping.post
    def add_collaborator(self, request: Request, doc_id: str) -> Response:
        document = self.document(doc_id, may="manage")
        given = self.checked(serializers.AddCollaborator)
        user = permissions.find_person(given.get("username"), given.get("email"))
        return self.give_role(document, user, given["role"], status=201)

    @action(detail=True, url_path=r"collaborators/(?P<user_id>[0-9a-fA-F-]{36})", methods=["patch"])
    def collaborator(self, request: Request, doc_id: str, user_id: str) -> Response:
        """Change a role."""
        document = self.document(doc_id, may="manage")
        given = self.checked(serializers.ChangeRole)
        return self.give_role(document, permissions.collaborator(document, user_id), given["role"])

    @collaborator.mapping.delete
    def remove_collaborator(self, request: Request, doc_id: str, user_id: str) -> Response:
        """Remove somebody; anybody may remove themselves."""
        document = self.document(doc_id)
        if str(self.user.id) != user_id.lower():
            document = self.document(doc_id, may="manage")
        user = permissions.collaborator(document, user_id)
        services.remove_collaborator(document, user=user, actor=self.user)
        return Response(status=204)

    def give_role(self, document: Document, user: User, role: str, status: int = 200) -> Response:
        services.set_role(document, user=user, role=role, actor=self.user)
        person = permissions.Person(user, role)
        return Response(serializers.CollaboratorSerializer(person).data, status=status)

    # --- Common ---

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
        history.load_head(document)
        return dict(serializers.DocumentSerializer(document).data)

    def checked(self, kind: type[Serializer]) -> dict[str, Any]:
        serializer = kind(data=self.request.data)
        serializer.is_valid(raise_exception=True)
        return dict(serializer.validated_data)

    def whole(self, name: str, default: int) -> int:
        given = self.request.query_params.get(name, str(default))
        if not (given.isascii() and given.isdigit() and len(given) < 16):
            raise ValidationError({name: "must be a whole number"})
        return int(given)
