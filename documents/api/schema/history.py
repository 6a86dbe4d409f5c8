"""A document's log: operations, versions, who wrote what."""

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiResponse, PolymorphicProxySerializer

from accounts.schema import answer, operation
from documents.api.schema import examples, shapes
from documents.api.schema.words import (
    DOCUMENT,
    IDEMPOTENCY_KEY,
    IF_MATCH,
    LIMIT_BOUNDS,
    MAX_LIMIT,
    PAGES,
    PREFER,
    VERSION,
    VERSION_BOUNDS,
    described,
    etag,
    query,
)

HISTORY = described(
    history=operation(
        "list_history",
        "Committed operations",
        "Newest first, with the names of their authors.",
        parameters=PAGES,
        answers={200: answer(shapes.HistoryPage, examples.page(examples.HISTORY_ENTRY), "A page of operations.")},
        refuses=[413],
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
            query("since", "The version that you have.", VERSION_BOUNDS | {"default": 0}),
            query(
                "limit",
                "How many to answer at most; fewer come where they are large.",
                LIMIT_BOUNDS | {"default": MAX_LIMIT},
            ),
        ],
        answers={
            200: answer(
                shapes.Entries,
                {"version": 2, "operations": [examples.ENTRY]},
                "The entries after `since`, and the head.",
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
            query("from", "The earlier version.", VERSION_BOUNDS, required=True),
            query("to", "The later version; the head, if left out.", VERSION_BOUNDS),
        ],
        answers={200: answer(shapes.Diff, examples.DIFF, "The difference.")},
        tags=["history"],
    ),
    blame=operation(
        "blame_version",
        "Who wrote what",
        "The text at a version as runs of one author's code points, from its start to its end.",
        parameters=[query("version", "The head, if left out.", VERSION_BOUNDS)],
        answers={200: answer(shapes.Blame, examples.BLAME, "The runs.")},
        tags=["history"],
    ),
    restore=operation(
        "restore_version",
        "Bring a version back",
        "Makes the text what it was, by one new operation: history never rewinds, and what people type meanwhile is "
        "kept. Send the version that you saw by `If-Match`.",
        takes={"The first version": {"version": 1}},
        parameters=[IF_MATCH, PREFER, IDEMPOTENCY_KEY, etag(200)],
        answers={200: DOCUMENT},
        refuses=[409, 412, 422],
        tags=["history"],
    ),
)
