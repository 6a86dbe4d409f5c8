"""Transform, compose and positions, by example; the laws are in test_laws.py."""

from documents.ot import Operation, apply, compose, transform, transform_position
from documents.ot.tests.work import steps


def test_it_works() -> None:
    alice, bob = (4, "black "), (8, "big ")
    assert transform(bob, alice) == (14, "big ")
    assert transform(alice, bob) == alice


def test_committed_later_stands_left() -> None:
    committed, submitted = (3, "1"), (3, "2")
    assert apply(apply("abc", committed), transform(submitted, committed)) == "abc21"
    assert apply(apply("abc", submitted), transform(committed, submitted, first=False)) == "abc21"


def test_an_insert_survives_the_delete_around_it() -> None:
    assert transform((3, "x"), (1, -5)) == (1, "x")
    assert transform((1, -5), (3, "x")) == (1, -2, 1, -3)


def test_nothing_is_deleted_twice() -> None:
    assert transform((2, -4), (4, -4)) == (2, -2)
    assert transform((2, -2), (1, -8)) == ()


def test_an_insert_stays_right_of_a_replacement_around_it() -> None:
    assert transform((3, "x"), (1, "new", -5)) == (4, "x")


def test_moving_past_a_composed_run_is_not_moving_past_each() -> None:
    """Why history is crossed one operation at a time."""
    mine, delete, insert = (1, "x"), (-1,), ("y",)
    assert transform(transform(mine, delete), insert) == ("x",)
    assert transform(mine, compose(delete, insert)) == (1, "x")


def test_compose_joins_typing() -> None:
    assert compose((5, "a"), (6, "b")) == (5, "ab")
    assert compose((5, "ab"), (5, -2)) == ()
    assert compose((2, "xyz"), (1, -5)) == (1, -2)


def test_a_position_moves_with_its_text() -> None:
    assert transform_position(5, (2, "ab")) == 7
    assert transform_position(5, (1, -2)) == 3
    assert transform_position(5, (6, "ab")) == 5


def test_an_insert_at_a_position_pushes_it_unless_it_stays_before() -> None:
    assert transform_position(5, (5, "ab")) == 7
    assert transform_position(5, (5, "ab"), before=True) == 5


def test_a_position_in_a_deleted_stretch_falls_to_its_start() -> None:
    assert transform_position(5, (2, -8)) == 2
    assert transform_position(5, (2, "new", -8)) == 5


def test_work_grows_with_the_components() -> None:
    def edit(n: int, *, shift: int) -> Operation:
        return (shift, *("ab", -2, 3) * n, "c")

    for function in (transform, compose):
        small = steps(function, edit(500, shift=1), edit(500, shift=2))
        large = steps(function, edit(2000, shift=1), edit(2000, shift=2))
        assert large < 5 * small


def test_work_grows_with_the_components_also_in_one_long_insert() -> None:
    def cuts(n: int) -> Operation:
        return (1, -1) * n

    assert steps(compose, ("ab" * 2000,), cuts(2000)) < 5 * steps(compose, ("ab" * 500,), cuts(500))
