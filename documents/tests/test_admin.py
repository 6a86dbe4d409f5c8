"""Administrators find and read documents; a text is changed by the one road only."""

import uuid

import pytest
from django.contrib.auth.models import Permission
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from documents import history, logtable, services, sharing, trash
from documents.admin import texts
from documents.models import Document
from documents.models import Operation as Row

pytestmark = pytest.mark.django_db

LIST = "/admin/documents/document/"
LINKS = "/admin/documents/sharelink/"
EVIL = "<script>alert(1)</script>"
DEAR = ("COUNT(", "$count", "$facet", "documents_operation", "documents_searchcopy")
ESCAPED = "&lt;script&gt;alert(1)&lt;/script&gt;"


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


def shown(admin, document) -> str:
    answer = admin.get(change_page(document))
    assert answer.status_code == 200
    return answer.content.decode()


def listed(admin, page=LIST, **asked) -> str:
    answer = admin.get(page, asked)
    assert answer.status_code == 200
    return answer.content.decode()


def test_it_works(admin, document):
    assert "Plan" in listed(admin, q="alice")
    page = shown(admin, document)
    assert "Buy &lt;b&gt;bread&lt;/b&gt; 🍞" in page and "vera" in page and ": viewer" in page
    assert "19 code points, 22 bytes in UTF-8" in page and "live" in page and "nobody" in page


def test_nothing_of_it_can_be_changed_here(admin, document):
    page = shown(admin, document)
    assert not any(f'name="{field}"' in page for field in ("title", "text", "content", "owner", "version", "_save"))
    answer = admin.post(change_page(document), {"title": "Other", "text": "gone", "collaborators-TOTAL_FORMS": 0})
    assert answer.status_code == 403
    document.refresh_from_db()
    assert (document.title, history.current_text(document.id)) == ("Plan", (1, "Buy <b>bread</b> 🍞\n"))


def test_nothing_is_added_or_deleted_here(admin, document):
    assert admin.get(reverse("admin:documents_document_add")).status_code == 403
    delete = reverse("admin:documents_document_delete", args=[document.pk])
    assert admin.post(delete, {"post": "yes"}).status_code == 403
    admin.post(LIST, {"action": "delete_selected", "_selected_action": [str(document.pk)], "post": "yes"})
    assert Document.objects.filter(pk=document.pk).exists()


def test_only_staff_come_in(client_for, alice, document):
    browser = Client()
    assert browser.get(change_page(document)).status_code == 302
    browser.force_login(alice)
    for page in (LIST, LINKS, change_page(document), f"{LIST}{document.pk}/history/"):
        assert browser.get(page).status_code == 302
    assert "not authorized" in browser.get(LIST, follow=True).content.decode()
    User.objects.filter(pk=alice.pk).update(is_staff=True)
    for page in (LIST, LINKS, change_page(document), f"{LIST}{document.pk}/history/"):
        assert browser.get(page).status_code == 403


# --- Finding ---------------------------------------------------------------------------------------------------


def test_it_is_found_by_title_owner_and_id(admin, bob, document):
    services.create_document(owner=bob, title="Other things")
    for term in ("plan", "LA", "ali", "alice@example.org", str(document.pk), document.pk.hex):
        page = listed(admin, q=term)
        assert "Plan" in page and "Other things" not in page, term
    assert "Other things" in listed(admin, q="things other") and "Other" not in listed(admin, q="plan things")
    assert "1 document\n" not in listed(admin, q=str(uuid.uuid4()))


def test_its_state_is_shown_and_asked_for(admin, alice, document):
    others = {name: services.create_document(owner=alice, title=name) for name in ("Held", "Gone", "Going", "")}
    sharing.lock(others["Held"])
    trash.delete_document(others["Gone"], actor=alice)
    trash.delete_document(others["Going"], actor=alice)
    Document.objects.filter(pk=others["Going"].pk).update(purged_at=timezone.now())
    titles = {"Plan", "Untitled", "Held", "Gone", "Going"}
    expected = {
        "live": {"Plan", "Untitled", "Held"}, "locked": {"Held"}, "trash": {"Gone"}, "purging": {"Going"},
    }  # fmt: skip
    for state, found in {**expected, "": titles}.items():
        page = listed(admin, **({"state": state} if state else {}))
        assert {title for title in titles if f">{title}</a>" in page} == found, state
    assert "being purged" in listed(admin, state="purging") and "live, locked" in listed(admin, state="locked")


def test_nonsense_is_no_error(admin, document):
    for query in ("p=x", "p=0", "p=999999999", "q=%00", "state=x", "q=" + "x" * 5000, "q=%25_", "o=99"):
        assert admin.get(f"{LIST}?{query}").status_code in (200, 302), query
    assert admin.get(f"{LIST}nonsense/change/").status_code == 302
    assert admin.post(LIST, {"action": "lock", "_selected_action": ["x"]}).status_code == 302
    assert admin.get(f"{LIST}?owner__password__startswith=m").status_code == 400


# --- Reading ---------------------------------------------------------------------------------------------------


def test_a_long_text_is_cut_and_says_so(admin, alice, monkeypatch):
    monkeypatch.setattr(texts, "MOST_SHOWN", 10)
    page = shown(admin, services.create_document(owner=alice, content="0123456789X"))
    assert "<pre>0123456789</pre>" in page and "first 10 code points of 11" in page
    page = shown(admin, services.create_document(owner=alice, content="0123456789"))
    assert "<pre>0123456789</pre>" in page and "first 10" not in page
    assert "The text is empty." in shown(admin, services.create_document(owner=alice))


