"""The history page: any version by the scrubber, who wrote what, bringing back, naming — and never the whole log."""

import re
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, Route, expect

from tests.browser.desk import Desk, Person
from tests.browser.tab import until

ALLOWED = re.compile(  # all that the page may ask the API for; each is one version, or a page of twenty
    r"versions\?limit=200|versions/\d+|versions/\d+/name|diff\?from=\d+&to=\d+|blame\?version=\d+"
    r"|revisions\?skip=\d+&limit=20|history\?limit=1|restore"
)


class HistoryPage:
    """What one person sees and does there."""

    def __init__(self, person: Person, doc_id: str, query: str = "") -> None:
        self.person, self.doc_id = person, doc_id
        self.asked: list[str] = []
        self.page = person.context.new_page()
        self.page.on("request", self._note)
        self.page.goto(f"{person.url}/documents/{doc_id}/history/{query}")
        self.slider = self.page.get_by_role("slider", name="Version")
        self.text = self.page.locator("#text")
        self.is_live()

    def _note(self, request: Any) -> None:
        if "/api/" in request.url:
            self.asked.append(request.url.split(f"/api/documents/{self.doc_id}/")[1])

    def is_live(self) -> None:
        """Taken over by the script, which has put its own ink on the sheet."""
        expect(self.page.locator("html")).to_have_class("live")
        expect(self.page.locator("#text > div, #paper[data-empty]").first).to_be_attached()

    def shows(self, version: int, text: str | None = None) -> None:
        expect(self.page.locator("#caption time")).to_be_attached()  # there once it is loaded
        expect(self.page.locator("#caption strong")).to_have_text(f"Version {version}")
        if text is not None:
            until(self.page, lambda: self.whole_text() == text, lambda: f"to show {text!r}, not {self.whole_text()!r}")

    def whole_text(self) -> str:
        """The text of the version: what was deleted from it is not in it."""
        script = "node => { const t = node.cloneNode(true); t.querySelectorAll('del').forEach(d => d.remove());"
        text: str = self.text.evaluate(script + " return t.textContent }")
        return text

    def goes_to(self, version: int) -> "HistoryPage":
        """By the keyboard, from one end."""
        self.slider.focus()
        self.page.keyboard.press("Home")
        for _ in range(version // 10):
            self.page.keyboard.press("PageUp")
        for _ in range(version % 10):
            self.page.keyboard.press("ArrowRight")
        return self

    def looks(self, view: str) -> "HistoryPage":
        self.page.get_by_role("navigation", name="What to show").get_by_role("link", name=view).click()
        return self

    def row(self, version: int) -> Locator:
        return self.page.locator(f"#rows .row[data-version='{version}']")

    def asked_little(self) -> None:
        assert self.asked
        assert [path for path in self.asked if not ALLOWED.fullmatch(path)] == []


@pytest.fixture
def doc_id(desk: Desk) -> str:
    """Versions 1 (alice), 2 … 31 (bob), 32 (alice)."""
    doc_id = desk.document("One 🧵\n", "Plan")
    bob = desk.person("bob")
    for number in range(30):
        version = number + 1
        bob.asks("PUT", f"/documents/{doc_id}", content="One 🧵\n" + "b" * version, version=version)
    desk.owner.asks("PUT", f"/documents/{doc_id}", content="Two 🧵\n" + "b" * 30 + " end", version=31)
    return doc_id


def at(version: int) -> str:
    """The text at a version."""
    return "One 🧵\n" + "b" * (version - 1) if version else ""


def test_from_the_editor_to_the_history_and_back(desk: Desk, doc_id: str) -> None:
    tab = desk.opens("alice", doc_id)
    tab.page.get_by_role("link", name="History").click()
    expect(tab.page.get_by_role("heading", name="History of Plan")).to_be_visible()
    expect(tab.page.get_by_role("slider", name="Version")).to_have_attribute(
        "aria-valuetext", "version 32, alice, just now"
    )
    tab.page.get_by_role("link", name="Back to the document").click()
    tab.is_ready()


def test_the_scrubber_goes_to_any_version_by_the_keyboard(desk: Desk, doc_id: str) -> None:
    history = HistoryPage(desk.person("vera"), doc_id)
    history.shows(32, "Two 🧵\n" + "b" * 30 + " end")
    for version in (1, 10, 17, 31, 0):
        history.goes_to(version).shows(version, at(version))
        said = f"version {version}, " + ("before anything was written" if version == 0 else "")
        expect(history.slider).to_have_attribute("aria-valuetext", re.compile(f"^{said}"))
    history.page.keyboard.press("End")
    history.shows(32)
    history.page.keyboard.press("Shift+ArrowLeft")  # a whole change
    history.shows(31, at(31))
    history.page.keyboard.press("Shift+ArrowLeft")
    history.shows(1, at(1))
    history.page.get_by_role("button", name="Later change").click()
    history.shows(31)
    assert "version=31" in history.page.url
    history.asked_little()


# 27 inputs without a pause: in one call, for a busy machine makes pauses between calls, and a pause is a place to show.
DRAG = """slider => {
    for (let version = 31; version > 4; version--) {
        slider.value = version;
        slider.dispatchEvent(new Event("input"));
    }
}"""


def test_dragging_asks_for_no_more_than_where_it_ends(desk: Desk, doc_id: str) -> None:
    history = HistoryPage(desk.person("vera"), doc_id)
    history.shows(32)
    history.asked.clear()
    history.slider.focus()
    history.slider.evaluate(DRAG)
    history.shows(5, at(5))
    versions = {path for path in history.asked if path.startswith("versions/")}
    assert versions == {"versions/5", "versions/1"}  # the text, and what it is compared with
    history.asked_little()


def test_the_changes_and_whose_they_are(desk: Desk, doc_id: str) -> None:
    history = HistoryPage(desk.person("vera"), doc_id)
    expect(history.text.locator("del")).to_have_text(["One"])
    expect(history.text.locator("ins")).to_have_text(["Two", " end"])
    expect(history.page.locator("#legend li")).to_have_text(["alice +7", "Removed −3"])
    history.text.locator("ins").first.hover()
    expect(history.page.locator("#tip")).to_have_text("alice, just now")
    history.row(31).click()
    history.shows(31, at(31))
    expect(history.row(31)).to_have_attribute("aria-current", "true")
    expect(history.text.locator("ins")).to_have_text("b" * 30)
    colour = "node => getComputedStyle(node).textDecorationColor"
    bobs = history.text.locator("ins").evaluate(colour)
    history.page.get_by_label("compared with").select_option("the beginning")
    expect(history.text.locator("ins")).to_have_count(2)
    assert history.text.locator("ins").nth(1).evaluate(colour) == bobs
    assert history.text.locator("ins").nth(0).evaluate(colour) != bobs
    history.asked_little()


def test_authors_by_colour_and_by_name(desk: Desk, doc_id: str) -> None:
    history = HistoryPage(desk.person("vera"), doc_id).looks("Authors")
    expect(history.text.locator(".by")).to_have_text(["Two 🧵\n", "b" * 30, " end"])
    classes = [part.get_attribute("class") for part in history.text.locator(".by").all()]
    assert classes[0] == classes[2] != classes[1]
    bob = history.page.locator("#legend").get_by_role("button", name="bob")
    bob.focus()
    history.page.keyboard.press("Enter")
    expect(history.text.locator(".here")).to_have_text("b" * 30)
    expect(history.page.locator("#tip")).to_have_text("bob, just now")
    expect(history.page.locator("#spoken")).to_have_text(f"bob, just now, 1 of 1: {'b' * 30}")
    history.asked_little()


def test_what_is_copied_is_the_text_of_the_version(desk: Desk, doc_id: str) -> None:
    history = HistoryPage(desk.person("vera"), doc_id)
    history.text.evaluate("node => getSelection().selectAllChildren(node)")
    history.page.keyboard.press("Control+c")
    assert history.page.evaluate("navigator.clipboard.readText()") == "Two 🧵\n" + "b" * 30 + " end"


def test_restore_with_a_preview_while_another_types(desk: Desk, doc_id: str) -> None:
    tab = desk.opens("bob", doc_id)
    history = HistoryPage(desk.person("alice"), doc_id, "?version=17")
    history.page.get_by_role("link", name="Restore this version").click()
    dialog = history.page.get_by_role("dialog", name="Restore version 17?")
    expect(dialog).to_contain_text("3 characters come back and 21 characters go")
    expect(dialog.locator("ins")).to_have_text("One")
    assert desk.rest_text(doc_id).startswith("Two")  # nothing is done by looking
    tab.goes_to_the_end().starts_typing("0123456789" * 6)
    dialog.get_by_role("button", name="Restore").click()
    expect(history.page.get_by_role("status")).to_contain_text(["", "Version 17 is restored, as version"])
    tab.has_typed()
    text = desk.everybody_agrees(doc_id, tab)
    assert text.startswith("One 🧵\n" + "b" * 16)
    log = desk.log(doc_id)
    typed = "".join(part for entry in log[32:] for part in entry["operation"] if isinstance(part, str))
    assert sorted(filter(str.isdigit, typed)) == sorted("0123456789" * 6)  # every letter is in the log
    restores = [entry["version"] for entry in log if entry["seq"] == 1 and "One" in entry["operation"]]
    after = "".join(filter(str.isdigit, text))
    assert len(restores) == 1 and ("0123456789" * 6).endswith(after)  # what was typed after it stands
    history.asked_little()


def test_a_restore_without_an_answer_is_done_once(desk: Desk, doc_id: str) -> None:
    desk.expects("ERR_FAILED")
    history = HistoryPage(desk.person("alice"), doc_id, "?version=17")

    def lose_the_answer(route: Route) -> None:
        route.fetch()
        route.abort()

    history.page.route("**/restore", lose_the_answer, times=1)
    history.page.get_by_role("link", name="Restore this version").click()
    dialog = history.page.get_by_role("dialog")
    dialog.get_by_role("button", name="Restore").click()
    expect(dialog.get_by_role("alert")).to_contain_text("The server can’t be reached.")
    assert desk.rest_text(doc_id) == at(17)
    desk.owner.asks("PUT", f"/documents/{doc_id}", content=at(17) + " and on", version=33)
    dialog.get_by_role("button", name="Restore").click()
    expect(dialog).not_to_be_visible()
    assert desk.rest_text(doc_id) == at(17) + " and on"


def test_a_name_becomes_a_flag(desk: Desk, doc_id: str) -> None:
    history = HistoryPage(desk.person("bob"), doc_id, "?version=17")
    history.page.get_by_text("Name", exact=True).click()
    history.page.get_by_label("Name of version 17").fill("<b>First draft")
    history.page.keyboard.press("Enter")
    expect(history.page.locator("#note")).to_have_text("Version 17 is called “<b>First draft” now.")
    expect(history.page.locator("#caption")).to_contain_text("<b>First draft")
    history.page.keyboard.press("End")
    history.goes_to(3).shows(3)
    flag = history.page.get_by_role("button", name="<b>First draft, version 17")
    middle = flag.evaluate("node => { const r = node.getBoundingClientRect(); return r.left + r.width / 2 }")
    track = history.slider.bounding_box()
    assert track is not None
    assert abs(middle - (track["x"] + 9 + (track["width"] - 18) * 17 / 32)) < 1.5
    flag.click()
    history.shows(17, at(17))
    vera = HistoryPage(desk.person("vera"), doc_id)
    expect(vera.page.locator("#names")).to_contain_text("<b>First draft")
    expect(vera.page.get_by_text("Rename")).to_have_count(0)
    expect(vera.page.get_by_role("link", name="Restore")).to_have_count(0)


def test_others_go_on_writing_and_the_reader_stays(desk: Desk, doc_id: str) -> None:
    history = HistoryPage(desk.person("vera"), doc_id, "?version=17")
    history.shows(17)
    desk.owner.asks("PUT", f"/documents/{doc_id}", content="Three", version=32)
    history.page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")  # a look before its time
    expect(history.page.locator("#caption")).to_contain_text("of 33")
    history.shows(17, at(17))
    history.page.get_by_role("button", name="16 newer").click()
    history.shows(33, "Three")
    expect(history.row(33)).to_have_attribute("aria-current", "true")
    history.asked_little()


def test_what_cannot_be_loaded_is_told_and_never_an_empty_sheet(desk: Desk, doc_id: str) -> None:
    desk.expects("status of 500")
    history = HistoryPage(desk.person("vera"), doc_id)
    history.page.route("**/versions/5", lambda route: route.fulfill(status=500, body="broken"))
    history.goes_to(5)
    note = history.page.locator("#note")
    expect(note).to_contain_text("Version 5 can’t be shown. The server answered 500. This is still version 32.")
    history.shows(32, "Two 🧵\n" + "b" * 30 + " end")
    history.page.unroute("**/versions/5")
    note.get_by_role("button", name="Try again").click()
    history.shows(5, at(5))
    expect(note).not_to_be_visible()


def by_many(count: int) -> Callable[[Route], None]:
    """A blame in which two people have written every other letter."""

    def fulfil(route: Route) -> None:
        people = [{"id": f"00000000-0000-4000-8000-{n:012}", "username": f"u{n}"} for n in range(2)]
        runs = [
            {"length": 1, "author": people[n % 2], "version": n + 1, "created_at": "2026-11-20T10:00:00Z"}
            for n in range(count)
        ]
        route.fulfill(json={"version": 32, "runs": runs})

    return fulfil


def test_a_hundred_thousand_passages_stay_usable(desk: Desk) -> None:
    text = "abcdefgh\n" * 11_112
    doc_id = desk.document(text)
    history = HistoryPage(desk.person("vera"), doc_id)
    history.page.route("**/blame?*", by_many(len(text)))
    history.looks("Authors")
    expect(history.text.locator(".by").first).to_be_visible(timeout=15_000)
    assert history.whole_text() == text
    assert history.text.locator(".by").count() < 10_000
    history.page.keyboard.press("Control+End")
    last = history.text.locator("> div").last.locator(".by")
    until(history.page, last.count, lambda: "ink at the end")
    history.page.get_by_role("button", name="u1").click()
    expect(history.page.locator("#tip")).to_contain_text("u1, ")
    assert history.whole_text() == text


def test_the_page_fits_a_phone(desk: Desk, doc_id: str) -> None:
    history = HistoryPage(desk.person("alice", viewport={"width": 360, "height": 740}), doc_id, "?version=17")
    assert no_wider_than_the_window(history.page)
    history.page.get_by_text("Name", exact=True).click()
    assert no_wider_than_the_window(history.page)
    box = history.page.get_by_role("button", name="Save").bounding_box()
    assert box is not None and box["x"] + box["width"] <= 360
    history.page.keyboard.press("Escape")
    history.page.get_by_role("link", name="Who and when").click()
    expect(history.row(31)).to_be_in_viewport()


def test_a_finger_learns_who_wrote_what(desk: Desk, doc_id: str) -> None:
    phone = desk.person("alice", viewport={"width": 360, "height": 740}, has_touch=True)
    history = HistoryPage(phone, doc_id, "?version=31")
    history.text.locator("ins").tap()
    expect(history.page.locator("#tip")).to_have_text("bob, just now")
    history.page.locator("#caption").tap()
    expect(history.page.locator("#tip")).not_to_be_visible()


def no_wider_than_the_window(page: Page) -> bool:
    fits: bool = page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    return fits


def test_a_download(desk: Desk, doc_id: str) -> None:
    history = HistoryPage(desk.person("vera"), doc_id)
    history.page.get_by_label("Download").click()
    with history.page.expect_download() as started:
        history.page.get_by_role("link", name="Markdown").click()
    assert started.value.path().read_text() == "Two 🧵\n" + "b" * 30 + " end"
