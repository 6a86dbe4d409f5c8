"""Each kind of secret opens what it is for, and nothing else (S6, S15)."""

from typing import Any

import pytest
from rest_framework.test import APIClient

from accounts import tokens
from accounts.models import User
from accounts.oauth import token_answer
from accounts.scopes import WHOLE
from documents import services, sharing
from documents.models import Document
from tests.security.addresses import Address
from tests.security.rows import rows
from tests.security.test_headers import STREAMS

pytestmark = pytest.mark.django_db

USES = {
    "as a bearer": {"access", "api token", "guest's access"},
    "as a refresh token": {"refresh", "guest's refresh"},
    "as a link": {"link"},
    "as a cookie": {"session"},
}
OWN = {"api-me", "document-api-list", "files-api-export-all", "trash-api-list"}  # they tell of the caller's own alone


@pytest.fixture
def kinds(alice: User, document: Document, client: Any) -> dict[str, str]:
    """A good secret of each kind."""
    client.force_login(alice)
    link = sharing.create_link(document, role="viewer", expires_at=None, actor=alice)
    own = token_answer(tokens.start_session(alice))
    guest = token_answer(tokens.start_session(sharing.let_guest_in(link.link, "Dora")))
    return {
        "access": str(own["access_token"]),
        "refresh": str(own["refresh_token"]),
        "api token": tokens.create_api_token(alice, "a program", WHOLE, None)[1],
        "guest's access": str(guest["access_token"]),
        "guest's refresh": str(guest["refresh_token"]),
        "link": link.secret,
        "session": client.cookies["sessionid"].value,
    }


def tries(use: str, secret: str) -> bool:
    """Whether it opens anything."""
    client = APIClient()
    match use:
        case "as a bearer":
            answer = client.get("/api/users/me", headers={"Authorization": f"Bearer {secret}"})
        case "as a refresh token":
            answer = client.post("/api/token", {"grant_type": "refresh_token", "refresh_token": secret}, format="json")
        case "as a link":
            answer = client.post("/api/share-links/redeem", {"secret": secret, "name": "Eve"}, format="json")
        case _:
            client.cookies["sessionid"] = secret
            answer = client.get("/api/users/me")
    assert answer.status_code in (200, 400, 401, 404), answer.content
    return bool(answer.status_code == 200)


@pytest.mark.parametrize("use", USES)
def test_it_works(kinds, use):
    assert {kind for kind, secret in kinds.items() if tries(use, secret)} == USES[use]


def test_none_is_kept_as_it_is(kinds):
    """But for the browser's session, which Django keeps so."""
    kept = str(rows())
    assert [kind for kind, secret in kinds.items() if secret in kept] == ["session"]


def test_none_says_what_another_one_is(kinds):
    assert len(set(kinds.values())) == len(kinds)
    assert not [one for one in kinds for two in kinds if one != two and kinds[one] in kinds[two]]


@pytest.mark.parametrize("role", ["viewer", "editor"])
def test_a_guest_reaches_one_document_and_what_is_everybodys(everywhere, document, alice, role):
    services.create_document(owner=alice, title="Not for guests", content="secret")
    link = sharing.create_link(document, role=role, expires_at=None, actor=alice).link
    guest, nobody = APIClient(), APIClient()
    session = tokens.start_session(sharing.let_guest_in(link, "Dora"))
    guest.credentials(HTTP_AUTHORIZATION=f"Bearer {session.access_token}")
    for address in everywhere:
        if address.name not in STREAMS:
            _reads(guest, nobody, address, str(document.id))
    if role == "viewer":
        _changes_nothing(guest, everywhere)


def _reads(guest: APIClient, nobody: APIClient, address: Address, document_id: str) -> None:
    answer = guest.get(address.path)
    is_open = answer.status_code < 300 and nobody.get(address.path).status_code >= 300
    assert not is_open or document_id in address.path or address.name in OWN, address
    said = b"".join(answer) if answer.streaming and not answer.is_async else getattr(answer, "content", b"")
    assert b"Not for guests" not in said, address


def _changes_nothing(guest: APIClient, everywhere: list[Address]) -> None:
    before = rows()
    for path, name in everywhere:
        for method in ("post", "put", "patch", "delete"):
            body = {"title": "x", "content": "x", "role": "editor", "username": "mallory", "version": 0}
            answer = getattr(guest, method)(path, body, format="json")
            assert answer.status_code >= 300 or rows() == before, (method, path)
            assert name.startswith("api-token") or rows() == before, (method, path)
