"""Administrators find and read documents; a text is changed by the one road only."""

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import User
from documents import history, services, sharing

pytestmark = pytest.mark.django_db


@pytest.fixture
def admin(db) -> Client:
    client = Client()
    client.force_login(User.objects.create_superuser("root", "root@example.org", "correct horse battery"))
    return client


@pytest.fixture
def document(alice, vera):
    made = services.create_document(owner=alice, title="Plan", content="Buy <b>bread</b> 🍞\n")
    sharing.set_role(made, user=vera, role="viewer", actor=alice)
    return made


def change_page(document) -> str:
    return reverse("admin:documents_document_change", args=[document.pk])


def test_it_works(admin, document):
    listed = admin.get(reverse("admin:documents_document_changelist"), {"q": "alice"})
    assert "Plan" in listed.content.decode()
    page = admin.get(change_page(document)).content.decode()
    assert "Buy &lt;b&gt;bread&lt;/b&gt; 🍞" in page and "vera" in page


def test_nothing_of_it_can_be_changed_here(admin, document):
    page = admin.get(change_page(document)).content.decode()
    assert not any(f'name="{field}"' in page for field in ("title", "text", "content", "owner", "version"))
    admin.post(change_page(document), {"title": "Other", "text": "gone", "collaborators-TOTAL_FORMS": 0})
    document.refresh_from_db()
    assert (document.title, history.current_text(document.id)) == ("Plan", (1, "Buy <b>bread</b> 🍞\n"))


def test_nothing_is_added_or_deleted_here(admin, document):
    assert admin.get(reverse("admin:documents_document_add")).status_code == 403
    delete = reverse("admin:documents_document_delete", args=[document.pk])
    assert admin.post(delete, {"post": "yes"}).status_code == 403


def test_only_staff_come_in(client_for, alice, document):
    browser = Client()
    browser.force_login(alice)
    assert browser.get(change_page(document)).status_code == 302
