"""Links on the page of sharing: made and shown once, listed, revoked; and what the page says of who came by them."""

import re
from datetime import UTC, datetime, timedelta

import pytest
from django.contrib.sessions.models import Session
from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from documents import services, sharing
from documents.models import Collaborator, ShareLink
from documents.pages.sharers import who_may_what
from documents.permissions import Person
from documents.tests.pages import Browser, roles

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def document(alice, bob):
    made = services.create_document(owner=alice, title="Plan")
    sharing.set_role(made, user=bob, role="editor", actor=alice)
    return made


@pytest.fixture
def guest(alice, document):
    """Dora, who came by a link to comment."""
    made = sharing.create_link(document, role="commenter", expires_at=None, actor=alice)
    return sharing.let_guest_in(made.link, "Dora")


def makes(owner, document, role="commenter", lifetime="week"):
    return owner.posts("document-share", document, action="link", role=role, lifetime=lifetime)


def address_in(answer):
    return re.search(r'id="new-link" value="([^"]*)" readonly', answer.content.decode())[1]


# --- Made, and shown once ---


def test_it_works(alice, document):
    owner = Browser(alice)
    answer = makes(owner, document)
    assert answer.status_code == 200 and answer["Cache-Control"] == "private, no-store"
    start, secret = address_in(answer).split("#")
    assert start == "http://testserver/shared"
    assert sharing.find_link(secret).role == "commenter"
    [shown] = owner.opens("document-share", document).context["links"]
    assert (shown.may, shown.made_by, shown.made) == ("Can comment", "you", "just now")


def test_the_secret_is_shown_once_and_kept_nowhere(alice, document):
    owner = Browser(alice)
    secret = address_in(makes(owner, document)).split("#")[1]
    assert secret not in owner.opens("document-share", document).content.decode()
    assert secret not in str([session.get_decoded() for session in Session.objects.all()])
    assert secret not in str(owner.client.cookies)
    assert secret not in str(list(ShareLink.objects.values_list()))


@pytest.mark.parametrize(("lifetime", "days"), [("day", 1), ("week", 7), ("month", 30), ("revoked", None)])
def test_it_lasts_as_long_as_was_said(lifetime, days, alice, document):
    makes(Browser(alice), document, lifetime=lifetime)
    expires_at = ShareLink.objects.get().expires_at
    if days is None:
        assert expires_at is None
    else:
        assert abs(expires_at - timezone.now() - timedelta(days=days)) < timedelta(minutes=1)


@pytest.mark.parametrize(
    ("role", "lifetime", "says"),
    [
        ("owner", "week", "A link can't give the role owner."),
        ("", "week", "A link can't give the role ."),
        ("viewer", "for ever", "Choose how long the link is good for."),
    ],
)
def test_nonsense_makes_no_link(role, lifetime, says, alice, document):
    owner = Browser(alice)
    assert owner.messages_after(makes(owner, document, role, lifetime)) == [says]
    assert not ShareLink.objects.exists()


def test_too_many_are_refused_in_words(alice, document, settings):
    settings.MAX_SHARE_LINKS = 1
    owner = Browser(alice)
    makes(owner, document)
    assert owner.messages_after(makes(owner, document)) == ["A document has at most 1 links."]


# --- Revoked ---


def test_revoke(alice, document, guest):
    owner, link = Browser(alice), ShareLink.objects.get()
    assert "Dora (guest)" in owner.opens("document-share", document).content.decode()
    answer = owner.posts("document-share", document, action="revoke", link=link.pk)
    assert owner.messages_after(answer) == ["That link does not work any more, and who came by it is out."]
    assert owner.opens("document-share", document).context["links"] == []
    assert set(roles(document)) == {"alice", "bob"}
    again = owner.posts("document-share", document, action="revoke", link=link.pk)
    assert owner.messages_after(again) == ["This link does not work (any more)."]


def test_links_are_the_owners_business(alice, bob, document):
    makes(Browser(alice), document)
    editor, link = Browser(bob), ShareLink.objects.get()
    page = editor.opens("document-share", document)
    assert page.context["links"] == [] and str(link.pk) not in page.content.decode()
    for data in ({"action": "link", "role": "viewer", "lifetime": "day"}, {"action": "revoke", "link": link.pk}):
        answer = editor.posts("document-share", document, **data)
        assert editor.messages_after(answer) == ["You may not do this with this document."]
    assert ShareLink.objects.get().ended_at is None


# --- Who came by link ---


