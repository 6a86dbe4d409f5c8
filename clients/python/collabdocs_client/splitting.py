"""Large edits go out in pieces, each within what one submission may hold."""

from dataclasses import dataclass

from .ot import Component, Operation, canonical, transform
from .ot.session import InFlight, Session

ENVELOPE = 256  # bytes of a submit frame around its operation
PER_NUMBER = 18  # bytes of a number and its comma, at most
PER_CHARACTER = 6  # bytes of one code point in JSON, at most: a control character as \u0001


@dataclass(frozen=True, slots=True)
class Limits:
    """What the server takes at once: inserted code points, components, bytes of a frame."""

    inserted: int = 250_000
    components: int = 1_000
    frame: int = 1 << 20


def split(operation: Operation, limits: Limits) -> tuple[Operation, Operation]:
    """(head, rest) with compose(head, rest) == operation, the head within the limits and never nothing."""
    head: list[Component] = []
    rest: list[Component] = []
    inserted, frame, components = limits.inserted, limits.frame - ENVELOPE, limits.components
    for index, component in enumerate(operation):
        frame -= PER_NUMBER
        if components <= 0 or frame <= 0:
            rest += operation[index:]
            break
        components -= 1
        if isinstance(component, int):
            head.append(component)
            rest.append(max(0, component))
            continue
        size = _fitting(component, inserted, frame)
        head.append(component[:size])
        rest.append(size)
        if size < len(component):
            rest += (component[size:], *operation[index + 1 :])
            break
        inserted, frame = inserted - size, frame - _json_bytes(component)
    return canonical(head), canonical(rest)


def _fitting(text: str, most: int, frame: int) -> int:
    """How many of the first code points fit both budgets."""
    size = min(len(text), most)
    while size > 0 and size * PER_CHARACTER > frame and (needed := _json_bytes(text[:size])) > frame:
        size = min(size - 1, size * max(0, frame) // needed)
    return size


def _json_bytes(text: str) -> int:
    """At least the bytes of this text in a frame."""
    escaped = sum(text.count(character) for character in '"\\')
    controls = sum(text.count(chr(code)) for code in range(32))
    return len(text.encode()) + 2 + escaped + (PER_CHARACTER - 1) * controls


class SplittingSession(Session):
    """A session that sends a large buffer piece by piece, and takes back what was refused."""

    def __init__(self, version: int, limits: Limits) -> None:
        super().__init__(version)
        self.limits = limits

    def refuse(self, undo: Operation) -> Operation:
        """What is in flight will never be committed; `undo` inverts it on the text at `version`. Returns what is to be
        applied to the screen. The next piece of the buffer, if any, is then in flight."""
        change = transform(undo, self.buffer, first=False)
        self.buffer = transform(self.buffer, undo)
        self.in_flight, self._outstanding = None, ()
        self._send_buffer()
        return change

    @property
    def outstanding(self) -> Operation:
        """What is in flight, moved up to `version`."""
        return self._outstanding

    def _send_buffer(self) -> InFlight | None:
        head, rest = split(self.buffer, self.limits)
        self.buffer = head
        sent = super()._send_buffer()
        if sent is not None:
            self.buffer = rest
        return sent
