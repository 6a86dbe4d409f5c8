"""Parsing, canonical form and applying, by example."""

import json

import pytest

from documents.ot import (
    InvalidOperation,
    Operation,
    apply,
    base_length,
    canonical,
    deleted_length,
    inserted_length,
    invert,
    length_change,
    parse,
    validate,
)
from documents.ot.operation import MAX_LENGTH
from documents.ot.tests.strategies import FAMILY
from documents.ot.tests.work import steps


def test_it_works() -> None:
    operation = validate(parse([4, "dog", -3, 4]), 11)
    assert operation == (4, "dog", -3)
    assert apply("the cat sat", operation) == "the dog sat"


@pytest.mark.parametrize(
    "value",
    [None, True, 3, 1.5, "abc", {}, {"0": 1}, (1, "a"), b"a"],
    ids=repr,
)
def test_no_list(value: object) -> None:
    with pytest.raises(InvalidOperation, match="list"):
        parse(value)


@pytest.mark.parametrize("component", [None, True, False, 1.0, 1e300, float("nan"), [], [1], {}, {"d": 2}], ids=repr)
def test_no_component(component: object) -> None:
    with pytest.raises(InvalidOperation, match="integer or a string"):
        parse([1, component])


@pytest.mark.parametrize("text", ["\r", "a\r\n", "\0", "\ud800", "a\udfff", "\ude00\ud83d"], ids=ascii)
def test_no_such_text(text: str) -> None:
    with pytest.raises(InvalidOperation, match="may not hold"):
        parse([text])


def test_a_surrogate_pair_in_json_is_one_code_point() -> None:
    assert parse(json.loads('["\\ud83d\\ude00"]')) == ("😀",)
    with pytest.raises(InvalidOperation):
        parse(json.loads('["\\ud83d", "\\ude00"]'))


@pytest.mark.parametrize(
    "value",
    [[MAX_LENGTH + 1], [-MAX_LENGTH - 1], [MAX_LENGTH, "a", -1], [10**400], [1] + [MAX_LENGTH // 2] * 3],
    ids=["retain", "delete", "sum", "googol", "many"],
)
def test_too_large(value: object) -> None:
    with pytest.raises(InvalidOperation, match="at most"):
        parse(value)


def test_the_largest() -> None:
    assert parse([MAX_LENGTH]) == (MAX_LENGTH,)
    assert parse([-MAX_LENGTH]) == (-MAX_LENGTH,)


def test_errors_carry_the_code() -> None:
    assert InvalidOperation("").code == "invalid_operation"


@pytest.mark.parametrize(
    ("value", "parsed"),
    [
        ([], ()),
        ([0, ""], ()),
        ([2, 3], (5,)),
        (["a", "", "b"], ("ab",)),
        ([-1, 0, -2], (-3,)),
        ([1, -1, "a"], (1, "a", -1)),
        ([-1, "a", -1, "b"], ("ab", -2)),
        ([1, "a", 2], (1, "a", 2)),
        ([1, "a", 2, "", 0, 3], (1, "a", 5)),
    ],
)
def test_parse_brings_into_form_but_keeps_a_trailing_retain(value: list[object], parsed: Operation) -> None:
    assert parse(value) == parsed


def test_a_missing_trailing_retain_is_understood_and_a_longer_one_refused() -> None:
    assert validate((1, "a"), 3) == validate((1, "a", 2), 3) == (1, "a")
    with pytest.raises(InvalidOperation, match="reaches over 4 code points, the text has 3"):
        validate((1, "a", 3), 3)


def test_only_retaining_does_nothing() -> None:
    assert validate((5,), 5) == validate((), 0) == ()
    with pytest.raises(InvalidOperation):
        validate((1,), 0)


def test_lengths_count_code_points() -> None:
    operation = (2, FAMILY, -3, 1, "é")
    assert inserted_length(operation) == 6
    assert deleted_length(operation) == 3
    assert base_length(operation) == 6
    assert length_change(operation) == 3


def test_apply_counts_code_points() -> None:
    assert apply("a😀b", (2, "!")) == "a😀!b"
    assert apply(FAMILY, (2, -2)) == "👩\u200d👧"


@pytest.mark.parametrize("operation", [(4,), (3, -1), (-4,), (4, "a")])
def test_apply_and_invert_refuse_what_does_not_fit(operation: Operation) -> None:
    with pytest.raises(InvalidOperation):
        apply("abc", operation)
    with pytest.raises(InvalidOperation):
        invert(operation, "abc")


def test_invert_gives_back_what_was_deleted() -> None:
    assert invert((4, "dog", -3), "the cat") == (4, "cat", -3)


def test_work_grows_with_the_components() -> None:
    small, large = [1, "a", -1] * 500, [1, "a", -1] * 2000
    for function in (parse, canonical):
        assert steps(function, large) < 5 * steps(function, small)
