"""Administrators find people, and disable, sign out and erase them; tokens and sessions they look at and end."""

import logging
import uuid
from datetime import timedelta

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Permission
from django.test import Client

from accounts import services, tokens
from accounts.models import ApiToken, RefreshSession, User
from accounts.scopes import Scope

pytestmark = pytest.mark.django_db


@pytest.fixture
def chief(client, mallory):
    User.objects.filter(pk=mallory.pk).update(is_staff=True, is_superuser=True)
    client.force_login(User.objects.get(pk=mallory.pk))
    return client


@pytest.fixture
def staff(users):
    """`staff("view_user")` is a browser of carol's, who is staff and may that."""

    def make(*permissions: str) -> Client:
        carol = users["carol"]
        User.objects.filter(pk=carol.pk).update(is_staff=True)
        carol.user_permissions.set(Permission.objects.filter(codename__in=permissions))
        browser = Client()
        browser.force_login(User.objects.get(pk=carol.pk))
        return browser

    return make


@pytest.fixture
def secret(alice):
    """A token of alice's: (row, secret)."""
    return tokens.create_api_token(alice, "<i>nightly</i>", Scope(is_read_only=True), None)


COUNTS = ("COUNT(", "$count", "$facet")  # SQLite's, MongoDB's
USERS = "/admin/accounts/user/"
SESSIONS = "/admin/accounts/refreshsession/"
TOKENS = "/admin/accounts/apitoken/"
AUDIT = "/admin/admin/logentry/"


def act(client, page, action, chosen, **given):
    body = {"action": action, "_selected_action": [str(row.pk) for row in chosen], "confirmed": "yes"}
    return client.post(page, body | given)


def listed(client, page, **asked) -> str:
    answer = client.get(page, asked)
    assert answer.status_code == 200
    return answer.content.decode()


@pytest.mark.parametrize("query", ["", "?q=ali", "?is_active__exact=1", "?is_staff__exact=1", "?o=1"])
def test_it_works(chief, users, query):
    assert chief.get(f"{USERS}{query}").status_code == 200
    assert chief.get(f"{USERS}{users['alice'].pk}/change/").status_code == 200


def test_users_and_strangers_stay_out(client, alice):
    assert client.get(USERS).status_code == 302
    client.force_login(alice)
    assert client.get(USERS).status_code == 302
    assert "not authorized" in client.get(USERS, follow=True).content.decode()


def test_people_can_be_added_and_changed(chief, alice, password):
    body = {"username": "Ｄora", "password1": password, "password2": password, "usable_password": "true"}
    assert chief.post(f"{USERS}add/", body).status_code == 302
    assert User.objects.by_name("DORA").username == "Dora"
    taken = chief.post(f"{USERS}add/", {**body, "username": "ALICE"})
    assert taken.status_code == 200 and "taken" in taken.content.decode()
    assert chief.post(f"{USERS}{alice.pk}/change/", {"username": "Alicia", "is_active": "on"}).status_code == 302
    assert User.objects.by_name("ALICIA").pk == alice.pk


def test_they_are_found_by_name_address_and_id(chief, alice):
    for term in ("lic", "alice@example.org", str(alice.pk)):
        page = listed(chief, USERS, q=term)
        assert "alice@example.org" in page and "bob@example.org" not in page, term
    assert "alice@example.org" not in listed(chief, USERS, q=str(uuid.uuid4()))


def test_guests_and_the_erased_are_told_apart(chief, alice, bob):
    services.create_guest("<b>Dora</b>", uuid.uuid4())
    services.erase_user(bob)
    guests, erased, people = (listed(chief, USERS, kind=kind) for kind in ("guests", "erased", "people"))
    assert "&lt;b&gt;Dora&lt;/b&gt; (guest)" in guests and "<b>Dora" not in guests and "alice" not in guests
    assert "(erased)" in erased and "Dora" not in erased and "alice" not in erased
    assert "alice" in people and "Dora" not in people and "(erased)" not in people


def test_no_password_is_shown(chief, alice, staff):
    for browser in (chief, staff("view_user")):
        page = browser.get(f"{USERS}{alice.pk}/change/").content.decode()
        assert "is set" in page and not any(part in page for part in ("md5", alice.password.split("$")[-1][:6]))
    assert chief.get(f"{USERS}?password__startswith=m").status_code == 400


