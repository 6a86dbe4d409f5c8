"""Sessions can be seen and ended, one or all of them; what is over counts for nothing anywhere."""

import pytest
from django.test import Client
from django.utils import timezone
from rest_framework.test import APIClient

from accounts import api_tokens, sessions, tokens
from accounts.errors import InvalidToken
from accounts.models import RefreshSession
from accounts.scopes import WHOLE
from accounts.signals import SESSION_KEY

PAGE, ME, SESSIONS = "/account/", "/api/users/me", "/api/users/me/sessions"


@pytest.fixture(autouse=True)
def _real_addresses(settings):
    settings.ROOT_URLCONF = "collabdocs.urls"


@pytest.fixture
def browsers(alice) -> list[Client]:
    """Two of alice's."""
    made = [Client(), Client()]
    for browser in made:
        browser.force_login(alice)
    return made


@pytest.fixture
def secret(alice) -> str:
    return tokens.create_api_token(alice, "a program", WHOLE, None)[1]


def status(browser: Client) -> int:
    """Of a page, a read by cookie and a write by cookie, which all agree."""
    page = browser.get("/documents/").status_code
    read, write = browser.get(ME).status_code, browser.post("/session/token").status_code
    assert (page, read, write) in [(200, 200, 200), (302, 401, 401)]
    return read


def test_a_browsers_session_ends_by_itself(browsers):
    """A page that stores something in Django's session makes that one last longer; ours says when it is over."""
    one, other = browsers
    RefreshSession.objects.filter(pk=one.session[SESSION_KEY]).update(expires_at=timezone.now())
    assert (status(one), status(other)) == (401, 200)
    assert SESSION_KEY not in one.session


def ended(token: str) -> bool:
    try:
        return not tokens.verify_access(token)
    except InvalidToken:
        return True


def posts(browser: Client, action: str, **fields):
    return browser.post(PAGE, {"action": action, **fields})


def test_it_works(browsers, alice, secret):
    pair = tokens.start_session(alice)
    here, there = browsers
    answer = posts(here, "sign-out-everywhere", stay="on")
    assert (answer.status_code, answer["Location"]) == (302, PAGE)
    assert status(here) == 200 and status(there) == 401
    assert ended(pair.access_token) and ended(secret) and not api_tokens.live_tokens(alice)
    with pytest.raises(InvalidToken):
        tokens.rotate(pair.refresh_token)
    assert RefreshSession.objects.get(revoked_at=None).pk.hex == here.session[SESSION_KEY].replace("-", "")


def test_this_browser_too(browsers, secret):
    answer = posts(browsers[0], "sign-out-everywhere")
    assert (answer.status_code, answer["Location"]) == (302, "/log-in/")
    assert [status(browser) for browser in browsers] == [401, 401] and ended(secret)
    assert not RefreshSession.objects.filter(revoked_at=None).exists()


def test_nobody_else_is_signed_out(browsers, bob):
    theirs, pair = Client(), tokens.start_session(bob)
    theirs.force_login(bob)
    posts(browsers[0], "sign-out-everywhere")
    assert status(theirs) == 200 and not ended(pair.access_token)


def test_by_rest(browsers, client_for, alice, bob, secret):
    client, bobs = client_for(alice), tokens.start_session(bob)
    assert client.delete(SESSIONS).status_code == 204
    assert client.get(ME).status_code == 401 and ended(secret) and not ended(bobs.access_token)
    assert [status(browser) for browser in browsers] == [401, 401]


@pytest.mark.parametrize("verb", ["get", "post", "put"])
def test_there_is_no_other_verb(client_for, alice, verb):
    assert getattr(client_for(alice), verb)(SESSIONS).status_code == 405


def test_it_takes_somebody_logged_in(anyone, alice, secret):
    assert anyone.delete(SESSIONS).status_code == 401
    _, narrow = tokens.create_api_token(alice, "reads", tokens.Scope(is_read_only=True), None)
    assert APIClient(HTTP_AUTHORIZATION=f"Bearer {narrow}").delete(SESSIONS).status_code == 403
    assert not ended(secret)


def test_sessions_are_listed_and_ended_one_by_one(browsers, alice, secret):
    pair = tokens.start_session(alice)
    here, there = browsers
    listed = here.get(PAGE).context["sessions"]
    assert len(listed) == 3 and here.get(PAGE).content.decode().count("This browser") == 1
    posts(here, "end-session", id=there.session[SESSION_KEY])
    assert status(there) == 401 and status(here) == 200 and not ended(pair.access_token) and not ended(secret)
    assert len(sessions.live_sessions(alice)) == 2


def test_ending_this_one_is_a_log_out(browsers):
    here, there = browsers
    answer = posts(here, "end-session", id=here.session[SESSION_KEY])
    assert answer["Location"] == "/log-in/"
    assert status(here) == 401 and status(there) == 200


def test_a_purged_session_ends_the_log_in_too(browsers):
    here, there = browsers
    RefreshSession.objects.filter(pk=here.session[SESSION_KEY]).delete()
    assert status(here) == 401 and status(there) == 200


def test_a_session_of_somebody_else_is_none(browsers, bob):
    """Whatever the store says: the two must agree on who it is."""
    here = browsers[0]
    session = here.session
    session[SESSION_KEY] = str(tokens.open_session(bob, tokens.settings.REFRESH_TOKEN_LIFETIME).pk)
    session.save()
    assert status(here) == 401


def test_the_list_is_bounded(browsers, alice, monkeypatch):
    monkeypatch.setattr("accounts.account_pages.SHOWN_SESSIONS", 2)
    tokens.start_session(alice)
    answer = browsers[0].get(PAGE)
    assert len(answer.context["sessions"]) == 2 and "And 1 older one." in answer.content.decode()
