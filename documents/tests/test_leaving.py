"""Whose account is erased leaves their documents to others, or to the trash, and their name nowhere."""

from datetime import timedelta
from uuid import UUID

import pytest
from django.test import Client
from django.utils import timezone

from accounts import services as accounts
from accounts.models import User
from documents import comments, leaving, permissions, services, sharing, trash
from documents.errors import NotFound
from documents.models import Collaborator, Document, Role
from documents.tests.rest import DOCUMENTS, url

pytestmark = pytest.mark.django_db


@pytest.fixture
def shared(alice):
    """`shared(bob="editor")`: a document of alice's."""

    def make(**roles: str) -> Document:
        document = services.create_document(owner=alice, title="Shared", content="the cat")
        for name, role in roles.items():
            sharing.set_role(document, user=User.objects.by_name(name), role=role, actor=alice)
        return document

    return make


def owner_of(document: Document) -> User:
    return Document.objects.get(pk=document.pk, deleted_at=None).owner


def is_in_trash(document: Document) -> bool:
    return Document.objects.filter(pk=document.pk, owner_id=document.owner_id).exclude(deleted_at=None).exists()


def come_by_link(document: Document, role: str, *users: User) -> None:
    made = sharing.create_link(document, role=role, expires_at=None, actor=document.owner)
    for user in users:
        sharing.redeem(made.link, user)


def test_it_works(ask, alice, bob, document):
    accounts.erase_user(alice)
    shown = ask(bob, "get", url(document)).json()
    assert shown["role"] == "owner" and shown["owner"]["username"] == "bob" and shown["content"] == "the cat"
    people = ask(bob, "get", url(document, "collaborators")).json()
    assert [(person["user"]["username"], person["role"]) for person in people] == [
        ("bob", "owner"),
        ("carol", "commenter"),
        ("vera", "viewer"),
    ]


@pytest.mark.parametrize(
    ("roles", "heir"),
    [
        ({"bob": "editor", "carol": "commenter", "vera": "viewer"}, "bob"),
        ({"carol": "viewer", "vera": "commenter"}, "vera"),
        ({"vera": "viewer"}, "vera"),
        ({"vera": "editor", "bob": "editor"}, "vera"),  # who has been here longer
    ],
)
def test_it_goes_to_who_may_most(users, shared, roles, heir):
    for age, user in enumerate(users.values()):
        User.objects.filter(pk=user.pk).update(date_joined=timezone.now() - timedelta(days=age))
    document = shared(**roles)
    accounts.erase_user(users["alice"])
    assert owner_of(document).username == heir
    assert Collaborator.objects.filter(document=document).count() == len(roles) - 1


def test_what_nobody_else_is_in_goes_to_the_trash(ask, alice, shared):
    document = shared()
    accounts.erase_user(alice)
    assert is_in_trash(document) and document.pk in trash.due(timedelta(seconds=-1))
    trash.purge(document)
    assert not Document.objects.filter(pk=document.pk).exists()


def test_guests_and_who_left_inherit_nothing(alice, bob, carol, shared):
    document = shared(bob="editor", carol="viewer")
    made = sharing.create_link(document, role="editor", expires_at=None, actor=alice)
    sharing.let_guest_in(made.link, "Dora")
    User.objects.filter(pk=bob.pk).update(is_active=False)
    accounts.erase_user(carol)
    accounts.erase_user(alice)
    assert is_in_trash(document)


def test_a_role_of_ones_own_counts_before_a_link(alice, bob, vera, shared):
    document = shared(vera="viewer")
    come_by_link(document, "editor", bob)
    assert leaving.heirs(document) == [vera, bob]
    accounts.erase_user(alice)
    assert owner_of(document) == vera


def test_who_came_by_a_link_is_better_than_nobody(alice, mallory, shared):
    document = shared()
    come_by_link(document, "viewer", mallory)
    accounts.erase_user(alice)
    assert owner_of(document) == mallory


