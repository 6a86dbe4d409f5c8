"""Work on a document that is gone, or not shared any more, is found again: on its page, and from the list."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.browser.desk import Desk, Person
from tests.browser.tab import Tab
from tests.browser.test_not_kept import types_offline
from tests.browser.test_several_tabs import NO_LOCKS

GONE = "Not saved: this document was deleted, or is not shared with you any more."
MOMENT = 700  # ms in which a note that must not come would have come
ELSEWHERE = "A document that is not on this page"

EVERY_RECORD = """() => new Promise((done) => {
    indexedDB.open("collabdocs").onsuccess = ({ target }) => {
        const store = target.result.transaction("unacknowledged").objectStore("unacknowledged");
        store.getAll().onsuccess = ({ target }) => done(target.result);
    };
})"""


@pytest.fixture
def offline_desk(desk: Desk) -> Desk:
    desk.expects_lines_down()
    desk.expects("status of 404")
    return desk


def is_deleted(desk: Desk, doc_id: str) -> None:
    desk.owner.asks("DELETE", f"/documents/{doc_id}")


def is_unshared(desk: Desk, doc_id: str) -> None:
    people = desk.owner.asks("GET", f"/documents/{doc_id}/collaborators")
    [bob] = [each["user"]["id"] for each in people if each["user"]["username"] == "bob"]
    desk.owner.asks("DELETE", f"/documents/{doc_id}/collaborators/{bob}")


def leaves_work(person: Person, doc_id: str, *words: str) -> None:
    """In tabs that are closed while the line is down, some words in each."""
    tabs = [person.opens(doc_id) for _ in words]
    for tab, typed in zip(tabs, words, strict=True):
        types_offline(tab, typed)
    for tab in tabs:
        tab.closes()
    person.cable.mend()


def opens_what_is_gone(person: Person, doc_id: str, notes: int = 1) -> Tab:
    tab = person.opens_address(f"/documents/{doc_id}/")
    expect(tab.page.get_by_role("heading", name="There is nothing here")).to_be_visible()
    expect(tab.page.locator(".leftover")).to_have_count(notes)
    return tab


def is_offered_nothing(person: Person, doc_id: str) -> None:
    tab = opens_what_is_gone(person, doc_id, notes=0)
    tab.page.wait_for_timeout(MOMENT)
    assert tab.leftovers() == []
    tab.closes()


def is_told_nothing(person: Person) -> None:
    page = person.opens_address("/documents/").page
    page.wait_for_timeout(MOMENT)
    expect(page.locator("#kept")).to_be_hidden()
    page.close()


def kept(page: Page) -> list[tuple[str, str]]:
    """The lines of the list's notice: what they say, where they lead."""
    expect(page.locator("#kept")).to_be_visible()
    links = page.locator("#kept a").all()
    return [(link.inner_text(), link.get_attribute("href") or "") for link in links]


# --- The page of what is not there ---


@pytest.mark.parametrize("change", [is_deleted, is_unshared])
def test_its_page_offers_the_words_until_they_are_put_away(
    offline_desk: Desk, change: Callable[[Desk, str], None]
) -> None:
    doc_id = offline_desk.document("text ")
    person = offline_desk.person("bob", cable=True)
    leaves_work(person, doc_id, "pending")
    change(offline_desk, doc_id)
    tab = opens_what_is_gone(person, doc_id)
    assert tab.leftovers() == [(GONE, "pending")]
    tab.reloads()
    expect(tab.page.locator(".leftover")).to_have_count(1)
    tab.page.get_by_role("button", name="Copy text").click()
    assert tab.page.evaluate("navigator.clipboard.readText()") == "pending"
    with tab.page.expect_download() as download:
        tab.page.get_by_role("button", name="Download").click()
    assert download.value.path().read_text() == "pending"
    tab.page.get_by_role("button", name="put away").click()
    expect(tab.page.locator("#unsaved")).to_be_hidden()
    tab.until(lambda: tab.page.evaluate(EVERY_RECORD) == [], "to have put it away")
    is_offered_nothing(person, doc_id)


def test_who_is_let_in_again_has_it_saved_after_all(offline_desk: Desk) -> None:
    doc_id = offline_desk.document("text ")
    person = offline_desk.person("bob", cable=True)
    leaves_work(person, doc_id, "pending")
    is_unshared(offline_desk, doc_id)
    opens_what_is_gone(person, doc_id).closes()
    offline_desk.owner.gives(doc_id, "bob", "editor")
    assert offline_desk.everybody_agrees(doc_id, person.opens(doc_id)) == "text pending"


