"""Whose work it is: a tab's as long as it lives, then the next one's; on secure pages and on plain-http ones alike."""

from collections.abc import Callable
from contextlib import suppress

import pytest
from playwright.sync_api import Error, expect

from tests.browser.desk import Desk, Person
from tests.browser.tab import Tab
from tests.browser.test_not_kept import types_offline

NO_LOCKS = "Object.defineProperty(navigator, 'locks', { value: undefined })"  # as on plain-http pages
SWEPT = 2_500  # ms after which a tab has swept
LOCK_DATABASES = "async () => (await indexedDB.databases()).filter(({ name }) => name.startsWith('lock ')).length"


@pytest.fixture(params=["locks", "no locks"])
def person(request: pytest.FixtureRequest, desk: Desk) -> Person:
    desk.expects_lines_down()
    person = desk.person("alice", cable=True)
    if request.param == "no locks":
        person.context.add_init_script(NO_LOCKS)
    return person


def closes(tab: Tab) -> None:
    tab.closes()


def crashes(tab: Tab) -> None:
    with suppress(Error):
        tab.page.goto("chrome://crash")
    tab.closes()


def leaves(tab: Tab) -> None:
    tab.page.goto("about:blank")


def goes_away_and_back(tab: Tab) -> None:
    tab.page.goto("about:blank")
    tab.page.go_back()


def opens_at_once(person: Person, doc_id: str, count: int) -> list[Tab]:
    """As a browser does that opens again what it had open."""
    tabs = [Tab(person, person.context.new_page()) for _ in range(count)]
    for tab in tabs:
        tab.page.evaluate(f"setTimeout(() => location.assign('{person.url}/documents/{doc_id}/'), 50)")
    for tab in tabs:
        tab.page.wait_for_url(f"**/documents/{doc_id}/")
    return [tab.is_ready() for tab in tabs]


def test_two_tabs_of_one_user(desk: Desk, person: Person) -> None:
    doc_id = desk.document()
    first, second = person.opens(doc_id), person.opens(doc_id)
    first.starts_typing("abcdefghij" * 3)
    second.starts_typing("0123456789" * 3)
    first.has_typed()
    second.has_typed()
    text = desk.everybody_agrees(doc_id, first, second)
    assert "".join(filter(str.isalpha, text)) == "abcdefghij" * 3
    assert "".join(filter(str.isdigit, text)) == "0123456789" * 3


def test_a_duplicated_tab_does_not_take_the_others_work(desk: Desk, person: Person) -> None:
    doc_id = desk.document("text ")
    first = types_offline(person.opens(doc_id), "first ")
    second = first.duplicates()
    second.says("Reconnecting…")
    second.shows("text ")
    second.goes_to(0).types("second ").says("Offline — 7 changes")
    first.has_the_line_back()
    second.has_the_line_back()
    assert desk.everybody_agrees(doc_id, first, second) == "second text first "


@pytest.mark.parametrize("ends", [closes, crashes, leaves])
def test_a_tab_that_is_gone_leaves_its_work_to_the_next(
    desk: Desk, person: Person, ends: Callable[[Tab], None]
) -> None:
    doc_id = desk.document("text ")
    ends(types_offline(person.opens(doc_id), "pending"))
    person.cable.mend()
    assert desk.everybody_agrees(doc_id, person.opens(doc_id)) == "text pending"


def test_a_tab_that_comes_back_has_its_work(desk: Desk, person: Person) -> None:
    doc_id = desk.document("text ")
    tab = types_offline(person.opens(doc_id), "pending")
    person.cable.mend()
    goes_away_and_back(tab)
    tab.is_ready()
    assert desk.everybody_agrees(doc_id, tab) == "text pending"


def test_two_tabs_that_are_gone_leave_their_work_to_two_new_ones(desk: Desk, person: Person) -> None:
    doc_id = desk.document()
    tabs = [person.opens(doc_id), person.opens(doc_id)]
    for tab, words in zip(tabs, ("abc", "123"), strict=True):
        types_offline(tab, words)
    for tab in tabs:
        tab.closes()
    person.cable.mend()
    text = desk.everybody_agrees(doc_id, person.opens(doc_id), person.opens(doc_id))
    assert sorted(text) == sorted("abc123")
    assert "abc" in text
    assert "123" in text


def test_a_tab_says_that_another_one_left_work_too(desk: Desk, person: Person) -> None:
    doc_id = desk.document("text ")
    tabs = [person.opens(doc_id), person.opens(doc_id)]
    for tab, words in zip(tabs, ("one", "two"), strict=True):
        types_offline(tab, words)
    expect(tabs[1].page.locator("#left-behind")).to_be_hidden()
    for tab in tabs:
        tab.closes()
    person.cable.mend()
    tab = person.opens(doc_id)
    notice = tab.page.locator("#left-behind")
    expect(notice).to_be_visible()
    with person.context.expect_page() as opened:
        notice.get_by_role("link", name="Open it again").click()
    other = Tab(person, opened.value).is_ready()
    assert sorted(desk.everybody_agrees(doc_id, tab, other).replace("text ", "")) == sorted("onetwo")
    tab.page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")  # headless tabs are never hidden
    expect(notice).to_be_hidden()


def test_two_new_tabs_at_once_take_it_once(desk: Desk, person: Person) -> None:
    doc_id = desk.document("text ")
    types_offline(person.opens(doc_id), "pending").closes()
    person.cable.mend()
    tabs = opens_at_once(person, doc_id, 4)
    assert desk.everybody_agrees(doc_id, *tabs) == "text pending"


def test_many_new_tabs_at_once_have_a_lock_each(desk: Desk) -> None:
    person = desk.person("alice")
    person.context.add_init_script(NO_LOCKS)
    tabs = opens_at_once(person, desk.document("text "), 6)
    tabs += [person.opens(desk.document("another"))]  # which sweeps away whatever nobody holds
    tabs[-1].page.wait_for_timeout(SWEPT)
    assert tabs[-1].page.evaluate(LOCK_DATABASES) == len(tabs)


def test_no_lock_is_left_lying_about(desk: Desk, person: Person) -> None:
    doc_id = desk.document("text ")
    for tab in [person.opens(doc_id) for _ in range(3)]:
        tab.closes()
    tab = person.opens(doc_id)
    tab.until(lambda: tab.page.evaluate(LOCK_DATABASES) <= 1, "to have swept")
