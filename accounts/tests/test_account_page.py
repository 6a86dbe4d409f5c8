"""The account page: each section does what it says, tells what it refuses beside the field, and knows no guests."""

import re
from uuid import uuid4

import pytest
from django.test import Client

from accounts import services, tokens
from accounts.errors import InvalidToken
from accounts.models import ApiToken, RefreshSession, User
from accounts.services import PRESENCE_COLORS

PAGE = "/account/"
NEW = "another quite long secret"


@pytest.fixture(autouse=True)
def _real_addresses(settings):
    settings.ROOT_URLCONF = "collabdocs.urls"


@pytest.fixture
def browser(client, alice) -> Client:
    client.force_login(alice)
    return client


def posts(browser: Client, action: str, **fields):
    return browser.post(PAGE, {"action": action, **fields})


def is_done(answer, where: str = PAGE) -> bool:
    return (answer.status_code, answer["Location"]) == (302, where)


def is_logged_in(browser: Client) -> bool:
    return browser.get(PAGE).status_code == 200


def refusals(answer, form: str) -> dict[str, list[str]]:
    assert answer.status_code in (200, 429)
    return {field: [error.code for error in errors] for field, errors in answer.context[form].errors.as_data().items()}


def test_it_works(browser):
    answer = browser.get(PAGE)
    assert answer.status_code == 200 and "no-store" in answer["Cache-Control"]
    html = answer.content.decode()
    assert html.count("<form") == html.count('name="csrfmiddlewaretoken"')
    for name in ("Profile", "Password", "Where you are signed in", "API tokens", "Your data", "Delete the account"):
        assert f">{name}</h2>" in html


def test_every_field_has_a_label_of_its_own(browser):
    html = browser.get(PAGE).content.decode()
    ids = re.findall(r'\bid="([^"]+)"', html)
    assert len(set(ids)) == len(ids)
    labelled = set(re.findall(r'<label[^>]* for="([^"]+)"', html))
    fields = [tag for tag in re.findall(r"<(?:input|select)[^>]*>", html) if 'type="hidden"' not in tag]
    for tag in fields:
        named = re.search(r'\bid="([^"]+)"', tag)
        is_shown = 'aria-hidden="true"' not in tag and 'name="stay"' not in tag  # which stands in its label
        assert not is_shown or (named and named[1] in labelled), tag


@pytest.mark.django_db
def test_it_is_for_who_is_logged_in(client):
    assert client.get(PAGE)["Location"].startswith("/log-in/?next=")
    guest = services.create_guest("Dora", uuid4())
    client.force_login(guest)
    assert client.get(PAGE).status_code == 404
    assert client.post(PAGE, {"action": "erase", "current_password": ""}).status_code == 404
    assert User.objects.get(pk=guest.pk).erased_at is None


def test_a_form_of_another_site_is_refused(alice, password):
    browser = Client(enforce_csrf_checks=True)
    browser.force_login(alice)
    assert posts(browser, "erase", current_password=password).status_code == 403
    assert User.objects.get(pk=alice.pk).erased_at is None


@pytest.mark.parametrize("action", ["", "nonsense", "__class__"])
def test_there_is_nothing_else_to_ask_for(browser, action):
    assert posts(browser, action).status_code == 400


# --- Profile ---


def test_the_profile_changes(browser, alice, password):
    proof = {"current_password": password}
    given = {"username": "Alice B", "email": "B@example.org", "color": PRESENCE_COLORS[4]}
    assert is_done(posts(browser, "profile", **given, **proof))
    alice.refresh_from_db()
    assert (alice.username, alice.email, alice.color) == ("Alice B", "b@example.org", PRESENCE_COLORS[4])
    html = browser.get(PAGE).content.decode()
    assert "Your profile is saved." in html and 'value="Alice B"' in html
    assert re.search(rf'value="{PRESENCE_COLORS[4]}"[^>]* checked', html)
    assert is_done(posts(browser, "profile", username="Alice B", email="", color="", **proof))
    alice.refresh_from_db()
    assert (alice.email, alice.color) == (None, "")


