import pytest
from django import db
from django.core import exceptions as django
from django.http import Http404
from pymongo.errors import AutoReconnect, ServerSelectionTimeoutError
from rest_framework import exceptions as drf

from accounts.errors import InvalidToken, Problem, SignUpClosed, TooLarge, TooOften
from collabdocs.problems import CONTENT_TYPE
from collabdocs.tests import urls


class Core(Exception):
    """What an app's pure core raises: it knows nothing of HTTP."""

    def __init__(self, code: str) -> None:
        self.code, self.detail = code, "No."


@pytest.fixture
def answer_to(api):
    def ask(error: BaseException, url: str = "/api/boom"):
        urls.raised[:] = [error]
        return api.get(url)

    return ask


def test_it_works(answer_to):
    answer = answer_to(Problem("It is too early.", code="too_early", status=425, version=7))
    assert answer["Content-Type"] == CONTENT_TYPE
    assert answer.json() == {
        "type": "about:blank",
        "title": "Too Early",
        "status": 425,
        "detail": "It is too early.",
        "code": "too_early",
        "version": 7,
    }


FORESEEN = [
    (Problem(), 400, "invalid_request"),
    (InvalidToken(), 401, "invalid_token"),
    (SignUpClosed(), 403, "sign_up_closed"),
    (TooLarge(), 413, "too_large"),
    (TooOften(9), 429, "rate_limited"),
    (drf.ParseError(), 400, "parse_error"),
    (drf.ValidationError("x"), 400, "invalid_request"),
    (django.ValidationError("x"), 400, "invalid_request"),
    (drf.NotAuthenticated(), 403, "not_authenticated"),  # 403 where a view knows no way to log in
    (drf.AuthenticationFailed(), 403, "invalid_token"),
    (drf.PermissionDenied(), 403, "forbidden"),
    (django.PermissionDenied(), 403, "forbidden"),
    (drf.NotFound(), 404, "not_found"),
    (Http404(), 404, "not_found"),
    (drf.MethodNotAllowed("GET"), 405, "method_not_allowed"),
    (drf.NotAcceptable(), 406, "not_acceptable"),
    (drf.UnsupportedMediaType("text/xml"), 415, "unsupported_media_type"),
    (drf.Throttled(2.5), 429, "rate_limited"),
    (django.RequestDataTooBig(), 413, "too_large"),
    (django.SuspiciousOperation(), 400, "invalid_request"),
    (django.BadRequest(), 400, "invalid_request"),
    (db.OperationalError(), 503, "unavailable"),
    (db.InterfaceError(), 503, "unavailable"),
    (db.DatabaseError(), 503, "unavailable"),
    (ServerSelectionTimeoutError(), 503, "unavailable"),
    (AutoReconnect(), 503, "unavailable"),
    (Core("version_unknown"), 409, "version_unknown"),
    (Core("document_too_large"), 413, "document_too_large"),
    (Core("rate_limited"), 429, "rate_limited"),
]


@pytest.mark.parametrize(("error", "status", "code"), FORESEEN, ids=lambda value: type(value).__name__)
def test_every_code(answer_to, error, status, code):
    answer = answer_to(error)
    body = answer.json()
    assert (answer.status_code, body["status"], body["code"]) == (status, status, code)
    assert answer["Content-Type"] == CONTENT_TYPE
    assert {"type", "title", "status", "detail", "code"} <= set(body) and body["detail"]


@pytest.mark.parametrize("error", [db.IntegrityError("secret"), ValueError("secret"), Core("no such code"), KeyError()])
def test_a_bug_is_a_bare_500(answer_to, error):
    answer = answer_to(error)
    assert (answer.status_code, answer.json()["code"]) == (500, "server_error")
    assert "secret" not in answer.content.decode() and "Traceback" not in answer.content.decode()


@pytest.mark.parametrize(
    ("error", "seconds"),
    [(TooOften(9), "9"), (drf.Throttled(2.5), "3"), (drf.Throttled(0.1), "1"), (db.DatabaseError(), "5")],
)
def test_what_passes_says_when(answer_to, error, seconds):
    assert answer_to(error)["Retry-After"] == seconds


def test_extra_members_never_hide_the_own_ones(answer_to):
    assert answer_to(Problem("detail", title="evil", type="evil")).json()["title"] == "Bad Request"


def test_the_fields_at_fault_are_named(api):
    body = {"items": [{"name": "ok"}, {"name": "long"}, {}]}
    answer = api.put("/api/echo", body, format="json").json()
    assert [(error["attr"], error["code"]) for error in answer["errors"]] == [
        ("title", "required"),
        ("items.1.name", "max_length"),
        ("items.2.name", "required"),
    ]
    assert answer["detail"].startswith("title: ")


def test_a_fault_of_the_whole_names_no_field(api):
    answer = api.put("/api/echo", {"title": "x"}, format="json").json()
    assert answer["errors"] == [{"attr": None, "code": "never", "detail": "Never good."}]


def test_an_empty_list_of_faults_is_an_answer_too(answer_to):
    assert answer_to(drf.ValidationError([])).json()["errors"] == []


@pytest.mark.parametrize(
    ("error", "status", "code"),
    [
        (django.PermissionDenied(), 403, "forbidden"),
        (Http404(), 404, "not_found"),
        (django.SuspiciousOperation(), 400, "invalid_request"),
        (django.RequestDataTooBig(), 413, "too_large"),
        (ValueError("secret"), 500, "server_error"),
        (db.OperationalError("secret"), 503, "unavailable"),
    ],
)
def test_views_without_drf_answer_alike(answer_to, error, status, code):
    answer = answer_to(error, "/api/plain")
    assert (answer.status_code, answer.json()["code"], answer["Content-Type"]) == (status, code, CONTENT_TYPE)
    assert b"secret" not in answer.content


@pytest.mark.parametrize("url", ["/api/nothing", "/api", "/api/", "/api/boom/x"])
def test_an_unknown_address_of_the_api(api, url):
    answer = api.get(url)
    assert (answer.status_code, answer.json()["code"]) == (404, "not_found")


def test_a_wrong_method_says_the_right_ones(api):
    answer = api.post("/api/boom")
    assert (answer.status_code, answer.json()["code"]) == (405, "method_not_allowed") and "GET" in answer["Allow"]


def test_a_wrong_media_type(api):
    assert api.post("/api/echo", "x", content_type="text/plain").json()["code"] == "unsupported_media_type"


def test_an_unacceptable_answer(api):
    assert api.get("/api/boom", HTTP_ACCEPT="image/png").json()["code"] == "not_acceptable"


def test_pages_are_answered_as_pages(answer_to):
    outage = answer_to(db.OperationalError(), "/page")
    assert (outage.status_code, outage["Retry-After"], outage["Content-Type"]) == (503, "5", "text/plain")
    assert answer_to(django.SuspiciousOperation(), "/page")["Content-Type"].startswith("text/html")
    assert answer_to(ValueError(), "/page")["Content-Type"].startswith("text/html")


def test_a_failed_csrf_check(settings):
    from django.test import Client

    settings.MIDDLEWARE = ["django.middleware.csrf.CsrfViewMiddleware"]
    answer = Client(enforce_csrf_checks=True).post("/api/plain")
    assert (answer.status_code, answer.json()["code"]) == (403, "forbidden")
    assert Client(enforce_csrf_checks=True).post("/page")["Content-Type"].startswith("text/html")