def test_who_came_by_a_link_is_marked_and_can_be_kept(alice, document, guest):
    owner = Browser(alice)
    assert [each.name for each in owner.opens("document-share", document).context["people"] if each.by_link] == [
        "Dora (guest)"
    ]
    answer = owner.posts("document-share", document, action="change", user=guest.pk, role="commenter")
    assert owner.messages_after(answer) == ["Dora (guest) can comment now."]
    sharing.revoke_link(document, str(ShareLink.objects.get().pk))
    assert Collaborator.objects.get(user=guest).role == "commenter"
    assert not any(each.by_link for each in owner.opens("document-share", document).context["people"])


def test_a_guest_can_be_removed_but_inherits_nothing(alice, document, guest):
    owner = Browser(alice)
    assert [each.name for each in owner.opens("document-share", document).context["heirs"]] == ["bob"]
    answer = owner.posts("document-share", document, action="transfer", user=guest.pk)
    assert owner.messages_after(answer) == ["A guest can't own a document, nor can somebody who may not log in."]
    answer = owner.posts("document-share", document, action="remove", user=guest.pk)
    assert owner.messages_after(answer) == [
        "Dora (guest) is removed. Who has a link can still come in by it: revoke it, too, to keep them out."
    ]
    sharing.revoke_link(document, str(ShareLink.objects.get().pk))
    answer = owner.posts("document-share", document, action="remove", user=User.objects.get(username="bob").pk)
    assert owner.messages_after(answer) == ["bob can’t open the document any more."]


def test_who_may_not_log_in_inherits_nothing(alice, bob, document):
    User.objects.filter(pk=bob.pk).update(is_active=False)
    owner = Browser(alice)
    assert owner.opens("document-share", document).context["heirs"] == []
    owner.posts("document-share", document, action="transfer", user=bob.pk)
    assert roles(document)["alice"] == "owner"


# --- A guest at the pages ---


def test_a_guest_sees_one_document_and_makes_none(alice, document, guest):
    services.create_document(owner=alice, title="Another")
    visitor = Browser(guest)
    page = visitor.opens("document-list")
    html = page.content.decode()
    assert [row.title for row in page.context["rows"]] == ["Plan"]
    assert "New document" not in html and reverse("document-trash") not in html
    assert "Dora (guest)" in html and "Leave</button>" in html and "Log out" not in html
    assert visitor.messages_after(visitor.posts("document-create")) != []
    assert not visitor.opens("document-share", document).context["can_manage"]


def test_a_guest_whose_link_ended_is_told(alice, document, guest):
    sharing.revoke_link(document, str(ShareLink.objects.get().pk))
    visitor = Browser(guest)
    assert "Nothing here any more" in visitor.opens("document-list").content.decode()
    gone = visitor.opens("document-editor", document)
    assert gone.status_code == 404 and "ask them for a new one" in gone.content.decode()


@pytest.mark.parametrize(("name", "path"), [("login", "/log-in/"), ("sign-up", "/sign-up/")])
def test_a_guest_with_an_account_gets_to_the_log_in_and_back_to_the_link(name, path, document, guest):
    visitor = Browser(guest)
    html = visitor.opens("document-list").content.decode()
    following = f"{path}?next=/shared"
    assert f'name="next" value="{following}"' in html
    answer = visitor.client.post(reverse("logout"), {"next": following})
    assert answer.status_code == 302 and answer.url == following
    assert 'name="next" value="/shared"' in visitor.client.get(answer.url).content.decode()


# --- In a sentence ---


def link(role, expires_at=None):
    return ShareLink(role=role, expires_at=expires_at)


def test_who_may_what_tells_of_links():
    alice, bob = User(username="alice"), User(username="bob")
    noon = datetime(2026, 12, 3, 12, tzinfo=UTC)
    alone, both = [Person(alice, "owner")], [Person(alice, "owner"), Person(bob, "editor")]
    assert who_may_what(alone, alice, [link("commenter", noon)]) == (
        "You own this document. Anyone with a link can comment, until 3 December 2026, 12:00 UTC. "
        "Nobody else can see it."
    )
    later = noon + timedelta(days=1)
    assert who_may_what(both, bob, [link("viewer", noon), link("viewer", later), link("editor")]) == (
        "alice owns this document; you can edit. Anyone with a link can edit. "
        "Anyone with another link can read, until 4 December 2026, 12:00 UTC. Nobody else can see it."
    )
    assert "until" not in who_may_what(both, bob, [link("viewer", noon), link("viewer")])


def test_everybody_is_told_that_there_is_a_link(alice, bob, document):
    makes(Browser(alice), document, role="viewer", lifetime="revoked")
    for user in (alice, bob):
        assert "Anyone with a link can read." in Browser(user).opens("document-share", document).context["sentence"]
