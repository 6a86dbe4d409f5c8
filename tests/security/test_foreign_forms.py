"""A form, or a script, of another site in the browser of somebody who is logged in does nothing (S23)."""

import pytest

from tests.security.rows import rows

pytestmark = pytest.mark.django_db

WRITES = ("post", "put", "patch", "delete")
NO_COOKIE_COUNTS = ("api-token", "api-token-revoke", "api-users")  # what they do, anybody may
REFUSED = (302, 403, 404, 405, 406, 415)
FORMS = {
    "a form": {"content_type": "application/x-www-form-urlencoded"},
    "a form that looks like JSON": {"content_type": "text/plain"},
    "a script": {"content_type": "application/json"},
}
BODY = '{"title":"x","content":"x","username":"eve-1","role":"owner","password":"x"}'


@pytest.mark.parametrize("kind", FORMS)
@pytest.mark.parametrize("who", ["alice", "chief"])
def test_it_works(browser, everywhere, who, kind):
    client = browser(who, enforce_csrf_checks=True)
    before = rows()
    assert {name for _, name in everywhere}.issuperset(NO_COOKIE_COUNTS)
    forbidden = 0
    for path, name in everywhere:
        if name in NO_COOKIE_COUNTS:
            continue
        for method in WRITES:
            headers = {"Origin": "https://evil.example", "Referer": "https://evil.example/"}
            response = getattr(client, method)(path, BODY, headers=headers, **FORMS[kind])
            assert response.status_code in REFUSED, (method, path, response.status_code)
            forbidden += response.status_code == 403
            assert rows() == before, (method, path)
    assert forbidden > 60


def test_where_no_cookie_counts_none_is_given(browser):
    """Whoever logs in by the API gets tokens; the browser stays who it was."""
    client = browser("alice", enforce_csrf_checks=True)
    asked = {"username": "mallory", "password": "correct horse battery staple"}
    response = client.post("/api/token", asked, headers={"Origin": "https://evil.example"})
    assert not response.cookies
    assert client.get("/api/users/me").json()["username"] == "alice"


@pytest.mark.parametrize("path", ["/log-in/", "/sign-up/", "/shared"])
def test_nobody_is_logged_in_by_another_site(browser, path):
    client = browser("nobody", enforce_csrf_checks=True)
    assert client.post(path, {"username": "mallory", "password": "x"}).status_code == 403


@pytest.mark.parametrize("origin", ["https://evil.example", "null", "http://testserver.evil.example"])
def test_the_pages_own_token_does_not_help_from_elsewhere(browser, document, origin):
    """Where it was stolen, or set by a neighbour."""
    client = browser("alice", enforce_csrf_checks=True)
    token = client.get("/documents/").context["csrf_token"]
    before = rows()
    for headers in ({"Origin": origin}, {"Origin": origin, "X-CSRFToken": str(token)}):
        answer = client.post("/documents/new", {"title": "x", "csrfmiddlewaretoken": str(token)}, headers=headers)
        assert answer.status_code == 403
    assert rows() == before
    assert client.post("/documents/new", {"title": "x", "csrfmiddlewaretoken": str(token)}).status_code == 302
