from uuid import uuid4

import pytest
from django.utils import timezone

from accounts import services as accounts
from accounts.models import User
from documents import events, sharing
from documents.errors import NotFound
from documents.models import Collaborator, Document, Role
from documents.tests.rest import assert_members_only, assert_roles, refusal, url

pytestmark = pytest.mark.django_db


@pytest.fixture
def people(ask, document):
    """Who has which role, as the given user sees it."""

    def people(user) -> dict[str, str]:
        answer = ask(user, "get", url(document, "collaborators"))
        assert answer.status_code == 200, answer.content
        found = answer.json()
        assert [person["role"] for person in found].count("owner") == 1, "exactly one owner"
        return {person["user"]["username"]: person["role"] for person in found}

    return people


EVERYBODY = {"alice": "owner", "bob": "editor", "carol": "commenter", "vera": "viewer"}


def test_it_works(ask, people, alice, mallory, document):
    assert people(alice) == EVERYBODY
    answer = ask(alice, "post", url(document, "collaborators"), {"username": "mallory", "role": "viewer"})
    shown = {"user": {"id": str(mallory.id), "username": "mallory"}, "role": "viewer"}
    assert (answer.status_code, answer.json()) == (201, shown)
    assert people(mallory) == EVERYBODY | {"mallory": "viewer"}
    assert ask(mallory, "get", url(document)).json()["role"] == "viewer"


def test_by_address(ask, people, alice, document):
    answer = ask(alice, "post", url(document, "collaborators"), {"email": "Mallory@Example.org", "role": "editor"})
    assert answer.status_code == 201 and people(alice)["mallory"] == "editor"


def test_by_a_name_however_it_is_spelt(ask, people, alice, document):
    answer = ask(alice, "post", url(document, "collaborators"), {"username": " MALLORY", "role": "editor"})
    assert answer.status_code == 201 and people(alice)["mallory"] == "editor"


def test_adding_again_changes_the_role(ask, people, alice, document):
    ask(alice, "post", url(document, "collaborators"), {"username": "vera", "role": "editor"})
    assert people(alice) == EVERYBODY | {"vera": "editor"}
    assert Collaborator.objects.count() == 3


@pytest.mark.parametrize("role", ["editor", "commenter", "viewer"])
def test_a_role_changes(ask, people, alice, bob, document, role):
    answer = ask(alice, "patch", url(document, "collaborators", bob.id), {"role": role})
    assert (answer.status_code, answer.json()["role"]) == (200, role)
    assert people(bob) == EVERYBODY | {"bob": role}
    can_write = ask(bob, "put", url(document), {"content": "x"}).status_code == 200
    assert can_write == (role == "editor")


def test_removed(ask, people, alice, bob, document):
    assert ask(alice, "delete", url(document, "collaborators", bob.id)).status_code == 204
    assert refusal(ask(bob, "get", url(document))) == (404, "not_found")
    assert "bob" not in people(alice)
    assert refusal(ask(alice, "delete", url(document, "collaborators", bob.id))) == (404, "not_found")


@pytest.mark.parametrize("name", ["bob", "carol", "vera"])
def test_one_may_remove_oneself(ask, users, document, name):
    me = users[name]
    assert ask(me, "delete", url(document, "collaborators", me.id)).status_code == 204
    assert ask(me, "get", url(document)).status_code == 404


def test_one_may_remove_oneself_however_the_id_is_spelt(ask, vera, document):
    assert ask(vera, "delete", url(document, "collaborators", str(vera.id).upper())).status_code == 204


# --- The owner ---


def test_a_transfer(ask, people, alice, bob, document):
    answer = ask(alice, "patch", url(document, "collaborators", bob.id), {"role": "owner"})
    assert (answer.status_code, answer.json()["role"]) == (200, "owner")
    assert people(alice) == EVERYBODY | {"alice": "editor", "bob": "owner"}
    assert Document.objects.get().owner == bob
    assert refusal(ask(alice, "delete", url(document))) == (403, "forbidden")
    assert ask(bob, "patch", url(document, "collaborators", alice.id), {"role": "owner"}).status_code == 200
    assert people(alice) == EVERYBODY


def test_to_oneself_nothing_happens(ask, people, alice, document):
    assert ask(alice, "patch", url(document, "collaborators", alice.id), {"role": "owner"}).status_code == 200
    assert people(alice) == EVERYBODY


@pytest.mark.parametrize("role", ["editor", "viewer"])
def test_the_owner_stays_until_another_is(ask, people, alice, document, role):
    for answer in (
        ask(alice, "patch", url(document, "collaborators", alice.id), {"role": role}),
        ask(alice, "post", url(document, "collaborators"), {"username": "alice", "role": role}),
        ask(alice, "delete", url(document, "collaborators", alice.id)),
    ):
        assert refusal(answer) == (403, "forbidden")
    assert people(alice) == EVERYBODY


def test_of_two_transfers_at_once_one_wins(people, alice, bob, vera, document):
    """Both have read that alice is the owner."""
    one, two = (Document.objects.get() for _ in range(2))
    sharing.set_role(one, user=bob, role=Role.OWNER, actor=alice)
    with pytest.raises(NotFound):
        sharing.set_role(two, user=vera, role=Role.OWNER, actor=alice)
    assert people(alice) == EVERYBODY | {"alice": "editor", "bob": "owner"}


