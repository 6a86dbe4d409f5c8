"""The page of the trash: what was deleted comes back, or goes for good; and only its owner knows of it."""

import re
from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from documents import services, sharing, trash
from documents.models import Document
from documents.pages import trash as page
from documents.tests.pages import Browser, roles

pytestmark = pytest.mark.django_db(transaction=True)

FATES = ["document-bring-back", "document-purge"]


@pytest.fixture
def document(alice, bob):
    made = services.create_document(owner=alice, title="Plan <b>", content="Buy bread")
    sharing.set_role(made, user=bob, role="editor", actor=alice)
    return made


@pytest.fixture
def deleted(alice, document):
    trash.delete_document(document, actor=alice)
    return document


def is_as_old_as(document, **age):
    Document.objects.filter(pk=document.pk).update(deleted_at=timezone.now() - timedelta(**age))


def rows(user):
    return [(row.title, row.deleted, row.left) for row in Browser(user).opens("document-trash").context["rows"]]


def test_it_works(alice, bob, deleted):
    owner = Browser(alice)
    assert rows(alice) == [("Plan <b>", "just now", "Gone for good in 30 days")]
    answer = owner.posts("document-bring-back", deleted)
    assert owner.messages_after(answer) == ["“Plan <b>” is back, with everybody it was shared with."]
    assert rows(alice) == []
    assert Browser(bob).opens("document-editor", deleted).status_code == 200
    assert roles(deleted) == {"alice": "owner", "bob": "editor"}


def test_a_deletion_is_undone_from_the_message(alice, document):
    owner = Browser(alice)
    html = owner.client.get(owner.posts("document-delete", document).url).content.decode()
    address = reverse("document-bring-back", args=[document.pk])
    assert re.search(rf'<button[^>]* form="undo" formaction="{address}">Undo</button>', html)
    assert re.search(r'<form id="undo" method="post" hidden><input type="hidden" name="csrfmiddlewaretoken"', html)
    assert "“Plan &lt;b&gt;” is in the trash." in html
    assert owner.client.post(address).status_code == 302
    assert owner.opens("document-editor", document).status_code == 200


def test_for_good(alice, deleted):
    owner = Browser(alice)
    answer = owner.posts("document-purge", deleted)
    assert answer.url == reverse("document-trash")
    assert owner.messages_after(answer) == ["“Plan <b>” is gone for good."]
    assert not Document.objects.exists()
    assert owner.posts("document-bring-back", deleted).status_code == 404


def test_what_is_locked_waits_for_an_administrator(alice, deleted):
    sharing.lock(deleted)
    html = Browser(alice).opens("document-trash").content.decode()
    assert "Locked by an administrator" in html and "Gone for good" not in html
    assert "Restore</button>" not in html
    assert Document.objects.filter(pk=deleted.pk, purged_at=None).exists()


@pytest.mark.parametrize(
    ("age", "left"),
    [
        ({"hours": 1}, "in 30 days"),
        ({"days": 27, "hours": 1}, "in 3 days"),
        ({"days": 29, "hours": 1}, "in 1 day"),
        ({"days": 30, "hours": 1}, "today"),
        ({"days": 99}, "today"),
    ],
)
def test_it_says_how_long_is_left(age, left, alice, deleted):
    is_as_old_as(deleted, **age)
    assert [said for _, _, said in rows(alice)] == [f"Gone for good {left}"]


def test_the_newest_stand_first_over_pages(alice):
    for number in range(page.PER_PAGE + 1):
        document = services.create_document(owner=alice, title=f"Text {number}")
        trash.delete_document(document, actor=alice)
        is_as_old_as(document, hours=number)
    reader = Browser(alice)
    first, second = reader.opens("document-trash"), reader.opens("document-trash", page=2)
    titles = [row.title for answer in (first, second) for row in answer.context["rows"]]
    assert titles == [f"Text {number}" for number in range(page.PER_PAGE + 1)]


@pytest.mark.parametrize("name", FATES)
@pytest.mark.parametrize("who", ["bob", "mallory"])
def test_the_trash_is_its_owners_alone(who, name, deleted, request):
    other = request.getfixturevalue(who)
    assert rows(other) == []
    assert Browser(other).posts(name, deleted).status_code == 404
    assert Document.objects.get().deleted_at is not None


@pytest.mark.parametrize("name", FATES)
def test_what_is_not_in_the_trash_is_a_404(name, alice, document):
    assert Browser(alice).posts(name, document).status_code == 404
    assert Document.objects.get().purged_at is None


@pytest.mark.parametrize("name", FATES)
def test_looking_changes_nothing(name, alice, deleted):
    assert Browser(alice).opens(name, deleted).status_code == 405
    assert Document.objects.get().deleted_at is not None


def test_strangers_are_asked_to_log_in(deleted):
    for answer in (Browser().opens("document-trash"), Browser().posts("document-purge", deleted)):
        assert answer.status_code == 302 and answer.url.startswith(reverse("login"))


def test_it_is_private_and_found_from_the_list(alice, deleted):
    assert Browser(alice).opens("document-trash")["Cache-Control"] == "private, no-store"
    assert f'href="{reverse("document-trash")}"' in Browser(alice).opens("document-list").content.decode()
