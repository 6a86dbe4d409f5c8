"""What every operation of the API may refuse, told in one place: RFC 9457 problems with stable codes.

`with_problems` is a POSTPROCESSING_HOOK of drf-spectacular.
"""

from collections.abc import Iterator
from functools import cache
from typing import Any

from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.renderers import (
    OpenApiJsonRenderer,
    OpenApiJsonRenderer2,
    OpenApiYamlRenderer,
    OpenApiYamlRenderer2,
)
from drf_spectacular.views import SpectacularAPIView, SpectacularSwaggerSplitView
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.errors import Problem
from collabdocs.problems import CONTENT_TYPE, problem_body
from collabdocs.renderers import JSONRenderer

BAD_INPUT = "Your request can't be taken as it is: `errors` names the members at fault, where there are any."
WRITES = ("post", "put", "patch", "delete")
SECONDS = {"schema": {"type": "integer", "minimum": 1}, "description": "Seconds until it is worth trying again."}

# status → what it means, and an example of each code
PROBLEMS: dict[int, tuple[str, dict[str, str]]] = {
    400: (
        BAD_INPUT,
        {
            "invalid_request": "title: Ensure this field has no more than 200 characters.",
            "parse_error": "This is no JSON: unexpected character: line 1 column 1 (char 0)",
            "invalid_message": "seq counts from 1.",
            "invalid_operation": "The operation is longer than the text.",
            "no_such_user": "There is no such person here.",
            "unreadable_file": "This file can't be read as a text.",
        },
    ),
    401: (
        "You have to say who you are.",
        {
            "not_authenticated": "Authentication credentials were not provided.",
            "invalid_token": "The token is invalid, expired or revoked.",
        },
    ),
    403: (
        "You may see it, but not do this.",
        {
            "forbidden": "You may not do this with this document.",
            "sign_up_closed": "This installation takes no new people by itself.",
        },
    ),
    404: (
        "There is no such thing, or none that you may know of: the answer is the same.",
        {"not_found": "There is no such document.", "no_such_link": "This link does not work (any more)."},
    ),
    405: (
        "There is nothing to do like this; `Allow` says what is.",
        {"method_not_allowed": 'Method "PUT" not allowed.'},
    ),
    406: (
        "There is no answer of the kind that `Accept` asks for.",
        {"not_acceptable": "Could not satisfy the request Accept header."},
    ),
    408: ("The request came too slowly.", {"too_slow": "The request came too slowly."}),
    409: (
        "It does not fit what is there.",
        {
            "version_unknown": "There is no version 12 yet.",
            "version_too_old": "Catch up first, then send the same again from a fresh base.",
            "seq_reused": "Something else was committed under this client_id and seq.",
            "out_of_order": "The base lies below your own last committed version.",
            "too_many": "There are too many of these already.",
        },
    ),
    412: (
        "You asked to be strict, and somebody was faster; `version` is the current one.",
        {"stale": "The document has changed since that version."},
    ),
    413: (
        "It is too large.",
        {
            "too_large": "The request is too large.",
            "document_too_large": "A text has at most 1000000 code points.",
            "operation_too_large": "An operation inserts at most 250000 code points.",
            "too_many_files": "These are too many files for one import.",
        },
    ),
    415: ("Send JSON.", {"unsupported_media_type": 'Unsupported media type "text/plain" in request.'}),
    422: (
        "The Idempotency-Key was used with another request.",
        {"idempotency_key_reused": "This Idempotency-Key was used with another request."},
    ),
    429: ("Too often.", {"rate_limited": "Too many attempts. Try again a little later."}),
    500: (
        "Something is wrong on our side: with this document, or with the server.",
        {"document_damaged": "This document is damaged.", "server_error": "Something went wrong on our side."},
    ),
    503: (
        "Something that we depend on is away. The same request again is safe if it is a read, or has an "
        "`Idempotency-Key` or the same `client_id` and `seq`.",
        {"unavailable": "The document can't be written just now. Try again."},
    ),
}
MORE: dict[str, dict[str, Any]] = {  # code → members of its example beyond the common ones
    "invalid_request": {
        "errors": [
            {"attr": "title", "code": "max_length", "detail": "Ensure this field has no more than 200 characters."}
        ]
    },
    "stale": {"version": 14},
}
HEADERS = {
    401: {"WWW-Authenticate": {"schema": {"type": "string"}, "description": "`Bearer`, and what is wrong."}},
    405: {"Allow": {"schema": {"type": "string"}, "description": "The methods that there are."}},
    429: {"Retry-After": SECONDS},
    503: {"Retry-After": SECONDS},
}
MEMBERS: dict[str, Any] = {
    "type": {"type": "string", "format": "uri", "description": "`about:blank`: `code` says it all."},
    "title": {"type": "string", "description": "The status in words."},
    "status": {"type": "integer", "minimum": 400, "maximum": 599},
    "detail": {"type": "string", "description": "For people; the words may change."},
    "code": {"type": "string", "description": "For programs; stable, and shared with the socket."},
    "errors": {"type": "array", "items": {"$ref": "#/components/schemas/ProblemError"}},
    "version": {"type": "integer", "description": "With `stale`: the document's current version."},
    "skipped": {
        "type": "array",
        "items": {"$ref": "#/components/schemas/SkippedFile"},
        "description": "With an import of which nothing came: what each file was refused for.",
    },
}
ERROR_MEMBERS: dict[str, Any] = {
    "attr": {"type": "string", "nullable": True, "description": "The member, as `items.0.name`; null: the whole."},
    "code": {"type": "string"},
    "detail": {"type": "string"},
}


