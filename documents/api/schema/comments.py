"""What is said of a text."""

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse

from accounts.schema import answer, operation
from documents.api import comment_serializers
from documents.api.schema import examples
from documents.api.schema.words import IDEMPOTENCY_KEY, PATH, described, query

COMMENT_ID = OpenApiParameter("comment_id", OpenApiTypes.UUID, PATH, description="Which comment.")
EXAMPLE = {
    "id": "c3a5e1d2-7f4b-4d0e-9b8a-2e6f1c0d5a34",
    "author": examples.BOB,
    "body": "Which cat?",
    "range": [10, 13],
    "version": 2,
    "quote": "cat",
    "resolved": False,
    "parent": None,
    "created_at": examples.NOON,
    "changed_at": examples.NOON,
    "deleted": False,
}
ANSWER = {"body": "The neighbours'.", "parent": EXAMPLE["id"]}

COMMENTS = described(
    comments=operation(
        "list_comments",
        "What is said of it",
        "The oldest thread first: its first comment, and then what was answered. Each `range` is in the text at "
        "`version`, which is the head: it has moved with the text. Where all of that text is gone, it is an empty "
        "range at the place. A deleted comment that was answered is an empty place.",
        parameters=[query("resolved", "Only threads that are resolved, or that are not.", bool)],
        answers={200: answer(comment_serializers.Comment(many=True), EXAMPLE, "All of them.")},
        tags=["comments"],
    ),
    add_comment=operation(
        "add_comment",
        "Comment, or answer",
        "The `range` is in the text at `version`; without that, at the head on arrival, which you may never have seen: "
        "so send it. An answer has a `parent`, the first comment of its thread, and stands where that does.",
        takes={"Of a range": {"body": "Which cat?", "range": [4, 7], "version": 1}, "In answer": ANSWER},
        parameters=[IDEMPOTENCY_KEY],
        answers={201: answer(comment_serializers.Comment, EXAMPLE, "The comment, where it stands now.")},
        refuses=[409, 422],
        tags=["comments"],
    ),
    comment=operation(
        "change_comment",
        "Change, resolve or reopen",
        "What it says, its author changes; a thread is resolved and reopened, at its first comment, by anybody who may "
        "comment.",
        parameters=[COMMENT_ID],
        takes={"Resolved": {"resolved": True}, "Other words": {"body": "Whose cat?"}},
        answers={200: answer(comment_serializers.Comment, EXAMPLE, "The comment as it is now.")},
        tags=["comments"],
    ),
    delete_comment=operation(
        "delete_comment",
        "Delete a comment",
        "One's own; or anybody's, for who owns the document. Answers to it stay.",
        parameters=[COMMENT_ID],
        answers={204: OpenApiResponse(None, "It is deleted.")},
        tags=["comments"],
    ),
)
