"""Links let in whoever has them, as what they say, for as long as they last; and nobody is made less than they were."""

from datetime import timedelta

import pytest
from django.utils import timezone
from rest_framework.test import APIClient

from accounts.models import User
from documents import sharing, trash
from documents.models import Collaborator, Role, ShareLink
from documents.tests.rest import DOCUMENTS, assert_members_only, assert_roles, refusal, url

REDEEM = "/api/share-links/redeem"


@pytest.fixture
def link(alice, document):
    """`link("editor", hours=1)`: a new link, with its secret."""

    def make(role: str, **until: float) -> sharing.NewLink:
        expires_at = timezone.now() + timedelta(**until) if until else None
        return sharing.create_link(document, role=role, expires_at=expires_at, actor=alice)

    return make


@pytest.fixture
def late(monkeypatch):
    """It is two days later."""

    def be_late() -> None:
        now = timezone.now() + timedelta(days=2)
        monkeypatch.setattr(timezone, "now", lambda: now)

    return be_late


def as_guest(token: str) -> APIClient:
    client = APIClient()
    client.credentials(HTTP_AUTHORIZATION=f"Bearer {token}")
    return client


def role_of(ask, user, document):
    answer = ask(user, "get", url(document))
    return answer.json()["role"] if answer.status_code == 200 else answer.status_code


# --- Making and revoking ---


def test_it_works(ask, alice, mallory, document):
    made = ask(alice, "post", url(document, "share-links"), {"role": "commenter"})
    assert made.status_code == 201 and made["Cache-Control"] == "no-store"
    body = made.json()
    assert body["role"] == "commenter" and body["expires_at"] is None
    assert body["url"] == f"http://testserver/shared#{body['secret']}"
    [listed] = ask(alice, "get", url(document, "share-links")).json()
    assert listed == {key: body[key] for key in body if key not in ("secret", "url")}
    came = ask(mallory, "post", REDEEM, {"secret": body["secret"]})
    assert came.status_code == 200 and came.json()["role"] == "commenter" and came.json()["content"] == "the cat"
    assert ask(alice, "delete", url(document, "share-links", body["id"])).status_code == 204
    assert ask(alice, "get", url(document, "share-links")).json() == []
    assert role_of(ask, mallory, document) == 404
    assert refusal(ask(mallory, "post", REDEEM, {"secret": body["secret"]})) == (404, "no_such_link")


def test_secrets_are_long_and_not_kept(link):
    made = [link("viewer").secret for _ in range(3)]
    assert len(set(made)) == 3 and all(len(secret) * 6 >= 128 for secret in made)
    assert not any(secret in str(row) for secret in made for row in ShareLink.objects.values_list())


def test_links_are_the_owners_business(ask, users, document, link):
    there = str(link("viewer").link.pk)
    for method, rest, body in [
        ("get", ["share-links"], None),
        ("post", ["share-links"], {"role": "viewer"}),
        ("delete", ["share-links", there], None),
    ]:
        assert_members_only(ask, users, document, method, *rest, body=body)
        assert_roles(ask, users, document, method, *rest, refused="bob carol vera", body=body)


@pytest.mark.parametrize(
    "body",
    [
        {"role": "owner"},
        {"role": "king"},
        {"role": "viewer", "expires_at": "2001-01-01T00:00:00Z"},
        {"role": "viewer", "expires_at": "soon"},
        {"role": ["viewer"]},
    ],
)
def test_nonsense_is_refused(ask, alice, document, body):
    assert refusal(ask(alice, "post", url(document, "share-links"), body)) == (400, "invalid_request")
    assert not ShareLink.objects.exists()


def test_a_link_of_another_document_is_not_here(ask, alice, document, link):
    other = ask(alice, "post", DOCUMENTS, {"title": "Other"}).json()["doc_id"]
    answer = ask(alice, "delete", f"{DOCUMENTS}/{other}/share-links/{link('viewer').link.pk}")
    assert refusal(answer) == (404, "no_such_link")
    assert ShareLink.objects.get().ended_at is None


def test_there_are_only_so_many(ask, alice, document, settings):
    settings.MAX_SHARE_LINKS = 2
    answers = [ask(alice, "post", url(document, "share-links"), {"role": "viewer"}) for _ in range(3)]
    assert [answer.status_code for answer in answers] == [201, 201, 409]
    assert refusal(answers[2]) == (409, "too_many")


