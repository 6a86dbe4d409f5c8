"""What an operation is: one edit of a whole text, as a tuple of components.

An imaginary cursor walks the old text from left to right, and each component tells it what to do:

    5       an int above 0 retains: the next 5 code points stay as they are
    "hi"    a string inserts: it stands where the cursor is
    -3      an int below 0 deletes: the next 3 code points go

so `(5, "hi", -3)` puts "hi" for the three code points after the fifth. What no component reaches stays.
Every length counts code points, as Python's `str` does; never UTF-16 units, never bytes.

Many tuples can say the same edit. One of them, the *canonical* one, is part of the protocol: equal edits are
equal values.

* No component is empty (0 or ""), and no two neighbours are of one kind.
* Where both happen at one place, the insert comes before the delete.
* No trailing retain; hence `()` is the operation that does nothing.

`parse` and `validate` guard the door. Behind it every function takes canonical operations and yields them.
"""

from collections.abc import Iterable
from typing import TypeAlias

Component: TypeAlias = int | str
Operation: TypeAlias = tuple[Component, ...]

MAX_LENGTH = 2**53 - 1  # beyond it JavaScript's numbers, hence the browser's positions, are no longer exact


class InvalidOperation(ValueError):
    """The value is no operation, or none for this text."""

    code = "invalid_operation"


# -- at the door ------------------------------------------------------------------------------------------


def parse(value: object) -> Operation:
    """The operation that decoded JSON stands for: parse(to_json(operation)) == operation.

    Canonical but for a trailing retain, which stays, so that `validate` can refuse one that is too long.
    """
    if type(value) is not list:
        raise InvalidOperation("An operation is a list of components.")
    reach = 0
    for component in value:
        if type(component) is int:
            reach += abs(component)
        elif type(component) is str:
            _check_text(component)
        else:
            raise InvalidOperation("A component is an integer or a string.")
    if reach > MAX_LENGTH:
        raise InvalidOperation(f"An operation reaches over at most {MAX_LENGTH} code points.")
    return tuple(_normal(value))


def validate(operation: Operation, length: int) -> Operation:
    """The canonical form of a parsed operation, which must fit a text of `length` code points."""
    _check_reach(base_length(operation), length)
    return _without_trailing_retain(operation)


def _check_reach(reach: int, length: int) -> None:
    if reach > length:
        raise InvalidOperation(f"The operation reaches over {reach} code points, the text has {length}.")


def _check_text(text: str) -> None:
    if "\r" in text or "\0" in text:
        raise InvalidOperation("Inserted text may not hold a carriage return or NUL.")
    if not text.isascii():
        try:
            text.encode()
        except UnicodeEncodeError:
            raise InvalidOperation("Inserted text may not hold a lone surrogate.") from None


def to_json(operation: Operation) -> list[Component]:
    """The operation as it goes over the wire."""
    return list(operation)


# -- canonical form ---------------------------------------------------------------------------------------


def canonical(components: Iterable[Component]) -> Operation:
    """The canonical operation that does what these components do: canonical(canonical(c)) == canonical(c)."""
    return _without_trailing_retain(tuple(_normal(components)))


def _normal(components: Iterable[Component]) -> list[Component]:
    """Canonical but for a trailing retain: collects what happens at one place until the cursor moves on."""
    normal: list[Component] = []
    retained, inserted, deleted = 0, "", 0
    for component in components:
        if isinstance(component, str):
            inserted += component
        elif component < 0:
            deleted += component
        elif component:
            if inserted or deleted:
                normal += [part for part in (retained, inserted, deleted) if part]
                retained, inserted, deleted = 0, "", 0
            retained += component
    normal += [part for part in (retained, inserted, deleted) if part]
    return normal


def _without_trailing_retain(operation: Operation) -> Operation:
    if not operation or isinstance(operation[-1], str) or operation[-1] < 0:
        return operation
    return operation[:-1]


# -- lengths ----------------------------------------------------------------------------------------------


def base_length(operation: Operation) -> int:
    """Code points retained and deleted; of a canonical operation, the length of the shortest text it fits."""
    return sum(abs(component) for component in operation if isinstance(component, int))


def inserted_length(operation: Operation) -> int:
    """Code points that the operation puts in."""
    return sum(len(component) for component in operation if isinstance(component, str))


def deleted_length(operation: Operation) -> int:
    """Code points that the operation takes out."""
    return -sum(component for component in operation if isinstance(component, int) and component < 0)


def length_change(operation: Operation) -> int:
    """len(apply(text, operation)) - len(text), for every text that it fits."""
    return inserted_length(operation) - deleted_length(operation)


# -- text -------------------------------------------------------------------------------------------------


def apply(text: str, operation: Operation) -> str:
    """The text after the operation; InvalidOperation if it reaches beyond the text's end."""
    parts: list[str] = []
    position = 0
    for component in operation:
        if isinstance(component, str):
            parts.append(component)
        elif component > 0:
            parts.append(text[position : position + component])
            position += component
        else:
            position -= component
    _check_reach(position, len(text))
    parts.append(text[position:])
    return "".join(parts)


def invert(operation: Operation, text: str) -> Operation:
    """The undoing operation, given the text before: apply(apply(text, op), invert(op, text)) == text."""
    undoing: list[Component] = []
    position = 0
    for component in operation:
        if isinstance(component, str):
            undoing.append(-len(component))
        elif component > 0:
            undoing.append(component)
            position += component
        else:
            undoing.append(text[position : position - component])
            position -= component
    _check_reach(position, len(text))
    return canonical(undoing)
