from uuid import uuid4

import pytest
from django.test import Client

from accounts import services
from accounts.models import RefreshSession, User

STRONG = "correct horse battery staple"
pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("stub_templates")]


def log_in(client, name="alice", next_page="", **extra):
    body = {"username": name, "password": STRONG, "next": next_page}
    return client.post("/log-in/", body, **extra)


def is_logged_in(client) -> bool:
    return "_auth_user_id" in client.session


def test_it_works(client, users):
    answer = log_in(client)
    assert (answer.status_code, answer["Location"]) == (302, "/documents/")
    assert is_logged_in(client) and RefreshSession.objects.get().user == users["alice"]


def test_home_is_for_strangers(client, alice):
    assert client.get("/").status_code == 200
    client.force_login(alice)
    assert client.get("/")["Location"] == "/documents/"


@pytest.mark.parametrize("page", ["/log-in/", "/sign-up/"])
def test_who_is_logged_in_needs_no_form(client, alice, page):
    assert client.get(page).status_code == 200
    client.force_login(alice)
    assert client.get(page)["Location"] == "/documents/"


@pytest.fixture
def guest(client) -> User:
    """Dora, at this browser."""
    guest = services.create_guest("Dora", uuid4())
    client.force_login(guest)
    return guest


@pytest.mark.parametrize("page", ["/log-in/", "/sign-up/"])
def test_a_guest_may_become_somebody(client, users, guest, page):
    """Their session as a guest ends with it."""
    assert client.get(page).status_code == 200
    name = "alice" if page == "/log-in/" else "dora"
    answer = client.post(page, {"username": name, "email": "", "password": STRONG, "next": "/documents/7/"})
    assert (answer.status_code, answer["Location"]) == (302, "/documents/7/")
    assert client.session["_auth_user_id"] == str(User.objects.by_name(name).pk)
    assert RefreshSession.objects.get(user=guest).revoked_at is not None


def test_a_guest_who_mistypes_stays_a_guest(client, users, guest):
    assert client.post("/log-in/", {"username": "alice", "password": "wrong"}).status_code == 200
    assert client.session["_auth_user_id"] == str(guest.pk)
    assert RefreshSession.objects.get(user=guest).revoked_at is None


def test_a_guest_may_leave(client, guest):
    assert client.post("/log-out/").status_code == 302
    assert not is_logged_in(client) and RefreshSession.objects.get().revoked_at is not None


def test_signing_up_logs_in(client):
    answer = client.post("/sign-up/", {"username": "Dora", "email": "", "password": STRONG, "next": "/documents/7/"})
    assert (answer.status_code, answer["Location"]) == (302, "/documents/7/")
    assert is_logged_in(client) and User.objects.get().email is None


@pytest.mark.parametrize(
    "fields", [{"username": "ALICE"}, {"email": "alice@EXAMPLE.org"}, {"password": "12345678"}, {"username": "\u202e"}]
)
def test_a_bad_sign_up_shows_the_form_again(client, users, fields):
    answer = client.post("/sign-up/", {"username": "dora", "email": "", "password": STRONG, **fields})
    assert answer.status_code == 200 and next(iter(fields)) in answer.context["form"].errors
    assert User.objects.count() == len(users) and not is_logged_in(client)


def test_sign_up_may_be_closed(client, settings):
    settings.SIGN_UP_OPEN = False
    assert client.get("/sign-up/")["Location"] == "/log-in/"
    assert client.post("/sign-up/", {"username": "dora", "password": STRONG})["Location"] == "/log-in/"
    assert not User.objects.exists()


@pytest.mark.parametrize("name", ["nobody", "alice", "bob"])
def test_a_wrong_log_in_never_says_what_was_wrong(client, users, name):
    users["bob"].is_active = False
    users["bob"].save()
    password = STRONG if name == "bob" else "wrong"
    answer = client.post("/log-in/", {"username": name, "password": password})
    assert answer.status_code == 200 and not is_logged_in(client)
    assert [error.code for error in answer.context["form"].errors.as_data()["__all__"]] == ["invalid_login"]


@pytest.mark.parametrize("page", ["/documents/7/", "/documents/7/?tab=history"])
def test_next_leads_to_our_pages(client, users, page):
    assert log_in(client, next_page=page)["Location"] == page


@pytest.mark.parametrize(
    "page",
    ["//evil.example", "https://evil.example/", "http:///evil.example", "/\\evil.example", "javascript:alert(1)"],
)
def test_next_leads_nowhere_else(client, users, page):
    assert log_in(client, next_page=page)["Location"] == "/documents/"


def test_logging_out_ends_the_session(client, alice):
    client.force_login(alice)
    answer = client.post("/log-out/")
    assert (answer.status_code, answer["Location"]) == (302, "/")
    assert not is_logged_in(client) and RefreshSession.objects.get().revoked_at is not None


def test_a_link_logs_nobody_out(client, alice):
    client.force_login(alice)
    assert client.get("/log-out/").status_code == 405
    assert is_logged_in(client)


@pytest.mark.parametrize("page", ["/log-in/", "/sign-up/", "/log-out/"])
def test_a_form_of_another_site_is_refused(users, page):
    assert Client(enforce_csrf_checks=True).post(page, {"username": "alice", "password": STRONG}).status_code == 403


def test_logging_in_gives_a_new_session_key(client, users):
    client.session["x"] = 1
    client.session.save()
    before = client.session.session_key
    log_in(client)
    assert client.session.session_key != before
