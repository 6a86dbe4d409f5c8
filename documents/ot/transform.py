r"""Moving operations past each other: the heart of collaboration.

Two people edit the same text at the same time. Each sees the own edit at once and the other's a moment later,
when the text it was made for is gone. `transform` moves an operation past a concurrent one, so that both come
to the same text:

                text
            a  /    \  b
              /      \
             .        .          b' = transform(b, a)
              \      /           a' = transform(a, b)
            b' \    / a'
                same             apply(apply(text, a), b') == apply(apply(text, b), a')

The rules hold for every text:

* What both retain stays. What either deletes goes, and nobody deletes it twice.
* What is inserted stays, also inside a stretch that the other deletes.
* Where both insert at one place, one must stand first (left): one side of the diamond says `first=True`, the
  other `first=False`. The protocol gives the left to the operation committed LATER. So a server moves a
  submission past what was committed with first=True, and a client moves what was committed past its own
  pending edits with first=False.

Moving an operation past a composed run may end elsewhere than moving it past each of the run's operations in
turn, because text that came and went within the run no longer divides its neighbours. So history is crossed
one operation at a time, always and on both sides; only edits that nobody else has seen may be composed.

All walk their operations once, component by component: the work grows with their number, not its square.
"""

from collections.abc import Iterator

from .operation import Component, Operation, canonical

_REST = 2**53  # the trailing retain that goes unsaid: longer than whatever stands against it


def _with_rest(operation: Operation) -> Iterator[Component]:
    return iter((*operation, _REST))


def transform(operation: Operation, over: Operation, *, first: bool = True) -> Operation:
    """apply(apply(t, a), transform(b, a, first=f)) == apply(apply(t, b), transform(a, b, first=not f))."""
    if not over:
        return operation
    moved: list[Component] = []
    others = _with_rest(over)
    other = next(others)
    for mine in operation:
        if isinstance(mine, str):
            if isinstance(other, str) and not first:
                moved.append(len(other))
                other = next(others)
            moved.append(mine)
            continue
        while mine:
            if isinstance(other, str):
                moved.append(len(other))
                other = next(others)
                continue
            step = min(abs(mine), abs(other))
            if other > 0:
                moved.append(step if mine > 0 else -step)
            mine -= step if mine > 0 else -step
            other -= step if other > 0 else -step
            if not other:
                other = next(others)
    return canonical(moved)


def compose(a: Operation, b: Operation) -> Operation:
    """The two in sequence made one: apply(t, compose(a, b)) == apply(apply(t, a), b)."""
    composed: list[Component] = []
    earlier = _with_rest(a)
    below, used = next(earlier), 0  # `used`: how much of the component below the cursor has already passed
    for component in b:
        if isinstance(component, str):
            composed.append(component)
            continue
        left = abs(component)
        while left:
            if isinstance(below, int) and below < 0:  # b never saw what a deleted
                composed.append(below)
                below, used = next(earlier), 0
                continue
            length = len(below) if isinstance(below, str) else below
            step = min(left, length - used)
            if isinstance(below, int):
                composed.append(step if component > 0 else -step)
            elif component > 0:
                composed.append(below[used : used + step])
            left -= step
            used += step
            if used == length:
                below, used = next(earlier), 0
    composed.append(below[used:] if isinstance(below, str) else below if below < 0 else below - used)
    composed.extend(earlier)
    return canonical(composed)


def transform_position(position: int, operation: Operation, *, before: bool = False) -> int:
    """Where a position (code points, 0..length) stands after the operation.

    It goes where a mark inserted there would go: an insert exactly at it pushes it right; with `before=True`
    it stays left. In a deleted stretch it falls to its start, right of what was inserted in its stead.
    """
    moved = position
    place = 0  # the cursor, in the old text
    for component in operation:
        if place > position or (place == position and before):
            break
        if isinstance(component, str):
            moved += len(component)
        elif component > 0:
            place += component
        else:
            moved -= min(-component, position - place)
            place -= component
    return moved
