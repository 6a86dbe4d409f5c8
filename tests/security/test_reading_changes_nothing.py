"""An address that is opened, by a link or a picture on another site say, changes nothing (S23)."""

import pytest

from tests.security.rows import rows
from tests.security.test_headers import STREAMS

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("method", ["get", "head", "options"])
@pytest.mark.parametrize("who", ["nobody", "alice", "chief"])
@pytest.mark.parametrize("accept", ["text/html", "application/json"])
def test_it_works(browser, everywhere, who, method, accept):
    client = browser(who)
    before = rows()
    assert len(before["accounts.User"]) > 5 and before["documents.Document"]
    for path, name in everywhere:
        ask = getattr(client, "head" if name in STREAMS and method == "get" else method)
        response = ask(path, headers={"Accept": accept})
        assert response.status_code < 500, path
        assert rows() == before, path


def test_a_query_acts_on_nothing(browser, everywhere):
    """Nor does one that says what a form would."""
    client = browser("alice")
    before = rows()
    said = {"action": "remove", "title": "x", "confirm": "1", "_method": "DELETE", "role": "owner", "username": "bob"}
    for path, name in everywhere:
        if name not in STREAMS:
            client.get(path, said, headers={"X-HTTP-Method-Override": "DELETE"})
            assert rows() == before, path
