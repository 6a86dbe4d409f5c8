"""How the API of documents describes itself: one decorator for each viewset."""

from typing import Any

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, PolymorphicProxySerializer, extend_schema_view

from accounts.schema import answer, operation
from documents.api import examples, shapes
from documents.api.serializers import BIGGEST_SEQ, DocumentSerializer

WHOLE = {"type": "integer", "minimum": 0, "maximum": BIGGEST_SEQ}
MAX_LIMIT = 200
HEADER, PATH = OpenApiParameter.HEADER, OpenApiParameter.PATH

# --- What requests say ----------------------------------------------------------------------------------------


def query(name: str, description: str, kind: Any = WHOLE, *, required: bool = False) -> OpenApiParameter:
    return OpenApiParameter(name, kind, required=required, description=description)


LIMIT_BOUNDS = {"type": "integer", "minimum": 1, "maximum": MAX_LIMIT}
PAGES = [
    query("skip", "How many to leave out.", WHOLE | {"default": 0}),
    query("limit", "How many to answer at most.", LIMIT_BOUNDS | {"default": 20}),
]
VERSION = OpenApiParameter("version", WHOLE | {"maximum": 10**15 - 1}, PATH, description="0 is the empty text.")
USER_ID = OpenApiParameter("user_id", OpenApiTypes.UUID, PATH, description="Whose role it is.")
IF_NONE_MATCH = OpenApiParameter(
    "If-None-Match", str, HEADER, description="The ETag of what you have: 304 if there is nothing newer."
)
IF_MATCH = OpenApiParameter(
    "If-Match",
    {"type": "string", "pattern": r'^(\*|"\d{1,16}(-[0-9a-f]+)?")$'},
    HEADER,
    description='The base, as the ETag you read, or `"<version>"`; instead of `version` in the body.',
)
PREFER = OpenApiParameter(
    "Prefer",
    str,
    HEADER,
    description="`handling=strict`: refuse (412) when the base is stale, instead of merging.",
)
IDEMPOTENCY_KEY = OpenApiParameter(
    "Idempotency-Key",
    {"type": "string", "minLength": 1, "maxLength": 255},
    HEADER,
    description="A name for this request: given again with the same body, it is answered again without a second "
    "effect; with another body it is refused (422).",
)

# --- What answers say -----------------------------------------------------------------------------------------


def etag(*statuses: int) -> OpenApiParameter:
    words = '`"<version>-<opaque>"`: changes with anything that the answer shows.'
    return OpenApiParameter("ETag", str, HEADER, description=words, response=list(statuses))


LOCATION = OpenApiParameter("Location", str, HEADER, description="Its address.", response=[201])
DOCUMENT = answer(DocumentSerializer, examples.DOCUMENT, "The document as it is now.")
MERGED = (
    "The change from the base to `content` is one operation. It is **merged** with what was committed since, and open "
    "editors see it at once. The base is `version`, or `If-Match`. Without a base it is the head on arrival, which "
    "may overwrite text that you never saw: so send one. `Prefer: handling=strict` refuses a stale base."
)

# --- The operations -------------------------------------------------------------------------------------------

ORDERINGS = "`title`, `created_at`, `updated_at` or `version`, with `-` before it for the greatest first; several by commas."
WORDS = {"type": "string", "maxLength": 200}
CHANGE: dict[str, Any] = {
    "parameters": [IF_MATCH, PREFER, IDEMPOTENCY_KEY, etag(200)],
    "answers": {200: DOCUMENT},
    "refuses": [409, 412, 422],
    "tags": ["documents"],
}

