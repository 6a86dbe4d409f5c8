"""Anchors move as the letters they stand on do: against an oracle that tags each letter of the text."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from documents.ot import Operation, apply, canonical, diff, invert
from documents.ot.anchors import Anchor, move, move_over
from documents.ot.tests.oracle import Tagged
from documents.ot.tests.strategies import operations, texts
from documents.ot.tests.work import steps


@st.composite
def anchored(draw: st.DrawFn) -> tuple[str, Anchor]:
    """A text and a stretch of it."""
    text = draw(texts)
    start, end = sorted(draw(st.tuples(*[st.integers(0, len(text))] * 2)))
    return text, Anchor(start, end, text[start:end])


@st.composite
def histories(draw: st.DrawFn) -> tuple[str, Anchor, list[Operation]]:
    """An anchored text, and what became of it: edits, undone edits, and restored older versions."""
    text, anchor = draw(anchored())
    versions, run = [text], []
    for _ in range(draw(st.integers(1, 6))):
        operation = draw(_steps_from(versions, run))
        run.append(operation)
        versions.append(apply(versions[-1], operation))
    return text, anchor, run


def _steps_from(versions: list[str], run: list[Operation]) -> st.SearchStrategy[Operation]:
    text = versions[-1]
    restores = st.sampled_from(versions).map(lambda old: diff(text, old))
    undoing = [st.just(invert(run[-1], versions[-2]))] if run else []
    cut = st.tuples(*[st.integers(0, len(text))] * 2).map(lambda ends: canonical([min(ends), min(ends) - max(ends)]))
    return st.one_of(operations(text), cut, restores, *undoing)


# --- The oracle -----------------------------------------------------------------------------------------------


@given(histories())
@example(("abc", Anchor(1, 2, "b"), [(1, -1), (1, "b")]))
@example(("abc", Anchor(1, 2, "b"), [(1, "xbx", -1)]))
@example(("abc", Anchor(1, 2, "b"), [(1, -1), ("b", 1)]))
@example(("abcd", Anchor(1, 3, "bc"), [(2, "x"), (1, -3), (1, "bxc")]))
def test_it_moves_as_the_letters_do(history: tuple[str, Anchor, list[Operation]]) -> None:
    text, anchor, run = history
    oracle = Tagged(text, anchor.start, anchor.end)
    for operation in run:
        anchor, text = move(anchor, operation), apply(text, operation)
        oracle.edit(operation)
        assert oracle.text == text
        assert (anchor.start, anchor.end) == oracle.stretch()


@given(histories())
def test_it_stays_in_the_text(history: tuple[str, Anchor, list[Operation]]) -> None:
    text, anchor, run = history
    for operation in run:
        anchor, text = move(anchor, operation), apply(text, operation)
        assert 0 <= anchor.start <= anchor.end <= len(text)


@given(histories(), st.integers(0, 6))
def test_moving_in_batches_is_moving_at_once(history: tuple[str, Anchor, list[Operation]], cut: int) -> None:
    _, anchor, run = history
    assert move_over(move_over(anchor, run[:cut]), run[cut:]) == move_over(anchor, run)


# --- What people do -------------------------------------------------------------------------------------------


@given(anchored(), st.data())
def test_undoing_a_deletion_around_it_brings_it_back(found: tuple[str, Anchor], data: st.DataObject) -> None:
    """Found at the first place in what came back where its quote stands: often its own, and never another text."""
    text, anchor = found
    before, after = data.draw(st.integers(0, anchor.start)), data.draw(st.integers(anchor.end, len(text)))
    cut = canonical([before, before - after])
    back = move_over(anchor, [cut, invert(cut, text)])
    if anchor.quote:
        assert text[back.start : back.end] == anchor.quote
        assert back.start == before + text[before:after].index(anchor.quote)


@given(anchored(), st.data())
def test_restoring_from_nothing_brings_it_back(found: tuple[str, Anchor], data: st.DataObject) -> None:
    """Everything was replaced, and then the old version is restored."""
    text, anchor = found
    other = data.draw(st.text("xyz", max_size=5))
    gone, restored = canonical([other, -len(text)]), canonical([text, -len(other)])
    back = move_over(anchor, [gone, restored])
    assert text[back.start : back.end] == anchor.quote


@given(anchored(), st.text("xyz", min_size=1, max_size=3))
def test_what_is_typed_at_an_edge_is_outside(found: tuple[str, Anchor], typed: str) -> None:
    text, anchor = found
    if anchor.quote:
        for at in (anchor.start, anchor.end):
            operation = canonical([at, typed])
            moved = move(anchor, operation)
            assert apply(text, operation)[moved.start : moved.end] == anchor.quote


def test_what_is_typed_inside_is_inside() -> None:
    assert move(Anchor(4, 7, "cat"), (5, "--")) == Anchor(4, 9, "cat")


def test_the_cut_may_be_pasted_back_after_other_words() -> None:
    text = "the cat sat"
    anchor = Anchor(4, 7, "cat")
    run = [(4, -3), (4, "big "), (8, "cat")]
    for operation in run:
        anchor, text = move(anchor, operation), apply(text, operation)
    assert text == "the big cat sat" and text[anchor.start : anchor.end] == "cat"


@pytest.mark.parametrize(
    ("operation", "stands"),
    [
        ((4, "ca", -3), (6, 6)),  # not all of it
        (("cat", 4, -3), (7, 7)),  # elsewhere
        ((4, -3, 1, "cat"), (4, 4)),
        ((4, "the cat", -3), (8, 11)),
        ((4, "Cat", -3), (7, 7)),
    ],
)
def test_only_its_quote_at_its_place_brings_it_back(operation: Operation, stands: tuple[int, int]) -> None:
    moved = move(Anchor(4, 7, "cat"), operation)
    assert (moved.start, moved.end) == stands


def test_one_that_was_always_empty_has_no_quote_to_stand_on() -> None:
    assert move(Anchor(2, 2), (2, "xy")) == Anchor(4, 4)


def test_what_happens_behind_it_costs_nothing() -> None:
    def behind(n: int) -> Operation:
        return (10, *(-1, 1) * n)

    assert steps(move, Anchor(2, 9), behind(1000)) == steps(move, Anchor(2, 9), behind(1))