@pytest.mark.parametrize("version", [1, 2])
def test_a_damaged_document_says_so(admin, alice, document, version):
    services.replace_content(document, "more", author=alice)
    Row.objects.filter(key=logtable.log_key(document.id, version)).update(operation="7")
    page = shown(admin, document)
    assert "This document is damaged" in page and "The text is empty" not in page and "vera" in page
    assert listed(admin).count("Plan")


def test_titles_names_and_texts_are_shown_as_text(admin, alice):
    User.objects.filter(pk=alice.pk).update(username=EVIL)
    evil = services.create_document(owner=User.objects.get(pk=alice.pk), title=EVIL, content=EVIL)
    sharing.create_link(evil, role="viewer", expires_at=None, actor=User.objects.get(pk=alice.pk))
    body = {"action": "lock", "_selected_action": [str(evil.pk)]}
    pages = [
        listed(admin),
        shown(admin, evil),
        listed(admin, LINKS),
        admin.post(LIST, body, follow=True).content.decode(),
    ]
    pages += [admin.post(LIST, body | {"action": "trash"}).content.decode()]
    pages += [admin.get(f"{LIST}{evil.pk}/history/").content.decode()]
    for page in pages:
        assert EVIL not in page and ESCAPED in page


def test_who_is_there_is_asked_of_who_knows(admin, document, monkeypatch):
    from documents.admin import live

    seen = live.Seen([live.Visitor(EVIL, timezone.now(), "process 1")], is_all=True)
    monkeypatch.setattr(live, "_looks", [lambda document_id: seen if document_id == document.id else None])
    page = shown(admin, document)
    assert "In editors, in all processes: 1" in page and ESCAPED in page and "process 1" in page and EVIL not in page
    monkeypatch.setattr(live, "_looks", [])
    assert "In editors, as far as this process knows: nobody" in shown(admin, document)


# --- Share links -----------------------------------------------------------------------------------------------


def test_links_are_shown_without_their_secrets(admin, alice, document):
    new = sharing.create_link(document, role="editor", expires_at=None, actor=alice)
    page = f"{LINKS}{new.link.pk}/change/"
    found = [admin.get(page).content.decode(), shown(admin, document)]
    found += [listed(admin, LINKS, q=term) for term in ("", "ali", str(document.pk), str(new.link.pk))]
    assert all("editor" in each.lower() for each in found)
    assert not any(secret in each for each in found for secret in (new.secret, new.link.digest))
    assert str(new.link.pk) not in listed(admin, LINKS, q="bob")
    assert admin.get(f"{LINKS}?digest__startswith={new.link.digest[0]}").status_code == 400


# --- Many ------------------------------------------------------------------------------------------------------


def make_many(alice, start: int, end: int) -> None:
    now = timezone.now()
    Document.objects.bulk_create(
        Document(title=f"document {n}", owner=alice, created_at=now, updated_at=now) for n in range(start, end)
    )


@pytest.mark.parametrize("query", ["", "?q=document", "?q=alice", "?state=live", "?p=2"])
def test_a_long_list_costs_no_more_queries_and_counts_nothing(admin, alice, query):
    counts = []
    for start, end in ((0, 60), (60, 700)):
        make_many(alice, start, end)
        admin.get(LIST)
        with CaptureQueriesContext(connection) as asked:
            page = admin.get(f"{LIST}{query}").content.decode()
        counts.append(len(asked))
        said = [each["sql"] for each in asked.captured_queries]
        assert not any(dear in sql for sql in said for dear in DEAR)
        assert any(f"LIMIT {most}" in sql or f"'$limit': {most}" in sql for sql in said for most in (501, 551))
    assert counts[0] == counts[1] <= 8
    assert f"more than {550 if '2' in query else 500} documents" in page


def test_every_row_can_be_reached_page_by_page(admin, alice):
    make_many(alice, 0, 620)
    found = set()
    for page in range(1, 14):
        found |= {line.split("</a>")[0] for line in listed(admin, p=page).split(">document ")[1:]}
    assert len(found) == 620
    assert "more than" not in listed(admin, p=13) and "620 documents" in listed(admin, p=13)


@pytest.mark.skipif(connection.vendor != "sqlite", reason="SQLite's plans")
def test_the_first_page_is_read_by_an_index(admin, alice):
    with CaptureQueriesContext(connection) as asked:
        admin.get(LIST)
    [page] = [
        each["sql"]
        for each in asked.captured_queries
        if "ORDER BY" in each["sql"] and "documents_document" in each["sql"]
    ]
    with connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN QUERY PLAN {page}")
        plan = " ".join(row[3] for row in cursor.fetchall())
    assert "USING INDEX documents_document_updated_at" in plan


# --- Who may ---------------------------------------------------------------------------------------------------


def test_who_may_only_look_has_no_verbs(users, document):
    carol = users["carol"]
    User.objects.filter(pk=carol.pk).update(is_staff=True)
    carol.user_permissions.set(Permission.objects.filter(codename__in=["view_document", "view_sharelink"]))
    browser = Client()
    browser.force_login(User.objects.get(pk=carol.pk))
    assert "Buy" in shown(browser, document) and 'name="action"' not in shown(browser, document)
    for verb in ("lock", "trash", "transfer", "purge"):
        body = {"action": verb, "_selected_action": [str(document.pk)], "confirmed": "yes", "who": "carol"}
        browser.post(LIST, body)
    document.refresh_from_db()
    assert (document.locked_at, document.deleted_at, document.owner_id) == (None, None, users["alice"].pk)
