"""Any text goes in, from any keyboard or clipboard; what no text may hold is mended at the door."""

from collections.abc import Callable
from random import Random

import pytest

from tests.browser.desk import Desk
from tests.browser.tab import Tab
from tests.server import Server

SCRIPTS = {
    "emoji": "🙂🚀🙃",
    "joined emoji": "👩‍👩‍👧‍👦🏳️‍🌈👍🏽",
    "astral Han": "𠮷野家𪚥",
    "combining": "e\u0301a\u0308\u0323o\u0302",
    "right to left": "שלום مرحبا",
    "mixed": "a🙂ב𠮷e\u0301\tz",
}
LARGE = 60.0  # seconds for a megabyte to go through everything


def written(alice: Tab, bob: Tab, how: str, text: str) -> None:
    if how == "typed":
        alice.types(text)
    elif how == "pasted":
        alice.pastes(text)
    else:
        alice.starts_typing(text, pause=5)
        bob.starts_typing("|" * len(text), pause=5)
        alice.has_typed()
        bob.has_typed()


@pytest.mark.parametrize("text", SCRIPTS.values(), ids=SCRIPTS.keys())
def test_any_script_next_to_others_edits(desk: Desk, text: str) -> None:
    doc_id = desk.document("🧵 start, end 🧵")
    alice, bob = desk.opens("alice", doc_id), desk.opens("bob", doc_id)
    expected = "🧵 start"
    for how in ("typed", "pasted"):
        alice.goes_to(len(expected))
        bob.goes_to(2).types("𝄞")
        written(alice, bob, how, text)
        expected = expected[:2] + "𝄞" + expected[2:] + text
        assert desk.everybody_agrees(doc_id, alice, bob) == expected + ", end 🧵"
    alice.goes_to(len(expected))
    bob.goes_to(len(expected))
    written(alice, bob, "at one place", text)
    both = desk.everybody_agrees(doc_id, alice, bob)
    assert both.replace("|", "") == expected + text + ", end 🧵"
    bob.goes_to(len(expected), len(both) - len(", end 🧵")).presses("Backspace")
    alice.goes_to(0).presses("Delete")
    assert desk.everybody_agrees(doc_id, alice, bob) == expected[1:] + ", end 🧵"


def test_deleting_letter_by_letter_never_leaves_half_a_pair(desk: Desk, rng: Random) -> None:
    doc_id = desk.document("".join(SCRIPTS.values()))
    alice, bob = desk.opens("alice", doc_id), desk.opens("bob", doc_id)
    while text := alice.text() or "":
        alice.goes_to(rng.randrange(len(text) + 1)).presses(rng.choice(("Backspace", "Delete")))
        if bobs := bob.text() or "":
            bob.goes_to(rng.randrange(len(bobs) + 1)).presses("Backspace", "Delete")
    assert desk.everybody_agrees(doc_id, alice, bob) == ""


# --- What no text may hold ---

TORN = {
    "high": ("\ud83d", "\ufffd"),
    "low": ("\ude42", "\ufffd"),
    "swapped": ("\ude42\ud83d", "\ufffd\ufffd"),
    "between letters": ("a\ud83db", "a\ufffdb"),
}


@pytest.mark.parametrize("how", ["inputs", "pastes_raw"])
def test_half_a_surrogate_pair(desk: Desk, how: str) -> None:
    doc_id = desk.document("🙂[]🙂")
    alice, bob = desk.opens("alice", doc_id), desk.opens("bob", doc_id)
    expected = "]🙂"
    for torn, mended in TORN.values():
        getattr(alice.goes_to(len(alice.text() or "") - len(expected)), how)(torn)
        alice.types("!")
        bob.goes_to(0).types("🙂")
        expected = f"{mended}!{expected}"
        text = desk.everybody_agrees(doc_id, alice, bob)
        assert text.lstrip("🙂") == f"[{expected}"
        assert text.startswith("🙂🙂")


def test_a_pair_in_two_inputs_stays_harmless(desk: Desk) -> None:
    """Some input methods do that; whatever it shows, all show the same."""
    doc_id = desk.document("[]")
    alice, bob = desk.opens("alice", doc_id), desk.opens("bob", doc_id)
    alice.goes_to(1).inputs("\ud83d").inputs("\ude42").types("!")
    assert desk.everybody_agrees(doc_id, alice, bob) in ("[\ufffd\ufffd!]", "[🙂!]")


LINES = {"CR": ("a\rb", "a\nb"), "CRLF": ("a\r\nb\r\n\r\n", "a\nb\n\n"), "mixed": ("\n\r\r\n", "\n\n\n")}
LINES |= {"NUL": ("a\0b", "ab"), "NUL alone": ("\0", ""), "separators": ("a\u2028b\u0085c\vd", "a\u2028b\u0085c\vd")}