# --- Coming in ---


def test_who_has_more_keeps_it(ask, alice, bob, document, link):
    for user, role in ((alice, "owner"), (bob, "editor")):
        assert ask(user, "post", REDEEM, {"secret": link("viewer").secret}).json()["role"] == role
    assert not Collaborator.objects.exclude(link=None).exists()


def test_who_had_less_has_it_again_afterwards(ask, alice, vera, document, link):
    made = link("editor")
    assert ask(vera, "post", REDEEM, {"secret": made.secret}).json()["role"] == "editor"
    sharing.revoke_link(document, str(made.link.pk))
    assert role_of(ask, vera, document) == "viewer"


def test_a_lock_makes_nobody_less(ask, bob, document, link):
    """Bob edits; a commenter's link that he opens while nobody may change anything does not make him one."""
    sharing.lock(document)
    assert ask(bob, "post", REDEEM, {"secret": link("commenter").secret}).json()["role"] == "viewer"
    sharing.unlock(document)
    assert role_of(ask, bob, document) == "editor"
    assert not Collaborator.objects.exclude(link=None).exists()


LATER = [({"hours": 1}, {"hours": 2}), ({"hours": 1}, {}), ({}, {})]


@pytest.mark.parametrize(("first", "second"), LATER, ids=str)
def test_who_comes_by_a_second_link_stays_when_the_first_ends(ask, mallory, document, link, first, second):
    old, new = link("viewer", **first), link("viewer", **second)
    for made in (old, new, old) if first != second else (old, new):
        assert ask(mallory, "post", REDEEM, {"secret": made.secret}).status_code == 200
    sharing.revoke_link(document, str(old.link.pk))
    assert role_of(ask, mallory, document) == "viewer"
    sharing.revoke_link(document, str(new.link.pk))
    assert role_of(ask, mallory, document) == 404


def test_a_link_that_ends_sooner_takes_no_time_away(ask, vera, mallory, document, link):
    """Nor is a role of one's own exchanged for a link's."""
    longer, shorter = link("viewer", hours=2), link("viewer", hours=1)
    for made in (longer, shorter):
        for user in (mallory, vera):
            assert ask(user, "post", REDEEM, {"secret": made.secret}).status_code == 200
    sharing.revoke_link(document, str(shorter.link.pk))
    assert role_of(ask, mallory, document) == role_of(ask, vera, document) == "viewer"
    sharing.revoke_link(document, str(longer.link.pk))
    assert (role_of(ask, mallory, document), role_of(ask, vera, document)) == (404, "viewer")


def test_who_is_given_a_role_keeps_it_when_the_link_ends(ask, alice, mallory, document, link):
    made = link("viewer")
    ask(mallory, "post", REDEEM, {"secret": made.secret})
    ask(alice, "patch", url(document, "collaborators", mallory.pk), {"role": "commenter"})
    sharing.revoke_link(document, str(made.link.pk))
    assert role_of(ask, mallory, document) == "commenter"


def test_it_ends_by_itself(ask, alice, vera, mallory, document, link, late):
    made = link("editor", hours=1)
    for user in (vera, mallory):
        assert ask(user, "post", REDEEM, {"secret": made.secret}).json()["role"] == "editor"
    late()
    assert role_of(ask, mallory, document) == 404
    assert ask(mallory, "get", DOCUMENTS).json()["count"] == 0
    assert "mallory" not in [
        each["user"]["username"] for each in ask(alice, "get", url(document, "collaborators")).json()
    ]
    sharing.end_expired_links()
    assert role_of(ask, vera, document) == "viewer"
    assert refusal(ask(mallory, "post", REDEEM, {"secret": made.secret})) == (404, "no_such_link")


def test_of_a_link_revoked_meanwhile_nothing_is_left(monkeypatch, ask, mallory, document, link):
    """Revoked after it was found, and before the role was given."""
    made = link("viewer")
    arrive = sharing._arrive

    def slowly(*given):
        sharing.revoke_link(document, str(made.link.pk))
        arrive(*given)

    monkeypatch.setattr(sharing, "_arrive", slowly)
    assert refusal(ask(mallory, "post", REDEEM, {"secret": made.secret})) == (404, "no_such_link")
    assert role_of(ask, mallory, document) == 404


