"""An editing session on gevent: the Python client's own `Replica` over a blocking socket.

Locust's users are greenlets, and asyncio does not run among them. What decides in the Python client, when to send and
how to merge, knows neither socket nor clock, so it is used here as it is; only the line is another one.
"""

import time
import uuid
from collections.abc import Callable, Mapping
from typing import Any

import gevent
from collabdocs_client import Backoff, Operation
from collabdocs_client.replica import Replica
from gevent.event import Event

from loadtest.ledger import Tap
from loadtest.line import Line, LineLost

JOIN_SECONDS = 30.0  # in which a session is open, or has failed
ANSWER_SECONDS = 10.0  # without an acknowledgement, after which it is asked for again
PING_SECONDS = 8.0


class Session:
    """One client of one document: `text` follows all, edits are saved in the background, lost lines are made again.

    `failure` is what has ended it, if anything has.
    """

    def __init__(self, address: str, token: Callable[[], str], tap_of: Callable[[str], Tap]) -> None:
        self.replica = Replica(str(uuid.uuid4()))
        self.failure: Exception | None = None
        self._address, self._token, self._tap = address, token, tap_of(self.replica.client_id)
        self._joined = Event()
        self._line: Line | None = None
        self._asked_at = 0.0
        self._caret: int | None = None
        self._tasks: list[gevent.Greenlet] = []

    @property
    def text(self) -> str:
        """As it is here, own unsaved edits included."""
        return self.replica.text

    def open(self) -> None:
        """Return when the text is here; raises what stands against it."""
        self._tasks = [gevent.spawn(self._live), gevent.spawn(self._watch)]
        self._joined.wait(JOIN_SECONDS)
        if self.failure or not self.replica.has_joined:
            self.close()
            raise self.failure or TimeoutError(f"not joined within {JOIN_SECONDS:.0f} seconds")

    def edit(self, operation: Operation, caret: int) -> None:
        """Apply it here at once; it leaves as soon as nothing else is in flight, and the caret is shown after it."""
        self.replica.edit(operation)
        self._caret = caret
        self._send_all()

    def close(self) -> None:
        gevent.killall(self._tasks)

    # --- The line ---

    def _live(self) -> None:
        attempt = 0
        while True:
            try:
                self._talk()
            except LineLost:
                attempt = 0 if self._line is not None else attempt + 1
                self._line = None
                gevent.sleep(Backoff().delay(attempt))
            except Exception as error:
                self._line, self.failure = None, error
                self._joined.set()
                return

    def _talk(self) -> None:
        """Until the line is lost."""
        line = Line(self._address, self._token())
        try:
            self._send(line, self.replica.join())
            while True:
                self._take(line, line.receive())
        finally:
            line.cut()

    def _take(self, line: Line, message: dict[str, Any]) -> None:
        self._tap("in", message)
        self.replica.receive(message)
        if message["type"] == "joined":
            self._line = line
            self._joined.set()
        self._send_all()

    def _send_all(self) -> None:
        """What may go out now. The caret is a position in the server's text, hence shown once that has all of ours."""
        line = self._line
        if line is None:
            return
        while submission := self.replica.next_submission():
            self._asked_at = time.monotonic()
            self._send(line, submission)
        if self._caret is not None and self.replica.is_saved:
            place, self._caret = min(self._caret, len(self.text)), None
            shown = {"type": "presence", "base_version": self.replica.version, "selection": [[place, place]]}
            self._send(line, shown)

    def _send(self, line: Line, message: Mapping[str, Any]) -> None:
        self._tap("out", message)
        line.send(message)

    def _watch(self) -> None:
        """Signs of life, the token of the moment, and a second word where no answer comes."""
        shown = self._token()
        while True:
            gevent.sleep(PING_SECONDS)
            if (line := self._line) is None:
                continue
            self._send(line, {"type": "ping"})
            if (token := self._token()) != shown:
                shown = token
                self._send(line, {"type": "authenticate", "token": token})
            if self.replica.is_waiting and time.monotonic() - self._asked_at > ANSWER_SECONDS:
                self.replica.resend()
                self._send_all()
