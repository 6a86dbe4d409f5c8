"""Somebody without an account comes by a link, writes, and is out when the link is revoked; the secret stays secret."""

from playwright.sync_api import expect

from tests.browser.desk import Desk
from tests.browser.guests import (
    comes_as_a_guest,
    makes_a_link,
    opens_the_link,
    revokes_the_link,
    someone_new,
)
from tests.browser.tab import Tab
from tests.browser.test_lost import GONE

SOON = 5.0  # seconds in which a change of sharing bites


def secret_of(address: str) -> str:
    return address.split("#")[1]


def test_it_works(desk: Desk) -> None:
    desk.expects("status of 404")
    doc_id = desk.document("text ")
    alice = desk.opens("alice", doc_id)
    sharing = alice.person.context.new_page()
    sharing.goto(alice.page.url)
    address = makes_a_link(sharing, doc_id)

    dora = comes_as_a_guest(someone_new(desk), address, "Dora")
    dora.goes_to_the_end().types("by Dora").says("Saved")
    alice.sees("text by Dora")
    alice.sees_people("Dora (guest)")
    dora.sees_people("alice")

    sharing.goto(sharing.url)
    expect(sharing.locator("#new-link")).to_have_count(0)
    expect(sharing.locator(".people")).to_contain_text("Dora (guest)")
    revokes_the_link(sharing)
    dora.says("Closed: you no longer have access", SOON)
    assert dora.text() == "text by Dora"
    assert dora.page.locator(".cm-content").get_attribute("contenteditable") == "false"
    alice.sees_people()
    dora.reloads()
    expect(dora.page.get_by_role("heading", name="There is nothing here")).to_be_visible()
    assert dora.leftovers() == []
    assert desk.everybody_agrees(doc_id, alice) == "text by Dora"
    assert secret_of(address) not in desk.server.log()


def test_what_a_guest_had_not_saved_is_offered(desk: Desk) -> None:
    desk.expects_lines_down()
    desk.expects("status of 404")
    doc_id = desk.document("text ")
    sharing = desk.person("alice").opens_address("/documents/").page
    dora = comes_as_a_guest(someone_new(desk, cable=True), makes_a_link(sharing, doc_id), "Dora")
    dora.loses_the_line(sockets_only=True).goes_to_the_end().types("pending").says("Offline")
    revokes_the_link(sharing)
    dora.has_the_line_back().says(GONE.rstrip("."))
    assert [words for _, words in dora.leftovers()] == ["pending"]
    dora.page.get_by_role("button", name="Copy text").click()
    assert dora.page.evaluate("navigator.clipboard.readText()") == "pending"
    dora.reloads()
    expect(dora.page.locator(".leftover")).to_have_count(1)
    assert [words for _, words in dora.leftovers()] == ["pending"]


def test_a_log_in_on_the_way_does_not_lose_the_link(desk: Desk) -> None:
    doc_id = desk.document("text ")
    sharing = desk.person("alice").opens_address("/documents/").page
    address = makes_a_link(sharing, doc_id, "Can read")
    somebody = someone_new(desk, "mallory")
    page = opens_the_link(somebody, address)
    page.locator("main").get_by_role("link", name="Log in").click()
    assert secret_of(address) not in page.url
    page.get_by_label("User name").fill("mallory")
    page.get_by_label("Password").fill("correct horse battery staple")
    page.locator("main").get_by_role("button", name="Log in").click()
    page.get_by_role("button", name="Open as mallory").click()
    page.wait_for_url(f"**/documents/{doc_id}/")
    tab = Tab(somebody, page).is_ready()
    assert (tab.text(), tab.state()) == ("text ", "Read only")


def test_a_guest_who_has_an_account_comes_back_as_oneself(desk: Desk) -> None:
    doc_id = desk.document("text ")
    sharing = desk.person("alice").opens_address("/documents/").page
    dora = comes_as_a_guest(someone_new(desk, "mallory"), makes_a_link(sharing, doc_id), "Dora")
    page = dora.page
    page.get_by_role("link", name="Documents").click()
    expect(page.get_by_label("Account")).to_contain_text("Dora (guest)")
    page.get_by_role("button", name="Log in").click()
    page.get_by_label("User name").fill("mallory")
    page.get_by_label("Password").fill("correct horse battery staple")
    page.locator("main").get_by_role("button", name="Log in").click()
    page.get_by_role("button", name="Open as mallory").click()
    page.wait_for_url(f"**/documents/{doc_id}/")


def test_refusals_are_told_and_the_name_stays(desk: Desk) -> None:
    desk.expects("status of 40[04]")
    doc_id = desk.document("text ")
    sharing = desk.person("alice").opens_address("/documents/").page
    page = opens_the_link(someone_new(desk), makes_a_link(sharing, doc_id))
    page.get_by_label("Your name").fill("...")
    page.get_by_role("button", name="Open as a guest").click()
    expect(page.get_by_text("A name needs at least one letter or digit.")).to_be_visible()
    expect(page.get_by_label("Your name")).to_have_value("...")
    revokes_the_link(sharing)
    page.get_by_label("Your name").fill("Dora")
    page.get_by_role("button", name="Open as a guest").click()
    expect(page.get_by_text("This link does not work (any more).")).to_be_visible()
    expect(page.get_by_label("Your name")).to_have_value("Dora")


def test_an_address_without_its_secret_says_so(desk: Desk) -> None:
    page = someone_new(desk).opens_address("/shared").page
    expect(page.get_by_text("Something is missing from the address.")).to_be_visible()
    expect(page.locator("#come-in")).to_be_hidden()


def test_reloading_the_page_of_a_new_link_makes_no_other(desk: Desk) -> None:
    doc_id = desk.document()
    sharing = desk.person("alice").opens_address("/documents/").page
    makes_a_link(sharing, doc_id)
    sharing.reload()
    expect(sharing.locator(".live-links > li")).to_have_count(1)
    expect(sharing.locator("#new-link")).to_have_count(0)