@pytest.mark.parametrize(
    ("field", "value", "code"),
    [
        ("username", "BOB", "taken"),
        ("username", "\u202e", "invalid"),
        ("username", "", "required"),
        ("email", "BOB@example.org", "taken"),
        ("email", "nonsense", "invalid"),
        ("color", "#000000", "invalid_choice"),
    ],
)
def test_what_is_refused_stands_beside_its_field(browser, alice, bob, password, field, value, code):
    proof = {"current_password": password}
    given = {"username": "alice", "email": "alice@example.org", "color": "", **proof, field: value}
    answer = posts(browser, "profile", **given)
    assert refusals(answer, "profile_form") == {field: [code]}
    assert re.search(rf'name="{field}"[^>]* autofocus', answer.content.decode()), "a long page: it opens there"
    assert '<span class="name" title="alice">alice</span>' in answer.content.decode(), "as it still is"
    alice.refresh_from_db()
    assert (alice.username, alice.email, alice.color) == ("alice", "alice@example.org", "")


@pytest.mark.parametrize(
    ("current", "code"), [("", "required"), ("wrong", "wrong_password"), ("x" * 1025, "max_length")]
)
@pytest.mark.parametrize("email", ["mallory@example.org", ""])
def test_the_way_back_in_is_not_changed_without_the_password(browser, alice, email, current, code):
    answer = posts(browser, "profile", username="Alice B", email=email, color="", current_password=current)
    assert refusals(answer, "profile_form") == {"current_password": [code]}
    html = answer.content.decode()
    assert re.search(r'name="current_password"[^>]* autofocus', html) and (not current or current not in html)
    alice.refresh_from_db()
    assert (alice.username, alice.email) == ("alice", "alice@example.org")


def test_all_else_of_the_profile_needs_no_password(browser, alice):
    same = {"email": " ALICE@example.org", "color": ""}
    assert is_done(posts(browser, "profile", username="Alice B", **same))
    assert is_done(posts(browser, "profile", username="Alice C", **same, current_password="wrong, but not asked for"))
    alice.refresh_from_db()
    assert (alice.username, alice.email) == ("Alice C", "alice@example.org")


def test_a_help_is_tied_to_what_it_helps_with(browser):
    html = browser.get(PAGE).content.decode()
    tied = re.findall(r'aria-describedby="([^"]+)"', html)
    assert "color-help" in tied and "profile-email_helptext" in tied and "profile-current_password_helptext" in tied
    assert all(html.count(f'id="{name}"') == 1 for name in tied)


def test_a_name_is_no_markup(browser):
    posts(browser, "profile", username="<b>alice</b>", email="alice@example.org", color="")
    assert "<b>alice" not in browser.get(PAGE).content.decode()


# --- Password ---


def test_a_new_password_keeps_this_browser_and_no_other(browser, alice, password):
    other, program = Client(), tokens.create_api_token(alice, "a program", tokens.WHOLE, None)[1]
    other.force_login(alice)
    before = browser.session.session_key
    assert is_done(posts(browser, "password", current_password=password, password=NEW))
    assert User.objects.get(pk=alice.pk).check_password(NEW)
    assert is_logged_in(browser) and browser.session.session_key != before
    assert browser.post("/session/token").status_code == 200
    assert not is_logged_in(other) and RefreshSession.objects.filter(revoked_at=None).count() == 1
    with pytest.raises(InvalidToken):
        tokens.verify_access(program)


@pytest.mark.parametrize(
    ("given", "refused"),
    [
        ({"current_password": "wrong", "password": NEW}, {"current_password": ["wrong_password"]}),
        ({"current_password": "", "password": NEW}, {"current_password": ["required"]}),
        ({"current_password": "x" * 1025, "password": NEW}, {"current_password": ["max_length"]}),
        ({"password": "12345678"}, {"password": ["password_too_common", "password_entirely_numeric"]}),
        ({"password": "        "}, {"password": ["blank"]}),
        ({"password": "alice@example.org"}, {"password": ["password_too_similar"]}),
    ],
)
def test_a_password_is_refused(browser, alice, password, given, refused):
    answer = posts(browser, "password", **{"current_password": password, **given})
    assert refusals(answer, "password_form") == refused
    assert User.objects.get(pk=alice.pk).check_password(password) and is_logged_in(browser)
    assert NEW not in answer.content.decode()


