"""Nasty Markdown, rendered by the server and read in Chromium: nothing runs and nothing loads, policy or not."""

import pytest
from playwright.sync_api import Dialog, Page, Route

from documents import rendering
from documents.tests.nasty_markdown import NASTY
from tests.browser.desk import Desk

READER = "http://reader.test/"
SHOWN = "<!doctype html><body><main>{}</main>"
FOUND = """() => {
  const found = [];
  for (const element of document.querySelectorAll("main *")) {
    const tag = element.localName;
    if (element.namespaceURI !== "http://www.w3.org/1999/xhtml") found.push(`${tag} of another kind`);
    for (const { name } of element.attributes) found.push(`${tag} ${name}`);
    if (tag === "a" && element.hasAttribute("href")) found.push(`a to ${element.protocol}`);
    found.push(tag);
  }
  return found;
}"""
SETTLED = "new Promise((done) => requestAnimationFrame(() => setTimeout(done)))"
WRITTEN_AGAIN = (
    "(html) => { const main = document.querySelector('main'); main.innerHTML = html; return main.innerHTML; }"
)

HARMLESS = {*rendering.TAGS, "a href", "a title", "a rel", "a to http:", "a to https:", "a to mailto:"}


class Reader:
    """A page that shows a piece of HTML without any policy, and hears of all that it tries."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.tried: list[str] = []
        self.html = ""
        page.on("dialog", self._hear_dialog)
        page.route("**/*", self._answer)

    def reads(self, html: str) -> None:
        self.html = html
        self.page.goto(READER)
        self.page.evaluate(SETTLED)

    def found(self) -> set[str]:
        return set(self.page.evaluate(FOUND))

    def _hear_dialog(self, dialog: Dialog) -> None:
        self.tried.append(f"to say {dialog.message}")
        dialog.dismiss()

    def _answer(self, route: Route) -> None:
        address = route.request.url
        if address == READER:
            route.fulfill(body=SHOWN.format(self.html), content_type="text/html; charset=utf-8")
        else:
            if not address.endswith("/favicon.ico"):
                self.tried.append(f"to load {address}")
            route.abort()


@pytest.fixture
def reader(desk: Desk) -> Reader:
    desk.expects("net::ERR_FAILED")
    return Reader(desk.stranger("reader").context.new_page())


def rendered(desk: Desk, text: str) -> str:
    made = desk.owner.asks("POST", "/documents", content=text)
    assert made["content"] == text
    answer = desk.owner.api.get(f"/documents/{made['doc_id']}/html")
    assert answer.status_code == 200
    return answer.text


def test_the_reader_hears_of_what_runs(reader: Reader) -> None:
    """Else the tests below would prove nothing."""
    reader.reads("<img src=x onerror=alert(1)><svg></svg><p id=x>")
    assert set(reader.tried) == {"to load http://reader.test/x", "to say 1"}
    assert {"img onerror", "svg of another kind", "p id"} <= reader.found()


def test_nothing_runs_without_a_policy(desk: Desk, reader: Reader) -> None:
    for text in NASTY:
        reader.reads(rendered(desk, text))
        assert reader.tried == [], text
        assert reader.found() <= HARMLESS, text


def test_what_the_browser_writes_is_clean_again(reader: Reader) -> None:
    reader.reads("")
    for text in NASTY:
        written = reader.page.evaluate(WRITTEN_AGAIN, rendering.render_markdown(text))
        assert reader.page.evaluate(WRITTEN_AGAIN, rendering._cleaned(written)) == written, text
        assert reader.found() <= HARMLESS, text
    assert reader.tried == []


def test_all_at_once(desk: Desk, reader: Reader) -> None:
    """One that opens something may be closed by the next."""
    reader.reads(rendered(desk, "\n\n".join(NASTY)))
    assert reader.tried == [] and reader.found() <= HARMLESS
    reader.reads(rendered(desk, "".join(NASTY)))
    assert reader.tried == [] and reader.found() <= HARMLESS


def test_the_policy_stands_behind(desk: Desk) -> None:
    """Opened by its address, the answer could run nothing even if the cleaning had failed."""
    desk.expects("sandboxed|Content Security Policy")
    doc_id = desk.document("some *text*")
    page = desk.person("alice", java_script_enabled=True).context.new_page()
    said: list[str] = []
    page.on("dialog", lambda dialog: (said.append(dialog.message), dialog.dismiss()))

    def uncleaned(route: Route) -> None:
        answer = route.fetch()
        route.fulfill(response=answer, body="<script>alert(1)</script><img src=x onerror=alert(2)>" + answer.text())

    page.route("**/html", uncleaned)
    page.goto(f"{desk.server.url}/api/documents/{doc_id}/html")
    assert page.locator("em").text_content() == "text"
    assert said == []
