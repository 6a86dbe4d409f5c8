"""The row of bad frames is what it says: set by its seed, of every shape, and no frame refused for its size alone."""

from random import Random

from tests.faults.fuzz import Frame, frame


def row(seed: int, count: int = 400) -> list[Frame]:
    rng = Random(seed)
    return [frame(rng) for _ in range(count)]


def test_a_seed_sets_the_row() -> None:
    assert row(7) == row(7) != row(8)


def test_there_is_text_and_bytes_and_depth() -> None:
    frames = row(7)
    assert {type(each) for each in frames} == {str, bytes}
    assert any(str(each).startswith(("[[[[", '{"a":{"a":')) for each in frames)


def test_none_is_too_large_to_be_read() -> None:
    assert max(len(each if isinstance(each, bytes) else each.encode()) for each in row(7)) < 1 << 20