@pytest.mark.parametrize("stops_at", [Document, Collaborator])
def test_a_transfer_that_stops_half_way_leaves_one_owner(people, alice, bob, document, monkeypatch, stops_at):
    """Before the change of owner, or after it; the next attempt finishes it."""
    real = stops_at.objects.filter

    def dies(*args, **kwargs):
        if "owner" in kwargs or stops_at is Collaborator:
            raise RuntimeError("kill -9")
        return real(*args, **kwargs)

    with monkeypatch.context() as patch:
        patch.setattr(stops_at.objects, "filter", dies)
        with pytest.raises(RuntimeError):
            sharing.set_role(Document.objects.get(), user=bob, role=Role.OWNER, actor=alice)
    assert people(alice)["alice"] in ("owner", "editor")
    sharing.set_role(Document.objects.get(), user=bob, role=Role.OWNER, actor=alice)
    assert people(alice) == EVERYBODY | {"alice": "editor", "bob": "owner"}


def test_an_owner_who_left_has_no_name(ask, alice, bob, document):
    """Nobody owns anything any more after erasing, but a row of an earlier release may still say so."""
    User.objects.filter(pk=alice.pk).update(erased_at=timezone.now())
    assert ask(bob, "get", url(document)).json()["owner"] is None
    people = ask(bob, "get", url(document, "collaborators")).json()
    assert people[0] == {"user": None, "role": "owner"}


# --- What is announced ---


def test_listeners_hear_of_it(alice, bob, vera, document):
    heard = []
    listen = lambda event, **_: heard.append((event.user_id, event.role))  # noqa: E731
    events.announced.connect(listen)
    try:
        sharing.set_role(document, user=bob, role=Role.VIEWER, actor=alice)
        sharing.remove_collaborator(document, user=vera, actor=alice)
        sharing.set_role(document, user=bob, role=Role.OWNER, actor=alice)
    finally:
        events.announced.disconnect(listen)
    assert heard == [(bob.id, "viewer"), (vera.id, None), (bob.id, "owner"), (alice.id, "editor")]


# --- Refusals ---


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"username": "mallory"},
        {"role": "viewer"},
        {"username": "mallory", "role": "king"},
        {"username": "mallory", "role": None},
        {"username": "mallory", "role": ["viewer"]},
        {"username": "mallory", "email": "mallory@example.org", "role": "viewer"},
        {"username": "", "role": "viewer"},
        {"username": {"$ne": None}, "role": "viewer"},
        {"email": "nonsense", "role": "viewer"},
        {"username": "a\0b", "role": "viewer"},
        [],
    ],
)
def test_bad_input(ask, people, alice, document, body):
    assert refusal(ask(alice, "post", url(document, "collaborators"), body)) == (400, "invalid_request")
    assert people(alice) == EVERYBODY


@pytest.mark.parametrize("who", [{"username": "nobody"}, {"email": "nobody@example.org"}])
def test_nobody_of_that_name(ask, alice, document, who):
    answer = ask(alice, "post", url(document, "collaborators"), who | {"role": "viewer"})
    assert refusal(answer) == (400, "no_such_user")


def test_somebody_who_left_can_not_be_added(ask, alice, mallory, document):
    accounts.erase_user(mallory)
    for who in ({"username": "mallory"}, {"email": "mallory@example.org"}, {"username": mallory.username}):
        answer = ask(alice, "post", url(document, "collaborators"), who | {"role": "viewer"})
        assert answer.status_code == 400


@pytest.mark.parametrize("role", ["king", "", None, 1])
def test_no_such_role(ask, alice, bob, document, role):
    assert refusal(ask(alice, "patch", url(document, "collaborators", bob.id), {"role": role}))[0] == 400


@pytest.mark.parametrize("method", ["patch", "delete"])
def test_who_is_none_can_not_be_changed(ask, alice, mallory, document, method):
    for user_id in (mallory.id, uuid4(), "x", "-" * 36):
        answer = ask(alice, method, url(document, "collaborators", user_id), {"role": "viewer"})
        assert refusal(answer) == (404, "not_found")


def test_reading_members_only(ask, users, document):
    assert_members_only(ask, users, document, "get", "collaborators")


def test_adding_members_only(ask, users, document):
    body = {"username": "mallory", "role": "editor"}
    assert_members_only(ask, users, document, "post", "collaborators", body=body)
    assert ask(users["mallory"], "get", url(document)).status_code == 404


@pytest.mark.parametrize("method", ["patch", "delete"])
def test_changing_members_only(ask, users, document, method):
    assert_members_only(ask, users, document, method, "collaborators", str(users["bob"].id), body={"role": "viewer"})


def test_only_the_owner_adds(ask, users, people, document):
    body = {"username": "mallory", "role": "viewer"}
    assert_roles(ask, users, document, "post", "collaborators", refused="bob carol vera", body=body)
    assert people(users["alice"]) == EVERYBODY


@pytest.mark.parametrize("role", ["owner", "editor", "viewer"])
def test_only_the_owner_changes(ask, users, people, document, role):
    where = ("collaborators", str(users["bob"].id))
    assert_roles(ask, users, document, "patch", *where, refused="bob carol vera", body={"role": role})
    assert people(users["alice"]) == EVERYBODY


def test_only_the_owner_removes_others(ask, users, people, document):
    assert_roles(ask, users, document, "delete", "collaborators", str(users["carol"].id), refused="bob vera")
    assert_roles(ask, users, document, "delete", "collaborators", str(users["alice"].id), refused="bob vera")
    assert people(users["alice"]) == EVERYBODY


def test_the_slash_is_optional(ask, alice, bob, document):
    assert ask(alice, "get", url(document, "collaborators/")).status_code == 200
    body = {"username": "mallory", "role": "viewer"}
    assert ask(alice, "post", url(document, "collaborators/"), body).status_code == 201
    assert ask(alice, "patch", url(document, "collaborators", f"{bob.id}/"), {"role": "viewer"}).status_code == 200
    assert ask(alice, "delete", url(document, "collaborators", f"{bob.id}/")).status_code == 204
