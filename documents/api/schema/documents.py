"""Whole documents, and who works on them."""

from typing import Any

from drf_spectacular.utils import OpenApiResponse

from accounts.schema import answer, operation
from documents.api.schema import examples, shapes
from documents.api.schema.words import (
    DOCUMENT,
    IDEMPOTENCY_KEY,
    IF_MATCH,
    IF_NONE_MATCH,
    LOCATION,
    PAGES,
    PREFER,
    USER_ID,
    described,
    etag,
    query,
)
from documents.api.serializers import DocumentSerializer

MERGED = (
    "The change from the base to `content` is one operation. It is **merged** with what was committed since, and open "
    "editors see it at once. The base is `version`, or `If-Match`. Without a base it is the head on arrival, which "
    "may overwrite text that you never saw: so send one. `Prefer: handling=strict` refuses a stale base."
)


ORDERINGS = (
    "`title`, `created_at`, `updated_at` or `version`, with `-` before it for the greatest first; several by commas."
)
WORDS = {"type": "string", "maxLength": 200}
CHANGE: dict[str, Any] = {
    "parameters": [IF_MATCH, PREFER, IDEMPOTENCY_KEY, etag(200)],
    "answers": {200: DOCUMENT},
    "refuses": [409, 412, 422],
    "tags": ["documents"],
}

DOCUMENTS = described(
    list=operation(
        "list_documents",
        "List my documents",
        "Those that you own and those that are shared with you, without their text.",
        parameters=[
            *PAGES,
            query("search", "Words, all of which stand in the title or the text, in any case.", WORDS),
            query("ordering", ORDERINGS, str),
        ],
        answers={200: answer(shapes.DocumentPage, examples.page(examples.SUMMARY), "A page of documents.")},
        tags=["documents"],
    ),
    create=operation(
        "create_document",
        "Make a document",
        "A new document of yours. Its text, if any, is operation 1. CRLF and CR become LF.",
        takes={"With a text": {"title": "A story", "content": examples.BEFORE}, "Empty": {}},
        parameters=[IDEMPOTENCY_KEY, LOCATION, etag(201)],
        answers={201: answer(DocumentSerializer, examples.FIRST_DOCUMENT, "The new document.")},
        refuses=[422],
        tags=["documents"],
    ),
    retrieve=operation(
        "read_document",
        "Read a document",
        "Its text at the head, and `version`, the version of that text.",
        parameters=[IF_NONE_MATCH, etag(200, 304)],
        answers={200: DOCUMENT, 304: OpenApiResponse(None, "What you have is still right.")},
        tags=["documents"],
    ),
    update=operation(
        "replace_document",
        "Write the whole text",
        MERGED,
        takes={"From version 1": {"content": examples.AFTER, "version": 1}},
        **CHANGE,
    ),
    partial_update=operation(
        "change_document",
        "Change the title, or the text",
        f"What is left out stays as it is. {MERGED}",
        takes={"Another title": {"title": "The story"}, "From version 1": {"content": examples.AFTER, "version": 1}},
        **CHANGE,
    ),
    destroy=operation(
        "delete_document",
        "Delete a document",
        "For its owner. Later reads answer 404, open editors close.",
        answers={204: OpenApiResponse(None, "It is deleted.")},
        tags=["documents"],
    ),
)

PEOPLE = described(
    collaborators=operation(
        "list_collaborators",
        "Who works on it",
        "Everybody with a role, the owner first.",
        answers={200: answer(shapes.CollaboratorSerializer(many=True), examples.PERSON, "All of them.")},
        tags=["sharing"],
    ),
    add_collaborator=operation(
        "add_collaborator",
        "Share it with somebody",
        "By `username` or by `email`, one of them. Who has a role already gets this one; a new owner makes the old "
        "one an editor.",
        takes={
            "By name": {"username": "bob", "role": "editor"},
            "By e-mail": {"email": "bob@example.org", "role": "viewer"},
        },
        answers={201: answer(shapes.CollaboratorSerializer, examples.PERSON, "Who may do what now.")},
        tags=["sharing"],
    ),
    collaborator=operation(
        "change_collaborator",
        "Change a role",
        "There is exactly one owner: a new one makes the old one an editor.",
        parameters=[USER_ID],
        takes={"An editor": {"role": "editor"}},
        answers={200: answer(shapes.CollaboratorSerializer, examples.PERSON, "Who may do what now.")},
        tags=["sharing"],
    ),
    remove_collaborator=operation(
        "remove_collaborator",
        "Take a role away",
        "The owner's work; and anybody may leave by removing themselves.",
        parameters=[USER_ID],
        answers={204: OpenApiResponse(None, "They have no role in it now.")},
        tags=["sharing"],
    ),
)