# --- Disabling, signing out, erasing --------------------------------------------------------------------------


def test_who_is_disabled_is_out_at_once_and_comes_back_by_logging_in(chief, client_for, alice, password):
    asking = client_for(alice)
    assert asking.get("/api/users/me").status_code == 200
    session = RefreshSession.objects.get(user=alice)
    assert act(chief, USERS, "disable", [alice]).status_code == 302
    assert tokens.revoked_sessions([session.pk]) == {session.pk}
    assert asking.get("/api/users/me").status_code == 401
    assert services.check_password(None, username="alice", password=password) is None
    act(chief, USERS, "enable", [alice])
    assert asking.get("/api/users/me").status_code == 401
    assert services.check_password(None, username="alice", password=password) == alice


def test_unticking_active_ends_sessions_too(chief, alice):
    tokens.start_session(alice)
    assert chief.post(f"{USERS}{alice.pk}/change/", {"username": "alice", "email": alice.email}).status_code == 302
    assert RefreshSession.objects.get(user=alice).revoked_at is not None


def test_signing_out_everywhere(chief, alice, secret):
    tokens.start_session(alice)
    act(chief, USERS, "sign_out", [alice])
    assert not RefreshSession.objects.filter(user=alice, revoked_at=None).exists()
    assert User.objects.get(pk=alice.pk).is_active


def test_what_ends_something_is_asked_about_first(chief, alice):
    for verb in ("disable", "sign_out", "erase"):
        asked = chief.post(USERS, {"action": verb, "_selected_action": [str(alice.pk)]})
        assert asked.status_code == 200 and "alice" in asked.content.decode()
    alice.refresh_from_db()
    assert alice.is_active and alice.erased_at is None


def test_erasing(chief, alice):
    pair = tokens.start_session(alice)
    assert act(chief, USERS, "erase", [alice]).status_code == 302
    alice.refresh_from_db()
    assert alice.erased_at is not None
    assert pair and not RefreshSession.objects.filter(user=alice, revoked_at=None).exists()


def test_an_erased_person_and_a_guest_can_only_be_looked_at(chief, alice):
    services.erase_user(alice)
    for user in (alice, services.create_guest("Dora", uuid.uuid4())):
        page = f"{USERS}{user.pk}/change/"
        assert chief.get(page).status_code == 200
        assert chief.post(page, {"username": "alice", "is_active": "on"}).status_code == 403
        assert chief.post(f"{USERS}{user.pk}/password/", {"password1": "x", "password2": "x"}).status_code == 403
    act(chief, USERS, "enable", [alice])
    alice.refresh_from_db()
    assert not alice.is_active


def test_nobody_is_deleted(chief, alice):
    assert chief.post(f"{USERS}{alice.pk}/delete/", {"post": "yes"}).status_code == 403
    assert act(chief, USERS, "delete_selected", [alice]).status_code in (200, 302)
    assert User.objects.filter(pk=alice.pk).exists()


def test_nobody_locks_themselves_out(chief, mallory):
    for verb in ("disable", "erase"):
        act(chief, USERS, verb, [mallory])
    assert "That is you." in listed(chief, USERS)
    body = {"username": "mallory", "email": "m@example.org"}
    assert chief.post(f"{USERS}{mallory.pk}/change/", body).status_code == 302
    mallory.refresh_from_db()
    assert mallory.is_active and mallory.is_superuser and mallory.erased_at is None and mallory.email == "m@example.org"
    assert LogEntry.objects.get().get_change_message() == "Changed E-mail address."


# --- Who may ---------------------------------------------------------------------------------------------------


def test_who_may_only_look_has_no_verbs(staff, alice):
    looking = staff("view_user", "view_apitoken", "view_refreshsession")
    page = listed(looking, USERS)
    assert "alice" in page and 'value="disable"' not in page
    assert 'name="action"' not in looking.get(f"{USERS}{alice.pk}/change/").content.decode()
    for verb in ("disable", "sign_out", "erase"):
        act(looking, USERS, verb, [alice])
    assert looking.post(f"{USERS}{alice.pk}/change/", {"username": "x"}).status_code == 403
    alice.refresh_from_db()
    assert alice.is_active and alice.erased_at is None


