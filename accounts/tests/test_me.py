import pytest
from django.core import mail

from accounts import mails, services, tokens
from accounts.errors import InvalidToken
from accounts.models import User
from accounts.services import PRESENCE_COLORS, public_user

ME = "/api/users/me"
NEW = "another quite long secret"


def test_it_works(client_for, alice):
    answer = client_for(alice).get(ME)
    assert answer.status_code == 200
    shown = {"id": str(alice.id), "username": "alice", "email": "alice@example.org", "color": None}
    assert answer.json() == shown
    assert client_for(alice).get(f"{ME}/").json() == answer.json()


@pytest.mark.parametrize("verb", ["get", "patch", "delete"])
@pytest.mark.django_db
def test_nobody_is_asked_to_log_in(anyone, verb):
    answer = getattr(anyone, verb)(ME)
    assert (answer.status_code, answer.json()["code"]) == (401, "not_authenticated")
    assert answer["WWW-Authenticate"] == "Bearer"


def test_name_and_address_change(client_for, alice, password):
    change = {"username": "Alice B", "email": "B@example.org", "current_password": password}
    answer = client_for(alice).patch(ME, change, format="json")
    assert (answer.json()["username"], answer.json()["email"]) == ("Alice B", "b@example.org")
    assert User.objects.by_name("aLICE b") == alice and User.objects.by_email("b@EXAMPLE.org") == alice
    assert User.objects.by_name("alice") is None


def test_one_may_change_the_case_of_ones_own_name(client_for, alice):
    answer = client_for(alice).patch(ME, {"username": "ALICE"}, format="json")
    assert answer.json()["username"] == "ALICE"


def test_a_colour_is_chosen_among_the_twelve(client_for, alice):
    client = client_for(alice)
    for given, shown in ((PRESENCE_COLORS[7], PRESENCE_COLORS[7]), (None, None), (PRESENCE_COLORS[0],) * 2, ("", None)):
        assert client.patch(ME, {"color": given}, format="json").json()["color"] == shown
        assert client.get(ME).json()["color"] == shown
    for nonsense in ("red", "#000000", "#D94848", "x" * 500, {"$ne": 1}, 7):
        answer = client.patch(ME, {"color": nonsense}, format="json")
        assert answer.status_code == 400 and answer.json()["errors"][0]["attr"] == "color"


@pytest.mark.parametrize("email", ["new@example.org", None])
def test_the_old_address_is_told(client_for, alice, email, password):
    client_for(alice).patch(ME, {"email": email, "current_password": password}, format="json")
    client_for(alice).patch(ME, {"email": email, "username": "Alice B"}, format="json")
    mails.letters.join()
    [letter] = mail.outbox
    assert letter.to == ["alice@example.org"] and (email or "none") in letter.body
    client_for(alice).patch(ME, {"email": "again@example.org", "current_password": password}, format="json")
    mails.letters.join()
    assert len(mail.outbox) == (2 if email else 1), "where there was an address"


@pytest.mark.parametrize("email", [None, ""])
def test_the_address_can_be_taken_away(client_for, alice, email, password):
    change = {"email": email, "current_password": password}
    assert client_for(alice).patch(ME, change, format="json").json()["email"] is None


@pytest.mark.parametrize("email", ["mallory@example.org", None, ""])
@pytest.mark.parametrize("current", [{}, {"current_password": "wrong"}, {"current_password": "x" * 1025}])
def test_the_way_back_in_is_not_changed_without_the_password(client_for, alice, email, current):
    answer = client_for(alice).patch(ME, {"email": email, "username": "Alice B", **current}, format="json")
    assert (answer.status_code, answer.json()["code"]) == (400, "invalid_request")
    assert [error["attr"] for error in answer.json()["errors"]] == ["current_password"]
    alice.refresh_from_db()
    assert (alice.username, alice.email) == ("alice", "alice@example.org")


def test_the_same_address_again_needs_no_password(client_for, alice):
    """However it is spelt: a program sends the whole profile back."""
    answer = client_for(alice).patch(ME, {"email": " ALICE@example.org", "color": PRESENCE_COLORS[1]}, format="json")
    assert (answer.json()["email"], answer.json()["color"]) == ("alice@example.org", PRESENCE_COLORS[1])


