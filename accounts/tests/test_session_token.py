import pytest
from django.test import Client

from accounts import tokens
from accounts.errors import InvalidToken
from accounts.models import RefreshSession

URL = "/session/token"


@pytest.fixture
def browser(client, alice) -> Client:
    client.force_login(alice)
    return client


def test_it_works(browser, alice):
    answer = browser.post(URL)
    body = answer.json()
    assert (answer.status_code, answer["Cache-Control"]) == (200, "no-store")
    assert set(body) == {"access_token", "token_type", "expires_in"} and body["token_type"] == "bearer"
    assert tokens.verify_access(body["access_token"]).user_id == alice.id


def test_a_browser_keeps_its_session(browser):
    ids = {tokens.verify_access(browser.post(URL).json()["access_token"]).session_id for _ in range(3)}
    assert ids == {RefreshSession.objects.get().pk}


@pytest.mark.django_db
def test_nobody_gets_no_token(client):
    answer = client.post(URL)
    assert (answer.status_code, answer.json()["code"]) == (401, "not_authenticated")


def test_a_link_gets_no_token(browser):
    assert browser.get(URL).status_code == 405


def test_another_site_gets_no_token(alice):
    client = Client(enforce_csrf_checks=True)
    client.force_login(alice)
    answer = client.post(URL)
    assert (answer.status_code, answer.json()["code"]) == (403, "forbidden")


def test_a_bearer_is_no_browser(client_for, alice):
    assert client_for(alice).post(URL).status_code == 401


def test_logging_out_ends_the_tokens(browser):
    token = browser.post(URL).json()["access_token"]
    browser.post("/log-out/")
    with pytest.raises(InvalidToken):
        tokens.verify_access(token)


def test_a_session_revoked_elsewhere_ends_the_log_in(browser):
    tokens.revoke(browser.post(URL).json()["access_token"])
    answer = browser.post(URL)
    assert (answer.status_code, answer.json()["code"]) == (401, "not_authenticated")
    assert "_auth_user_id" not in browser.session


def test_two_browsers_are_two_sessions(browser, alice):
    other = Client()
    other.force_login(alice)
    token = other.post(URL).json()["access_token"]
    browser.post("/log-out/")
    assert tokens.verify_access(token)
