"""Whatever people call themselves and their things is shown as it is written, on every page, and does nothing there.

Every address of the URL conf is opened, so pages that are added later are walked too.
"""

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

import httpx
import pytest
from playwright.sync_api import Page

from conftest import PASSWORD
from tests.browser.desk import Desk, Person
from tests.security.addresses import addresses
from tests.server import ROOT

NAME = "<img src=x onerror=alert(1)>"
GUEST = "</b><svg onload=alert(2)>'\""
MAIL = '"<img/src=x/onerror=alert(3)>"@example.org'
TITLE = "</title></script><script>alert(4)</script>'\"><img src=x onerror=alert(5)>${alert(6)}{{7*7}}"
TEXT = "</pre></textarea><script>alert(7)</script>\n\n<img src=x onerror=alert(8)> [x](javascript:alert(9))\n"
COMMENT = "<script>alert(10)</script>\"'><img src=x onerror=alert(11)>"
COLOR = "red;background:url(http://evil.example/x)"
ENDLESS = re.compile(r"/events$|/export$|^/metrics$|/logout/$|/log-out/$|/jsi18n/$")  # no pages, or the last one
MAKE_CHIEF = """
from accounts.models import User
User.objects.create_superuser("chief", "chief@example.org", PASSWORD)
"""
PUT_IN = """() => [...document.querySelectorAll(
  "[onerror], [onload], [onclick], img[src=x], svg[onload], a[href^='javascript:' i], style:not([nonce]):not([class]),"
  + "script:not([src]):not([type='application/json'])"
)].filter((each) => !each.closest(".cm-editor, head style")).map((each) => each.outerHTML.slice(0, 200))"""


class Looked:
    """All that the pages of a person tried."""

    def __init__(self, person: Person) -> None:
        self.person, self.page = person, person.context.new_page()
        self.tried: list[str] = []
        self.seen = ""
        hear(self.page, self.tried)

    def at(self, path: str) -> None:
        """Opens it, and fails on anything that was put into it."""
        address = self.person.url + path
        asked = self.person.context.request.head(address, headers={"Accept": "text/html"})
        if asked.status != 405 and "html" in asked.headers.get("content-type", ""):
            self.page.goto(address)
            self.page.wait_for_load_state()
            assert_harmless(self.page, self.tried, path)
            self.seen += f"\n{path} {self.page.title()} {self.page.locator('body').inner_text()}"


def hear(page: Page, tried: list[str]) -> None:
    page.on("dialog", lambda dialog: (tried.append(dialog.message), dialog.dismiss()))
    page.on("request", lambda request: "evil.example" in request.url and tried.append(request.url))


def assert_harmless(page: Page, tried: list[str], where: str) -> None:
    assert page.evaluate(PUT_IN) == [], where
    assert page.evaluate("globalThis.hands?.refused ?? []") == [], where
    assert tried == [], where


class Planted:
    """A document of somebody with such a name, and all that can be said around it."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk
        user = desk.owner.asks("POST", "/users", username=NAME, email=MAIL, password=PASSWORD)
        self.user_id: str = user["id"]
        self.api = httpx.Client(base_url=f"{desk.server.url}/api", timeout=30)
        pair = self.asks("POST", "/token", username=NAME, password=PASSWORD)
        self.api.headers["Authorization"] = f"Bearer {pair['access_token']}"
        self.doc_id: str = self.asks("POST", "/documents", title=TITLE, content=TEXT)["doc_id"]
        for name, role in (("alice", "editor"), ("vera", "viewer")):
            self.asks("POST", f"/documents/{self.doc_id}/collaborators", username=name, role=role)
        self.says_more()

    def says_more(self) -> None:
        path = f"/documents/{self.doc_id}"
        refused = self.api.patch("/users/me", json={"color": COLOR})
        assert refused.status_code == 400 or "evil" not in refused.text
        self.asks("POST", f"{path}/versions/1/name", name=TITLE)
        self.asks("POST", f"{path}/comments", body=COMMENT, range=[0, 6], version=1)
        self.asks("POST", "/users/me/tokens", name=TITLE[:100], scope="read")
        self.secret: str = self.asks("POST", f"{path}/share-links", role="editor")["secret"]
        asked = {"secret": self.secret, "name": GUEST}
        assert httpx.post(f"{self.api.base_url}share-links/redeem", json=asked, timeout=30).status_code == 200
        gone = self.asks("POST", "/documents", title=TITLE)["doc_id"]
        assert self.api.delete(f"/documents/{gone}").status_code == 204

    def asks(self, method: str, path: str, **body: Any) -> Any:
        answer = self.api.request(method, path, json=body)
        assert answer.is_success, f"{path}: {answer.text[:500]}"
        return answer.json()

    def pages(self) -> Iterator[str]:
        known = dict.fromkeys(("doc_id", "document_id", "documents_document"), self.doc_id)
        found = addresses(**known, user_id=self.user_id, accounts_user=self.user_id, app_label="documents", version=1)
        yield from (path for path, _ in found if not ENDLESS.search(path))


@pytest.fixture(scope="module")
def once() -> dict[str, Planted]:
    return {}


@pytest.fixture
def planted(desk: Desk, once: dict[str, Planted]) -> Planted:
    desk.expects("status of|CSRF|WebSocket|frame is sandboxed")
    if "made" not in once:
        once["made"] = Planted(desk)
    return once["made"]


def test_it_notices(desk: Desk) -> None:
    """Else the tests below would prove nothing."""
    desk.expects(".*")
    tried: list[str] = []
    page = desk.stranger(bypass_csp=True).context.new_page()
    hear(page, tried)
    for body in (NAME, GUEST, TITLE, TEXT, COMMENT):
        page.goto("about:blank")
        page.set_content(body)
        with pytest.raises(AssertionError):
            assert_harmless(page, tried, body)
    page.wait_for_timeout(100)
    assert set(tried) >= {"1", "2", "5", "8", "11"}


QUERIES = [
    "/documents/?search={}", "/documents/?page={}", "/log-in/?next=javascript:alert(1)//{}", "/sign-up/?next={}",
    "/nothing/{}", "/api/documents?search={}&ordering={}", "/shared?name={}", "/admin/documents/document/?q={}",
]  # fmt: skip


@pytest.mark.parametrize("who", ["author", "reader", "nobody"])
def test_every_page_shows_it_as_it_is(desk: Desk, planted: Planted, who: str) -> None:
    """To the reader without the policy's help."""
    names = {"author": NAME, "reader": "alice"}
    looked = Looked(desk.person(names[who], bypass_csp=who == "reader") if who in names else desk.stranger())
    for path in planted.pages():
        if who != "nobody" or not path.startswith("/api/"):
            looked.at(path)
    for query in QUERIES:
        looked.at(query.format(quote(TITLE), quote(TITLE)))
    if who != "nobody":
        for shown in (TITLE, NAME, GUEST):
            assert shown in looked.seen, shown
        assert "alert(7)" in looked.seen


