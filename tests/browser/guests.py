"""Links, and who comes by them, in the words of browser tests."""

import re

from playwright.sync_api import Page, expect

from tests.browser.desk import Desk, Person
from tests.browser.tab import Tab

SECRET = re.compile(r"#[\w-]{20,}")


def makes_a_link(page: Page, doc_id: str, role: str = "Can edit", lifetime: str = "For a week") -> str:
    """On the page of sharing, by hand; the link's address."""
    page.goto(re.sub(r"(https?://[^/]+).*", rf"\1/documents/{doc_id}/share/", page.url))
    page.get_by_label("Anyone with the link").select_option(label=role)
    page.get_by_label("For how long").select_option(label=lifetime)
    page.get_by_role("button", name="Make a link").click()
    page.get_by_role("button", name="Copy").click()
    expect(page.get_by_text("Copied.")).to_be_visible()
    address: str = page.evaluate("navigator.clipboard.readText()")
    assert SECRET.search(address), address
    return address


def revokes_the_link(page: Page) -> None:
    page.get_by_role("button", name="Revoke the link").click()
    page.get_by_role("alertdialog").get_by_role("button", name="Revoke").click()
    expect(page.get_by_text("That link does not work any more")).to_be_visible()


def opens_the_link(person: Person, address: str) -> Page:
    """The page that it leads to; the secret has left the address."""
    page = person.context.new_page()
    page.goto(person.url + "/" + address.split("/", 3)[3])
    expect(page.locator("#come-in")).to_be_visible()
    assert page.url == f"{person.url}/shared"
    return page


def comes_as_a_guest(person: Person, address: str, name: str) -> Tab:
    page = opens_the_link(person, address)
    page.get_by_label("Your name").fill(name)
    page.get_by_role("button", name="Open as a guest").click()
    page.wait_for_url("**/documents/*/")
    return Tab(person, page).is_ready()


def someone_new(desk: Desk, name: str = "Dora", *, cable: bool = False) -> Person:
    """At a browser that nobody has logged in with."""
    person = desk.stranger(name)
    if cable:
        assert person.cable.port
    return person
