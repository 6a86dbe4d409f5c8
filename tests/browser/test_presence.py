"""The other people's hands are seen, and what one may do is told and kept to, from one moment to the next."""

from playwright.sync_api import expect

from tests.browser.desk import Desk


def test_the_others_name_and_caret(desk: Desk) -> None:
    doc_id = desk.document("🧵 one two")
    alice, bob = desk.opens("alice", doc_id), desk.opens("bob", doc_id)
    alice.sees_people("bob")
    bob.sees_people("alice")
    bob.goes_to(6)
    alice.sees_caret("bob", 6)
    alice.goes_to(0).types("🙂 ")  # before it: it moves along
    alice.sees_caret("bob", 8)
    bob.types("!")
    alice.sees_caret("bob", 9)
    bob.sees_caret("alice", 2)
    alice.goes_to(9, 5).presses("Delete")  # around it
    alice.sees_caret("bob", 5)
    bob.closes()
    alice.sees_people()
    assert alice.carets() == {}


def test_a_selection_is_seen(desk: Desk) -> None:
    doc_id = desk.document("one two three")
    alice, bob = desk.opens("alice", doc_id), desk.opens("bob", doc_id)
    bob.goes_to(4, 7)
    alice.sees_caret("bob", 7)
    expect(alice.page.locator(".hand-selection")).to_have_text("two")
    bob.goes_to(0)
    expect(alice.page.locator(".hand-selection")).to_have_count(0)


def test_a_caret_follows_the_text_while_both_type(desk: Desk) -> None:
    doc_id = desk.document("|")
    alice, bob = desk.opens("alice", doc_id), desk.opens("bob", doc_id)
    bob.goes_to_the_end().starts_typing("0123456789" * 4)
    alice.goes_to(0).starts_typing("abcdefghij" * 4)
    alice.has_typed()
    bob.has_typed()
    assert desk.everybody_agrees(doc_id, alice, bob) == "abcdefghij" * 4 + "|" + "0123456789" * 4
    alice.sees_caret("bob", 81)
    bob.sees_caret("alice", 40)


def test_each_person_stands_once_however_many_tabs_they_have(desk: Desk) -> None:
    doc_id = desk.document()
    alice = desk.opens("alice", doc_id)
    bob, vera = desk.person("bob"), desk.opens("vera", doc_id)
    tabs = [bob.opens(doc_id), bob.opens(doc_id)]
    alice.sees_people("bob", "vera")
    tabs[0].closes()
    vera.sees_people("alice", "bob")
    tabs[1].closes()
    alice.sees_people("vera")


# --- Who may what ---


def test_a_viewer_reads_and_cannot_type(desk: Desk) -> None:
    doc_id = desk.document("text")
    alice, vera = desk.opens("alice", doc_id), desk.opens("vera", doc_id)
    assert vera.state() == "Read only"
    vera.goes_to(2).types("x").presses("Backspace", "Enter", "Control+v").pastes_raw("pasted").undoes()
    alice.goes_to_the_end().types(" goes on")
    vera.shows("text goes on")
    assert desk.everybody_agrees(doc_id, alice, vera) == "text goes on"
    assert not vera.page.locator("#document-title").is_editable()


def test_demoted_while_typing_and_promoted_again(desk: Desk) -> None:
    doc_id = desk.document("text ")
    alice, bob = desk.opens("alice", doc_id), desk.opens("bob", doc_id)
    bob.goes_to_the_end().starts_typing("0123456789" * 6)
    alice.sees("text 01234")
    desk.owner.gives(doc_id, "bob", "viewer")
    bob.until(lambda: not bob.page.locator(".cm-content").is_editable(), "to be read only")
    bob.has_typed().says("Read only")
    shown, saved = bob.text() or "", desk.rest_text(doc_id)
    assert "text " + "0123456789" * 6 >= shown >= saved > "text 01234"
    assert shown.startswith(saved)  # what was under way stays in sight
    desk.owner.gives(doc_id, "bob", "editor")
    bob.says("Saved")
    assert bob.leftovers() == []
    bob.goes_to(0).types("B ").says("Saved")
    assert desk.everybody_agrees(doc_id, alice, bob) == f"B {shown}"


def test_demoted_while_offline(desk: Desk) -> None:
    doc_id = desk.document("line\n" * 100 + "text")
    desk.expects_lines_down()
    bob = desk.opens("bob", doc_id, cable=True).goes_to_the_end()
    bob.loses_the_line().types(" lost?").says("Offline — 6 changes")
    desk.owner.gives(doc_id, "bob", "viewer")
    bob.has_the_line_back().says("Read only — 6 changes not saved")
    assert [words for _, words in bob.leftovers()] == [" lost?"]
    expect(bob.page.get_by_label("Text that was not saved")).to_be_in_viewport()
    bob.shows("line\n" * 100 + "text lost?")
    bob.page.get_by_role("button", name="put away").click()
    bob.says("Read only")
    bob.shows("line\n" * 100 + "text")


def test_removed_while_writing(desk: Desk) -> None:
    doc_id = desk.document("text")
    alice, bob = desk.opens("alice", doc_id), desk.opens("bob", doc_id)
    desk.expects("status of 404")
    people = desk.owner.asks("GET", f"/documents/{doc_id}/collaborators")
    [bobs_id] = [person["user"]["id"] for person in people if person["user"]["username"] == "bob"]
    desk.owner.asks("DELETE", f"/documents/{doc_id}/collaborators/{bobs_id}")
    bob.says("Closed: you no longer have access to this document")
    bob.types("x")
    assert bob.text() == "text"
    alice.sees_people()
    bob.reloads()
    expect(bob.page.get_by_role("heading", name="There is nothing here")).to_be_visible()


def test_a_stranger_is_told_nothing(desk: Desk) -> None:
    doc_id = desk.document("secret", title="Secret plans")
    desk.expects("status of 404")
    page = desk.person("mallory").opens_address(f"/documents/{doc_id}/").page
    expect(page.get_by_role("heading", name="There is nothing here")).to_be_visible()
    assert "ecret" not in page.content()


def test_deleted_while_open(desk: Desk) -> None:
    doc_id = desk.document("text")
    desk.expects_lines_down()
    alice, bob = desk.opens("alice", doc_id), desk.opens("bob", doc_id, cable=True)
    vera = desk.opens("vera", doc_id)
    bob.goes_to_the_end().loses_the_line(sockets_only=True).types(" lost?").says("Offline")
    desk.owner.asks("DELETE", f"/documents/{doc_id}")
    for tab in (alice, vera):
        tab.says("Closed: this document was deleted")
        assert tab.text() == "text"  # still there to be copied
    bob.has_the_line_back().says("Not saved: this document was deleted")
    assert [words for _, words in bob.leftovers()] == [" lost?"]
