"""Patching the old text by the unified diff gives the new one, whatever the texts hold."""

import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from documents.ot import Operation, apply, diff
from documents.ot.tests.strategies import operations, texts
from documents.ot.tests.work import steps
from documents.ot.unified import CONTEXT, unified

HEAD = "--- old\n+++ new\n"
HUNK = re.compile(r"@@ -(\d+),(\d+) \+(\d+),(\d+) @@")
NO_LINE_END = "\\ No newline at end of file"

few_lines = st.lists(st.sampled_from(["a\n", "b\n", "c\n", "\n", "-\n", "+\n", " \n", "\\\n", "@@\n", "\u2028\x0c\n"]))
long_texts = st.tuples(few_lines, st.sampled_from(["", "a", "\u2028"])).map(lambda parts: "".join(parts[0]) + parts[1])


@dataclass
class Hunk:
    """What a hunk says of itself, and its lines as (mark, line)."""

    start: int
    count: int
    new_start: int
    new_count: int
    lines: list[tuple[str, str]]


def parsed(shown: str) -> Iterator[Hunk]:
    """The hunks of a unified diff; only a line feed ends a line of it."""
    assert shown.startswith(HEAD) and shown.endswith("\n")
    hunk = None
    for line in shown.removeprefix(HEAD).split("\n")[:-1]:
        if match := HUNK.fullmatch(line):
            if hunk is not None:
                yield hunk
            hunk = Hunk(*map(int, match.groups()), [])
        elif line == NO_LINE_END:
            mark, last = hunk.lines.pop()
            hunk.lines.append((mark, last.removesuffix("\n")))
        else:
            assert line[0] in " -+", line
            hunk.lines.append((line[0], f"{line[1:]}\n"))
    yield hunk


def patch(old: str, shown: str) -> str:
    """A patch that forgives nothing: each hunk at the very lines it names, on the side it came from and the other."""
    if not shown:
        return old
    before, after = split(old), []
    at = 0
    for hunk in parsed(shown):
        start = hunk.start - (hunk.count > 0)
        after += before[at:start]
        assert len(after) == hunk.new_start - (hunk.new_count > 0)
        taken = [line for mark, line in hunk.lines if mark in " -"]
        given = [line for mark, line in hunk.lines if mark in " +"]
        assert before[start : start + hunk.count] == taken
        assert len(given) == hunk.new_count
        after += given
        at = start + hunk.count
    return "".join(after + before[at:])


def split(text: str) -> list[str]:
    return re.findall("[^\n]*\n|[^\n]+", text)


def check(old: str, operation: Operation) -> None:
    new = apply(old, operation)
    shown = unified(old, operation, "old", "new")
    assert patch(old, shown) == new
    assert (shown == "") == (old == new)
    if shown:
        assert_well_cut(list(parsed(shown)), len(split(old)))


def assert_well_cut(hunks: list[Hunk], lines: int) -> None:
    """Three lines of context where the text has them, hunks that could be one are one, and no change says nothing."""
    for hunk in hunks:
        marks = "".join(mark for mark, _ in hunk.lines)
        before, after = len(marks) - len(marks.lstrip(" ")), len(marks) - len(marks.rstrip(" "))
        first = hunk.start - (hunk.count > 0)
        assert before == min(CONTEXT, first + before), marks
        assert after == min(CONTEXT, lines - (first + hunk.count) + after), marks
        assert " " * (2 * CONTEXT + 1) not in marks and "+-" not in marks
        assert_no_line_for_itself(hunk)
    assert all(before.start + before.count < after.start for before, after in pairwise(hunks))


def assert_no_line_for_itself(hunk: Hunk) -> None:
    for stretch in re.finditer(r"(-*)(\+*)", "".join(mark for mark, _ in hunk.lines)):
        middle = stretch.start() + len(stretch[1])
        taken, given = hunk.lines[stretch.start() : middle], hunk.lines[middle : stretch.end()]
        if taken and given:
            assert taken[0][1] != given[0][1] and taken[-1][1] != given[-1][1]


@given(st.data(), texts | long_texts)
def test_patch_makes_the_new_text_of_the_old(data: st.DataObject, old: str) -> None:
    check(old, data.draw(operations(old)))


@given(long_texts, long_texts)
@example("", "a")
@example("a", "")
@example("a", "a\n")
@example("a\n", "a")
@example("a\nb", "a")
def test_for_the_difference_of_two_texts(old: str, new: str) -> None:
    check(old, diff(old, new))


@given(st.lists(st.integers(0, 30), unique=True, max_size=4), st.integers(1, 30))
@example([4, 11], 16)
@example([4, 12], 16)
def test_changes_here_and_there(places: list[int], length: int) -> None:
    """Hunks meet or not, at the ends and between."""
    old = [f"line {n}\n" for n in range(length)]
    new = [line.upper() if n in places else line for n, line in enumerate(old)]
    check("".join(old), diff("".join(old), "".join(new)))


@pytest.mark.skipif(not shutil.which("patch") and not os.environ.get("CI"), reason="LEFT OUT: patch is not installed")
@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("", "a"),
        ("", "a\n"),
        ("a\n", "a"),
        ("a", "a\nb"),
        ("a\u2028b\n", "a\u2028c\n"),
        ("👩‍👧 x\n\x0cy\n", "👩‍👧 y\n\x0cy"),
        ("-- a\n++ b\n", "++ b\n-- a\n"),
        ("".join(f"{n}\n" for n in range(50)), "".join(f"{n}\n" for n in range(50) if n % 9)),
    ],
)
def test_the_tool_called_patch_reads_it(tmp_path: Path, old: str, new: str) -> None:
    file = tmp_path / "text"
    file.write_bytes(old.encode())
    shown = unified(old, diff(old, new), "version 1", "version 2")
    said = subprocess.run(["patch", "--fuzz=0", str(file)], input=shown.encode(), capture_output=True, timeout=20)
    assert said.returncode == 0, said.stdout
    assert b"offset" not in said.stdout
    assert file.read_bytes() == new.encode()


def test_it_reads_like_any_other() -> None:
    old = "one\ntwo\nthree\nfour\nfive\nsix"
    new = "one\ntwo\nthree\nfour\n5\nsix"
    assert unified(old, diff(old, new), "version 3", "version 4") == (
        "--- version 3\n+++ version 4\n"
        "@@ -2,5 +2,5 @@\n two\n three\n four\n-five\n+5\n six\n\\ No newline at end of file\n"
    )


def test_the_same_is_empty() -> None:
    assert unified("a\n", (), "old", "new") == unified("", (), "old", "new") == ""
    assert unified("a\nb\n", ("a", -1, 1, "b\n", -2), "old", "new") == "", "an operation that says what is there"


# --- In time ---


def scattered(lines: int) -> tuple[str, Operation, str, str]:
    """A change in every tenth line."""
    return "a line of text\n" * lines, (3, "x", -1, 146) * (lines // 10), "old", "new"


def test_work_grows_with_the_text() -> None:
    assert steps(unified, *scattered(8_000)) < 9 * steps(unified, *scattered(1_000))


@pytest.mark.parametrize("old", ["x" * 1_000_000, "x\n" * 500_000, "\n" * 1_000_000], ids=["word", "lines", "empty"])
def test_a_million_code_points(old: str) -> None:
    operation = ("y", 500_000, "y\n", 400_000, -1)
    assert patch(old, unified(old, operation, "old", "new")) == apply(old, operation)
