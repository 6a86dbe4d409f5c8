"""Comments in the margin: said, answered, settled, and standing beside their text whatever is typed."""

from playwright.sync_api import Locator, expect

from tests.browser.desk import Desk, Person
from tests.browser.tab import Tab


def card(tab: Tab, words: str) -> Locator:
    return tab.page.locator(".comment-card:not(.draft)").filter(has_text=words)


def marked(tab: Tab) -> Locator:
    return tab.page.locator(".commented")


def comments(tab: Tab, start: int, end: int, words: str) -> None:
    tab.goes_to(start, end).presses("Control+Alt+m")
    tab.page.get_by_label("Your comment").fill(words)
    tab.presses("Control+Enter")
    expect(tab.page.locator(".draft")).to_have_count(0)
    expect(card(tab, words)).to_be_visible()


def listed(person: Person, doc_id: str) -> list[dict]:
    found: list[dict] = person.asks("GET", f"/documents/{doc_id}/comments")
    return found


def test_it_works(desk: Desk) -> None:
    doc_id = desk.document("The cat sat on the mat.")
    alice, bob = desk.opens("alice", doc_id), desk.opens("bob", doc_id)
    comments(alice, 4, 7, "Which cat?")
    expect(card(bob, "Which cat?")).to_be_visible()
    expect(marked(bob)).to_have_text("cat")
    bob.goes_to(0).types("So: ")
    alice.sees("So: ")
    expect(marked(alice)).to_have_text("cat")
    card(bob, "Which cat?").get_by_role("button", name="Reply").click()
    bob.page.get_by_label("Reply").fill("The black one")
    bob.presses("Control+Enter")
    expect(card(alice, "The black one")).to_contain_text("Which cat?")
    card(alice, "Which cat?").get_by_role("button", name="Resolve").click()
    expect(marked(bob)).to_have_count(0)
    expect(bob.page.locator("#comments-resolved")).to_contain_text("Resolved (1)")
    [first, answer] = listed(desk.owner, doc_id)
    assert (first["range"], first["resolved"], answer["parent"]) == ([8, 11], True, first["id"])
    assert desk.everybody_agrees(doc_id, alice, bob) == "So: The cat sat on the mat."


def test_what_is_undone_has_its_comment_again(desk: Desk) -> None:
    doc_id = desk.document("The cat sat on the mat.")
    alice, bob = desk.opens("alice", doc_id), desk.opens("bob", doc_id)
    comments(alice, 4, 7, "Which cat?")
    expect(marked(bob)).to_have_text("cat")
    alice.goes_to(4, 8).presses("Delete")
    expect(marked(bob)).to_have_count(0)
    expect(card(bob, "Which cat?")).to_contain_text("cat")  # the quote
    alice.undoes()
    for tab in (alice, bob):
        expect(marked(tab)).to_have_text("cat")
    assert listed(desk.owner, doc_id)[0]["range"] == [4, 7]


def test_one_typed_just_now_waits_until_the_text_is_saved(desk: Desk) -> None:
    doc_id = desk.document("one ")
    alice = desk.person("alice", cable=True).opens(doc_id)
    desk.expects_lines_down()
    alice.goes_to_the_end().loses_the_line(sockets_only=True).types("two three")
    alice.goes_to(4, 7).presses("Control+Alt+m")
    alice.page.get_by_label("Your comment").fill("Is this 2?")
    alice.presses("Control+Enter")
    alice.has_the_line_back()
    expect(card(alice, "Is this 2?")).to_be_visible()
    [comment] = listed(desk.owner, doc_id)
    assert (comment["range"], comment["quote"]) == ([4, 7], "two")


def test_who_comments_does_not_write_and_who_reads_does_neither(desk: Desk) -> None:
    doc_id = desk.document("The cat sat.")
    desk.owner.gives(doc_id, "carol", "commenter")
    carol, vera = desk.opens("carol", doc_id), desk.opens("vera", doc_id)
    comments(carol, 4, 7, "Whose?")
    expect(card(vera, "Whose?")).to_be_visible()
    expect(card(vera, "Whose?").get_by_role("button")).to_have_count(0)
    vera.goes_to(0, 3).presses("Control+Alt+m")
    expect(vera.page.locator(".draft")).to_have_count(0)
    carol.types("x")
    assert carol.text() == "The cat sat."
    card(carol, "Whose?").get_by_role("button", name="Edit").click()
    carol.page.get_by_label("Change your comment").fill("Whose cat?")
    carol.presses("Control+Enter")
    expect(card(vera, "Whose cat?")).to_be_visible()
    card(carol, "Whose cat?").get_by_role("button", name="Delete").click()
    card(carol, "Whose cat?").get_by_role("button", name="Delete for good?").click()
    expect(card(vera, "Whose cat?")).to_have_count(0)


