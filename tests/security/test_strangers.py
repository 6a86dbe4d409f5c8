"""For who may not know of a document, it is not there: at every address, by every method (S11), by any name (S14)."""

import re
from collections.abc import Callable
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.test import Client

from accounts import tokens
from accounts.models import User
from documents.models import Document
from tests.security.addresses import Address, addresses
from tests.security.rows import rows

pytestmark = pytest.mark.django_db

METHODS = ("get", "head", "post", "put", "patch", "delete")
RANDOM = re.compile(rb'(csrf[\w-]*"? (?:value|content)="|csp-nonce" content="|"csrfToken": ")[\w+/=]+|[0-9a-f-]{36}')
BODY = {
    "title": "x", "content": "x", "version": 1, "role": "editor", "username": "mallory", "name": "x", "body": "x",
    "range": [0, 1], "client_id": str(uuid4()), "seq": 1, "base_version": 1, "operation": ["x"], "action": "remove",
}  # fmt: skip


@pytest.fixture
def stranger(mallory: User) -> Client:
    """Mallory, by a browser."""
    client = Client(raise_request_exception=False)
    client.force_login(mallory)
    return client


@pytest.fixture
def bearer(mallory: User) -> dict[str, str]:
    return {"Authorization": f"Bearer {tokens.start_session(mallory).access_token}"}


def said(answer: Any) -> tuple[Any, ...]:
    """All of an answer that could tell one from another; ids are told as they were asked for."""
    body = b"" if answer.streaming else RANDOM.sub(b"", answer.content)
    headers = {name: value for name, value in answer.headers.items() if name != "Content-Security-Policy"}
    return answer.status_code, body, headers | {"Content-Length": 0}


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("way", ["page", "program"])
def test_what_is_there_and_what_is_not_look_alike(stranger, bearer, document, everywhere, bob, method, way):
    nowhere = uuid4()
    twins = dict(zip(_of(document.id, everywhere), _of(nowhere, addresses(**_known(nowhere, bob))), strict=True))
    assert len(twins) > 25
    before = rows()
    options: dict[str, Any] = {"headers": {"Accept": "text/html"}} if way == "page" else {"headers": bearer}
    for here, there in twins.items():
        ask = getattr(stranger, method)
        if method in ("get", "head"):
            answers = [ask(address.path, **options) for address in (here, there)]
        else:
            answers = [ask(address.path, BODY, content_type="application/json", **options) for address in (here, there)]
        assert answers[0].status_code in (302, 403, 404, 405, 406, 415), (method, here)
        assert said(answers[0]) == said(answers[1]), (method, here)
    assert rows() == before


def _known(document_id: UUID, bob: User) -> dict[str, Any]:
    return {"doc_id": document_id, "document_id": document_id, "version": 1, "user_id": bob.id}


def _of(document_id: UUID, found: list[Address]) -> list[Address]:
    """Those about a document, of the API and the pages; the admin's are the admin's business."""
    about = [each for each in found if str(document_id) in each.path and not each.path.startswith("/admin/")]
    return sorted(about, key=lambda each: (each.name, len(each.path)))


ODD = [
    "1", "0", "-1", "1e1", "null", "undefined", "true", "NaN", "%00", "%2e%2e", "..%2f..%2fetc%2fpasswd", "*", "'",
    "' OR 1=1 --", '{"$ne": null}', '{"$gt": ""}', "$where", "[]", "{id}%00", "%00{id}", "{id}%0a", "{id} ", "[{id}]",
    "{id},{id}", "{id}'", "{id}/..", "{id}%2f..", "{id};x", "%ef%bc%91", "é", "%ff", "x" * 5_000,
]  # fmt: skip


@pytest.mark.parametrize("odd", ODD, ids=lambda odd: odd[:20])
def test_an_odd_name_names_nothing(client_for, alice, document, odd):
    """Asked by its owner, who might see what it hides."""
    client = client_for(alice)
    before = rows()
    name = odd.format(id=document.id) if "{id}" in odd else odd
    for rest in ("", "/history", "/versions/1", "/collaborators", "/share-links"):
        assert client.get(f"/api/documents/{name}{rest}").status_code in (400, 404), rest
    assert client.delete(f"/api/documents/{name}").status_code in (400, 404, 405)
    assert client.get(f"/documents/{name}/").status_code in (302, 404)
    assert rows() == before


OPERATORS = [{"$ne": None}, {"$gt": ""}, {"$regex": ".*"}, {"$where": "1"}, ["alice"], [{"$ne": 1}], True]
ASKED: dict[str, Callable[[Document, Any], tuple[str, dict[str, Any]]]] = {
    "a person by name": lambda d, value: (f"/documents/{d.id}/collaborators", {"username": value, "role": "viewer"}),
    "a person by address": lambda d, value: (f"/documents/{d.id}/collaborators", {"email": value, "role": "viewer"}),
    "a role": lambda d, value: (f"/documents/{d.id}/collaborators", {"username": "mallory", "role": value}),
    "a log-in": lambda d, value: ("/token", {"username": value, "password": value}),
    "a refresh": lambda d, value: ("/token", {"grant_type": "refresh_token", "refresh_token": value}),
    "a sign-up": lambda d, value: ("/users", {"username": value, "password": "correct horse battery staple"}),
    "a link": lambda d, value: ("/share-links/redeem", {"secret": value, "name": "Dora"}),
    "a document": lambda d, value: ("/documents", {"title": value, "content": value}),
    "a version": lambda d, value: (f"/documents/{d.id}/restore", {"version": value}),
}


@pytest.mark.parametrize("what", ASKED)
@pytest.mark.parametrize("value", OPERATORS, ids=str)
def test_an_operator_is_no_value(client_for, alice, document, what, value):
    path, body = ASKED[what](document, value)
    before = rows()
    answer = client_for(alice).post(f"/api{path}", body, format="json")
    assert answer.status_code in (400, 404), answer.content
    assert {model: found for model, found in rows().items() if found != before[model]}.keys() <= {
        "accounts.RefreshSession"
    }


@pytest.mark.parametrize(
    "query", ["search[$ne]=", "search[]=x", "owner__password__startswith=a", "id__in=1", "$where=1"]
)
def test_an_operator_in_a_query_is_none(client_for, alice, document, query):
    client = client_for(alice)
    assert client.get(f"/api/documents?{query}").json() == client.get("/api/documents").json()
