"""Who may no longer write keeps what was not saved: in sight, to copy, as a file; and sends it once they may again."""

from pathlib import Path

import pytest

from tests.browser.desk import Desk
from tests.browser.tab import Tab
from tests.browser.test_not_kept import types_offline

REASON = "Not saved: you may read this document but no longer change it."
STATE = "Read only — 7 changes not saved: copy your text"


@pytest.fixture
def demoted(desk: Desk) -> tuple[Desk, str, Tab]:
    """Bob had typed "pending" when alice made him a viewer."""
    desk.expects_lines_down()
    doc_id = desk.document("text ")
    bob = types_offline(desk.opens("bob", doc_id, cable=True), "pending")
    desk.owner.gives(doc_id, "bob", "viewer")
    bob.has_the_line_back().says(STATE)
    return desk, doc_id, bob


def test_what_was_typed_stays_in_sight_and_can_be_taken_along(demoted: tuple[Desk, str, Tab]) -> None:
    desk, doc_id, bob = demoted
    assert bob.text() == "text pending"
    assert bob.leftovers() == [(REASON, "pending")]
    bob.page.get_by_role("button", name="Copy text").click()
    assert bob.page.evaluate("navigator.clipboard.readText()") == "pending"
    for name, content in (("Download", "pending"), ("Download whole text", "text pending")):
        with bob.page.expect_download() as download:
            bob.page.get_by_role("button", name=name, exact=True).click()
        assert Path(download.value.path()).read_text() == content
    bob.types("x")
    assert bob.text() == "text pending" and desk.rest_text(doc_id) == "text "


def test_it_is_saved_when_the_right_comes_back(demoted: tuple[Desk, str, Tab]) -> None:
    desk, doc_id, bob = demoted
    alice = desk.opens("alice", doc_id)
    alice.goes_to(0).types("> ").says("Saved")
    bob.shows("> text pending")
    desk.owner.gives(doc_id, "bob", "editor")
    bob.says("Saved")
    assert bob.leftovers() == []
    assert desk.everybody_agrees(doc_id, alice, bob) == "> text pending"


def test_it_is_there_after_a_reload(demoted: tuple[Desk, str, Tab]) -> None:
    desk, doc_id, bob = demoted
    bob.reloads().says(STATE)
    assert (bob.text(), bob.leftovers()) == ("text pending", [(REASON, "pending")])
    desk.owner.gives(doc_id, "bob", "editor")
    assert desk.everybody_agrees(doc_id, bob.is_ready()) == "text pending"


def test_put_away_it_is_gone(demoted: tuple[Desk, str, Tab]) -> None:
    desk, doc_id, bob = demoted
    bob.page.get_by_role("button", name="put away").click()
    bob.says("Read only")
    assert bob.text() == "text "
    bob.reloads().is_ready()
    desk.owner.gives(doc_id, "bob", "editor")
    assert desk.everybody_agrees(doc_id, bob.is_ready()) == "text "


def test_in_the_middle_of_typing_nothing_is_dropped(desk: Desk) -> None:
    """Each letter is in the server's text, or in what is offered; back as an editor, all of them are saved, once."""
    doc_id = desk.document()
    bob = desk.opens("bob", doc_id)
    letters = "".join(chr(0x4E00 + number) for number in range(200))
    bob.starts_typing(letters, 10)
    bob.until(lambda: len(desk.rest_text(doc_id)) > 20, "to have saved some")
    desk.owner.gives(doc_id, "bob", "viewer")
    bob.says("Read only")
    bob.has_typed()
    shown = bob.text() or ""
    assert letters.startswith(shown) and len(shown) > 20
    assert shown.startswith(desk.rest_text(doc_id))
    desk.owner.gives(doc_id, "bob", "editor")
    bob.says("Saved")
    assert desk.everybody_agrees(doc_id, bob).startswith(shown)
