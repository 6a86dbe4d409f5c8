"""What an operation is, and following a document."""

from typing import Any

from drf_spectacular.extensions import OpenApiViewExtension
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiExample, OpenApiParameter, OpenApiResponse

from accounts.schema import operation
from documents.api.schema import examples
from documents.api.schema.words import HEADER, PATH, VERSION_BOUNDS, query

OPERATION = {
    "type": "array",
    "items": {"oneOf": [{"type": "integer"}, {"type": "string"}]},
    "description": "Components, walked from the text's start: an integer n > 0 keeps n code points, a string is "
    "inserted, an integer n < 0 deletes -n; what is left of the text is kept. Canonical form, which the server makes "
    "of what it takes: no empty component, no two neighbours of one kind, an insert before a delete at the same "
    "place, no retain at the end. A string holds no CR and no NUL.",
    "example": examples.OPERATION,
}


def with_operation(result: dict[str, Any], **_: Any) -> dict[str, Any]:
    """For POSTPROCESSING_HOOKS: what an operation is, told once."""
    result["components"]["schemas"]["Operation"] = OPERATION
    return result


EVENTS = operation(
    "follow_document",
    "Follow a document live",
    "Server-sent events, the same as the socket's messages: `joined`, then `operations`, `document`, `role`, … and "
    "`end`. The `id` of an event is a version: who comes back with it as `Last-Event-ID` misses nothing.",
    parameters=[
        OpenApiParameter("doc_id", OpenApiTypes.UUID, PATH),
        OpenApiParameter("Last-Event-ID", VERSION_BOUNDS, HEADER, description="The version that you have."),
        query("last_event_id", "The same, for those who can set no header.", VERSION_BOUNDS),
        query("since", "The same.", VERSION_BOUNDS),
    ],
    answers={
        (200, "text/event-stream"): OpenApiResponse(
            OpenApiTypes.STR, "A stream without an end.", [OpenApiExample("Events", value=examples.EVENTS)]
        )
    },
    refuses=[409],
    tags=["operations"],
)


class EventsView(OpenApiViewExtension):  # type: ignore[no-untyped-call]
    """The stream belongs to the rooms, and they know nothing of a schema."""

    target_class = "realtime.events.DocumentEvents"

    def view_replacement(self) -> Any:
        class DocumentEvents(self.target):  # type: ignore[misc, name-defined]
            @EVENTS
            def get(self) -> None: ...

        return DocumentEvents
