"""What every answer carries: a policy that lets no script in, and no leave for other sites (S21, S22, S24)."""

import re
from html.parser import HTMLParser
from typing import Any

import pytest
from django.http import HttpResponseBase

from documents.pages import lists
from tests.security.conftest import WHO

pytestmark = pytest.mark.django_db

STREAMS = ("document-events",)  # answers for as long as somebody listens; HEAD asks for the same headers
EVIL = ("https://evil.example", "null", "http://testserver.evil.example")
CLOSED = {"default-src", "object-src", "base-uri", "frame-ancestors", "form-action"}
FALLS_BACK = {"script-src", "style-src", "img-src", "connect-src", "object-src", "worker-src", "frame-src"}


def policy(response: HttpResponseBase) -> dict[str, list[str]]:
    """The sources of each directive."""
    directives = [part.split() for part in response["Content-Security-Policy"].split(";") if part.strip()]
    return {name: sources for name, *sources in directives}


def assert_strict(response: HttpResponseBase, where: str) -> None:
    found = policy(response)
    for name, sources in found.items():
        assert not any("unsafe" in each or each in ("*", "http:", "https:", "ws:", "wss:") for each in sources), where
        assert name in ("img-src", "sandbox") or "data:" not in sources, where
    for name in CLOSED:
        wanted = found.get(name, found["default-src"] if name in FALLS_BACK else None)
        assert wanted in (["'none'"], *([["'self'"]] if name in ("default-src", "form-action") else [])), (where, name)
    assert set(found.get("script-src", found["default-src"])) <= {"'self'", "'none'"}, where


def assert_guarded(response: HttpResponseBase, where: str) -> None:
    assert_strict(response, where)
    assert response["X-Content-Type-Options"] == "nosniff", where
    assert response["X-Frame-Options"] == "DENY", where
    assert response["Referrer-Policy"] in ("same-origin", "no-referrer"), where
    assert response["Cross-Origin-Opener-Policy"] == "same-origin", where
    assert "camera=()" in response["Permissions-Policy"], where
    assert not [name for name in response.headers if name.lower().startswith("access-control-")], where


class Inline(HTMLParser):
    """What of a page a strict policy would have to make an exception for."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.found: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        self.found += [f"{tag} {name}" for name in given if name.startswith("on") or name == "style"]
        self.found += [f"{tag} {value}" for value in given.values() if re.match(r"\s*javascript:", value or "", re.I)]
        is_data = given.get("type") in ("application/json", "text/x-template")
        if (tag == "script" and "src" not in given and not is_data) or (tag == "style" and "nonce" not in given):
            self.found.append(tag)


def page(response: Any) -> str:
    is_page = response.get("Content-Type", "").startswith("text/html") and not response.streaming
    return response.content.decode() if is_page else ""


@pytest.mark.parametrize("who", WHO)
@pytest.mark.parametrize("accept", ["text/html", "application/json"])
def test_every_answer_is_guarded(browser, everywhere, who, accept):
    client = browser(who)
    pages = 0
    for path, name in everywhere:
        ask = client.head if name in STREAMS else client.get
        for origin in EVIL if accept == "text/html" else EVIL[:1]:
            response = ask(path, headers={"Accept": accept, "Origin": origin})
            assert response.status_code < 500 and response.headers.get("Allow") != "", path
            assert_guarded(response, path)
        if shown := page(response):
            assert Inline(shown).found == [], path
            pages += 1
    assert pages > (10 if accept == "text/html" else 3)


@pytest.mark.parametrize("method", ["options", "post", "delete", "trace"])
def test_other_methods_and_preflights(browser, everywhere, method):
    client = browser("nobody")
    asked = {"Access-Control-Request-Method": "PUT", "Access-Control-Request-Headers": "authorization"}
    for path, _ in everywhere:
        assert_guarded(getattr(client, method)(path, headers={"Origin": EVIL[0], **asked}), path)


def test_error_pages_are_guarded(browser, document, monkeypatch):
    def fail(*_: object, **__: object) -> None:
        raise RuntimeError("boom")

    alice = browser("alice")
    monkeypatch.setattr(lists.permissions, "visible_documents", fail)
    answers = {
        400: alice.get("/", headers={"Host": "evil.example"}),
        403: browser("alice", enforce_csrf_checks=True).post("/documents/new"),
        404: alice.get("/nothing/<script>alert(1)</script>"),
        405: alice.get("/log-out/"),
        500: alice.get("/documents/"),
    }
    for status, response in answers.items():
        assert response.status_code == status
        assert_guarded(response, str(status))
        assert Inline(page(response)).found == [] and "<script>alert" not in page(response)
        assert "boom" not in page(response) and "Traceback" not in page(response)


def test_a_page_with_a_nonce_has_a_new_one_each_time(browser, document):
    client = browser("alice")
    seen = {source for _ in range(3) for source in policy(client.get(f"/documents/{document.id}/"))["style-src"]}
    nonces = seen - {"'self'"}
    assert len(nonces) == 3 and all(re.fullmatch(r"'nonce-[\w+/=]{22,}'", nonce) for nonce in nonces)


@pytest.mark.parametrize("extension", ["md", "txt", "html"])
def test_what_is_taken_away_is_no_page_of_ours(browser, document, extension):
    response = browser("alice").get(f"/api/documents/{document.id}/export?format={extension}")
    assert response["Content-Disposition"].startswith("attachment")
    assert_guarded(response, extension)


def test_rendered_text_opened_by_its_address_is_shut_in(browser, document):
    response = browser("alice").get(f"/api/documents/{document.id}/html")
    assert policy(response)["default-src"] == ["'none'"] and "sandbox" in policy(response)
