r"""The client's side of a document being edited: a value machine of three states, without text, socket or
clock.

    synchronised ── edit ──▶ in flight ── edit ──▶ in flight + buffer ─┐
         ▲                    │     ▲                   │       ▲      │ edit: composed into the buffer
         └──── acknowledged ──┘     └─── acknowledged ──┘       └──────┘

One submission is in flight at a time, so the server never has to guess what came in what order. What is in
flight is frozen: a resend must say the same again. What is typed meanwhile is composed into the buffer,
which goes out when the acknowledgement comes.

The text on the screen is the text at `version` with the pending operation (in flight, then buffer) on top.
Each committed operation of others is moved over both, and both over it; the pending edits will be committed
later, so they stand first:

          text at version ──── outstanding ────▶ . ──── buffer ────▶ screen
                │                                │                      │
            committed                         crossed                to apply
                │                                │                      │
                ▼                                ▼                      ▼
       text at version + 1 ─── outstanding' ───▶ . ──── buffer' ───▶ new screen

A caller sends what `edit` returns and, after each `receive` of an own entry, what is then `in_flight`.
"""

from dataclasses import dataclass

from .operation import Operation
from .transform import compose, transform


class VersionsMissing(Exception):
    """An entry came before its predecessors: ask for the operations since `Session.version`."""


@dataclass(frozen=True, slots=True)
class InFlight:
    """A submission as it was sent: `operation` was made against the text at `base_version`."""

    seq: int
    base_version: int
    operation: Operation


class Session:
    """Follows one document: what is pending, and the version that it stands on."""

    def __init__(self, version: int, *, seq: int = 0) -> None:
        self.version = version
        self.seq = seq  # of the last submission
        self.in_flight: InFlight | None = None
        self.buffer: Operation = ()
        self._outstanding: Operation = ()  # what is in flight, moved up to `version`

    @property
    def pending(self) -> Operation:
        """What the screen shows beyond the text at `version`."""
        return compose(self._outstanding, self.buffer)

    def edit(self, operation: Operation) -> InFlight | None:
        """Takes an operation just made on the screen; returns what is to be sent, if it may go out now."""
        self.buffer = compose(self.buffer, operation)
        return None if self.in_flight else self._send_buffer()

    def receive(self, version: int, operation: Operation, *, own: bool) -> Operation | None:
        """Takes a committed entry, in order; returns what is to be applied to the screen.

        `own` says that it is the one in flight (by client_id and seq). An entry known already changes nothing
        on the screen, but still acknowledges.
        """
        if version > self.version + 1:
            raise VersionsMissing(f"after version {self.version} came {version}")
        known = version <= self.version
        self.version = max(version, self.version)
        if own:
            self._acknowledge()
        return None if known or own else self._cross(operation)

    def refresh(self) -> InFlight | None:
        """What is in flight, on the newest base: the answer to `version_too_old`, and to nothing else."""
        if self.in_flight:
            self.in_flight = InFlight(self.in_flight.seq, self.version, self._outstanding)
        return self.in_flight

    def _cross(self, committed: Operation) -> Operation:
        crossed = transform(committed, self._outstanding, first=False)
        self._outstanding = transform(self._outstanding, committed)
        to_apply = transform(crossed, self.buffer, first=False)
        self.buffer = transform(self.buffer, crossed)
        return to_apply

    def _acknowledge(self) -> None:
        self.in_flight, self._outstanding = None, ()
        self._send_buffer()

    def _send_buffer(self) -> InFlight | None:
        if not self.buffer:
            return None
        self.seq += 1
        self.in_flight = InFlight(self.seq, self.version, self.buffer)
        self._outstanding, self.buffer = self.buffer, ()
        return self.in_flight
