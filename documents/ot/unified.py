"""A difference in the form of Unix `diff -u`, made from an operation: linear in the texts, whatever they hold."""

from bisect import bisect_left, bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import accumulate, takewhile
from operator import eq

from .operation import Operation, apply

CONTEXT = 3  # unchanged lines shown around a change
NO_LINE_END = "\n\\ No newline at end of file\n"


@dataclass(frozen=True, slots=True)
class Block:
    """Lines start … end of the old text, for which lines new_start … new_end of the new one stand."""

    start: int
    end: int
    new_start: int
    new_end: int


def unified(old: str, operation: Operation, from_name: str, to_name: str) -> str:
    """The unified diff between a text and what an operation makes of it; empty if that is the same.

    `patch` makes the new text of the old by it.
    """
    before, after = _Lines(old), _Lines(apply(old, operation))
    blocks = filter(None, (_trimmed(block, before, after) for block in _blocks(operation, before, after)))
    hunks = "".join(_shown(hunk, before, after) for hunk in _hunks(blocks))
    return f"--- {from_name}\n+++ {to_name}\n{hunks}" if hunks else ""


class _Lines:
    """A text in lines; only a line feed ends one."""

    def __init__(self, text: str) -> None:
        self.lines = text.split("\n")
        last = self.lines.pop()
        self.lines = [f"{line}\n" for line in self.lines] + ([last] if last else [])
        self.starts = list(accumulate(map(len, self.lines), initial=0))

    def is_edge(self, position: int) -> bool:
        """Whether a line starts here, or the text ends."""
        return self.starts[bisect_left(self.starts, position)] == position

    def floor(self, position: int) -> int:
        """The line that holds a position, or starts there; at the end of a text without a line end, its last one."""
        line = bisect_right(self.starts, position) - 1
        is_open = line == len(self.lines) > 0 and not self.lines[-1].endswith("\n")
        return line - is_open

    def ceiling(self, position: int, *, beyond: bool) -> int:
        """The first line that starts at or after a position; `beyond` an edge, if asked for, unless the text ends."""
        return min(bisect_left(self.starts, position + beyond), len(self.lines))


def _blocks(operation: Operation, before: _Lines, after: _Lines) -> Iterator[Block]:
    """The changed stretches, widened to whole lines on both sides."""
    last: Block | None = None
    for i, i_end, j, j_end in _stretches(operation):
        beyond = not (before.is_edge(i_end) and after.is_edge(j_end))
        block = Block(
            before.floor(i),
            before.ceiling(i_end, beyond=beyond),
            after.floor(j),
            after.ceiling(j_end, beyond=beyond),
        )
        if last is not None and block.start <= last.end:
            block = Block(last.start, max(last.end, block.end), last.new_start, max(last.new_end, block.new_end))
        elif last is not None:
            yield last
        last = block
    if last is not None:
        yield last


def _stretches(operation: Operation) -> Iterator[tuple[int, int, int, int]]:
    """Where an operation changes something: old start and end, new start and end, in code points."""
    i = j = i_start = j_start = 0
    for component in operation:
        if isinstance(component, str):
            j += len(component)
        elif component < 0:
            i -= component
        else:
            if i > i_start or j > j_start:
                yield i_start, i, j_start, j
            i, j = i + component, j + component
            i_start, j_start = i, j
    if i > i_start or j > j_start:
        yield i_start, i, j_start, j


def _trimmed(block: Block, before: _Lines, after: _Lines) -> Block | None:
    """A block without the lines at its ends that stay what they are; None if they all do."""
    old, new = before.lines[block.start : block.end], after.lines[block.new_start : block.new_end]
    head = _alike(old, new)
    tail = _alike(old[head:][::-1], new[head:][::-1])
    trimmed = Block(block.start + head, block.end - tail, block.new_start + head, block.new_end - tail)
    return None if trimmed.start == trimmed.end and trimmed.new_start == trimmed.new_end else trimmed


def _alike(lines: list[str], others: list[str]) -> int:
    """How many lines are the same from the start."""
    return sum(takewhile(bool, map(eq, lines, others)))


def _hunks(blocks: Iterator[Block]) -> Iterator[list[Block]]:
    """Blocks whose context would meet stand in one hunk."""
    hunk: list[Block] = []
    for block in blocks:
        if hunk and block.start - hunk[-1].end > 2 * CONTEXT:
            yield hunk
            hunk = []
        hunk.append(block)
    if hunk:
        yield hunk


def _shown(hunk: list[Block], before: _Lines, after: _Lines) -> str:
    first, last = hunk[0], hunk[-1]
    start, end = max(0, first.start - CONTEXT), min(len(before.lines), last.end + CONTEXT)
    new_start, new_end = first.new_start - (first.start - start), last.new_end + (end - last.end)
    lines, at = [f"@@ -{_range(start, end)} +{_range(new_start, new_end)} @@\n"], start
    for block in hunk:
        lines += _marked(" ", before.lines[at : block.start])
        lines += _marked("-", before.lines[block.start : block.end])
        lines += _marked("+", after.lines[block.new_start : block.new_end])
        at = block.end
    return "".join(lines + _marked(" ", before.lines[at:end]))


def _range(start: int, end: int) -> str:
    return f"{start + (end > start)},{end - start}"


def _marked(mark: str, lines: list[str]) -> list[str]:
    return [f"{mark}{line}" if line.endswith("\n") else f"{mark}{line}{NO_LINE_END}" for line in lines]