@pytest.mark.parametrize("secret", ["", "x", "é" * 32, "\0", 7, None, {"$ne": ""}, "a" * 101])
def test_guesses_are_refused(ask, mallory, document, link, secret):
    link("viewer")
    assert ask(mallory, "post", REDEEM, {"secret": secret}).status_code in (400, 404)
    assert not Collaborator.objects.exclude(link=None).exists()


def test_a_link_into_the_trash_leads_nowhere(ask, alice, mallory, document, link):
    secret = link("viewer").secret
    trash.delete_document(document, actor=alice)
    assert refusal(ask(mallory, "post", REDEEM, {"secret": secret})) == (404, "no_such_link")


def test_a_full_document_takes_nobody_in(ask, mallory, document, link, settings):
    settings.MAX_COLLABORATORS = 3
    assert refusal(ask(mallory, "post", REDEEM, {"secret": link("viewer").secret})) == (409, "too_many")


# --- Guests ---


def test_a_guest_sees_one_document_and_nothing_else(ask, alice, bob, document, link):
    other = ask(bob, "post", DOCUMENTS, {"title": "Not for guests"}).json()["doc_id"]
    came = ask(None, "post", REDEEM, {"secret": link("editor").secret, "name": "Dora"})
    assert came.status_code == 200 and came["Cache-Control"] == "no-store"
    tokens = came.json()
    assert tokens["token_type"] == "bearer" and tokens["doc_id"] == str(document.id)
    dora = as_guest(tokens["access_token"])
    assert dora.get(url(document)).json()["role"] == "editor"
    assert dora.patch(url(document), {"content": "the dog"}, format="json").status_code == 200
    assert dora.get(DOCUMENTS).json()["count"] == 1
    assert refusal(dora.post(DOCUMENTS, {}, format="json")) == (403, "forbidden")
    assert refusal(dora.get(f"{DOCUMENTS}/{other}")) == (404, "not_found")
    for method in (dora.patch, dora.delete):
        assert refusal(method("/api/users/me", {"username": "x"}, format="json")) == (403, "forbidden")
    [entry, *_] = ask(alice, "get", url(document, "history")).json()["results"]
    assert entry["author"]["username"] == "Dora (guest)"


def test_a_guest_is_out_when_the_link_is_revoked(ask, alice, document, link):
    made = link("viewer")
    guest = as_guest(ask(None, "post", REDEEM, {"secret": made.secret}).json()["access_token"])
    assert guest.get(url(document)).status_code == 200
    sharing.revoke_link(document, str(made.link.pk))
    assert refusal(guest.get(url(document))) == (404, "not_found")


def test_a_guest_is_nobody_one_could_find(ask, alice, document, link):
    ask(None, "post", REDEEM, {"secret": link("viewer").secret, "name": "Dora"})
    guest = User.objects.get(guest_of=document.id)
    for name in ("Dora", "Dora (guest)", guest.username):
        answer = ask(alice, "post", url(document, "collaborators"), {"username": name, "role": "editor"})
        assert refusal(answer) == (400, "no_such_user")
    answer = ask(alice, "patch", url(document, "collaborators", guest.pk), {"role": Role.OWNER})
    assert refusal(answer) == (403, "forbidden")


@pytest.mark.parametrize("name", ["alice (guest)", "alice(guest)", "ALICE (Guest)", "guest:1"])
def test_nobody_else_looks_like_a_guest(ask, db, name):
    answer = ask(None, "post", "/api/users", {"username": name, "password": "correct horse battery staple"})
    assert refusal(answer) == (400, "invalid_request")


@pytest.mark.parametrize("name", ["", "\u202ealice", "a\u200bb", "...", "x" * 51, 7])
def test_a_guest_has_a_name_that_can_be_seen(ask, document, link, name):
    answer = ask(None, "post", REDEEM, {"secret": link("viewer").secret, "name": name})
    assert answer.status_code == 400 or name == 7
    assert User.objects.exclude(guest_of=None).count() == (1 if name == 7 else 0)
