"""The page that a link opens: as oneself, or as a guest with a name; and what it refuses, in words."""

import re
from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from documents import services, sharing
from documents.models import Collaborator
from documents.tests.pages import Browser

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def document(alice):
    return services.create_document(owner=alice, title="Plan", content="Buy bread")


@pytest.fixture
def secret(alice, document):
    return sharing.create_link(document, role="editor", expires_at=None, actor=alice).secret


def comes_in(visitor, secret, **data):
    return visitor.posts("share-link", secret=secret, **data)


def who_is(visitor):
    page = visitor.opens("document-list")
    return page.context["user"].shown_name if page.status_code == 200 else None


def words(html):
    return re.sub(r"\s+", " ", re.sub("<[^>]*>", " ", html))


def test_as_oneself(bob, document, secret):
    visitor = Browser(bob)
    html = visitor.opens("share-link").content.decode()
    assert "Open as bob" in html and "Your name" not in html
    answer = comes_in(visitor, secret)
    assert answer.url == reverse("document-editor", args=[document.pk])
    assert Collaborator.objects.get(user=bob).role == "editor"
    assert who_is(visitor) == "bob"


def test_as_a_guest(document, secret):
    visitor = Browser()
    html = visitor.opens("share-link").content.decode()
    assert "Open as a guest" in html
    for address in ("/log-in/", "/sign-up/"):  # in the header, and beside the form
        assert html.count(f'href="{address}?next=/shared"') == html.count(f'href="{address}') == 2
    answer = comes_in(visitor, secret, name="  Dora ")
    assert visitor.client.get(answer.url).status_code == 200
    assert who_is(visitor) == "Dora (guest)"


def test_a_guest_stays_the_same_one_in_the_same_document(document, secret):
    visitor = Browser()
    comes_in(visitor, secret, name="Dora")
    assert 'value="Dora"' in visitor.opens("share-link").content.decode()
    assert comes_in(visitor, secret, name="Theodora").status_code == 302
    assert who_is(visitor) == "Dora (guest)"
    assert User.objects.exclude(guest_of=None).count() == 1


def test_a_guest_of_another_document_becomes_another_guest(alice, document, secret):
    other = services.create_document(owner=alice, title="Other")
    visitor = Browser()
    comes_in(visitor, sharing.create_link(other, role="viewer", expires_at=None, actor=alice).secret, name="Dora")
    comes_in(visitor, secret, name="Dora")
    [row] = visitor.opens("document-list").context["rows"]
    assert row.title == "Plan"


def test_sign_up_is_offered_where_it_is_open(settings, db):
    settings.SIGN_UP_OPEN = False
    assert "/sign-up/" not in Browser().opens("share-link").content.decode()


# --- What it refuses ---


@pytest.mark.parametrize("secret_given", ["", "x", "é" * 40, "\0"])
def test_a_link_that_is_none(secret_given, db):
    answer = comes_in(Browser(), secret_given, name="Dora <b>")
    html = answer.content.decode()
    assert answer.status_code == 404
    assert re.search(r'id="problem" role="alert">This link does not work \(any more\).<', html)
    assert 'value="Dora &lt;b&gt;"' in html
    assert not User.objects.exclude(guest_of=None).exists()


def test_a_link_that_has_ended(alice, document, monkeypatch):
    soon = timezone.now() + timedelta(hours=1)
    ended = sharing.create_link(document, role="viewer", expires_at=soon, actor=alice)
    revoked = sharing.create_link(document, role="viewer", expires_at=None, actor=alice)
    sharing.revoke_link(document, str(revoked.link.pk))
    monkeypatch.setattr(timezone, "now", lambda: soon + timedelta(seconds=1))
    for made in (ended, revoked):
        assert comes_in(Browser(), made.secret, name="Dora").status_code == 404


@pytest.mark.parametrize("name", ["", "  ", "\u202ealice", "a\u200bb", "...", "x" * 51, "guest:1"])
def test_a_name_that_is_none_is_refused_beside_the_field(name, secret):
    answer = comes_in(Browser(), secret, name=name)
    html = answer.content.decode()
    assert answer.status_code == 400
    assert 'aria-invalid="true"' in html and 'id="name-problem" role="alert">' in html
    assert not User.objects.exclude(guest_of=None).exists()


def test_a_full_document(secret, settings):
    settings.MAX_COLLABORATORS = 0
    answer = comes_in(Browser(), secret, name="Dora")
    assert answer.status_code == 409 and "at most 0 collaborators" in words(answer.content.decode())


def test_too_many_tries(settings, db):
    settings.RATE_LIMITS = True
    visitor = Browser()
    answers = [comes_in(visitor, "x", name="Dora") for _ in range(61)]
    assert [answer.status_code for answer in answers] == [404] * 60 + [429]
    assert int(answers[-1]["Retry-After"]) > 0
    assert "Too many attempts" in words(answers[-1].content.decode())


# --- What it gives away: nothing ---


def test_it_is_not_indexed_and_sends_no_referrer_elsewhere(client, db):
    answer = client.get(reverse("share-link"))
    assert '<meta name="robots" content="noindex">' in answer.content.decode()
    assert answer["X-Robots-Tag"] == "noindex"
    assert answer["Referrer-Policy"] == "same-origin"
    assert "no-store" in answer["Cache-Control"] and "private" in answer["Cache-Control"]


def test_the_secret_is_not_in_any_answer(document, secret, settings):
    settings.MAX_COLLABORATORS = 0
    assert secret not in comes_in(Browser(), secret, name="Dora").content.decode()
    settings.MAX_COLLABORATORS = 5
    answer = comes_in(Browser(), secret, name="Dora")
    assert secret not in answer.url and secret not in str(answer.cookies)


def test_a_form_of_another_site_lets_nobody_in(bob, secret):
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(bob)
    assert strict.post(reverse("share-link"), {"secret": secret}).status_code == 403
    assert not Collaborator.objects.exists()


def test_without_a_script_it_says_so(client, db):
    html = client.get(reverse("share-link")).content.decode()
    assert "<noscript>" in html and "needs JavaScript" in html
    assert re.search(r'<form id="come-in"[^>]* hidden>', html)
