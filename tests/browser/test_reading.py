"""Everybody can read and find their way: without a script, by keyboard, on a phone, in the dark."""

import re
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.browser.desk import Desk, Person

TEXT = "\n  First line\n\nSecond 🙂 <b>not bold</b> &amp; שלום\n"
ENOUGH_CONTRAST = 4.5


# --- Without a script ---


@pytest.fixture
def plain(desk: Desk) -> Person:
    """Alice at a browser that runs no scripts."""
    return desk.person("alice", java_script_enabled=False)


def test_the_text_is_there_without_a_script(desk: Desk, plain: Person) -> None:
    doc_id = desk.document(TEXT)
    page = plain.opens_address(f"/documents/{doc_id}/").page
    assert page.locator("#document-text").text_content() == TEXT
    assert "Without JavaScript this document can be read but not edited here." in page.content()
    expect(page.locator("#state")).to_have_text("Read only")


def test_the_text_is_there_before_the_socket(desk: Desk) -> None:
    doc_id = desk.document(TEXT)
    desk.expects_lines_down()
    alice = desk.person("alice", cable=True)
    alice.cable.cut(sockets_only=True)
    tab = alice.opens_address(f"/documents/{doc_id}/")
    tab.shows(TEXT)
    assert tab.state() != "Saved"


def tabs_to(page: Page, name: str) -> None:
    """By the Tab key alone."""
    for _ in range(60):
        page.keyboard.press("Tab")
        focused = page.locator(":focus")
        if focused.count() and name in (focused.get_attribute("aria-label") or focused.inner_text()).strip():
            return
    raise AssertionError(f"Tab does not reach {name!r}")


def test_the_list_by_keyboard_without_a_script(desk: Desk, plain: Person) -> None:
    desk.expects("status of 400")
    page = plain.opens_address("/documents/").page
    tabs_to(page, "New document")
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile("/documents/.+/$"))
    page.goto(f"{plain.url}/documents/")

    tabs_to(page, "Rename Untitled")
    page.keyboard.press("Enter")
    page.keyboard.type("By keyboard")
    page.keyboard.press("Enter")
    expect(page.get_by_role("link", name="By keyboard", exact=True)).to_be_visible()

    tabs_to(page, "Share By keyboard")
    page.keyboard.press("Enter")
    expect(page.get_by_text("Only you can see this document.")).to_be_visible()
    page.get_by_label("User name or e-mail").focus()
    page.keyboard.type("bob")
    page.keyboard.press("Tab")
    page.keyboard.type("Can read")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.get_by_text("You own this document; bob can read. Nobody else can see it.")).to_be_visible()
    page.get_by_label("User name or e-mail").fill("nobody of this name")
    page.keyboard.press("Enter")
    expect(page.get_by_role("alert")).to_contain_text("There is no “nobody of this name” here.")

    page.goto(f"{plain.url}/documents/")
    tabs_to(page, "Delete By keyboard")
    page.keyboard.press("Enter")
    expect(page.get_by_role("button", name="Keep it")).to_be_focused()
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.get_by_text("“By keyboard” is in the trash.")).to_be_visible()


# --- By keyboard, by ear ---


def test_escape_and_tab_leave_the_text(desk: Desk) -> None:
    doc_id = desk.document("text")
    alice = desk.opens("alice", doc_id)
    text = alice.page.get_by_role("textbox", name="Document text")
    text.focus()
    alice.presses("Control+End", "Enter", "Tab").types("x").says("Saved")
    expect(text).to_be_focused()
    assert "\n  x" in (alice.text() or "") or "\n\tx" in (alice.text() or "")
    alice.presses("Escape", "Shift+Tab")
    expect(text).not_to_be_focused()
    text.focus()
    alice.presses("Escape", "Tab")
    expect(text).not_to_be_focused()


def test_the_title_is_edited_in_place(desk: Desk) -> None:
    doc_id = desk.document(title="Before")
    alice, bob = desk.opens("alice", doc_id), desk.opens("bob", doc_id)
    title = alice.page.get_by_role("textbox", name="Title")
    title.fill("Not this")
    alice.presses("Escape")
    assert alice.title() == "Before"
    title.fill("After")
    alice.presses("Enter")
    bob.until(lambda: bob.title() == "After", "to see the new title")
    expect(bob.page).to_have_title("After · CollabDocs")


