"""Text in ink: what a change put in and took out, and who wrote what, as spans in the order they are read."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, TypeAlias
from uuid import UUID

from documents.history import Run
from documents.ot import Operation

Kind: TypeAlias = Literal["same", "insert", "delete"]


@dataclass(frozen=True, slots=True)
class Passage:
    """Code points in a row by one author (None: erased, or nobody), written from one time to another."""

    length: int
    author: UUID | None
    first: datetime
    last: datetime


@dataclass(frozen=True, slots=True)
class Span:
    """Text of one kind; who wrote it, where that is known."""

    kind: Kind
    text: str
    passage: Passage | None = None


def changes(old: str, operation: Operation) -> Iterator[Span]:
    """Without the inserted spans it is the old text, without the deleted ones the new: what went stands first."""
    position, inserted = 0, ""
    for component in (*operation, len(old)):
        if isinstance(component, str):
            inserted = component
            continue
        if component < 0:
            yield Span("delete", old[position : position - component])
        if inserted:
            yield Span("insert", inserted)
        if component > 0 and position < len(old):
            yield Span("same", old[position : position + component])
        position, inserted = position + abs(component), ""


def passages(runs: Iterable[Run]) -> Iterator[Passage]:
    """The runs with neighbours of one author taken together; the lengths sum to the same."""
    last: Passage | None = None
    for run in runs:
        at = run.origin.created_at
        if last is not None and last.author == run.origin.author:
            last = Passage(last.length + run.length, last.author, min(last.first, at), max(last.last, at))
            continue
        if last is not None:
            yield last
        last = Passage(run.length, run.origin.author, at, at)
    if last is not None:
        yield last


def authored(spans: Iterable[Span], written: Iterable[Passage], kinds: tuple[Kind, ...]) -> Iterator[Span]:
    """The spans with those of `kinds` cut where the author changes; `written` covers the new text."""
    left, remaining = 0, iter(written)
    passage: Passage | None = None
    for span in spans:
        if span.kind == "delete":
            yield span
            continue
        start = 0
        while start < len(span.text):
            if left == 0:
                passage = next(remaining)
                left = passage.length
            end = min(len(span.text), start + left)
            if span.kind in kinds:
                yield Span(span.kind, span.text[start:end], passage)
            left, start = left - (end - start), end
        if span.kind not in kinds:
            yield span
