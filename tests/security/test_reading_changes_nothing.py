"""An address that is opened, by a link or a picture on another site say, changes nothing (S23)."""

import pytest
from django.test import Client
from django.utils import timezone

from accounts import tokens
from accounts.models import ApiToken
from accounts.scopes import Scope
from documents import services
from tests.security.rows import rows
from tests.security.test_headers import STREAMS

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _history_has_its_identity(db):
    """A database without one is given it by whoever asks first."""
    services.log_identity()


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


@pytest.mark.parametrize("method", ["get", "head", "options"])
@pytest.mark.parametrize("is_read_only", [True, False])
def test_nor_does_a_program_that_reads(everywhere, alice, method, is_read_only):
    """But for when its token was used last, within the hour: written once, and never by a refusal."""
    token, secret = tokens.create_api_token(alice, "a reader", Scope(is_read_only=is_read_only), None)
    client = Client(raise_request_exception=False, headers={"Authorization": f"Bearer {secret}"})
    before = rows()
    assert client.get("/api/documents").status_code == 200
    ApiToken.objects.filter(pk=token.pk, last_used_at__isnull=False).update(last_used_at=None)
    assert rows() == before
    ApiToken.objects.filter(pk=token.pk).update(last_used_at=timezone.now())
    before = rows()
    for path, name in everywhere:
        ask = getattr(client, "head" if name in STREAMS and method == "get" else method)
        response = ask(path, headers={"Accept": "application/json"})
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
