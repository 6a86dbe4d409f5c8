"""What was typed arrives, and once: over a reload, a restart, a crash, a cut line, a closed tab."""

import re
import time
from collections.abc import Callable
from random import Random

from tests.browser.desk import Desk
from tests.browser.tab import Tab
from tests.server import Server

LETTERS = "abcdefghijklmnopqrstuvwxyz"
DIGITS = "0123456789"
OFFLINE_WITHIN = 5.0  # seconds in which an editor must have told that nobody answers
SLACK = 1.0  # for a busy machine


def only(alphabet: str, text: str) -> str:
    return "".join(letter for letter in text if letter in alphabet)


def both_type(alice: Tab, bob: Tab, length: int, rng: Random) -> tuple[str, str]:
    """Each in letters of their own, so that loss, doubling and disorder show."""
    typed = ["".join(rng.choices(alphabet, k=length)) for alphabet in (LETTERS, DIGITS)]
    alice.starts_typing(typed[0])
    bob.starts_typing(typed[1])
    return typed[0], typed[1]


def assert_once(desk: Desk, doc_id: str, typed: tuple[str, str], *tabs: Tab) -> None:
    text = desk.everybody_agrees(doc_id, *tabs)
    assert (only(LETTERS, text), only(DIGITS, text)) == typed


# --- The page goes ---


def test_a_reload_in_mid_typing(desk: Desk) -> None:
    doc_id = desk.document()
    alice, bob = desk.opens("alice", doc_id), desk.opens("bob", doc_id)
    for word in ("one", "two", "three"):
        bob.starts_typing("0123456789")
        alice.goes_to_the_end().types(word).reloads().is_ready()
        assert only(LETTERS, desk.everybody_agrees(doc_id, alice)).count(word) == 1
    bob.has_typed()
    text = desk.everybody_agrees(doc_id, alice, bob)
    assert only(DIGITS, text) == "0123456789" * 3


def test_a_closed_tab_leaves_its_work_to_the_next_one(desk: Desk) -> None:
    doc_id = desk.document("kept: ")
    bob = desk.opens("bob", doc_id)
    desk.expects_lines_down()
    person = desk.person("alice", cable=True)
    alice = person.opens(doc_id).goes_to_the_end()
    alice.loses_the_line(sockets_only=True).types("words").says("Offline — 5 changes kept here")
    alice.closes()
    bob.goes_to(0).types("B ").says("Saved")

    person.cable.mend()
    again = person.opens(doc_id)
    assert desk.everybody_agrees(doc_id, again, bob) == "B kept: words"
    third = person.opens(doc_id)  # nothing is left to adopt
    assert desk.everybody_agrees(doc_id, again, bob, third) == "B kept: words"


def test_leaving_with_unsaved_work_is_warned_of(desk: Desk) -> None:
    doc_id = desk.document()
    desk.expects_lines_down()
    alice = desk.opens("alice", doc_id, cable=True)
    alice.reloads().is_ready()
    alice.goes_to_the_end().types("saved").says("Saved")
    assert alice.warnings == 0
    alice.loses_the_line(sockets_only=True).types(", unsaved").says("Offline")
    alice.reloads()
    assert alice.warnings == 1
    alice.has_the_line_back().is_ready()
    assert desk.everybody_agrees(doc_id, alice) == "saved, unsaved"


def test_work_that_was_in_flight_when_the_tab_closed_is_not_doubled(desk: Desk) -> None:
    """The server has it; its acknowledgement never came."""
    doc_id = desk.document()
    desk.expects_lines_down()
    person = desk.person("alice", cable=True)
    alice = person.opens(doc_id).goes_to_the_end()
    person.cable.stall(to_the_server=False)
    alice.types("once").says("Saving…")
    bob = desk.opens("bob", doc_id)
    bob.sees("o")
    alice.closes()
    person.cable.mend()
    again = person.opens(doc_id)
    assert desk.everybody_agrees(doc_id, again, bob) == "once"


# --- The server goes ---


