"""Undo and redo take back one's own edits, and nobody else's."""

from collections.abc import Callable

from tests.browser.desk import Desk
from tests.server import Server


def test_only_own_edits_are_undone(desk: Desk) -> None:
    doc_id = desk.document("middle")
    alice, bob = desk.opens("alice", doc_id), desk.opens("bob", doc_id)
    alice.goes_to(0).types("alice ").says("Saved")
    bob.goes_to_the_end().types(" bob").says("Saved")
    alice.sees("bob")
    alice.undoes()
    assert desk.everybody_agrees(doc_id, alice, bob) == "middle bob"
    bob.undoes()
    assert desk.everybody_agrees(doc_id, alice, bob) == "middle"
    alice.undoes().redoes()
    assert desk.everybody_agrees(doc_id, alice, bob) == "alice middle"
    bob.redoes()
    assert desk.everybody_agrees(doc_id, alice, bob) == "alice middle bob"


def test_others_words_inside_ones_own_stay(desk: Desk) -> None:
    doc_id = desk.document("()")
    alice, bob = desk.opens("alice", doc_id), desk.opens("bob", doc_id)
    alice.goes_to(1).types("aaaa").says("Saved")
    bob.sees("aaaa")
    bob.goes_to(3).types("B🙂B").says("Saved")
    alice.sees("aaB🙂Baa")
    alice.undoes()
    assert desk.everybody_agrees(doc_id, alice, bob) == "(B🙂B)"
    alice.redoes()
    text = desk.everybody_agrees(doc_id, alice, bob)
    assert (text.count("a"), text.count("B🙂B")) == (4, 1)


def test_undoing_a_deletion_next_to_anothers_edit(desk: Desk) -> None:
    doc_id = desk.document("one two three")
    alice, bob = desk.opens("alice", doc_id), desk.opens("bob", doc_id)
    alice.goes_to(4, 8).presses("Delete").says("Saved")
    bob.shows("one three")
    bob.goes_to(0).types("zero ").says("Saved")
    bob.goes_to_the_end().types(" four").says("Saved")
    alice.shows("zero one three four")
    alice.undoes()
    assert desk.everybody_agrees(doc_id, alice, bob) == "zero one two three four"


def test_undo_while_others_type(desk: Desk) -> None:
    doc_id = desk.document("-")
    alice, bob = desk.opens("alice", doc_id), desk.opens("bob", doc_id)
    bob.goes_to_the_end().starts_typing("0123456789" * 6)
    for _ in range(5):
        alice.goes_to(0).types("abc").undoes()
    bob.has_typed()
    assert desk.everybody_agrees(doc_id, alice, bob) == "-" + "0123456789" * 6
    for _ in range(3):
        alice.undoes()  # nothing is left to take back
    assert desk.everybody_agrees(doc_id, alice, bob) == "-" + "0123456789" * 6


def test_undo_reaches_back_beyond_a_cut_line(desk: Desk) -> None:
    doc_id = desk.document("text")
    desk.expects_lines_down()
    alice, bob = desk.opens("alice", doc_id, cable=True), desk.opens("bob", doc_id)
    alice.goes_to(0).types("before ").says("Saved")
    alice.loses_the_line().says("Reconnecting…")
    bob.goes_to(0).types("bob ").says("Saved")
    alice.goes_to_the_end().types(" offline").says("Offline")
    alice.has_the_line_back().says("Saved")
    assert desk.everybody_agrees(doc_id, alice, bob) == "bob before text offline"
    alice.undoes().undoes()
    assert desk.everybody_agrees(doc_id, alice, bob) == "bob text"
    alice.redoes().redoes()
    assert desk.everybody_agrees(doc_id, alice, bob) == "bob before text offline"


def test_undo_reaches_back_beyond_a_restart(
    start_server: Callable[..., Server], desk_at: Callable[[Server], Desk]
) -> None:
    server = start_server()
    desk = desk_at(server)
    desk.expects_lines_down()
    doc_id = desk.document("text")
    alice, bob = desk.opens("alice", doc_id), desk.opens("bob", doc_id)
    alice.goes_to(0).types("before ").says("Saved")
    bob.shows("before text")
    server.kill()
    bob.goes_to_the_end().types(" meanwhile").says("Offline")
    server.start()
    for tab in (alice, bob):
        tab.tries_again().says("Saved")
    alice.sees("meanwhile")
    alice.undoes()
    assert desk.everybody_agrees(doc_id, alice, bob) == "text meanwhile"