@pytest.mark.parametrize("locks", [True, False], ids=["with locks", "without"])
def test_the_words_of_every_tab_are_offered_in_one_tab_at_a_time(offline_desk: Desk, locks: bool) -> None:
    doc_id = offline_desk.document("text ")
    person = offline_desk.person("bob", cable=True)
    if not locks:
        person.context.add_init_script(NO_LOCKS)
    leaves_work(person, doc_id, "one", "two")
    is_deleted(offline_desk, doc_id)
    tab = opens_what_is_gone(person, doc_id, notes=2)
    assert sorted(tab.leftovers()) == [(GONE, "one"), (GONE, "two")]
    is_offered_nothing(person, doc_id)
    tab.closes()
    tab = opens_what_is_gone(person, doc_id, notes=2)
    tab.page.get_by_role("button", name="put away").first.click()
    expect(tab.page.locator(".leftover")).to_have_count(1)
    tab.until(lambda: len(tab.page.evaluate(EVERY_RECORD)) == 1, "to have put one away")


def test_words_that_the_editor_offered_are_offered_still(offline_desk: Desk) -> None:
    doc_id = offline_desk.document("text ")
    bob = types_offline(offline_desk.opens("bob", doc_id, cable=True), "pending")
    is_deleted(offline_desk, doc_id)
    bob.has_the_line_back().says("Not saved")
    bob.reloads()
    expect(bob.page.locator(".leftover")).to_have_count(1)
    assert bob.leftovers() == [(GONE, "pending")]


def test_somebody_else_at_the_browser_is_offered_nothing(offline_desk: Desk) -> None:
    doc_id = offline_desk.document("text ")
    person = offline_desk.person("bob", cable=True)
    leaves_work(person, doc_id, "pending")
    is_deleted(offline_desk, doc_id)
    person.context.clear_cookies()
    person.context.add_cookies(offline_desk.person("vera").cookies)
    is_offered_nothing(person, doc_id)
    is_told_nothing(person)
    person.context.clear_cookies()
    person.context.add_cookies(person.cookies)
    opens_what_is_gone(person, doc_id)


# --- The list ---


def test_the_list_leads_to_what_is_kept_and_alters_nothing(offline_desk: Desk) -> None:
    shared = offline_desk.document("text ", title="Plan")
    gone = offline_desk.document("text ", title="Gone")
    person = offline_desk.person("bob", cable=True)
    leaves_work(person, shared, "pending")
    leaves_work(person, gone, "one", "two")
    is_deleted(offline_desk, gone)
    page = person.opens_address("/documents/").page
    lines = [("Plan", f"/documents/{shared}/"), (ELSEWHERE, f"/documents/{gone}/")]
    assert sorted(kept(page)) == sorted(lines)
    before = page.evaluate(EVERY_RECORD)
    page.reload()
    assert sorted(kept(page)) == sorted(lines)
    assert len(before) == 3 and page.evaluate(EVERY_RECORD) == before

    page.get_by_role("link", name=ELSEWHERE).click()
    expect(page.locator(".leftover")).to_have_count(2)
    page.goto(f"{person.url}/documents/")
    page.locator("#kept").get_by_role("link", name="Plan").click()
    page.wait_for_url(f"**/documents/{shared}/")
    tab = Tab(person, page).is_ready()
    assert offline_desk.everybody_agrees(shared, tab) == "text pending"
    page.goto(f"{person.url}/documents/")
    assert kept(page) == [lines[1]]


def test_the_list_says_nothing_of_work_in_a_living_tab(offline_desk: Desk) -> None:
    held, left = offline_desk.document("text ", title="Held"), offline_desk.document("text ", title="Left")
    person = offline_desk.person("bob", cable=True)
    leaves_work(person, left, "left")
    tab = types_offline(person.opens(held), "held")
    page = person.opens_address("/documents/").page
    assert kept(page) == [("Left", f"/documents/{left}/")]
    tab.closes()
    page.reload()
    assert sorted(title for title, _ in kept(page)) == ["Held", "Left"]


def test_who_leaves_the_editor_for_the_list_is_told_there(offline_desk: Desk) -> None:
    doc_id = offline_desk.document("text ", title="Plan")
    bob = types_offline(offline_desk.opens("bob", doc_id, cable=True), "pending")
    bob.page.get_by_role("link", name="Documents").click()
    bob.page.wait_for_url("**/documents/")
    assert kept(bob.page) == [("Plan", f"/documents/{doc_id}/")]


def test_a_list_with_nothing_kept_is_as_it_was(desk: Desk) -> None:
    doc_id = desk.document("text ")
    person = desk.person("bob")
    person.opens(doc_id).goes_to_the_end().types("saved").says("Saved")
    is_told_nothing(person)
