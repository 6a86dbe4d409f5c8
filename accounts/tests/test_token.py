import json

import pytest

from accounts import tokens

URL = "/api/token"
FORM = "application/x-www-form-urlencoded"


@pytest.fixture
def ask(anyone):
    """Ask for a token, with JSON or with a form."""

    def post(body, content_type="application/json", **extra):
        data = json.dumps(body) if content_type == "application/json" and not isinstance(body, bytes) else body
        return anyone.post(URL, data, content_type=content_type, **extra)

    return post


def refused(answer, error):
    assert (answer.status_code, answer.json()["error"]) == (400, error)
    assert answer["Cache-Control"] == "no-store"
    return True


def test_it_works(ask, alice, password, settings):
    answer = ask({"grant_type": "password", "username": "alice", "password": password})
    body = answer.json()
    assert answer.status_code == 200
    assert set(body) == {"access_token", "token_type", "expires_in", "refresh_token"}
    assert (body["token_type"], body["expires_in"]) == ("bearer", 300)
    assert (answer["Cache-Control"], answer["Pragma"]) == ("no-store", "no-cache")
    assert tokens.verify_access(body["access_token"]).user_id == alice.id


def test_a_form_does_as_well(ask, alice):
    form = "grant_type=password&username=ALICE&password=correct+horse+battery+staple&client_id=x&scope="
    assert ask(form, FORM, HTTP_AUTHORIZATION="Basic c3dhZ2dlcjo=").status_code == 200


@pytest.mark.parametrize("grant_type", [{}, {"grant_type": ""}, {"grant_type": None}])
def test_the_grant_may_be_left_out(ask, alice, password, grant_type):
    assert ask({"username": "alice", "password": password, **grant_type}).status_code == 200


def test_a_refresh_token_is_traded_in(ask, alice):
    old = tokens.start_session(alice)
    body = ask({"grant_type": "refresh_token", "refresh_token": old.refresh_token}).json()
    assert body["refresh_token"] != old.refresh_token
    assert refused(ask({"grant_type": "refresh_token", "refresh_token": old.refresh_token}), "invalid_grant")
    assert refused(ask({"grant_type": "refresh_token", "refresh_token": body["refresh_token"]}), "invalid_grant")


def test_unknown_names_and_wrong_passwords_sound_alike(ask, alice, bob, password):
    bob.is_active = False
    bob.save()
    tries = [("alice", "wrong"), ("nobody", password), ("bob", password), ("x" * 10_000, password)]
    tries += [("alice", "x" * 100_000), ("alice", f" {password}"), ("a\x7f", password)]
    answers = [ask({"username": name, "password": word}) for name, word in tries]
    assert all(refused(answer, "invalid_grant") for answer in answers)
    assert len({answer.content for answer in answers}) == 1


def test_an_unknown_name_costs_a_hash_too(ask, users, monkeypatch):
    hashed = []
    monkeypatch.setattr("accounts.models.User.set_password", lambda self, raw: hashed.append(raw))
    ask({"username": "nobody", "password": "secret"})
    assert hashed == ["secret"]


@pytest.mark.parametrize("grant", ["authorization_code", "client_credentials", "PASSWORD", "x" * 9999])
@pytest.mark.django_db
def test_other_grants_are_refused(ask, grant):
    assert refused(ask({"grant_type": grant}), "unsupported_grant_type")


@pytest.mark.django_db
@pytest.mark.parametrize(
    "body",
    [
        {},
        [],
        None,
        "text",
        7,
        {"username": "alice"},
        {"password": "x"},
        {"username": "alice", "password": None},
        {"username": {"$ne": None}, "password": {"$ne": None}},
        {"username": ["alice"], "password": "x"},
        {"username": True, "password": 1},
        {"grant_type": ["password"], "username": "a", "password": "b"},
        {"grant_type": "refresh_token"},
        {"grant_type": "refresh_token", "refresh_token": 7},
        {"username": "a\u0000", "password": "b"},
        b"{",
        b'{"username": "\\ud800", "password": "x"}',
        b"",
    ],
)
def test_what_is_no_request_is_refused(ask, body):
    assert refused(ask(body), "invalid_request")


@pytest.mark.django_db
@pytest.mark.parametrize("form", ["", "username=a&username=b&password=c", "grant_type=password&grant_type=password"])
def test_a_parameter_twice_is_refused(ask, form):
    assert refused(ask(form, FORM), "invalid_request")


@pytest.mark.django_db
def test_other_media_types_are_refused(ask):
    answer = ask(b"<a/>", "text/xml")
    assert (answer.status_code, answer.json()["code"]) == (415, "unsupported_media_type")


@pytest.mark.django_db
def test_a_token_is_asked_for_by_post(anyone):
    answer = anyone.get(URL)
    assert (answer.status_code, answer.json()["code"]) == (405, "method_not_allowed")
    assert "POST" in answer["Allow"]


@pytest.mark.parametrize("token", ["", "x", "a.b.c", "é", "x" * 100_000])
@pytest.mark.django_db
def test_garbage_refreshes_nothing(ask, token):
    answer = ask({"grant_type": "refresh_token", "refresh_token": token})
    assert answer.json()["error"] in ("invalid_grant", "invalid_request") and answer.status_code == 400
