"""The API in a browser: a page around the answer, forms that are filled with what is known; programs see none of it."""

import html
import json
import re
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from documents import services
from documents.models import Document
from documents.tests.rest import DOCUMENTS, url

pytestmark = pytest.mark.django_db
BROWSER = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"


@pytest.fixture
def browser(alice) -> Client:
    """Alice's, logged in by its cookie."""
    browser = Client(HTTP_ACCEPT=BROWSER)
    browser.force_login(alice, "django.contrib.auth.backends.ModelBackend")
    return browser


def bodies(answer: Any) -> list[Any]:
    """What the forms of a page would send."""
    assert answer["Content-Type"] == "text/html; charset=utf-8"
    return [json.loads(html.unescape(each)) for each in re.findall(r"<textarea.*?>(.*?)</textarea>", answer.text, re.S)]


def test_it_works(browser, document):
    answer = browser.get(url(document))
    assert "<b>HTTP 200 OK</b>" in answer.text and "<b>ETag:</b>" in answer.text
    assert html.escape('"content": "the cat"') in answer.text
    assert bodies(answer) == [{"title": "A story", "content": "the cat", "version": 1}]
    assert ">PUT</button>" in answer.text and ">PATCH</button>" in answer.text and ">DELETE</button>" in answer.text


@pytest.mark.parametrize("accept", ["*/*", "application/json", None])
def test_everybody_else_gets_json(browser, document, accept):
    browser.defaults = {} if accept is None else {"HTTP_ACCEPT": accept}
    assert browser.get(url(document))["Content-Type"] == "application/json"


def form_of(*members: str) -> Any:
    return lambda found: len(found) == 1 and list(found[0]) == list(members)


@pytest.mark.parametrize(
    ("rest", "fits"),
    [
        ("", form_of("title", "content", "version")),
        ("restore", lambda found: found == [{"version": 0}]),
        ("versions/1/name", form_of("name")),
        ("collaborators", form_of("username", "role")),
        ("operations", form_of("client_id", "seq", "base_version", "operation")),
        ("history", lambda found: found == []),
    ],
)
def test_every_action_has_its_own_form(browser, document, rest, fits):
    assert fits(bodies(browser.get(url(document, rest) if rest else url(document))))


def test_what_a_form_holds_can_be_sent(browser, document):
    """The forms are no riddles: sent as they are, they are taken."""
    for rest, expected in (("operations", 200), ("restore", 200), ("versions/1/name", 200)):
        body = bodies(browser.get(url(document, rest)))[0]
        answer = browser.post(url(document, rest), body, content_type="application/json")
        assert f"<b>HTTP {expected}" in answer.text, rest


def test_what_was_refused_is_there_to_be_mended(browser, document):
    answer = browser.put(url(document), {"content": 5, "title": "Mine"}, content_type="application/json")
    assert answer.status_code == 400 and "<b>Content-Type:</b> application/problem+json" in answer.text
    assert bodies(answer) == [{"title": "Mine", "content": 5}]


def test_signing_up_has_a_form_too():
    answer = Client(HTTP_ACCEPT=BROWSER).get("/api/users")
    assert answer.status_code == 405 and bodies(answer) == [{"username": "name", "password": "a long password"}]


def test_files_are_brought_in_by_a_form(browser, alice):
    page = browser.get(f"{DOCUMENTS}/import").text
    assert re.search(r'<input[^>]*name="file"[^>]*type="file"', page) and "multipart/form-data" in page
    answer = browser.post(f"{DOCUMENTS}/import", {"file": SimpleUploadedFile("Notes.md", b"# Notes")})
    assert answer.status_code == 201 and answer["Content-Type"].startswith("text/html")
    assert [made.title for made in Document.objects.filter(owner=alice)] == ["Notes"]


def test_the_list_leads_to_its_documents(browser, document):
    answer = browser.get(DOCUMENTS)
    assert f'<a href="{url(document)}">A story</a>' in answer.text
    assert bodies(answer) == [{"title": "A title", "content": "A text\n"}]


def test_a_document_leads_to_its_parts(browser, document):
    page = browser.get(url(document)).text
    for part in ("history", "revisions", "versions", "diff", "blame", "collaborators", "restore"):
        assert f'href="{url(document, part)}"' in page


def test_who_is_logged_out_may_log_in_and_come_back(document):
    answer = Client(HTTP_ACCEPT=BROWSER).get(url(document))
    assert answer.status_code == 401 and answer["Content-Type"].startswith("text/html")
    assert f"/log-in/?next={url(document)}" in answer.text


def test_a_stranger_learns_nothing(browser, mallory):
    secret = services.create_document(owner=mallory, title="A secret", content="x")
    answer = browser.get(url(secret))
    assert answer.status_code == 404 and "A secret" not in answer.text


def test_a_text_is_shown_as_it_is(browser, alice):
    evil = services.create_document(owner=alice, title="<i>", content="</pre><script>alert(1)</script>")
    page = browser.get(url(evil)).text
    assert "<script>alert" not in page and "<i>" not in page


def test_nothing_on_the_page_is_inline(browser, document):
    page = browser.get(url(document)).text
    assert not re.findall(r"<style|\sstyle=|\son\w+=", page)
    assert re.findall(r"<script(?! src=| type=\"application/json\")", page) == []


@pytest.mark.parametrize("rest", ["", "history", "operations", "collaborators", "restore", "html", "export"])
def test_options_and_head(browser, document, rest):
    address = url(document, rest) if rest else url(document)
    assert browser.options(address).status_code == 200
    assert browser.head(address).status_code in (200, 405) and not browser.head(address).content


def test_a_post_without_the_pages_token_is_refused(alice, document):
    browser = Client(HTTP_ACCEPT=BROWSER, enforce_csrf_checks=True)
    browser.force_login(alice, "django.contrib.auth.backends.ModelBackend")
    answer = browser.post(url(document, "restore"), {"version": 0}, content_type="application/json")
    assert answer.status_code == 403