def test_kill_9_in_mid_typing(start_server: Callable[..., Server], desk_at: Callable[[Server], Desk], rng) -> None:
    server = start_server()
    desk = desk_at(server)
    desk.expects_lines_down()
    doc_id = desk.document()
    alice, bob = desk.opens("alice", doc_id), desk.opens("bob", doc_id)
    typed = both_type(alice, bob, 60, rng)
    bob.until(lambda: len(only(LETTERS, bob.text() or "")) > 15, "to see some of it")
    server.kill()
    alice.says("Offline — ")
    bob.says("Offline — ")
    assert not re.search("Not saved", " ".join(alice.states() + bob.states()))
    server.start()
    for tab in (alice, bob):
        tab.tries_again().has_typed()
    assert_once(desk, doc_id, typed, alice, bob, desk.opens("vera", doc_id))


def test_a_restart_in_mid_typing(start_server: Callable[..., Server], desk_at: Callable[[Server], Desk], rng) -> None:
    server = start_server()
    desk = desk_at(server)
    desk.expects_lines_down()
    doc_id = desk.document()
    alice, bob = desk.opens("alice", doc_id), desk.opens("bob", doc_id)
    typed = both_type(alice, bob, 60, rng)
    bob.until(lambda: len(only(LETTERS, bob.text() or "")) > 15, "to see some of it")
    assert server.terminate() == 0
    server.start()
    alice.has_typed()
    bob.has_typed()
    assert_once(desk, doc_id, typed, alice, bob)
    for tab in (alice, bob):
        assert not any(state.startswith("Not saved") for state in tab.states())
        assert tab.leftovers() == []
    server.assert_calm()


# --- The line goes ---


def test_typed_offline_is_merged_when_the_line_is_back(desk: Desk) -> None:
    doc_id = desk.document("bread\nmilk\n")
    desk.expects_lines_down()
    alice, bob = desk.opens("alice", doc_id, cable=True), desk.opens("bob", doc_id)
    alice.loses_the_line().says("Reconnecting…")
    alice.goes_to(5).types(" and butter").says("Offline — 11 changes kept here")
    bob.goes_to(0).types("Buy:\n").says("Saved")
    bob.goes_to(bob.caret() + 10).presses("Shift+Home", "Delete").says("Saved")
    alice.has_the_line_back()
    assert desk.everybody_agrees(doc_id, alice, bob) == "Buy:\nbread and butter\n\n"
    alice.undoes().says("Saved")
    assert desk.everybody_agrees(doc_id, alice, bob) == "Buy:\nbread\n\n"


def test_a_line_that_says_nothing_is_told_within_five_seconds(desk: Desk) -> None:
    """And what it still held back arrives late, after the same had been sent again elsewhere: once."""
    doc_id = desk.document("A: ")
    desk.expects_lines_down()
    alice, bob = desk.opens("alice", doc_id, cable=True), desk.opens("bob", doc_id)
    alice.goes_to_the_end()
    alice.person.cable.stall()
    before = time.monotonic()
    alice.types("held back").says("Offline — 9 changes kept here")
    assert time.monotonic() - before < OFFLINE_WITHIN + SLACK
    bob.goes_to(0).types("B ").says("Saved")
    alice.has_the_line_back()
    assert desk.everybody_agrees(doc_id, alice, bob) == "B A: held back"


def test_a_line_cut_again_and_again(desk: Desk, rng: Random) -> None:
    doc_id = desk.document()
    desk.expects_lines_down()
    alice, bob = desk.opens("alice", doc_id, cable=True), desk.opens("bob", doc_id, cable=True)
    typed = both_type(alice, bob, 150, rng)
    for _ in range(6):
        tab = rng.choice((alice, bob))
        heard = len(tab.text() or "")
        tab.loses_the_line()
        tab.until(lambda tab=tab: tab.state() not in ("Saved", "Saving…"), "to notice")
        tab.has_the_line_back()
        tab.until(lambda tab=tab, heard=heard: len(tab.text() or "") > heard or not tab.hands("isTyping"), "to go on")
    alice.has_typed()
    bob.has_typed()
    assert_once(desk, doc_id, typed, alice, bob)
