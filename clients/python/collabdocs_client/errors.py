"""What may go wrong, each with the server's stable code."""

from collections.abc import Mapping
from typing import Any


class CollabDocsError(Exception):
    """Anything this package raises on the server's word. `code` is stable, `detail` is for people."""

    code = "error"

    def __init__(self, detail: str = "", *, code: str | None = None, status: int | None = None) -> None:
        super().__init__(detail or code or self.code)
        self.code = code or self.code
        self.detail = detail
        self.status = status  # of HTTP, where the answer came by it


class Refused(CollabDocsError):
    """The server understood and will not do it. A refused edit has left the text again."""


class InvalidMessage(Refused):
    code = "invalid_message"


class OperationRefused(Refused):
    code = "invalid_operation"


class VersionUnknown(Refused):
    """A version above the head: this copy is ahead of the server's history."""

    code = "version_unknown"


class VersionTooOld(Refused):
    code = "version_too_old"


class SeqReused(Refused):
    code = "seq_reused"


class OutOfOrder(Refused):
    code = "out_of_order"


class Forbidden(Refused):
    code = "forbidden"


class DocumentTooLarge(Refused):
    code = "document_too_large"


class OperationTooLarge(Refused):
    code = "operation_too_large"


class RateLimited(Refused):
    code = "rate_limited"


class Stale(Refused):
    """A strict write met a newer version. `version` is the current one."""

    code = "stale"
    version: int | None = None


class LogChanged(Refused):
    """An older backup was restored: this copy belongs to another history and can't be merged.

    Its text, with what was not saved, is still in `Document.text` for copying.
    """

    code = "log_changed"


class NoDocument(Refused):
    """There is no such document, or none that you may know of."""

    code = "not_found"


class NotAllowed(Refused):
    """You may not open this document any more, or this program not at all."""

    code = "forbidden"


class LoggedOut(CollabDocsError):
    """The session is over: log in again."""

    code = "invalid_grant"


class TakenOver(CollabDocsError):
    """The same client_id joined elsewhere; this copy stands still."""

    code = "joined_elsewhere"


class Diverged(CollabDocsError):
    """This copy differs from the server's. That is a bug: please report it. `Document.text` can still be copied."""

    code = "diverged"


_BY_CODE: dict[str, type[CollabDocsError]] = {
    kind.code: kind
    for kind in (
        InvalidMessage,
        OperationRefused,
        VersionUnknown,
        VersionTooOld,
        SeqReused,
        OutOfOrder,
        Forbidden,
        DocumentTooLarge,
        OperationTooLarge,
        RateLimited,
        Stale,
        LogChanged,
        NoDocument,
        LoggedOut,
    )
}
# After these a new connection would end the same way. All other closes are worth another try.
_BY_CLOSE: dict[int, tuple[type[CollabDocsError], str]] = {
    4400: (InvalidMessage, "the server could not read what this client sent"),
    4403: (NotAllowed, "you may not open this document any more"),
    4404: (NoDocument, "there is no such document"),
    4409: (TakenOver, "the same client_id joined elsewhere"),
    4413: (OperationTooLarge, "a frame was too large"),
}


def from_code(code: str, detail: str, status: int | None = None) -> CollabDocsError:
    """The error that a code stands for; a plain Refused for one this release does not know."""
    return _BY_CODE.get(code, Refused)(detail, code=code, status=status)


def from_close(code: int) -> CollabDocsError | None:
    """The error that a close code means, None if the connection is to be made again."""
    if code not in _BY_CLOSE:
        return None
    kind, detail = _BY_CLOSE[code]
    return kind(detail)


def from_answer(status: int, body: object) -> CollabDocsError:
    """The error in an HTTP answer: RFC 9457 members, or OAuth's."""
    members: Mapping[str, Any] = body if isinstance(body, dict) else {}
    code = str(members.get("code") or members.get("error") or status)
    detail = str(members.get("detail") or members.get("error_description") or "")
    error = from_code(code, detail, status)
    if isinstance(error, Stale) and isinstance(version := members.get("version"), int):
        error.version = version
    return error
