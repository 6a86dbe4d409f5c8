"""Sharing without leaving the text: the dialog is the page of sharing, and writing goes on behind it."""

import re

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.desk import Desk
from tests.browser.guests import SECRET
from tests.browser.tab import Tab


@pytest.fixture
def doc_id(desk: Desk) -> str:
    return desk.document("The text", title="Minutes")


def opens_sharing(tab: Tab) -> Locator:
    tab.page.get_by_role("link", name="Share").click()
    dialog = tab.page.get_by_role("dialog", name="Share this document")
    expect(dialog.get_by_role("heading", name="People")).to_be_visible()
    return dialog


def row(dialog: Locator, name: str) -> Locator:
    return dialog.locator(".people li").filter(has_text=name)


def test_a_person_is_added_changed_and_removed(desk: Desk, doc_id: str) -> None:
    desk.expects("status of 40[04]")
    alice = desk.opens("alice", doc_id)
    alice.goes_to_the_end().types(", and more").says("Saved")
    dialog = opens_sharing(alice)
    dialog.get_by_label("User name or e-mail").fill("nobody-here")
    dialog.get_by_label("User name or e-mail").press("Enter")
    expect(dialog.get_by_role("alert")).to_contain_text("There is no “nobody-here” here")
    expect(dialog.get_by_label("User name or e-mail")).to_be_focused()
    expect(dialog.get_by_label("User name or e-mail")).to_have_value("nobody-here")

    dialog.get_by_label("User name or e-mail").fill("carol")
    dialog.get_by_label("Role").select_option("commenter")
    dialog.get_by_role("button", name="Add", exact=True).click()
    expect(dialog.get_by_text("carol can comment now.")).to_be_visible()
    carol = desk.opens("carol", doc_id)
    carol.says("You can comment")

    row(dialog, "carol").get_by_label("What carol may do", exact=True).select_option("editor")
    row(dialog, "carol").get_by_role("button", name="Save").click()
    expect(dialog.get_by_text("carol can edit now.")).to_be_visible()
    carol.says("Saved")
    carol.goes_to_the_end().types("!").says("Saved")

    row(dialog, "carol").get_by_role("button", name="Remove carol").click()
    expect(row(dialog, "carol")).to_have_count(0)
    carol.says("Closed: you no longer have access")

    alice.page.keyboard.press("Escape")
    expect(dialog).to_be_hidden()
    expect(alice.page.get_by_role("link", name="Share")).to_be_focused()
    assert desk.everybody_agrees(doc_id, alice) == "The text, and more!"


def test_a_link_is_made_copied_and_revoked(desk: Desk, doc_id: str) -> None:
    alice = desk.opens("alice", doc_id)
    dialog = opens_sharing(alice)
    dialog.get_by_label("For how long").select_option(label="For a day")
    dialog.get_by_role("button", name="Make a link").click()
    dialog.get_by_role("button", name="Copy").click()
    expect(dialog.get_by_text("Copied.")).to_be_visible()
    address = alice.page.evaluate("navigator.clipboard.readText()")
    assert SECRET.search(address)

    dialog.get_by_role("button", name="Close", exact=True).click()
    dialog = opens_sharing(alice)
    assert SECRET.search(alice.page.content()) is None  # shown once
    dialog.get_by_role("button", name=re.compile("Revoke the link")).click()
    dialog.get_by_role("alertdialog").get_by_role("button", name="Revoke").click()
    expect(dialog.get_by_text("That link does not work any more")).to_be_visible()
    expect(dialog.locator(".live-links")).to_have_count(0)


def test_who_may_not_manage_sees_the_people_and_may_leave(desk: Desk, doc_id: str) -> None:
    bob = desk.opens("bob", doc_id)
    dialog = opens_sharing(bob)
    expect(dialog.get_by_role("button", name="Add", exact=True)).to_have_count(0)
    expect(dialog.get_by_role("button", name="Make a link")).to_have_count(0)
    dialog.get_by_role("button", name="Leave").click()
    dialog.get_by_role("alertdialog").get_by_role("button", name="Leave").click()
    bob.page.wait_for_url("**/documents/")
    expect(bob.page.get_by_text("You have left “Minutes”.")).to_be_visible()


def test_without_an_answer_it_says_so_and_the_form_stays(desk: Desk, doc_id: str) -> None:
    desk.expects_lines_down()
    alice = desk.person("alice", cable=True).opens(doc_id)
    dialog = opens_sharing(alice)
    dialog.get_by_label("User name or e-mail").fill("carol")
    alice.loses_the_line()
    dialog.get_by_role("button", name="Add", exact=True).click()
    expect(dialog.get_by_text("The server did not answer")).to_be_visible()
    alice.has_the_line_back()
    dialog.get_by_role("button", name="Add", exact=True).click()
    expect(dialog.get_by_text("carol can edit now.")).to_be_visible()


def test_with_control_the_page_opens_in_a_tab_of_its_own(desk: Desk, doc_id: str) -> None:
    alice = desk.opens("alice", doc_id)
    with alice.person.context.expect_page() as opened:
        alice.page.get_by_role("link", name="Share").click(modifiers=["ControlOrMeta"])
    page: Page = opened.value
    expect(page.get_by_role("heading", name="Share “Minutes”")).to_be_visible()
    expect(alice.page.get_by_role("dialog")).to_have_count(0)
