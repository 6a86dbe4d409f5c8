"""The laws, for whatever texts and operations Hypothesis thinks of."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from documents.ot import (
    InvalidOperation,
    Operation,
    apply,
    base_length,
    canonical,
    compose,
    deleted_length,
    diff,
    inserted_length,
    invert,
    length_change,
    parse,
    to_json,
    transform,
    transform_position,
    validate,
)
from documents.ot.tests.strategies import careless, components_for, is_canonical, operations, texts

MARK = "\ue000"  # a code point that no drawn text holds


@st.composite
def edits(draw: st.DrawFn) -> tuple[str, Operation]:
    text = draw(texts)
    return text, draw(operations(text))


@st.composite
def diamonds(draw: st.DrawFn) -> tuple[str, Operation, Operation]:
    text = draw(texts)
    return text, draw(operations(text)), draw(operations(text))


@st.composite
def runs(draw: st.DrawFn) -> tuple[str, list[Operation]]:
    """A text and operations made one after the other."""
    text = draw(texts)
    run: list[Operation] = []
    for _ in range(3):
        run.append(draw(operations(replay(text, run))))
    return text, run


def replay(text: str, run: list[Operation]) -> str:
    for operation in run:
        text = apply(text, operation)
    return text


# -- transform ----------------------------------------------------------------------------------------------


@given(diamonds(), st.booleans())
def test_both_ways_round_the_diamond_give_one_text(diamond: tuple[str, Operation, Operation], first: bool) -> None:
    text, a, b = diamond
    a_moved, b_moved = transform(a, b, first=first), transform(b, a, first=not first)
    assert is_canonical(a_moved)
    assert apply(apply(text, a), b_moved) == apply(apply(text, b), a_moved)


@given(diamonds())
def test_what_is_inserted_stays(diamond: tuple[str, Operation, Operation]) -> None:
    _, a, b = diamond
    moved = transform(a, b)
    assert inserted(moved) == inserted(a)
    assert deleted_length(moved) <= deleted_length(a)


def inserted(operation: Operation) -> str:
    return "".join(component for component in operation if isinstance(component, str))


@given(edits(), st.booleans())
def test_nothing_moves_nothing(edit: tuple[str, Operation], first: bool) -> None:
    _, a = edit
    assert transform(a, (), first=first) == a
    assert transform((), a, first=first) == ()


@given(diamonds(), st.text(alphabet="xyz", min_size=1, max_size=1))
def test_who_is_first_stands_left(diamond: tuple[str, Operation, Operation], mine: str) -> None:
    text, _, _ = diamond
    at: Operation = canonical([len(text), mine])
    others: Operation = canonical([len(text), MARK])
    assert apply(apply(text, others), transform(at, others, first=True)) == text + mine + MARK
    assert apply(apply(text, others), transform(at, others, first=False)) == text + MARK + mine


@given(runs(), st.data())
def test_rebasing_one_by_one_is_what_the_client_sees(run: tuple[str, list[Operation]], data: st.DataObject) -> None:
    text, committed = run
    mine = data.draw(operations(text))
    screen = apply(text, mine)
    for operation in committed:
        screen = apply(screen, transform(operation, mine, first=False))
        mine = transform(mine, operation)
    assert screen == apply(replay(text, committed), mine)


# -- compose and invert -------------------------------------------------------------------------------------


@given(runs())
def test_composed_does_what_the_two_do_in_turn(run: tuple[str, list[Operation]]) -> None:
    text, (a, b, c) = run
    ab, bc = compose(a, b), compose(b, c)
    assert is_canonical(ab)
    assert apply(text, ab) == replay(text, [a, b])
    assert apply(text, compose(ab, c)) == apply(text, compose(a, bc)) == replay(text, [a, b, c])


@given(edits())
def test_composing_with_nothing_changes_nothing(edit: tuple[str, Operation]) -> None:
    _, a = edit
    assert compose(a, ()) == compose((), a) == a


@given(edits())
def test_invert_undoes(edit: tuple[str, Operation]) -> None:
    text, a = edit
    undoing = invert(a, text)
    assert is_canonical(undoing)
    assert apply(apply(text, a), undoing) == text
    assert apply(text, compose(a, undoing)) == text


# -- positions ----------------------------------------------------------------------------------------------


@given(edits(), st.data(), st.booleans())
def test_a_position_goes_where_a_mark_would(edit: tuple[str, Operation], data: st.DataObject, before: bool) -> None:
    text, a = edit
    position = data.draw(st.integers(0, len(text)))
    mark = transform(canonical([position, MARK]), a, first=before)
    assert transform_position(position, a, before=before) == apply(apply(text, a), mark).index(MARK)


@given(edits())
def test_positions_keep_their_order(edit: tuple[str, Operation]) -> None:
    text, a = edit
    moved = [transform_position(position, a) for position in range(len(text) + 1)]
    assert moved == sorted(moved)
    assert moved[-1] == len(apply(text, a))


# -- form and lengths ---------------------------------------------------------------------------------------


@given(careless)
def test_canonical_form_is_canonical_and_stays(components: list[int | str]) -> None:
    assert is_canonical(canonical(components))
    assert canonical(canonical(components)) == canonical(components)


@given(careless)
def test_parse_is_idempotent(components: list[int | str]) -> None:
    parsed = parse(components)
    assert parse(to_json(parsed)) == parsed
    assert canonical(parsed) == canonical(components)


@given(edits())
def test_json_there_and_back(edit: tuple[str, Operation]) -> None:
    _, a = edit
    assert parse(json.loads(json.dumps(to_json(a)))) == a


@given(texts, st.data())
def test_careless_form_does_the_same(text: str, data: st.DataObject) -> None:
    components = data.draw(components_for(len(text)))
    assert apply(text, tuple(components)) == apply(text, canonical(components))


@given(edits())
def test_lengths(edit: tuple[str, Operation]) -> None:
    text, a = edit
    assert len(apply(text, a)) == len(text) + length_change(a)
    assert length_change(a) == inserted_length(a) - deleted_length(a)


@given(edits())
def test_the_shortest_text_that_fits(edit: tuple[str, Operation]) -> None:
    text, a = edit
    assert validate(a, len(text)) == validate(a, base_length(a)) == a
    apply(text[: base_length(a)], a)
    if base_length(a):
        with pytest.raises(InvalidOperation):
            validate(a, base_length(a) - 1)
        with pytest.raises(InvalidOperation):
            apply(text[: base_length(a) - 1], a)


# -- diff ---------------------------------------------------------------------------------------------------


@given(texts, texts)
def test_diff_leads_from_the_one_to_the_other(old: str, new: str) -> None:
    operation = diff(old, new)
    assert is_canonical(operation)
    assert apply(old, operation) == new


@given(st.lists(texts, max_size=12), st.data())
def test_diff_finds_edits_in_longer_texts(parts: list[str], data: st.DataObject) -> None:
    text = "".join(parts)
    edited = apply(text, data.draw(operations(text)))
    assert apply(text, diff(text, edited)) == edited


@given(texts)
def test_no_diff_is_nothing(text: str) -> None:
    assert diff(text, text) == ()
