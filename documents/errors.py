"""What documents refuse, each with a stable code."""

from accounts.errors import Problem
from accounts.errors import TooMany as TooMany


class NotFound(Problem):
    """No such document, or none that the caller may know of: the same answer."""

    status, code, detail = 404, "not_found", "There is no such document."


class Forbidden(Problem):
    status, code, detail = 403, "forbidden", "You may not do this with this document."


class NoSuchVersion(Problem):
    status, code, detail = 404, "not_found", "There is no such version."


class NoSuchPerson(Problem):
    status, code, detail = 400, "no_such_user", "There is no such person here."


class NoSuchLink(Problem):
    """Unknown, revoked, expired, or into a document that is gone: the same answer, so that a guesser learns nothing."""

    status, code, detail = 404, "no_such_link", "This link does not work (any more)."


class InvalidText(Problem):
    status, code, detail = 400, "invalid_request", "This can't stand in a text."


class Stale(Problem):
    """Asked to be strict, and somebody was faster. `version` in the answer is the current one."""

    status, code, detail = 412, "stale", "The document has changed since that version."


class TooHeavy(Problem):
    status, code, detail = 413, "too_large", "These operations are too large for one answer: ask for a smaller limit."


class Busy(Problem):
    """The log could not be read or written now, or what became of a write is unknown: the same request again is safe
    with an Idempotency-Key or the same (client_id, seq)."""

    status, code, detail = 503, "unavailable", "The document can't be written just now. Try again."


class KeyReused(Problem):
    status, code, detail = 422, "idempotency_key_reused", "This Idempotency-Key was used with another request."


class Unreadable(Problem):
    """A file that brings no text."""

    status, code, detail = 400, "unreadable_file", "This file can't be read as a text."


class TooManyFiles(Problem):
    status, code, detail = 413, "too_many_files", "These are too many files for one import."


class InflatesTooMuch(Problem):
    status, code, detail = 413, "too_large", "What these files hold is too large for one import."


class CorruptLog(Problem):
    """An entry, or a copy, is missing, unreadable or does not apply. Never answered by an empty text."""

    status, code, detail = 500, "document_damaged", "This document is damaged."


class UnknownOutcome(Exception):
    """The database failed or was too contended: what was submitted may or may not be in the log. Resend it."""