def test_line_ends_and_control_characters(desk: Desk) -> None:
    doc_id = desk.document()
    alice, bob = desk.opens("alice", doc_id), desk.opens("bob", doc_id)
    expected = ""
    for what, (pasted, kept) in LINES.items():
        alice.goes_to_the_end().types("<").pastes_raw(pasted).types("!>")
        expected += f"<{kept}!>"
        assert desk.everybody_agrees(doc_id, alice, bob) == expected, what


def test_others_edits_wait_for_the_input_method(desk: Desk) -> None:
    doc_id = desk.document("ab")
    alice, bob = desk.opens("alice", doc_id), desk.opens("bob", doc_id)
    keyboard = alice.goes_to(1).person.context.new_cdp_session(alice.page)
    keyboard.send("Input.imeSetComposition", {"text": "に", "selectionStart": 1, "selectionEnd": 1})
    keyboard.send("Input.imeSetComposition", {"text": "にほ", "selectionStart": 2, "selectionEnd": 2})
    bob.goes_to(0).types("B").says("Saved")
    keyboard.send("Input.imeSetComposition", {"text": "にほん", "selectionStart": 3, "selectionEnd": 3})
    keyboard.send("Input.insertText", {"text": "日本"})
    assert desk.everybody_agrees(doc_id, alice, bob) == "Ba日本b"


# --- Large texts ---


MEGABYTES = {"ascii": "0123456789abcde\n" * 62_499, "emoji": "🙂🚀" * 125_000, "links": "[a](" * 249_000}


@pytest.mark.parametrize("text", MEGABYTES.values(), ids=MEGABYTES.keys())
def test_a_megabyte_is_pasted(desk: Desk, text: str) -> None:
    desk.expects("Measure loop restarted")  # CodeMirror, of a line of 500,000 units
    doc_id = desk.document("[]")
    alice, bob = desk.opens("alice", doc_id), desk.opens("bob", doc_id)
    alice.goes_to(1).pastes(text)
    alice.until(lambda: alice.state() == "Saved" and len(alice.text() or "") > len(text), "to be saved", LARGE)
    bob.until(lambda: bob.text() == f"[{text}]", "to show it", LARGE)
    bob.goes_to(0).types("B").says("Saved")
    assert desk.everybody_agrees(doc_id, alice, bob) == f"B[{text}]"
    alice.undoes().says("Saved", LARGE)
    assert desk.everybody_agrees(doc_id, alice, bob) == "B[]"


def test_more_than_the_text_may_hold_is_refused_at_once(
    start_server: Callable[..., Server], desk_at: Callable[[Server], Desk]
) -> None:
    desk = desk_at(start_server(MAX_TEXT_LENGTH="100"))
    doc_id = desk.document("🙂" * 90)
    alice, bob = desk.opens("alice", doc_id), desk.opens("bob", doc_id)
    alice.goes_to_the_end().pastes("x" * 11).says("Not saved: a document holds at most 100 characters")
    assert alice.text() == "🙂" * 90  # nothing half done; the clipboard still has it
    alice.types("y" * 10).says("Saved")
    bob.goes_to_the_end().types("z").says("Not saved: a document holds at most 100 characters")
    bob.presses("Backspace").says("Saved")
    assert desk.everybody_agrees(doc_id, alice, bob) == "🙂" * 90 + "y" * 9


def test_what_the_server_finds_too_much_is_offered_for_copying(
    start_server: Callable[..., Server], desk_at: Callable[[Server], Desk]
) -> None:
    """Two fill the last room at the same time, unseen by each other."""
    desk = desk_at(start_server(MAX_TEXT_LENGTH="100"))
    desk.expects_lines_down()
    doc_id = desk.document("." * 90)
    alice, bob = desk.opens("alice", doc_id, cable=True), desk.opens("bob", doc_id)
    alice.loses_the_line().goes_to_the_end().types("alice...").says("Offline — 8 changes")
    bob.goes_to(0).types("bob...").says("Saved")
    alice.has_the_line_back().says("Not saved: ")
    alice.shows("bob..." + "." * 90)
    assert [words for _, words in alice.leftovers()] == ["alice..."]
    alice.reloads()
    alice.until(lambda: len(alice.leftovers()) == 1, "to offer it again")
    alice.page.get_by_role("button", name="put away").click()
    assert desk.everybody_agrees(doc_id, alice, bob) == "bob..." + "." * 90


def test_what_is_typed_is_what_stands_there(desk: Desk) -> None:
    """No bracket, quote, tag or list is completed by the editor's own idea."""
    typed = "<b>x</title></script> (a [b {c 'd \"e `f"
    doc_id = desk.document()
    alice = desk.opens("alice", doc_id)
    alice.goes_to_the_end().types(typed)
    assert desk.everybody_agrees(doc_id, alice) == typed
