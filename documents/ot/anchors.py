"""Anchors: stretches of a text to which something is pinned, moved with every operation.

* The start sticks to what follows it and the end to what precedes it: text typed at either edge is outside, text typed
  between is inside.
* When nothing of it is left, an anchor is empty and stands at its place: before what followed it, after what is typed
  there.
* An empty anchor, or one that this very operation empties, stands on its quote again when an insertion at its place
  contains it: undo, cut and paste back, and restored versions bring back what was commented on.

What becomes of an anchor depends on one operation after the other, so moving over a and then over b is moving over
all of them at once.
"""

from collections.abc import Iterable
from typing import NamedTuple

from .operation import Operation
from .transform import transform_position


class Anchor(NamedTuple):
    """Code points `start` up to `end` of a text, and what stood there (or the beginning of it) when it was made."""

    start: int
    end: int
    quote: str = ""


def move(anchor: Anchor, operation: Operation) -> Anchor:
    """Where the anchor stands after the operation."""
    start, end, quote = anchor
    if not operation or _begins_behind(operation, end):
        return anchor
    place = transform_position(start, operation)
    moved_end = transform_position(end, operation, before=True)  # of one that is empty, at most `place`
    return Anchor(place, moved_end, quote) if place < moved_end else _found_again(place, quote, operation)


def move_over(anchor: Anchor, operations: Iterable[Operation]) -> Anchor:
    """Where it stands after all of them, made one after the other."""
    for operation in operations:
        anchor = move(anchor, operation)
    return anchor


def _begins_behind(operation: Operation, position: int) -> bool:
    """It leaves alone whatever stands up to the position, which most operations do with most anchors."""
    first = operation[0]
    return isinstance(first, int) and first > position


def _found_again(place: int, quote: str, operation: Operation) -> Anchor:
    """The anchor that was emptied, on its quote if that was inserted at its place, else at the place."""
    inserted = _inserted_before(place, operation)
    at = inserted.find(quote) if quote else -1
    start = place if at < 0 else place - len(inserted) + at
    return Anchor(start, place if at < 0 else start + len(quote), quote)


def _inserted_before(place: int, operation: Operation) -> str:
    """What the operation inserted that ends at a place in the text after it."""
    cursor = 0
    for component in operation:
        if isinstance(component, str):
            cursor += len(component)
            if cursor == place:
                return component
        elif component > 0:
            cursor += component
        if cursor > place:
            break
    return ""
