"""API tokens over HTTP: what they are good for, what never, and what is kept of them."""

import logging
from datetime import timedelta
from uuid import uuid4

import pytest
from django.utils import timezone
from rest_framework.test import APIClient

from accounts import api_tokens, services, tokens
from accounts.models import ApiToken, RefreshSession
from accounts.scopes import WHOLE, Scope

ME, TOKENS = "/api/users/me", "/api/users/me/tokens"


@pytest.fixture(autouse=True)
def _real_addresses(settings):
    settings.ROOT_URLCONF = "collabdocs.urls"


@pytest.fixture
def make(client_for, alice):
    """`make(scope="read")`: the answer to alice's wish for a token."""
    client = client_for(alice)

    def make(**wish):
        return client.post(TOKENS, {"name": "Backup", "scope": "write", **wish}, format="json")

    return make


def by(token: str) -> APIClient:
    return APIClient(HTTP_AUTHORIZATION=f"Bearer {token}")


def test_it_works(make, client_for, alice):
    answer = make(scope="read")
    body = answer.json()
    assert answer.status_code == 201 and answer["Cache-Control"] == "no-store"
    token = body.pop("token")
    made = ApiToken.objects.get()
    assert body == {
        "id": str(made.pk),
        "name": "Backup",
        "scope": "read",
        "doc_id": None,
        "created_at": body["created_at"],
        "last_used_at": None,
        "expires_at": None,
    }
    assert client_for(alice).get(TOKENS).json() == [body]
    assert by(token).get(ME).json()["username"] == "alice"
    assert client_for(alice).get(TOKENS).json()[0]["last_used_at"] is not None
    assert client_for(alice).delete(f"{TOKENS}/{made.pk}").status_code == 204
    assert client_for(alice).get(TOKENS).json() == []
    refused = by(token).get(ME)
    assert (refused.status_code, refused.json()["code"]) == (401, "invalid_token")


def test_only_a_digest_is_kept(make):
    token = make().json()["token"]
    rows = [*ApiToken.objects.values_list(), *RefreshSession.objects.values_list()]
    assert len(token) > 43 and token not in str(rows) and token.removeprefix("collabdocs_") not in str(rows)
    assert len({make().json()["token"] for _ in range(5)}) == 5


def test_it_stands_in_no_log(make, caplog):
    with caplog.at_level(logging.DEBUG):
        token = make().json()["token"]
        by(token).get(ME)
        by(token).post("/api/documents", {}, format="json")
        by(token).get("/api/nothing")
    assert token not in caplog.text


@pytest.mark.parametrize(
    "wish",
    [
        {"name": ""},
        {"name": " "},
        {"name": "x" * 101},
        {"name": "a\0b"},
        {"name": None},
        {"name": ["x"]},
        {"scope": "admin"},
        {"scope": None},
        {"doc_id": "x"},
        {"expires_at": "2020-01-01T00:00:00Z"},
        {"expires_at": "soon"},
        {"expires_at": {"$gt": ""}},
    ],
)
def test_bad_wishes(make, wish):
    answer = make(**wish)
    assert answer.status_code == 400 and answer.json()["errors"][0]["attr"] == next(iter(wish))
    assert not ApiToken.objects.exists()


def test_fifty_are_enough(make, client_for, alice, bob, monkeypatch):
    monkeypatch.setattr(api_tokens, "MAX_TOKENS", 2)
    assert [make().status_code for _ in range(3)] == [201, 201, 409]
    assert make().json()["code"] == "too_many"
    assert client_for(bob).post(TOKENS, {"name": "x", "scope": "read"}, format="json").status_code == 201
    api_tokens.revoke_token(alice, ApiToken.objects.filter(session__user=alice).first().pk)
    assert make().status_code == 201


def test_nobody_sees_or_ends_somebody_elses(make, client_for, bob):
    body = make().json()
    client = client_for(bob)
    assert client.get(TOKENS).json() == []
    for token_id in (body["id"], uuid4(), "-" * 36):
        answer = client.delete(f"{TOKENS}/{token_id}")
        assert (answer.status_code, answer.json()["code"]) == (404, "not_found")
    assert by(body["token"]).get(ME).status_code == 200


def narrow(user, **scope) -> str:
    return tokens.create_api_token(user, "narrow", Scope(**scope), None)[1]


@pytest.mark.parametrize("scope", [{}, {"is_read_only": True}, {"document_id": uuid4()}])
def test_no_token_touches_the_account(alice, scope):
    client = by(narrow(alice, **scope))
    asked = [
        ("patch", ME, {"username": "x"}),
        ("delete", ME, None),
        ("get", TOKENS, None),
        ("post", TOKENS, {"name": "more", "scope": "write"}),
        ("delete", f"{TOKENS}/{uuid4()}", None),
        ("delete", "/api/users/me/sessions", None),
        ("get", "/api/users/me/export", None),
    ]
    for verb, address, body in asked:
        answer = getattr(client, verb)(address, body, format="json" if body else None)
        assert (answer.status_code, answer.json()["code"]) == (403, "forbidden"), (verb, address)


