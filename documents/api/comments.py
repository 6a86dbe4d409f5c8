"""Comments over HTTP: listed, made, answered, changed, resolved and deleted."""

from uuid import UUID

from rest_framework.decorators import action
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response

from documents import comments, threads
from documents.api import comment_serializers, schema
from documents.api.base import DocumentActions
from documents.api.idempotency import once

RESOLVED = {None: None, "true": True, "false": False}


@schema.COMMENTS
class CommentsViewSet(DocumentActions):
    """See what is said of a text, and say something."""

    takes = {"add_comment": comment_serializers.AddComment, "comment": comment_serializers.ChangeComment}

    @action(detail=True, pagination_class=None)
    def comments(self, request: Request, doc_id: str) -> Response:
        """All of them, or those of threads that are resolved, or not."""
        wanted = request.query_params.get("resolved")
        if wanted not in RESOLVED:
            raise ValidationError({"resolved": "must be true or false"})
        return Response(threads.list_comments(self.document(doc_id), is_resolved=RESOLVED[wanted]))

    @comments.mapping.post
    def add_comment(self, request: Request, doc_id: str) -> Response:
        document = self.document(doc_id, may="comment")
        given = self.checked(comment_serializers.AddComment)

        def work(write_id: UUID | None) -> Response:
            return Response(comments.add(document, author=self.user, comment_id=write_id, **given), status=201)

        return once(request, work)

    @action(detail=True, url_path=r"comments/(?P<comment_id>[0-9a-fA-F-]{36})", methods=["patch"])
    def comment(self, request: Request, doc_id: str, comment_id: str) -> Response:
        """Change what it says, or resolve its thread, or open that again."""
        document = self.document(doc_id, may="comment")
        given = self.checked(comment_serializers.ChangeComment)
        return Response(comments.change(document, comment_id, actor=self.user, **given))

    @comment.mapping.delete
    def delete_comment(self, request: Request, doc_id: str, comment_id: str) -> Response:
        comments.delete(self.document(doc_id, may="comment"), comment_id, actor=self.user)
        return Response(status=204)
