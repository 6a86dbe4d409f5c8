"""What the API answers may be kept by nobody between."""

import pytest

from documents import services
from documents.tests.rest import DOCUMENTS, url

pytestmark = pytest.mark.django_db


def test_no_answer_of_the_api_may_be_kept(client_for, alice):
    document = services.create_document(owner=alice, content="x")
    client, stranger = client_for(alice), client_for(None)
    answers = [client.get(url(document, *rest)) for rest in ([], ["history"], ["html"], ["export"], ["nothing"])]
    answers += [client.get(DOCUMENTS), stranger.get(DOCUMENTS), client.get("/api/users/me"), client.get("/api/x")]
    assert {answer.headers.get("Cache-Control") for answer in answers} == {"private, no-store"}


def test_what_says_for_itself_is_left_alone(client, alice):
    assert client.get("/documents/")["Cache-Control"] == "private, no-store"
    assert not client.get("/").has_header("Cache-Control")
    assert client.post("/api/token", {"username": "alice"})["Cache-Control"] == "no-store"