def test_one_for_everything_makes_documents(make):
    client = by(make(scope="write", doc_id=None).json()["token"])
    assert client.post("/api/documents", {"title": "by a program"}, format="json").status_code == 201


def test_a_guest_has_no_tokens(db):
    token = tokens.start_session(services.create_guest("Dora", uuid4())).access_token
    assert by(token).post(TOKENS, {"name": "x", "scope": "read"}, format="json").status_code == 403


def test_it_expires(make, alice):
    hour = timezone.now() + timedelta(hours=1)
    body = make(expires_at=hour.isoformat()).json()
    assert body["expires_at"] is not None and by(body["token"]).get(ME).status_code == 200
    session = ApiToken.objects.get(pk=body["id"]).session_id
    RefreshSession.objects.filter(pk=session).update(expires_at=timezone.now() - timedelta(seconds=1))
    assert by(body["token"]).get(ME).status_code == 401
    assert not api_tokens.live_tokens(alice)


@pytest.mark.parametrize(
    "end",
    [
        lambda alice, token: services.change_user(alice, password="another quite long secret"),
        lambda alice, token: services.erase_user(alice),
        lambda alice, token: tokens.revoke(token),
        lambda alice, token: alice.end_sessions(),
        lambda alice, token: type(alice).objects.filter(pk=alice.pk).update(is_active=False),
    ],
    ids=["password", "erased", "revoked", "everywhere", "inactive"],
)
def test_it_ends(make, alice, end):
    token = make().json()["token"]
    end(alice, token)
    assert by(token).get(ME).status_code == 401


def test_of_an_erased_person_no_token_is_left(make, alice, bob):
    make()
    _, bobs = tokens.create_api_token(bob, "bob's", WHOLE, None)
    services.erase_user(alice)
    assert ApiToken.objects.get().name == "bob's" and tokens.verify_access(bobs)


# --- What a scope is good for, among documents ---


@pytest.fixture
def document(client_for, alice):
    """`(doc_id, another's)`, both alice's."""
    client = client_for(alice)
    answers = [client.post("/api/documents", {"title": n, "content": "the cat"}, format="json") for n in ("one", "two")]
    return [answer.json()["doc_id"] for answer in answers]


def writes(doc_id: str):
    entry = {"client_id": str(uuid4()), "seq": 1, "base_version": 1, "operation": ["x"]}
    return [
        ("put", "", {"content": "x", "version": 1}),
        ("patch", "", {"title": "x"}),
        ("post", "/operations", entry),
        ("post", "/restore", {"version": 0}),
        ("post", "/versions/1/name", {"name": "x"}),
        ("post", "/collaborators", {"username": "bob", "role": "viewer"}),
        ("post", "/share-links", {"role": "viewer"}),
        ("delete", "", None),
    ]


def test_a_reading_token_reads_and_changes_nothing(alice, bob, document):
    client, doc = by(narrow(alice, is_read_only=True)), f"/api/documents/{document[0]}"
    assert client.get("/api/documents").json()["count"] == 2
    shown = client.get(doc).json()
    assert shown["content"] == "the cat" and shown["role"] == "viewer"
    for verb, path, body in writes(document[0]):
        answer = getattr(client, verb)(doc + path, body, format="json" if body else None)
        assert (answer.status_code, answer.json()["code"]) == (403, "forbidden"), (verb, path)
    assert client.post("/api/documents", {}, format="json").status_code == 403
    assert by(narrow(alice)).get(doc).json() | {"role": "viewer", "abilities": None} == shown | {"abilities": None}


def test_a_token_for_one_document_knows_no_other(alice, document):
    one, other = document
    client = by(narrow(alice, document_id=one))
    assert [each["doc_id"] for each in client.get("/api/documents").json()["results"]] == [one]
    assert client.get(f"/api/documents/{one}").json()["role"] == "owner"
    assert client.patch(f"/api/documents/{one}", {"title": "renamed"}, format="json").status_code == 200
    assert client.get(f"/api/documents/{other}").status_code == 404
    assert client.patch(f"/api/documents/{other}", {"title": "x"}, format="json").status_code == 404
    assert client.post("/api/documents", {}, format="json").status_code == 403


def test_a_scope_gives_no_more_than_its_person_has(bob, document):
    client = by(narrow(bob, document_id=document[0]))
    assert client.get(f"/api/documents/{document[0]}").status_code == 404
    assert client.get("/api/documents").json()["count"] == 0