def test_a_new_password_needs_the_old_one_and_ends_every_session(client_for, alice, password):
    client, elsewhere = client_for(alice), tokens.start_session(alice)
    change = {"password": NEW, "current_password": password}
    assert client.patch(ME, change, format="json").status_code == 200
    assert User.objects.get(pk=alice.pk).check_password(NEW)
    assert client.get(ME).status_code == 401
    with pytest.raises(InvalidToken):
        tokens.rotate(elsewhere.refresh_token)


@pytest.mark.parametrize("current", [{}, {"current_password": "wrong"}])
def test_a_new_password_without_the_old_one_is_refused(client_for, alice, current, password):
    answer = client_for(alice).patch(ME, {"password": NEW, **current}, format="json")
    assert answer.status_code == 400 and answer.json()["errors"][0]["attr"] == "current_password"
    assert User.objects.get(pk=alice.pk).check_password(password)


@pytest.mark.parametrize("change", [{"username": "BOB"}, {"email": "BOB@example.org"}, {"username": "\u200b"}])
def test_other_peoples_names_stay_theirs(client_for, alice, bob, change):
    assert client_for(alice).patch(ME, change, format="json").status_code == 400
    alice.refresh_from_db()
    assert (alice.username, alice.email) == ("alice", "alice@example.org")


def test_what_is_not_ones_to_change_stays(client_for, alice, bob):
    change = {"is_staff": True, "is_superuser": True, "id": str(bob.id), "is_active": False}
    assert client_for(alice).patch(ME, change, format="json").status_code == 200
    alice.refresh_from_db()
    assert not alice.is_staff and not alice.is_superuser and alice.is_active and alice.id != bob.id


def test_erasing_leaves_a_row_without_a_person(client_for, alice, password):
    services.change_user(alice, color=PRESENCE_COLORS[3])
    client = client_for(alice)
    assert client.delete(ME, {"current_password": password}, format="json").status_code == 204
    assert client.get(ME).status_code == 401
    erased = User.objects.get(pk=alice.pk)
    assert erased.erased_at is not None and not erased.is_active and not erased.has_usable_password()
    assert "alice" not in f"{erased.username}{erased.username_key}{erased.email}" and erased.color == ""
    assert public_user(erased) is None and public_user(None) is None
    assert erased.shown_name == "Somebody"
    assert services.check_password(None, username="alice", password=password) is None


@pytest.mark.parametrize("body", [None, {}, {"current_password": ""}, {"current_password": "wrong"}, [], "x"])
def test_erasing_takes_the_password(client_for, alice, body):
    answer = client_for(alice).delete(ME, body, format="json")
    assert (answer.status_code, answer.json()["code"]) == (400, "invalid_request")
    assert User.objects.get(pk=alice.pk).erased_at is None


@pytest.mark.parametrize(
    ("verb", "given"), [("patch", {"email": "new@example.org"}), ("patch", {"password": NEW}), ("delete", {})]
)
def test_the_current_password_can_not_be_guessed(client_for, alice, password, settings, verb, given):
    settings.RATE_LIMITS = True
    client = client_for(alice)
    codes = [getattr(client, verb)(ME, {**given, "current_password": "wrong"}, format="json") for _ in range(11)]
    assert [answer.status_code for answer in codes] == [400] * 10 + [429]
    assert getattr(client, verb)(ME, {**given, "current_password": password}, format="json").status_code == 429
    alice.refresh_from_db()
    assert (alice.email, alice.erased_at) == ("alice@example.org", None) and alice.check_password(password)


def test_the_name_of_an_erased_person_is_free_again(alice, password):
    services.erase_user(alice)
    twin = services.create_user(username="alice", email="alice@example.org", password=password)
    assert public_user(twin) == {"id": str(twin.id), "username": "alice"}
    assert User.objects.by_name("alice") == twin


def test_an_erased_person_can_not_be_found(alice):
    services.erase_user(alice)
    assert User.objects.by_name(alice.username) is None and User.objects.by_email("") is None
