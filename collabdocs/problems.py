"""Refusals as RFC 9457 answers: `{type, title, status, detail, code, errors?: [{attr, code, detail}]}`.

What our apps raise knows its own code and status (`accounts.errors.Problem`). The tables here name the rest:
what Django and DRF raise, and the codes that a pure core shares with the socket. A database that is away is
503 with Retry-After, so that nobody takes an outage for an answer.
"""

import sys
from collections.abc import Iterator, Mapping
from http import HTTPStatus
from typing import Any

import orjson
from django.core import exceptions as django
from django.db import (
    DatabaseError,
    DataError,
    IntegrityError,
    InterfaceError,
    NotSupportedError,
    ProgrammingError,
)
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.views import defaults
from django.views.csrf import csrf_failure as csrf_failure_page
from pymongo.errors import PyMongoError
from rest_framework import exceptions as drf
from rest_framework.fields import get_error_detail
from rest_framework.response import Response

from accounts.errors import Problem, TooLarge

CONTENT_TYPE = "application/problem+json"


class Unavailable(Problem):
    """Something we depend on is away; worth trying again after `retry_after` seconds."""

    status, code, detail = 503, "unavailable", "This can't be done just now. Try again."
    retry_after = 5


class Invalid(Problem):
    """Some members of the request are wrong; `errors` says which."""


class NotFound(Problem):
    status, code, detail = 404, "not_found", "There is nothing here."


class Forbidden(Problem):
    status, code, detail = 403, "forbidden", "You may not do this."


class ServerError(Problem):
    status, code, detail = 500, "server_error", "Something went wrong on our side."


CODE_OF: dict[type[drf.APIException], str] = {
    drf.AuthenticationFailed: "invalid_token",
    drf.PermissionDenied: "forbidden",
    drf.Throttled: "rate_limited",
}  # every other exception of DRF has the code we want
PROBLEM_OF: list[tuple[type[Exception], type[Problem]]] = [
    (Http404, NotFound),
    (django.PermissionDenied, Forbidden),
    (django.RequestDataTooBig, TooLarge),
    (django.SuspiciousOperation, Problem),
    (django.BadRequest, Problem),
]
STATUS_OF = {
    "invalid_message": 400,
    "invalid_operation": 400,
    "version_unknown": 409,
    "version_too_old": 409,
    "log_changed": 409,
    "seq_reused": 409,
    "out_of_order": 409,
    "forbidden": 403,
    "document_too_large": 413,
    "operation_too_large": 413,
    "rate_limited": 429,
}
OUTAGES = (DatabaseError, InterfaceError, PyMongoError)
BUGS = (IntegrityError, DataError, ProgrammingError, NotSupportedError)  # each a DatabaseError, but no outage


def exception_handler(error: Exception, context: Mapping[str, Any]) -> Response | None:
    """For DRF: the answer to an exception, None (Django's 500) for one that nobody foresaw."""
    problem = problem_of(error)
    if problem is None:
        return None
    return Response(problem_body(problem), status=problem.status, headers=_headers(problem), content_type=CONTENT_TYPE)


def problem_of(error: BaseException | None) -> Problem | None:
    """The problem that an exception stands for, None for a bug."""
    match error:
        case Problem():
            return error
        case drf.ValidationError():
            return _invalid(error.detail)
        case drf.APIException():
            return _from_drf(error)
        case django.ValidationError():
            return _invalid(get_error_detail(error))
    if isinstance(error, OUTAGES) and not isinstance(error, BUGS):
        return Unavailable()
    known = next((problem for kind, problem in PROBLEM_OF if isinstance(error, kind)), None)
    return _from_core(error) if known is None else known()


def problem_body(problem: Problem) -> dict[str, Any]:
    """The members of the answer."""
    title = HTTPStatus(problem.status).phrase
    body = {"type": "about:blank", "title": title, "status": problem.status, "detail": str(problem.detail)}
    return {**problem.extra, **body, "code": problem.code}


def problem_response(problem: Problem) -> HttpResponse:
    """The answer, where DRF has no hand in it."""
    content = orjson.dumps(problem_body(problem))
    return HttpResponse(content, status=problem.status, headers=_headers(problem), content_type=CONTENT_TYPE)


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponseBase:
    """Django's `handler400`."""
    return _for_api(request, problem_of(exception) or Problem()) or defaults.bad_request(request, exception)


def permission_denied(request: HttpRequest, exception: Exception) -> HttpResponseBase:
    """Django's `handler403`."""
    return _for_api(request, Forbidden()) or defaults.permission_denied(request, exception)


def not_found(request: HttpRequest, exception: Exception) -> HttpResponseBase:
    """Django's `handler404`."""
    return _for_api(request, NotFound()) or defaults.page_not_found(request, exception)


def nothing(request: HttpRequest, **address: str) -> HttpResponseBase:
    """A view of an address that a package has and we have no use for."""
    raise Http404


def server_error(request: HttpRequest) -> HttpResponseBase:
    """Django's `handler500`: a page of an outage is a 503 too."""
    problem = problem_of(sys.exc_info()[1])
    if isinstance(problem, Unavailable):
        return _for_api(request, problem) or HttpResponse(
            problem.detail, status=503, headers=_headers(problem), content_type="text/plain"
        )
    return _for_api(request, ServerError()) or defaults.server_error(request)


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponseBase:
    """Django's CSRF_FAILURE_VIEW."""
    return _for_api(request, Forbidden(reason or None)) or csrf_failure_page(request, reason)


def _for_api(request: HttpRequest, problem: Problem) -> HttpResponse | None:
    return problem_response(problem) if f"{request.path}/".startswith("/api/") else None


def _headers(problem: Problem) -> dict[str, str]:
    headers = {}
    if problem.status == 401:
        is_bad = problem.code == "invalid_token"
        headers["WWW-Authenticate"] = 'Bearer error="invalid_token"' if is_bad else "Bearer"
    if problem.retry_after is not None:
        headers["Retry-After"] = str(problem.retry_after)
    return headers


def _from_drf(error: drf.APIException) -> Problem:
    code = CODE_OF.get(type(error), str(error.default_code))
    problem = Problem(str(error.detail), code=code, status=error.status_code)
    wait = getattr(error, "wait", None)
    problem.retry_after = None if wait is None else max(1, int(wait))
    return problem


def _from_core(error: BaseException | None) -> Problem | None:
    code = getattr(error, "code", None)
    if not isinstance(code, str) or code not in STATUS_OF:
        return None
    return Problem(str(getattr(error, "detail", "") or error), code=code, status=STATUS_OF[code])


def _invalid(detail: Any) -> Problem:
    errors = list(_errors(detail, ""))
    first = errors[0] if errors else {"attr": None, "detail": Problem.detail}
    words = first["detail"] if first["attr"] is None else f"{first['attr']}: {first['detail']}"
    return Invalid(words, errors=errors)


def _errors(detail: Any, path: str) -> Iterator[dict[str, str | None]]:
    """Flatten nested details; `attr` is a path as `items.0.name`, None for the whole."""
    if isinstance(detail, Mapping):
        for name, inner in detail.items():
            is_whole = name in ("non_field_errors", "__all__")
            yield from _errors(inner, path if is_whole else f"{path}.{name}".removeprefix("."))
    elif isinstance(detail, list | tuple):
        for index, inner in enumerate(detail):
            is_leaf = isinstance(inner, str)
            yield from _errors(inner, path if is_leaf else f"{path}.{index}".removeprefix("."))
    else:
        yield {"attr": path or None, "code": getattr(detail, "code", "invalid"), "detail": str(detail)}