def test_erasing_takes_a_right_of_its_own(staff, alice):
    changing = staff("change_user")
    act(changing, USERS, "erase", [alice])
    assert User.objects.get(pk=alice.pk).erased_at is None
    act(staff("change_user", "delete_user"), USERS, "erase", [alice])
    assert User.objects.get(pk=alice.pk).erased_at is not None


def test_nobody_makes_a_superuser_nor_ends_one_without_being_one(staff, bob, carol, mallory):
    User.objects.filter(pk=mallory.pk).update(is_superuser=True)
    changing = staff("change_user", "delete_user")
    powers = {"is_active": "on", "is_staff": "on", "is_superuser": "on", "user_permissions": ["1"]}
    for user in (bob, carol):
        body = {"username": user.username, "email": user.email, **powers}
        assert changing.post(f"{USERS}{user.pk}/change/", body).status_code == 302
    assert changing.post(f"{USERS}{mallory.pk}/change/", {"username": "fool"}).status_code == 403
    assert changing.post(f"{USERS}{mallory.pk}/password/", {"password1": "x", "password2": "x"}).status_code == 403
    for verb in ("disable", "sign_out", "erase"):
        act(changing, USERS, verb, [mallory])
    for user in (bob, carol, mallory):
        user.refresh_from_db()
    assert not (bob.is_superuser or bob.is_staff or bob.user_permissions.exists() or carol.is_superuser)
    assert carol.user_permissions.count() == 2
    assert mallory.is_active and mallory.erased_at is None and mallory.username == "mallory"


@pytest.mark.parametrize("may", ["is_staff", "is_superuser"])
def test_lesser_staff_gets_no_rights_by_way_of_others_of_the_staff(staff, alice, may, password):
    """Who sets somebody's password, or the address that a new one is mailed to, can be them."""
    User.objects.filter(pk=alice.pk).update(**{may: True})
    changing, page = staff("change_user", "delete_user"), f"{USERS}{alice.pk}/change/"
    body = {"username": "alice", "email": "carol@example.net", "is_active": "on"}
    assert changing.post(page, body).status_code == 403
    new = {"password1": "quite another secret", "password2": "quite another secret", "usable_password": "true"}
    assert changing.post(f"{USERS}{alice.pk}/password/", new).status_code == 403
    for verb in ("disable", "sign_out", "erase"):
        assert act(changing, USERS, verb, [alice]).status_code == 302
    alice.refresh_from_db()
    assert (alice.email, alice.is_active, alice.erased_at) == ("alice@example.org", True, None)
    assert alice.check_password(password) and "Only a superuser" in listed(changing, USERS)


def test_a_superuser_and_oneself_may(chief, staff, alice, carol):
    User.objects.filter(pk=alice.pk).update(is_staff=True)
    for browser, user in ((chief, alice), (staff("change_user"), carol)):
        body = {"username": user.username, "email": f"{user.username}@example.net", "is_active": "on"}
        assert browser.post(f"{USERS}{user.pk}/change/", body).status_code == 302
        user.refresh_from_db()
        assert user.email == f"{user.username}@example.net"


def test_guests_are_signed_out_and_erased_by_lesser_staff(staff):
    guest = services.create_guest("Dora", uuid.uuid4())
    act(staff("change_user", "delete_user"), USERS, "erase", [guest])
    assert User.objects.get(pk=guest.pk).erased_at is not None


# --- Sessions and tokens --------------------------------------------------------------------------------------


def test_sessions_can_be_looked_at_and_revoked(chief, alice):
    tokens.start_session(alice)
    session = RefreshSession.objects.get(user=alice)
    assert str(session.pk) in listed(chief, SESSIONS, q="ali")
    assert str(session.pk) not in listed(chief, SESSIONS, q="bob")
    assert chief.get(f"{SESSIONS}{session.pk}/change/").status_code == 200
    assert chief.get(f"{SESSIONS}add/").status_code == 403
    assert act(chief, SESSIONS, "revoke", [session]).status_code == 302
    session.refresh_from_db()
    assert session.revoked_at is not None


