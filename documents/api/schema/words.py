"""The words that several descriptions use: bounds, headers, and the document as an answer."""

from collections.abc import Callable
from typing import Any, Final, TypeVar

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter

from accounts.schema import answer
from documents.api.schema import examples
from documents.api.serializers import BIGGEST_SEQ, DocumentSerializer

WHOLE = {"type": "integer", "minimum": 0, "maximum": BIGGEST_SEQ}
VERSION_BOUNDS = {**WHOLE, "maximum": 10**15 - 1}
MAX_LIMIT = 200
T = TypeVar("T")
HEADER: Final = "header"
PATH: Final = "path"


def described(**operations: Callable[[Any], Any]) -> Callable[[type[T]], type[T]]:
    """How each method of a view is described; unlike drf-spectacular's own, it finds those added by `mapping`."""

    def describe(view: type[T]) -> type[T]:
        for name, decorate in operations.items():
            decorate(vars(view)[name])
        return view

    return describe


# --- What requests say ----------------------------------------------------------------------------------------


def query(name: str, description: str, kind: Any = WHOLE, *, required: bool = False) -> OpenApiParameter:
    return OpenApiParameter(name, kind, required=required, description=description)


LIMIT_BOUNDS = {"type": "integer", "minimum": 1, "maximum": MAX_LIMIT}
PAGES = [
    query("skip", "How many to leave out.", WHOLE | {"default": 0}),
    query("limit", "How many to answer at most.", LIMIT_BOUNDS | {"default": 20}),
]
VERSION = OpenApiParameter("version", VERSION_BOUNDS, PATH, description="0 is the empty text.")
USER_ID = OpenApiParameter("user_id", OpenApiTypes.UUID, PATH, description="Whose role it is.")
IF_NONE_MATCH = OpenApiParameter(
    "If-None-Match", str, HEADER, description="The ETag of what you have: 304 if there is nothing newer."
)
IF_MATCH = OpenApiParameter(
    "If-Match",
    {"type": "string", "pattern": r'^(\*|"\d{1,16}(-[0-9a-f]+)?")$'},
    HEADER,
    description='The base, as the ETag you read, or `"<version>"`; instead of `version` in a body that has one.',
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


DOWNLOAD = OpenApiParameter("Content-Disposition", str, HEADER, description="The file's name.", response=[200])
LOCATION = OpenApiParameter("Location", str, HEADER, description="Its address.", response=[201])
DOCUMENT = answer(DocumentSerializer, examples.DOCUMENT, "The document as it is now.")
