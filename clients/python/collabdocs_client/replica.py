"""One copy of a document: what each message of the server does to it, and what is to be sent. No socket, no clock.

Rules.

* One submission is in flight at a time, and frozen: sent again, it says the same with the same `seq` and base.
* After a cut the copy joins with `since` and sends nothing before it has reached `joined.head`: what was in flight
  may be in the log already, and then its entry is met on the way there.
* The own entry in flight (client_id and seq) acknowledges. Any other entry, an own one of old times too, is applied.
* `version_too_old` is the one error after which the same `seq` is sent again, on a fresh base. After any other the
  submission leaves the text.
* Where catching up leads to another text than the server's (`joined.sha256`), a backup was restored: nothing is sent.
* An entry at or below `version` brings no text.
"""

import hashlib
import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from .errors import CollabDocsError, Diverged, LogChanged, VersionUnknown, from_code
from .ot import InvalidOperation, Operation, apply, invert, parse, validate
from .ot.session import InFlight
from .splitting import Limits, SplittingSession

logger = logging.getLogger(__name__)

Message = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Change:
    """What the server changed in the text here: `operation` led from the text before to the text after.

    `author` is a user's id, None for the system. `refused` marks an own edit leaving the text again.
    """

    version: int
    operation: Operation
    author: str | None
    refused: bool = False


class Replica:
    """The text here, and what the server knows of it."""

    def __init__(self, client_id: str) -> None:
        self.client_id = client_id
        self.text = ""
        self.title: str | None = None
        self.role: str | None = None
        self.user: dict[str, Any] | None = None
        self.log: str | None = None
        self.has_joined = False
        self.refusals: list[CollabDocsError] = []
        self._session = SplittingSession(0, Limits())
        self._committed = ""  # the server's text at `version`
        self._head: int | None = None  # to be reached before anything is sent; None until joined
        self._sent: InFlight | None = None  # on this connection
        self._is_too_old = False

    @property
    def version(self) -> int:
        """The last version taken in."""
        return self._session.version

    @property
    def is_saved(self) -> bool:
        """Whether everything done here was acknowledged."""
        return self._session.in_flight is None and not self._session.buffer

    @property
    def is_waiting(self) -> bool:
        """Whether a submission was sent on this connection and not yet answered."""
        return self._sent is not None and self._sent == self._session.in_flight

    # --- From here ---

    def edit(self, operation: Sequence[int | str]) -> None:
        """Take an edit of the text here; InvalidOperation if it is none, and then nothing has changed."""
        edit = validate(parse(list(operation)), len(self.text))
        if edit:
            self.text = apply(self.text, edit)
            self._session.edit(edit)

    def join(self) -> dict[str, Any]:
        """The first message on a new connection."""
        self._head, self._sent = None, None
        message: dict[str, Any] = {"type": "join", "client_id": self.client_id}
        return message | ({"since": self.version, "log": self.log} if self.has_joined else {})

    def next_submission(self) -> dict[str, Any] | None:
        """The submission to send now, once."""
        in_flight = self._session.in_flight
        if self._head is None or self.version < self._head or in_flight is None or in_flight == self._sent:
            return None
        self._sent = in_flight
        return {
            "type": "submit",
            "seq": in_flight.seq,
            "base_version": in_flight.base_version,
            "operation": in_flight.operation,
        }

    def resend(self) -> None:
        """No answer came: let `next_submission` say the same again."""
        self._sent = None

    # --- From the server ---

    def receive(self, message: Message) -> list[Change]:
        """Take a message in; what it changed in the text. Raises what ends this copy."""
        match message.get("type"):
            case "joined":
                return self._joined(message)
            case "operations":
                return self._operations(message["operations"])
            case "error":
                return self._error(message)
            case "checksum":
                self._check(message)
            case "role":
                self.role = message["role"]
            case "document":
                self.title = message["title"]
        return []  # presence, comments, pongs and what later releases may say

    def _joined(self, message: Message) -> list[Change]:
        self.log, self.role, self.user = message["log"], message["role"], message["user"]
        if not self.has_joined:
            self._session = SplittingSession(message["version"], _limits(message.get("limits", {})))
            self.text = self._committed = message["content"]
            self.has_joined = True
        changes = self._caught_up(message)
        self._head = message["head"]
        return changes

    def _caught_up(self, message: Message) -> list[Change]:
        """Cross what was missed; LogChanged, and the text as it was, if that does not lead to the server's text."""
        shown = self.text
        try:
            changes = self._operations(message.get("operations", ()))
            if "sha256" in message:
                self._check(message)
        except (Diverged, InvalidOperation) as error:
            self.text = shown
            raise LogChanged(f"this copy is of another history than the server's: {error}") from None
        return changes

    def _operations(self, entries: Sequence[Message]) -> list[Change]:
        changes = [change for entry in entries if (change := self._entry(entry))]
        self._refresh_if_too_old()
        return changes

    def _entry(self, entry: Message) -> Change | None:
        version, operation = entry["version"], tuple(entry["operation"])
        own = self._is_in_flight(entry)
        if own and version == self.version + 1 and operation != self._session.outstanding:
            raise Diverged(f"version {version} is not what was sent")
        if version == self.version + 1:
            self._committed = apply(self._committed, operation)
        to_apply = self._session.receive(version, operation, own=own)
        if own:
            self._is_too_old = False
        if not self._session.pending:
            self.text = self._committed
        elif to_apply:
            self.text = apply(self.text, to_apply)
        return Change(version, to_apply, entry.get("author")) if to_apply else None

    def _is_in_flight(self, entry: Message) -> bool:
        in_flight = self._session.in_flight
        return in_flight is not None and entry["client_id"] == self.client_id and entry["seq"] == in_flight.seq

    def _error(self, message: Message) -> list[Change]:
        error = from_code(message["code"], message.get("detail", ""))
        in_flight, seq = self._session.in_flight, message.get("seq")
        if isinstance(error, VersionUnknown) and seq is None:
            raise LogChanged("the server's history ends before what this copy has seen", code=error.code)
        if seq is None:
            raise error
        if in_flight is None or seq != in_flight.seq:
            return []
        if message["code"] == "version_too_old":
            self._is_too_old = True
            self._refresh_if_too_old()
            return []
        return self._refused(error)

    def _refresh_if_too_old(self) -> None:
        """A fresh base needs a newer version than the refused one; it may still be on its way."""
        in_flight = self._session.in_flight
        if self._is_too_old and in_flight is not None and self.version > in_flight.base_version:
            self._session.refresh()
            self._is_too_old = False

    def _refused(self, error: CollabDocsError) -> list[Change]:
        logger.warning("An edit was refused: %s", error)
        self.refusals.append(error)
        change = self._session.refuse(invert(self._session.outstanding, self._committed))
        self._is_too_old = False
        self.text = apply(self.text, change)
        author = self.user["id"] if self.user else None
        return [Change(self.version, change, author, refused=True)] if change else []

    def _check(self, message: Message) -> None:
        if message["version"] == self.version:
            digest = hashlib.sha256(self._committed.encode()).hexdigest()
            if digest != message["sha256"]:
                raise Diverged(f"the text at version {self.version} is {digest}, the server's {message['sha256']}")


def _limits(given: Mapping[str, int]) -> Limits:
    known = Limits()
    return Limits(
        inserted=given.get("inserted", known.inserted),
        components=given.get("components", known.components),
        frame=given.get("frame", known.frame),
    )