DOCUMENTS = extend_schema_view(
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

HISTORY = extend_schema_view(
    history=operation(
        "list_history",
        "Committed operations",
        "Newest first, with the names of their authors.",
        parameters=PAGES,
        answers={200: answer(shapes.HistoryPage, examples.page(examples.HISTORY_ENTRY), "A page of operations.")},
        tags=["history"],
    ),
    revisions=operation(
        "list_revisions",
        "The history, folded for people",
        "Runs of one author without a long pause, newest first.",
        parameters=PAGES,
        answers={200: answer(shapes.RevisionPage, examples.page(examples.REVISION), "A page of revisions.")},
        tags=["history"],
    ),
    operations=operation(
        "read_operations",
        "Operations since a version",
        "Oldest first and without holes: what a client needs to follow a document by asking.",
        parameters=[
            query("since", "The version that you have.", WHOLE | {"maximum": 10**15 - 1, "default": 0}),
            query("limit", "How many to answer at most.", LIMIT_BOUNDS | {"default": MAX_LIMIT}),
        ],
        answers={
            200: answer(
                shapes.Entries, {"version": 2, "operations": [examples.ENTRY]}, "The entries after `since`, and the head."
            )
        },
        tags=["operations"],
    ),
    submit=operation(
        "submit_operation",
        "Submit an operation",
        "As the socket does. `client_id` is a UUID that you chose for one editing session, `seq` counts its "
        "submissions from 1. The operation is rebased over what was committed since `base_version`. The same "
        "submission given again is answered with what it became the first time.",
        takes={"Six letters after the fourth": examples.SUBMISSION},
        answers={200: answer(shapes.Committed, examples.COMMITTED, "As it was committed.")},
        refuses=[409],
        tags=["operations"],
    ),
    versions=operation(
        "list_versions",
        "Named versions, or the version at a time",
        "The versions that have a name, newest first. With `at`, the one version that stood at that time.",
        parameters=[
            *PAGES,
            query("at", "A time by ISO 8601; UTC, if it names no zone.", OpenApiTypes.DATETIME),
        ],
        answers={
            200: answer(
                PolymorphicProxySerializer(
                    component_name="NamedVersionPageOrVersion",
                    serializers=[shapes.NamedVersionPage, shapes.Version],
                    resource_type_field_name=None,
                ),
                examples.page(examples.NAMED),
                "A page of named versions; with `at`, a version.",
            )
        },
        tags=["history"],
    ),
    version=operation(
        "read_version",
        "The text as it was",
        "The text at any version from 0 to the head.",
        parameters=[VERSION],
        answers={200: answer(shapes.Version, examples.VERSION, "The text at that version.")},
        tags=["history"],
    ),
    name_version=operation(
        "name_version",
        "Name a version",
        "Gives it a name, or another one. An empty name takes the name away.",
        parameters=[VERSION],
        takes={"A name": {"name": "First draft"}, "None": {"name": ""}},
        answers={
            200: answer(shapes.NamedVersion, examples.NAMED, "The version and its name."),
            204: OpenApiResponse(None, "It has no name now."),
        },
        tags=["history"],
    ),
    diff=operation(
        "diff_versions",
        "What changed between two versions",
        "From the text at `from` to the text at `to`, which is no earlier.",
        parameters=[
            query("from", "The earlier version.", WHOLE | {"maximum": 10**15 - 1}, required=True),
            query("to", "The later version; the head, if left out.", WHOLE | {"maximum": 10**15 - 1}),
        ],
        answers={200: answer(shapes.Diff, examples.DIFF, "The difference.")},
        tags=["history"],
    ),
    blame=operation(
        "blame_version",
        "Who wrote what",
        "The text at a version as runs of one author's code points, from its start to its end.",
        parameters=[query("version", "The head, if left out.", WHOLE | {"maximum": 10**15 - 1})],
        answers={200: answer(shapes.Blame, examples.BLAME, "The runs.")},
        tags=["history"],
    ),
    restore=operation(
        "restore_version",
        "Bring a version back",
        "Makes the text what it was, by one new operation: history never rewinds, and what people type meanwhile is "
        "kept.",
        takes={"The first version": {"version": 1}},
        parameters=[IDEMPOTENCY_KEY, etag(200)],
        answers={200: DOCUMENT},
        refuses=[409, 422],
        tags=["history"],
    ),
)

PEOPLE = extend_schema_view(
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
        takes={"By name": {"username": "bob", "role": "editor"}, "By e-mail": {"email": "bob@example.org", "role": "viewer"}},
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
