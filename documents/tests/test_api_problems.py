"""Whatever is refused under /api is refused as a problem (RFC 9457) with a stable code."""

import pytest
from rest_framework.test import APIClient

from documents.tests.rest import DOCUMENTS, refusal, url

pytestmark = pytest.mark.django_db


@pytest.fixture
def nobody() -> APIClient:
    return APIClient(raise_request_exception=False)


@pytest.mark.parametrize("address", ["/api", "/api/", "/api/nothing", "/api/documents/x/y/z", "/api/%00", "/api/%FF"])
@pytest.mark.parametrize("method", ["get", "post", "delete"])
def test_an_unknown_address(nobody, address, method):
    assert refusal(getattr(nobody, method)(address)) == (404, "not_found")


@pytest.mark.parametrize(
    "address", [DOCUMENTS, "/api/users", "/api/users/me", "/api/token", "/api/schema", "/api/docs"]
)
def test_a_wrong_method_says_the_right_ones(client_for, alice, address):
    answer = client_for(alice).trace(address)
    assert refusal(answer) == (405, "method_not_allowed")
    assert "OPTIONS" in answer["Allow"] and "TRACE" not in answer["Allow"]


def test_refusals_are_json_where_answers_are_not(nobody):
    assert refusal(nobody.post("/api/schema", HTTP_ACCEPT="application/yaml")) == (405, "method_not_allowed")
    assert refusal(nobody.post("/api/docs", HTTP_ACCEPT="text/html")) == (405, "method_not_allowed")


@pytest.mark.parametrize("address", [DOCUMENTS, "/api/users/me", "/api/schema", "/api/docs"])
def test_an_unacceptable_answer(client_for, alice, address):
    assert refusal(client_for(alice).get(address, HTTP_ACCEPT="image/png")) == (406, "not_acceptable")


@pytest.mark.parametrize("media_type", ["text/plain", "application/xml", "multipart/form-data; boundary=x", "nonsense"])
def test_a_wrong_media_type(client_for, alice, document, media_type):
    answer = client_for(alice).generic("PUT", url(document), b"x", content_type=media_type)
    assert refusal(answer) == (415, "unsupported_media_type")


@pytest.mark.parametrize("body", [b"", b"{", b"\xff", b'{"a": NaN}', b"[" * 500])
def test_what_is_no_json(client_for, alice, document, body):
    answer = client_for(alice).generic("PUT", url(document), body, content_type="application/json")
    assert refusal(answer)[0] == 400


@pytest.mark.parametrize("body", ["text", 5, None, True, [], [{}]])
def test_json_that_is_no_object(ask, alice, document, body):
    assert refusal(ask(alice, "put", url(document), body)) == (400, "invalid_request")


@pytest.mark.parametrize("method", ["get", "put", "patch", "delete"])
def test_nobody_is_asked_who_they_are(ask, document, method):
    answer = ask(None, method, url(document), None)
    assert refusal(answer) == (401, "not_authenticated")
    assert answer["WWW-Authenticate"] == "Bearer"


@pytest.mark.parametrize("token", ["", "x", "é", "a.b.c", "x" * 9000])
def test_a_bad_token(nobody, document, token):
    answer = nobody.get(url(document), HTTP_AUTHORIZATION=f"Bearer {token}")
    assert refusal(answer) == (401, "invalid_token")
    assert answer["WWW-Authenticate"] == 'Bearer error="invalid_token"'