def test_who_owns_too_many_is_passed_over(alice, bob, carol, shared, settings):
    document = shared(bob="editor", carol="viewer")
    services.create_document(owner=bob)
    settings.MAX_DOCUMENTS = 1
    accounts.erase_user(alice)
    assert owner_of(document) == carol


def test_what_was_in_the_trash_stays_there(alice, shared):
    document = shared(bob="editor")
    trash.delete_document(document, actor=alice)
    accounts.erase_user(alice)
    assert is_in_trash(document)


def test_what_belongs_to_others_stays_theirs(ask, alice, bob, document):
    accounts.erase_user(bob)
    assert owner_of(document) == alice
    people = ask(alice, "get", url(document, "collaborators")).json()
    assert "bob" not in [person["user"]["username"] for person in people] and len(people) == 3


def test_stopped_half_way_it_goes_on_when_asked_again(alice, bob, shared, monkeypatch):
    documents = [shared(bob="editor"), shared(), shared(bob="viewer")]
    with monkeypatch.context() as patch:
        patch.setattr(trash, "delete_document", lambda *args, **kwargs: (_ for _ in ()).throw(RuntimeError("kill -9")))
        with pytest.raises(RuntimeError):
            accounts.erase_user(alice)
    assert User.objects.get(pk=alice.pk).erased_at is None, "there still is somebody to ask again"
    accounts.erase_user(User.objects.get(pk=alice.pk))
    assert [owner_of(documents[0]), owner_of(documents[2])] == [bob, bob] and is_in_trash(documents[1])


def test_handed_over_meanwhile_is_handed_over(alice, bob, vera, shared, monkeypatch):
    document = shared(bob="editor", vera="viewer")
    heirs = leaving.heirs

    def slowly(document):
        found = heirs(document)
        Document.objects.filter(pk=document.pk).update(owner=vera)
        return found

    monkeypatch.setattr(leaving, "heirs", slowly)
    accounts.erase_user(alice)
    assert owner_of(document) == vera


def test_the_name_is_gone_everywhere(ask, alice, bob, document):
    """History, blame, revisions, versions, comments, people, lists and pages."""
    services.replace_content(document, "the cat and alice's dog", author=alice)
    services.name_version(permissions.get_document(alice, document.id), 2, "Second", actor=alice)
    comments.add(permissions.get_document(alice, document.id), author=alice, body="Good.", stretch=(0, 3))
    accounts.erase_user(alice)
    browser = Client()
    browser.force_login(bob)
    answers = [
        ask(bob, "get", url(document, path)) for path in ("history", "blame", "revisions", "versions", "versions/2")
    ]
    answers += [ask(bob, "get", url(document, path)) for path in ("comments", "collaborators")]
    answers += [ask(bob, "get", DOCUMENTS), ask(bob, "get", url(document))]
    answers += [browser.get(f"/documents/{document.id}/{page}") for page in ("", "history/", "share/")]
    answers += [browser.get("/documents/"), browser.get(f"/documents/{document.id}/history/?version=2&view=authors")]
    for answer in answers:
        assert answer.status_code == 200
        told = answer.content.decode().replace("alice's dog", "").replace("alice&#x27;s dog", "")
        assert "alice" not in told and "erased:" not in told, answer.request["PATH_INFO"]
    blamed = ask(bob, "get", url(document, "blame")).json()["runs"]
    assert [run["author"] for run in blamed] == [None] * len(blamed)


def test_erased_by_rest_it_is_the_same(ask, alice, bob, document, password):
    assert ask(alice, "delete", "/api/users/me", {"current_password": password}).status_code == 204
    assert owner_of(document) == bob
    with pytest.raises(NotFound):
        permissions.get_document(User.objects.get(pk=alice.pk), UUID(str(document.id)))


def test_nobody_else_loses_a_role(alice, bob, carol, vera, document):
    accounts.erase_user(alice)
    roles = permissions.roles_in({document.id: {alice.id, bob.id, carol.id, vera.id}})[document.id]
    assert roles == {bob.id: Role.OWNER, carol.id: Role.COMMENTER, vera.id: Role.VIEWER}
