"""The socket's language, `collabdocs.v1`: what a frame means, and how an answer is written. Pure.

A frame is one JSON object with a `type`. Whatever is wrong with one is a BadMessage, which harms only its sender.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias
from uuid import UUID

import orjson

from documents.ot.operation import InvalidOperation, Operation, parse
from documents.ot.rebase import Entry, entry_fields

SUBPROTOCOL = "collabdocs.v1"
BIGGEST = 2**53 - 1
MAX_RANGES = 64  # of one selection
MAX_TOKEN = 8192  # characters

BAD_MESSAGE = 4400
TOKEN_ENDED = 4401
NOT_ALLOWED = 4403
NO_DOCUMENT = 4404
TOO_SLOW = 4408
JOINED_ELSEWHERE = 4409
TOO_LARGE = 4413
TOO_FAST = 4429
FAILED = 1011
RESTARTING = 1012
CLOSE_CODES = (
    BAD_MESSAGE,
    TOKEN_ENDED,
    NOT_ALLOWED,
    NO_DOCUMENT,
    TOO_SLOW,
    JOINED_ELSEWHERE,
    TOO_LARGE,
    TOO_FAST,
    FAILED,
    RESTARTING,
)

Range: TypeAlias = tuple[int, int]


class BadMessage(Exception):
    """A frame that means nothing. `seq` tells which submission it was to be, if it said so."""

    def __init__(self, detail: str, code: str = "invalid_message", seq: int | None = None) -> None:
        super().__init__(detail)
        self.detail, self.code, self.seq = detail, code, seq


@dataclass(frozen=True, slots=True)
class Join:
    """First message. With `since`, the operations after that version are wanted instead of the text."""

    client_id: UUID
    since: int | None
    log: str | None


@dataclass(frozen=True, slots=True)
class Submit:
    seq: int
    base_version: int
    operation: Operation


@dataclass(frozen=True, slots=True)
class Presence:
    """Where the client's selections lie in the text at `base_version`, as (anchor, head) in code points."""

    base_version: int
    selection: tuple[Range, ...]


@dataclass(frozen=True, slots=True)
class Ping:
    pass


@dataclass(frozen=True, slots=True)
class Authenticate:
    token: str


Message: TypeAlias = Join | Submit | Presence | Ping | Authenticate


def parse_message(frame: str) -> Message:
    """What a client's frame says; BadMessage if nothing."""
    try:
        fields = orjson.loads(frame)
    except orjson.JSONDecodeError:
        raise BadMessage("not JSON") from None
    if type(fields) is not dict:
        raise BadMessage("not an object")
    kind = fields.get("type")
    reader = READERS.get(kind) if isinstance(kind, str) else None
    if reader is None:
        raise BadMessage("unknown type")
    return reader(fields)


def _join(fields: dict[str, Any]) -> Join:
    since, log = fields.get("since"), fields.get("log")
    if log is not None and (type(log) is not str or len(log) > 64):
        raise BadMessage("log must be a short string")
    return Join(
        client_id=_uuid(fields.get("client_id")),
        since=None if since is None else _whole(since, "since"),
        log=log,
    )


def _submit(fields: dict[str, Any]) -> Submit:
    seq = _whole(fields.get("seq"), "seq", lowest=1)
    try:
        return Submit(seq, _whole(fields.get("base_version"), "base_version"), parse(fields.get("operation")))
    except InvalidOperation as error:
        raise BadMessage(str(error), code=error.code, seq=seq) from None
    except BadMessage as error:
        raise BadMessage(error.detail, seq=seq) from None


def _presence(fields: dict[str, Any]) -> Presence:
    ranges = fields.get("selection")
    if type(ranges) is not list or len(ranges) > MAX_RANGES:
        raise BadMessage(f"selection must be a list of at most {MAX_RANGES} [anchor, head]")
    return Presence(_whole(fields.get("base_version"), "base_version"), tuple(_range(r) for r in ranges))


def _ping(fields: dict[str, Any]) -> Ping:
    return Ping()


def _authenticate(fields: dict[str, Any]) -> Authenticate:
    token = fields.get("token")
    if type(token) is not str or len(token) > MAX_TOKEN:
        raise BadMessage("token must be a string")
    return Authenticate(token)


READERS: dict[str, Callable[[dict[str, Any]], "Message"]] = {
    "join": _join,
    "submit": _submit,
    "presence": _presence,
    "ping": _ping,
    "authenticate": _authenticate,
}


def _whole(value: object, name: str, lowest: int = 0) -> int:
    if type(value) is not int or not lowest <= value <= BIGGEST:
        raise BadMessage(f"{name} must be a whole number from {lowest}")
    return value


def _uuid(value: object) -> UUID:
    try:
        if type(value) is str and len(value) == 36:
            return UUID(value)
    except ValueError:
        pass
    raise BadMessage("client_id must be a UUID")


def _range(value: object) -> Range:
    if type(value) is not list or len(value) != 2:
        raise BadMessage("a range is [anchor, head]")
    return _whole(value[0], "anchor"), _whole(value[1], "head")


# --- Answers --------------------------------------------------------------------------------------------------


def encode(kind: str, **fields: Any) -> str:
    """A frame of this type."""
    return orjson.dumps({"type": kind, **fields}).decode()


def operations(entries: Sequence[Entry]) -> str:
    """Committed entries, in version order and without holes."""
    return encode("operations", operations=[entry_fields(entry) for entry in entries])


def error(code: str, detail: str, seq: int | None = None) -> str:
    """This attempt committed nothing."""
    return encode("error", code=code, detail=detail, **({} if seq is None else {"seq": seq}))


def presence(client_id: UUID, user: dict[str, Any], version: int, selection: Sequence[Range] | None) -> str:
    """Where somebody's selections lie in the text at `version`; None when they have left."""
    return encode("presence", client_id=client_id, user=user, version=version, selection=selection)
