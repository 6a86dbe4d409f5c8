"""Passwords by Django's own ways, its admin and its commands: the same rules, and the same end of all sessions."""

from io import StringIO
from unittest.mock import patch

import pytest
from django.core.management import CommandError, call_command

from accounts import tokens
from accounts.errors import InvalidToken
from accounts.models import RefreshSession, User

USERS = "/admin/accounts/user/"
NEW = "another quite long secret"
NONE = {"too long": "x7!" * 400, "spaces": " " * 12, "other spaces": "\u3000" * 12}
none = pytest.mark.parametrize("bad", NONE.values(), ids=NONE.keys())
pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _real_addresses(settings):
    settings.ROOT_URLCONF = "collabdocs.urls"


@pytest.fixture
def chief(client, mallory):
    User.objects.filter(pk=mallory.pk).update(is_staff=True, is_superuser=True)
    client.force_login(User.objects.get(pk=mallory.pk))
    return client


@pytest.mark.parametrize(
    "given",
    [
        {"usable_password": "true", "password1": NEW, "password2": NEW},
        {"usable_password": "false", "unset-password": "1"},
    ],
)
def test_a_new_password_and_the_loss_of_any_end_every_session(chief, alice, given):
    pair, secret = tokens.start_session(alice), tokens.create_api_token(alice, "a program", tokens.WHOLE, None)[1]
    assert chief.post(f"{USERS}{alice.pk}/password/", given).status_code == 302
    assert User.objects.get(pk=alice.pk).has_usable_password() == ("password1" in given)
    assert not RefreshSession.objects.filter(user=alice, revoked_at=None).exists()
    for enter in (lambda: tokens.verify_access(secret), lambda: tokens.rotate(pair.refresh_token)):
        with pytest.raises(InvalidToken):
            enter()


def test_who_has_no_password_stays_logged_in_when_something_else_changes(alice):
    """A guest, above all: their row is saved when they log in."""
    alice.set_unusable_password()
    alice.save()
    pair = tokens.start_session(alice)
    alice.color = ""
    alice.save()
    User.objects.get(pk=alice.pk).save(update_fields=["last_login"])
    assert tokens.verify_access(pair.access_token)


@pytest.mark.parametrize("spelt", [str, lambda pk: pk.hex, lambda pk: str(pk).upper()])
@pytest.mark.parametrize("method", ["get", "post"])
def test_ones_own_is_changed_on_the_account_page(chief, mallory, spelt, method, password):
    given = {"usable_password": "true", "password1": NEW, "password2": NEW, "new_password1": NEW, "new_password2": NEW}
    for path in ("/admin/password_change/", f"{USERS}{spelt(mallory.pk)}/password/"):
        answer = getattr(chief, method)(path, {**given, "old_password": password})
        assert (answer.status_code, answer["Location"]) == (302, "/account/")
    assert User.objects.get(pk=mallory.pk).check_password(password)
    assert chief.get("/account/").status_code == 200, "still there"


def test_the_admins_own_link_leads_there(chief):
    assert 'href="/admin/password_change/"' in chief.get("/admin/").content.decode()


@none
def test_the_admins_forms_refuse_what_is_none(chief, alice, password, bad):
    given = {"usable_password": "true", "password1": bad, "password2": bad}
    assert chief.post(f"{USERS}{alice.pk}/password/", given).status_code == 200
    assert chief.post(f"{USERS}add/", {**given, "username": "dora"}).status_code == 200
    assert User.objects.get(pk=alice.pk).check_password(password) and not User.objects.filter(username="dora").exists()


@none
def test_the_commands_refuse_what_is_none(alice, password, bad):
    with patch("getpass.getpass", return_value=bad), pytest.raises(CommandError, match="Aborting"):
        call_command("changepassword", "alice", stdout=StringIO(), stderr=StringIO())
    assert User.objects.get(pk=alice.pk).check_password(password)