def test_names_and_words_are_never_markup(desk: Desk) -> None:
    doc_id = desk.document("The cat <b>sat</b>.")
    evil = "<img src=x onerror=alert(1)></textarea><script>alert(2)</script>"
    desk.owner.asks("POST", f"/documents/{doc_id}/comments", body=evil, range=[4, 18], version=1)
    bob = desk.opens("bob", doc_id)
    expect(card(bob, evil)).to_be_visible()
    expect(bob.page.locator("#comments img, #comments script")).to_have_count(0)


def test_by_keyboard_alone(desk: Desk) -> None:
    doc_id = desk.document("The cat sat.")
    alice = desk.opens("alice", doc_id)
    comments(alice, 4, 7, "Which?")
    assert alice.page.evaluate("document.activeElement.classList.contains('cm-content')")
    alice.goes_to(5)
    expect(alice.page.locator(".comment-card.active")).to_contain_text("Which?")
    expect(alice.page.locator(".commented.active")).to_have_text("cat")
    comments(alice, 8, 11, "Where?")
    card(alice, "Which?").get_by_role("button", name="Resolve").press("Enter")
    expect(alice.page.locator("#comments-resolved")).to_contain_text("Resolved (1)")
    expect(card(alice, "Where?")).to_be_focused()
    alice.presses("Tab", "Tab", "Enter")
    expect(card(alice, "Where?").get_by_role("button", name="Delete for good?")).to_be_focused()
    alice.presses("Enter")
    expect(card(alice, "Where?")).to_have_count(0)
    expect(alice.page.locator("#to-comments")).to_be_focused()


def test_a_form_makes_room_for_itself_and_keeps_its_words(desk: Desk) -> None:
    doc_id = desk.document("The cat sat.")
    alice, bob = desk.opens("alice", doc_id), desk.opens("bob", doc_id)
    comments(alice, 4, 7, "Which?")
    comments(alice, 8, 11, "Where?")
    card(bob, "Which?").get_by_role("button", name="Reply").click()
    bob.types("The black one")
    bob.until(lambda: bottom(card(bob, "Which?")) < top(card(bob, "Where?")), "to show both cards")
    card(alice, "Which?").get_by_role("button", name="Delete").click()
    card(alice, "Which?").get_by_role("button", name="Delete for good?").click()
    expect(bob.page.get_by_text("This thread was deleted.")).to_be_visible()
    expect(bob.page.get_by_label("Reply")).to_be_focused()
    expect(bob.page.get_by_label("Reply")).to_have_value("The black one")
    bob.presses("Escape", "Escape")
    expect(bob.page.locator("#to-comments")).to_be_focused()
    bob.page.get_by_role("button", name="Cancel").click()
    bob.page.get_by_role("button", name="Throw away?").click()
    expect(card(bob, "Where?")).to_be_visible()
    expect(bob.page.get_by_label("Reply")).to_have_count(0)


def top(shown: Locator) -> float:
    return (shown.bounding_box() or {})["y"]


def bottom(shown: Locator) -> float:
    box = shown.bounding_box() or {}
    return box["y"] + box["height"]


def test_the_header_says_whether_the_comments_are_seen(desk: Desk) -> None:
    doc_id = desk.document("The cat sat.")
    alice = desk.opens("alice", doc_id, viewport={"width": 1300, "height": 800})
    header, margin = alice.page.locator("#to-comments"), alice.page.locator("#comments")

    def is_seen(seen: bool) -> None:
        expect(margin).to_be_visible(visible=seen)
        expect(header).to_have_attribute("aria-expanded", str(seen).lower())

    is_seen(False)
    desk.owner.asks("POST", f"/documents/{doc_id}/comments", body="Which?", range=[4, 7], version=1)
    is_seen(True)
    alice.page.set_viewport_size({"width": 700, "height": 800})
    is_seen(False)
    header.click()
    is_seen(True)
    alice.page.get_by_role("button", name="Close the comments").click()
    is_seen(False)
    expect(header).to_be_focused()
    alice.page.set_viewport_size({"width": 1300, "height": 800})
    header.click()
    is_seen(True)
    header.click()
    is_seen(False)


def test_what_is_not_sent_is_not_forgotten_unasked(desk: Desk) -> None:
    doc_id = desk.document("The cat sat.")
    alice = desk.opens("alice", doc_id)
    alice.goes_to(4, 7).presses("Control+Alt+m")
    alice.page.get_by_label("Your comment").fill("A long thought")
    alice.reloads()
    assert alice.warnings == 1