def _object(description: str, members: dict[str, Any], required: list[str]) -> dict[str, Any]:
    return {"type": "object", "description": description, "properties": members, "required": required}


def _response(status: int) -> dict[str, Any]:
    description, details = PROBLEMS[status]
    examples = {
        code: {"value": problem_body(Problem(detail, code=code, status=status, **MORE.get(code, {})))}
        for code, detail in details.items()
    }
    media = {"schema": {"$ref": "#/components/schemas/Problem"}, "examples": examples}
    return {"description": description, "headers": HEADERS.get(status, {}), "content": {CONTENT_TYPE: media}}


def with_problems(result: dict[str, Any], **_: Any) -> dict[str, Any]:
    """Give each operation the problems that it may answer; one that was declared without a body is a problem too."""
    for path, operations in result["paths"].items():
        for method, operation in operations.items():
            responses = operation["responses"]
            for status in _expected(path, method, operation):
                responses.setdefault(str(status), {})
            for status, response in responses.items():
                if int(status) >= 400 and "content" not in response:
                    responses[status] = {"$ref": f"#/components/responses/Problem{status}"}
            operation["responses"] = dict(sorted(responses.items()))
    _add_components(result["components"])
    return result


def _add_components(components: dict[str, Any]) -> None:
    components["schemas"] |= {
        "Problem": _object("Why a request was refused (RFC 9457).", MEMBERS, [*MEMBERS][:5]),
        "ProblemError": _object("What is wrong with one member.", ERROR_MEMBERS, [*ERROR_MEMBERS]),
    }
    components["responses"] = {f"Problem{status}": _response(status) for status in PROBLEMS}


def _expected(path: str, method: str, operation: dict[str, Any]) -> Iterator[int]:
    yield from (400, 503)
    if any("application/json" in response.get("content", {}) for response in operation["responses"].values()):
        yield 406
    authenticates = {} not in operation.get("security", [{}])
    if authenticates:
        yield 401
    if "{" in path:
        yield 404
    if "{doc_id}" in path:
        yield 500
    if method in WRITES or authenticates:
        yield 429
    if method in WRITES and authenticates:
        yield 403
    if "requestBody" in operation:
        yield from (408, 413, 415)


# --- Where it is read -----------------------------------------------------------------------------------------


class Generator(SchemaGenerator):
    """Makes the schema once: it is the same for everybody, and takes long to make."""

    def get_schema(self, request: Any = None, public: bool = False) -> Any:
        return _made_once()


@cache
def _made_once() -> Any:
    return SchemaGenerator().get_schema(request=None, public=True)  # type: ignore[no-untyped-call]


class ProblemsAsJSON(APIView):
    """Refuses in JSON, whatever it else answers in."""

    def handle_exception(self, exc: Exception) -> Response:
        self.request.accepted_renderer, self.request.accepted_media_type = JSONRenderer(), JSONRenderer.media_type
        return super().handle_exception(exc)


class SchemaView(ProblemsAsJSON, SpectacularAPIView):
    """JSON, or YAML for who asks for it by `Accept`."""

    generator_class = Generator
    renderer_classes = [OpenApiJsonRenderer2, OpenApiJsonRenderer, OpenApiYamlRenderer2, OpenApiYamlRenderer]


class DocsView(ProblemsAsJSON, SpectacularSwaggerSplitView):
    """Swagger UI, without an inline script."""

    template_name = "swagger_ui.html"
