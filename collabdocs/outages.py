"""What is known to go wrong gets one line in the log: a database that is away, busy or full, a log that is damaged, a
request that can't be meant well.

A traceback of that tells nobody anything, and an outage, or a scanner, makes thousands of them. All else keeps its
traceback.
"""

import sqlite3
from collections.abc import Iterator

from django.core.exceptions import SuspiciousOperation
from pymongo.errors import ConnectionFailure, PyMongoError

from accounts.errors import Problem
from documents.errors import UnknownOutcome

SQLITE_OUTAGES = {
    sqlite3.SQLITE_BUSY,
    sqlite3.SQLITE_LOCKED,
    sqlite3.SQLITE_FULL,
    sqlite3.SQLITE_IOERR,
    sqlite3.SQLITE_CANTOPEN,
    sqlite3.SQLITE_READONLY,
}
PRIMARY = 0xFF  # of an extended error code of SQLite


def known_failure(error: BaseException) -> BaseException | None:
    """What of an error, or of what caused it, is an outage or has a code of ours; None for a bug."""
    return next((each for each in _causes(error) if _is_known(each)), None)


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__


def _is_known(error: BaseException) -> bool:
    if isinstance(error, sqlite3.Error):
        return getattr(error, "sqlite_errorcode", 0) & PRIMARY in SQLITE_OUTAGES
    if isinstance(error, PyMongoError):
        return isinstance(error, ConnectionFailure) or error.timeout
    if isinstance(error, UnknownOutcome):  # by a cause, it is what the cause is
        return error.__cause__ is None
    return isinstance(error, Problem | SuspiciousOperation)