@pytest.mark.parametrize("action", ["profile", "password", "erase"])
def test_the_current_password_can_not_be_guessed(browser, alice, settings, action, password):
    settings.RATE_LIMITS = True
    given = {"username": "alice", "email": "new@example.org", "password": NEW}
    codes = [posts(browser, action, **given, current_password="wrong").status_code for _ in range(11)]
    assert codes == [200] * 10 + [429]
    answer = posts(browser, action, **given, current_password=password)
    assert answer.status_code == 429 and 0 < int(answer["Retry-After"]) <= 60
    alice.refresh_from_db()
    assert alice.check_password(password) and (alice.erased_at, alice.email) == (None, "alice@example.org")


# --- API tokens ---


def test_a_token_is_shown_once(browser, alice, client_for):
    answer = posts(browser, "make-token", name="Backup", scope="read", document="", days="7")
    secret = re.search(r"collabdocs_[\w-]+", answer.content.decode())[0]
    assert answer.status_code == 200 and "no-store" in answer["Cache-Control"]
    user, identity = tokens.authenticate(secret)
    assert user == alice and identity.scope.is_read_only and identity.scope.document_id is None
    html = browser.get(PAGE).content.decode()
    assert "Backup" in html and secret not in html
    assert is_done(posts(browser, "revoke-token", id=ApiToken.objects.get().pk))
    assert "Backup" not in browser.get(PAGE).content.decode()


@pytest.mark.parametrize("written", ["{}", "http://localhost:8000/documents/{}/", "/documents/{}/history/?version=3"])
def test_a_token_for_one_document_by_its_address(browser, written):
    document_id = uuid4()
    posts(browser, "make-token", name="One", scope="write", document=written.format(document_id), days="")
    session = ApiToken.objects.get().session
    assert session.document_id == document_id and not session.is_read_only


@pytest.mark.parametrize(
    ("field", "value", "code"),
    [
        ("name", "", "required"),
        ("name", "x" * 101, "max_length"),
        ("scope", "admin", "invalid_choice"),
        ("document", "my plan", "invalid"),
        ("days", "0", "min_value"),
        ("days", "-1", "min_value"),
        ("days", "99999", "max_value"),
        ("days", "soon", "invalid"),
    ],
)
def test_a_token_is_refused(browser, field, value, code):
    given = {"name": "Backup", "scope": "read", "document": "", "days": "", field: value}
    assert refusals(posts(browser, "make-token", **given), "token_form") == {field: [code]}
    assert not ApiToken.objects.exists()


def test_nobody_revokes_somebody_elses(browser, bob):
    made, secret = tokens.create_api_token(bob, "bob's", tokens.WHOLE, None)
    posts(browser, "revoke-token", id=made.pk)
    posts(browser, "end-session", id=made.session_id)
    assert tokens.verify_access(secret)


@pytest.mark.parametrize("action", ["revoke-token", "end-session"])
@pytest.mark.parametrize("given", ["", "x", "../1"])
def test_what_is_no_id_is_refused(browser, action, given):
    assert posts(browser, action, id=given).status_code == 400


# --- Deleting ---


def test_deleting_takes_the_password(browser, alice, password):
    assert refusals(posts(browser, "erase", current_password="wrong"), "erase_form")["current_password"]
    assert User.objects.get(pk=alice.pk).erased_at is None
    answer = posts(browser, "erase", current_password=password)
    assert is_done(answer, "/")
    assert User.objects.get(pk=alice.pk).erased_at is not None
    assert not is_logged_in(browser)
    assert "Your account is deleted." in browser.get("/").content.decode()
