"""What a person would say has changed, for any two texts and in time."""

from collections.abc import Callable
from random import Random

import pytest

from documents.ot import Operation, apply, deleted_length, diff, inserted_length
from documents.ot.tests.strategies import FAMILY, PIECES, is_canonical
from documents.ot.tests.work import steps

WORDS = [
    "lorem",
    "ipsum",
    "dolor",
    "sit",
    "amet",
    "consectetur",
    "adipiscing",
    "elit",
    "sed",
    "do",
    "eiusmod",
    "tempor",
]


@pytest.mark.parametrize(
    ("old", "new", "operation"),
    [
        ("", "", ()),
        ("", "new", ("new",)),
        ("old", "", (-3,)),
        ("the cat sat", "the dog sat", (4, "dog", -3)),
        ("colour", "color", (4, -1)),
        ("of the dog", "of the big dog", (7, "big ")),
        ("one two three", "one three", (4, -4)),
        ("a b", "x y", ("x y", -3)),
        ("hello world", "hullo wurld", (1, "u", -1, 5, "u", -1)),
        ("a\nb\nc\n", "a\nc\n", (2, -2)),
        ("foo\nbar\n", "foo\nbaz\nbar\n", (4, "baz\n")),
        ("- one\n- two\n", "- one\n- more\n- two\n", (6, "- more\n")),
        ("漢字仮名", "漢字の仮名", (2, "の")),
        ("👍🏽", "👍🏿", (1, "🏿", -1)),
        (FAMILY, FAMILY + "!", (5, "!")),
        ("aaa", "aaaa", ("a",)),
    ],
)
def test_what_a_person_would_say(old: str, new: str, operation: Operation) -> None:
    assert diff(old, new) == operation


def test_two_edits_far_apart_leave_what_is_between() -> None:
    between = prose(Random(1), 500)
    assert diff(f"old {between} end", f"new {between} stop") == (
        "new",
        -3,
        len(between) + 2,
        "stop",
        -3,
    )


def test_a_moved_paragraph_keeps_the_rest() -> None:
    paragraphs = [prose(Random(seed), 40) + "\n" for seed in range(5)]
    old, new = "".join(paragraphs), "".join([*paragraphs[1:], paragraphs[0]])
    operation = diff(old, new)
    assert inserted_length(operation) == deleted_length(operation) == len(paragraphs[0])


def test_blank_and_equal_lines_are_kept() -> None:
    old = "".join(f"if {n}:\n    go()\n\n" for n in range(50))
    new = old.replace("if 20:\n", "if twenty:\n").replace("if 30:\n", "\n\nif 30:\n")
    operation = diff(old, new)
    assert apply(old, operation) == new
    assert inserted_length(operation) + deleted_length(operation) <= 12


def test_no_words_no_lines() -> None:
    rng = Random(1)
    old = "".join(rng.choices("acgt", k=20_000))
    new = old[:5_000] + "t" + old[5_000:12_000] + old[12_010:] + "a"
    operation = diff(old, new)
    assert apply(old, operation) == new
    assert inserted_length(operation) + deleted_length(operation) < 60


def test_a_rewritten_text_is_not_kept_in_crumbs() -> None:
    vocabulary = [f"{a}{b}" for a in WORDS for b in WORDS]
    old, new = (" ".join(Random(seed).choices(vocabulary, k=2_000)) for seed in (1, 2))
    operation = diff(old, new)
    assert apply(old, operation) == new
    assert len(operation) < 100


def test_the_same_twice() -> None:
    old, new = prose(Random(1), 300), prose(Random(2), 300)
    assert diff(old, new) == diff(old, new)


def test_by_chance() -> None:
    for seed in range(300):
        rng = Random(seed)
        old, new = ("".join(rng.choices(rng.sample(PIECES, 5), k=rng.randrange(200))) for _ in range(2))
        new = rng.choice([new, old[: len(old) // 2] + new + old[len(old) // 3 :], scattered(rng, old, 5)])
        operation = diff(old, new)
        assert is_canonical(operation), f"seed {seed}"
        assert apply(old, operation) == new, f"seed {seed}"


# -- in time ------------------------------------------------------------------------------------------------


def prose(rng: Random, words: int) -> str:
    return " ".join(rng.choices(WORDS, k=words))


def lines(rng: Random, count: int) -> str:
    return "".join(prose(rng, 8) + rng.choice(["\n", "\n\n"]) for _ in range(count))


def scattered(rng: Random, text: str, edits: int) -> str:
    places = sorted(rng.randrange(len(text) + 1) for _ in range(edits))
    parts = [text[a:b] for a, b in zip([0, *places], [*places, len(text)], strict=True)]
    return "+".join(parts)


def small_edit(n: int) -> tuple[str, str]:
    text = lines(Random(1), n)
    return text, scattered(Random(2), text, 1)


def many_edits(n: int) -> tuple[str, str]:
    text = lines(Random(1), n)
    return text, scattered(Random(2), text, n // 4)


def rewritten(n: int) -> tuple[str, str]:
    return lines(Random(1), n), lines(Random(2), n)


def shuffled(n: int) -> tuple[str, str]:
    text = lines(Random(1), n).splitlines(keepends=True)
    return "".join(text), "".join(Random(2).sample(text, len(text)))


def one_letter(n: int) -> tuple[str, str]:
    return "a" * 50 * n, "".join(Random(1).choices("ab", k=50 * n))


def one_word(n: int) -> tuple[str, str]:
    return "ab " * 20 * n, "ba ab ab " * 7 * n


def one_line(n: int) -> tuple[str, str]:
    return "x\n" * 20 * n, "".join(Random(1).choices(["x\n", "y\n", "\n"], k=20 * n))


def upside_down(n: int) -> tuple[str, str]:
    numbers = [str(i) for i in range(10 * n)]
    return "\n".join(numbers), "\n".join(numbers[::-1])


@pytest.mark.parametrize(
    "texts",
    [small_edit, many_edits, rewritten, shuffled, one_letter, one_word, one_line, upside_down],
    ids=lambda texts: texts.__name__,
)
def test_work_grows_with_the_text(texts: Callable[[int], tuple[str, str]]) -> None:
    """Eight times the text, less than twelve times the work, beyond the pairs that are spared."""
    assert steps(diff, *texts(800)) < 12 * steps(diff, *texts(100)) + 1_000_000


def test_a_small_edit_in_a_large_text_is_little_work() -> None:
    assert steps(diff, *small_edit(2_000)) < 2_000


def test_a_million_of_one_letter() -> None:
    assert diff("a" * 1_000_000, "a" * 999_999) == (999_999, -1)