def test_what_administrators_see(desk: Desk, planted: Planted) -> None:
    code = MAKE_CHIEF.replace("PASSWORD", repr(PASSWORD))
    shell = [sys.executable, "manage.py", "shell", "-v0", "-c", code]
    subprocess.run(shell, cwd=ROOT, env=os.environ | desk.server.env, check=True, timeout=60)
    looked = Looked(desk.person("chief"))
    for path in planted.pages():
        if path.startswith("/admin/"):
            looked.at(path)
    assert TITLE in looked.seen and NAME in looked.seen and MAIL in looked.seen


def test_people_at_one_text(desk: Desk, planted: Planted) -> None:
    """Names at carets, in the list of people, in the margin, and in the name of the window."""
    tried: list[str] = []
    alice, author = desk.person("alice").opens(planted.doc_id), desk.person(NAME).opens(planted.doc_id)
    guest = desk.stranger("guest").opens_address(f"/shared#{planted.secret}")
    guest.page.get_by_label("Your name").fill(GUEST)
    guest.page.get_by_role("button", name="Open as a guest").click()
    guest.page.wait_for_url(f"**/documents/{planted.doc_id}/")
    guest.is_ready()
    for tab in (alice, author, guest):
        hear(tab.page, tried)
    author.goes_to(3)
    guest.goes_to(5)
    alice.sees_caret(NAME, 3)
    alice.sees_caret(f"{GUEST} (guest)", 5)
    assert any(NAME in each for each in alice.people())
    guest.goes_to_the_end().pastes_raw(TITLE)
    alice.sees(TITLE)
    for tab in (alice, author, guest):
        assert TITLE in tab.page.title() and tab.title() == TITLE
        assert_harmless(tab.page, tried, tab.person.name)


def test_what_was_refused_is_said_as_it_was_written(desk: Desk, planted: Planted) -> None:
    author, stranger = Looked(desk.person(NAME)), Looked(desk.stranger())
    author.at(f"/documents/{planted.doc_id}/share/")
    author.page.locator("#share-name").fill(COMMENT)
    author.page.locator("#share-name").press("Enter")
    author.page.locator(".errorlist").first.wait_for()
    assert author.page.locator("#share-name").input_value() == COMMENT
    assert_harmless(author.page, author.tried, "share")
    for path in ("/log-in/", "/sign-up/"):
        stranger.at(path)
        stranger.page.locator("[name=username]").fill(COMMENT)
        stranger.page.locator("[name^=password]").first.fill("<script>alert(1)</script>"[:8])
        stranger.page.locator("[name=username]").press("Enter")
        stranger.page.locator(".errorlist").first.wait_for()
        assert_harmless(stranger.page, stranger.tried, path)


@pytest.mark.parametrize("extension", ["md", "txt", "html"])
def test_a_file_is_called_and_headed_harmlessly(desk: Desk, planted: Planted, extension: str) -> None:
    """Opened from a disk, with no policy but its own; its links are not."""
    answer = planted.api.get(f"/documents/{planted.doc_id}/export?format={extension}")
    name = answer.headers["Content-Disposition"]
    assert not re.search(r'[<>\r\n/\\]|"[^"]*"[^"]*"', name.partition("filename")[2].replace("*=utf-8''", ""))
    if extension == "html":
        looked = Looked(desk.stranger(bypass_csp=True))
        looked.page.route("http://file.test/", lambda route: route.fulfill(body=answer.text, content_type="text/html"))
        looked.page.goto("http://file.test/")
        assert looked.page.title() == TITLE and looked.page.locator("script, img, svg").count() == 0
        assert looked.tried == []