def test_tokens_can_be_looked_at_and_revoked(chief, client_for, secret):
    token, words = secret
    page = listed(chief, TOKENS, q="alice")
    assert "&lt;i&gt;nightly&lt;/i&gt;" in page and "<i>nightly" not in page and "reading" in page and "never" in page
    assert "nightly" in listed(chief, TOKENS, q="NIGHT") and "nightly" not in listed(chief, TOKENS, q="bob")
    asking = client_for(None)
    asking.credentials(HTTP_AUTHORIZATION=f"Bearer {words}")
    assert asking.get("/api/users/me").status_code == 200
    act(chief, TOKENS, "revoke", [token])
    assert asking.get("/api/users/me").status_code == 401
    assert "revoked" in listed(chief, TOKENS)


def test_the_tokens_that_never_end_do_not_stand_before_the_log_ins(chief, alice, secret):
    log_in = tokens.open_session(alice, timedelta(days=1))
    page = listed(chief, SESSIONS)
    assert str(log_in.pk) in page and str(secret[0].session_id) not in page
    assert chief.get(f"{SESSIONS}{secret[0].session_id}/change/").status_code == 302, "there is none here"


def test_no_secret_is_shown_nor_can_be_guessed(chief, secret):
    token, words = secret
    session = token.session
    pages = [listed(chief, TOKENS), listed(chief, SESSIONS)]
    pages += [chief.get(f"{TOKENS}{token.pk}/change/").content.decode()]
    assert not any(part in page for page in pages for part in (token.digest, words))
    assert chief.get(f"{TOKENS}?digest__startswith={token.digest[0]}").status_code == 400
    assert chief.get(f"{SESSIONS}?token_id__startswith=a").status_code == 400
    assert session.token_id == ""


# --- The record -----------------------------------------------------------------------------------------------


def test_what_was_done_is_on_record_without_names(chief, alice, bob, caplog):
    with caplog.at_level(logging.INFO, "collabdocs.audit"):
        act(chief, USERS, "disable", [alice, bob])
        act(chief, USERS, "erase", [alice])
    said = sorted(LogEntry.objects.values_list("object_repr", "change_message"))
    assert said == sorted([*((f"user {u.pk}", "Disabled") for u in (alice, bob)), (f"user {alice.pk}", "Erased")])
    assert len(caplog.messages) == 3 and not any("alice" in line for line in caplog.messages)
    assert "Disabled" in chief.get(f"{USERS}{alice.pk}/history/").content.decode()
    assert f"user {bob.pk}" in listed(chief, AUDIT) and "Erased" not in listed(chief, AUDIT, q=str(bob.pk))


def test_a_form_is_on_record_too(chief, alice):
    body = {"username": "alice", "email": "new@example.org", "is_active": "on"}
    assert chief.post(f"{USERS}{alice.pk}/change/", body).status_code == 302
    entry = LogEntry.objects.get()
    assert entry.object_repr == f"user {alice.pk}" and entry.get_change_message() == "Changed E-mail address."
    assert chief.post(f"{AUDIT}{entry.pk}/change/", {"change_message": "nothing"}).status_code == 403
    assert chief.post(f"{AUDIT}{entry.pk}/delete/", {"post": "yes"}).status_code == 403


@pytest.mark.parametrize("page", [USERS, SESSIONS, TOKENS])
def test_many_rows_cost_no_more_queries_and_no_count(chief, users, page, django_assert_num_queries):
    def made(start: int, end: int) -> None:
        for n in range(start, end):
            user = User.objects.create(username=f"user {n}")
            tokens.create_api_token(user, "x", Scope(), None)

    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    counts = []
    for start, end in ((0, 3), (3, 70)):
        made(start, end)
        chief.get(page)  # content types, sites: asked once
        with CaptureQueriesContext(
            connection,
        ) as asked:
            assert chief.get(page).status_code == 200
        counts.append(len(asked))
        assert not any(count in said["sql"] for said in asked.captured_queries for count in COUNTS)
    assert counts[0] == counts[1] <= 8
    assert ApiToken.objects.count() == 70


def test_nonsense_is_no_error(chief):
    assert chief.post(USERS, {"action": "disable", "_selected_action": ["x"], "confirmed": "yes"}).status_code == 302
    for query in ("p=x", "p=0", "p=999999999", "p=-1", "q=%00", "kind=x", "q=" + "x" * 5000):
        assert chief.get(f"{USERS}?{query}").status_code in (200, 302), query
