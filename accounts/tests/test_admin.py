import pytest

from accounts import services, tokens
from accounts.models import RefreshSession, User


@pytest.fixture
def chief(client, mallory):
    User.objects.filter(pk=mallory.pk).update(is_staff=True, is_superuser=True)
    client.force_login(User.objects.get(pk=mallory.pk))
    return client


USERS = "/admin/accounts/user/"
SESSIONS = "/admin/accounts/refreshsession/"


def act(client, page, action, chosen):
    return client.post(page, {"action": action, "_selected_action": [str(row.pk) for row in chosen]})


@pytest.mark.parametrize("query", ["", "?q=ali", "?is_active__exact=1", "?is_staff__exact=1", "?o=1"])
def test_it_works(chief, users, query):
    assert chief.get(f"{USERS}{query}").status_code == 200
    assert chief.get(f"{USERS}{users['alice'].pk}/change/").status_code == 200


def test_users_and_strangers_stay_out(client, alice):
    assert client.get(USERS).status_code == 302
    client.force_login(alice)
    assert client.get(USERS).status_code == 302


def test_people_can_be_added_and_changed(chief, alice, password):
    body = {"username": "Ｄora", "password1": password, "password2": password, "usable_password": "true"}
    assert chief.post(f"{USERS}add/", body).status_code == 302
    assert User.objects.by_name("DORA").username == "Dora"
    taken = chief.post(f"{USERS}add/", {**body, "username": "ALICE"})
    assert taken.status_code == 200 and "taken" in taken.content.decode()


def test_erasing(chief, alice):
    pair = tokens.start_session(alice)
    assert act(chief, USERS, "erase", [alice]).status_code == 302
    alice.refresh_from_db()
    assert alice.erased_at is not None
    assert pair and RefreshSession.objects.get(user=alice).revoked_at is not None


def test_an_erased_person_can_only_be_looked_at(chief, alice):
    services.erase_user(alice)
    page = f"{USERS}{alice.pk}/change/"
    assert chief.get(page).status_code == 200
    assert chief.post(page, {"username": "alice", "is_active": "on"}).status_code == 403
    assert chief.post(f"{USERS}{alice.pk}/password/", {"password1": "x", "password2": "x"}).status_code == 403


def test_nobody_is_deleted(chief, alice):
    assert chief.post(f"{USERS}{alice.pk}/delete/", {"post": "yes"}).status_code == 403
    assert act(chief, USERS, "delete_selected", [alice]).status_code in (200, 302)
    assert User.objects.filter(pk=alice.pk).exists()


def test_sessions_can_be_looked_at_and_revoked(chief, alice):
    tokens.start_session(alice)
    session = RefreshSession.objects.get(user=alice)
    assert chief.get(f"{SESSIONS}?q=ali").status_code == 200
    assert chief.get(f"{SESSIONS}{session.pk}/change/").status_code == 200
    assert chief.get(f"{SESSIONS}add/").status_code == 403
    assert act(chief, SESSIONS, "revoke", [session]).status_code == 302
    session.refresh_from_db()
    assert session.revoked_at is not None
