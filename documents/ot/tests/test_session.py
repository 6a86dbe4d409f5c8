"""The three states of a client, one transition each."""

import pytest

from documents.ot.session import InFlight, Session, VersionsMissing


def test_it_works() -> None:
    session = Session(7)
    assert session.edit((3, "a")) == InFlight(seq=1, base_version=7, operation=(3, "a"))
    assert session.receive(8, (3, "a"), own=True) is None
    assert (session.version, session.in_flight, session.pending) == (8, None, ())


def test_doing_nothing_sends_nothing() -> None:
    session = Session(0)
    assert session.edit(()) is None
    assert session.in_flight is None


def test_edits_wait_in_the_buffer_and_go_out_together() -> None:
    session = Session(0)
    session.edit(("a",))
    assert session.edit((1, "b")) is None
    assert session.edit((2, "c")) is None
    assert session.buffer == (1, "bc")
    session.receive(1, ("a",), own=True)
    assert session.in_flight == InFlight(seq=2, base_version=1, operation=(1, "bc"))


def test_a_buffer_that_came_to_nothing_is_not_sent() -> None:
    session = Session(0)
    session.edit(("a",))
    session.edit((1, "b"))
    session.edit((1, -1))
    session.receive(1, ("a",), own=True)
    assert session.in_flight is None


def test_others_are_moved_past_all_that_is_pending() -> None:
    session = Session(0)
    session.edit((2, "a"))
    session.edit((5, "b"))
    assert session.receive(1, (3, "x"), own=False) == (4, "x")
    assert session.receive(2, ("y",), own=False) == ("y",)
    assert session.pending == (3, "a", 3, "b")


def test_what_is_pending_stands_left() -> None:
    session = Session(0)
    session.edit((2, "a"))
    assert session.receive(1, (2, "x"), own=False) == (3, "x")
    assert session.pending == (2, "a")


def test_what_is_in_flight_is_frozen() -> None:
    session = Session(0)
    sent = session.edit((2, "a"))
    session.receive(1, ("x",), own=False)
    assert session.in_flight == sent


def test_what_became_nothing_still_waits_for_its_acknowledgement() -> None:
    session = Session(0)
    session.edit((-2,))
    session.receive(1, (-3,), own=False)
    assert session.pending == ()
    assert session.edit(("b",)) is None
    session.receive(2, (), own=True)
    assert session.in_flight == InFlight(seq=2, base_version=2, operation=("b",))


def test_refresh_says_the_same_on_a_newer_base() -> None:
    session = Session(0)
    session.edit((2, "a"))
    session.receive(1, ("x",), own=False)
    assert session.refresh() == InFlight(seq=1, base_version=1, operation=(3, "a"))
    assert Session(0).refresh() is None


def test_what_is_known_already_is_not_applied_again() -> None:
    session = Session(5)
    session.edit(("a",))
    assert session.receive(5, ("x",), own=False) is None
    assert session.pending == ("a",)


def test_an_own_entry_known_already_acknowledges() -> None:
    session = Session(5)
    session.edit(("a",))
    assert session.receive(4, ("a",), own=True) is None
    assert (session.version, session.in_flight) == (5, None)


def test_a_hole_is_noticed_and_changes_nothing() -> None:
    session = Session(5)
    session.edit(("a",))
    with pytest.raises(VersionsMissing):
        session.receive(7, ("x",), own=False)
    assert (session.version, session.pending) == (5, ("a",))