def test_the_page_tells_its_parts(desk: Desk) -> None:
    doc_id = desk.document("text", title="Plan")
    alice = desk.opens("alice", doc_id)
    desk.opens("bob", doc_id)
    page = alice.page
    expect(page.get_by_role("status").filter(has_text="Saved")).to_be_visible()
    expect(page.get_by_role("textbox", name="Document text")).to_have_accessible_description(re.compile("Escape"))
    expect(page.get_by_role("list", name="Also here: bob")).to_be_visible()
    expect(page.get_by_role("link", name="Documents")).to_be_visible()
    expect(page.get_by_role("main")).to_be_visible()


# --- On any screen ---

PHONE = {"width": 360, "height": 740}
LONG = "An_unbroken_title_that_is_longer_than_any_phone_is_wide_" * 3


def pages(desk: Desk, **options: Any) -> Iterator[tuple[str, Page]]:
    """Each kind of page, with long words in it, in a browser of these options."""
    desk.expects("status of 404")
    doc_id = desk.document(f"# {LONG}\n\n| a | b |\n{'words ' * 300}\n{'unbroken' * 100}\n", title=LONG)
    visitor, person = desk.stranger(**options), desk.person("alice", **options)
    for path in ("/", "/sign-up/", "/log-in/"):
        yield path, visitor.opens_address(path).page
    for path in ("/documents/", f"/documents/{doc_id}/share/", "/nothing-here"):
        yield path, person.opens_address(path).page
    tab = person.opens(doc_id)
    bob = desk.opens("bob", doc_id)
    bob.goes_to(100, 120)
    tab.sees_people("bob")
    tab.until(lambda: "bob" in tab.carets(), "to see bob's caret")
    yield "the editor", tab.page


def test_a_phone_scrolls_nowhere_sideways(desk: Desk) -> None:
    for name, page in pages(desk, viewport=PHONE):
        assert not page.evaluate("hands.isWiderThanScreen()"), f"{name} is wider than a phone"


def test_a_caret_at_the_edge_of_a_phone(desk: Desk) -> None:
    """The name beside it makes the page no wider."""
    doc_id = desk.document("word " * 30)
    alice = desk.opens("alice", doc_id, viewport=PHONE)
    bob = desk.opens("bob", doc_id, viewport=PHONE)
    for position in range(20, 60, 3):
        bob.goes_to(position)
        alice.sees_caret("bob", position)
        assert not alice.hands("isWiderThanScreen"), position


CONTRAST = """() => {
  const light = (colour) => {
    const [r, g, b] = colour.match(/[\\d.]+/g).map((part) => {
      const c = Number(part) / 255;
      return c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4;
    });
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const paper = (node) => {
    for (let at = node; at; at = at.parentElement) {
      const { backgroundColor } = getComputedStyle(at);
      if (/^rgb\\(/.test(backgroundColor)) return backgroundColor;
    }
    return "rgb(255, 255, 255)";
  };
  const found = [];
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  for (let text = walker.nextNode(); text; text = walker.nextNode()) {
    const element = text.parentElement;
    if (!text.data.trim() || !element.checkVisibility() || element.closest("[aria-hidden], script, noscript")) continue;
    const { color } = getComputedStyle(element);
    if (!/^rgb\\(/.test(color)) continue;
    const [a, b] = [light(color), light(paper(element))].sort((x, y) => y - x);
    found.push([(a + 0.05) / (b + 0.05), text.data.trim().slice(0, 40)]);
  }
  return found;
}"""


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_page_can_be_read_in_light_and_dark(desk: Desk, scheme: str) -> None:
    for name, page in pages(desk, color_scheme=scheme):
        found = page.evaluate(CONTRAST)
        assert found, name
        assert [pair for pair in found if pair[0] < ENOUGH_CONTRAST] == [], f"too faint on {name}"
        red, green, blue = map(
            int, re.findall(r"\d+", page.evaluate("getComputedStyle(document.documentElement).backgroundColor"))
        )
        assert (red + green + blue < 3 * 128) == (scheme == "dark"), name
