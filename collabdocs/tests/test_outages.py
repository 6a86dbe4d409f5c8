"""An outage is one line in the log; a bug keeps its traceback."""

import logging
import sqlite3
import sys

import pytest
from django.core.exceptions import DisallowedHost
from django.db import DatabaseError, OperationalError, connection, utils
from pymongo.errors import AutoReconnect, ExecutionTimeout, OperationFailure, ServerSelectionTimeoutError

from collabdocs.logs import OneLine
from documents.errors import CorruptLog, UnknownOutcome


def logged(error: BaseException, *causes: BaseException) -> str:
    """What the log says of an error that the others led to."""
    for effect, cause in zip((error, *causes), causes, strict=False):
        effect.__cause__ = cause
    try:
        raise error
    except type(error):
        record = logging.LogRecord("x", logging.ERROR, "x.py", 1, "It failed", None, sys.exc_info())
    return OneLine("{levelname} {message}", style="{").format(record)


def sqlite_error(code: int) -> sqlite3.Error:
    error = sqlite3.OperationalError("it can't")
    error.sqlite_errorcode = code
    return error


@pytest.mark.parametrize(
    "errors",
    [
        (AutoReconnect("gone"),),
        (ExecutionTimeout("late"),),
        (UnknownOutcome("x"), DatabaseError("x"), ServerSelectionTimeoutError("a\nb")),
        (OperationalError("x"), sqlite_error(sqlite3.SQLITE_IOERR_WRITE)),
        (CorruptLog("no version 3"),),
        (DisallowedHost("Invalid HTTP_HOST header: 'a b'."),),
    ],
    ids=lambda errors: type(errors[-1]).__name__,
)
def test_what_is_known_is_one_line(errors: tuple[BaseException, ...]) -> None:
    said = logged(*errors)
    assert said.startswith(f"ERROR It failed: {type(errors[-1]).__name__}: ")
    assert len(said.splitlines()) == 1


@pytest.mark.parametrize(
    "errors",
    [
        (ValueError("a bug"),),
        (DatabaseError("x"), OperationFailure("no such stage")),
        (OperationalError("x"), sqlite_error(sqlite3.SQLITE_ERROR)),
    ],
    ids=lambda errors: type(errors[-1]).__name__,
)
def test_a_bug_keeps_its_traceback(errors: tuple[BaseException, ...]) -> None:
    said = logged(*errors)
    assert said.startswith("ERROR It failed\n") and "Traceback" in said


@pytest.mark.skipif(connection.vendor != "sqlite", reason="it asks SQLite")
def test_a_locked_file_is_known_by_its_own_error(tmp_path) -> None:
    first, second = (sqlite3.connect(tmp_path / "x", isolation_level=None, timeout=0) for _ in range(2))
    first.execute("BEGIN IMMEDIATE")
    with pytest.raises(utils.OperationalError) as caught, connection.wrap_database_errors:
        second.execute("BEGIN IMMEDIATE")
    assert logged(caught.value, caught.value.__cause__) == "ERROR It failed: OperationalError: database is locked"


@pytest.mark.parametrize(
    "evil", ["a\nERROR root: forged", "a\r\nb", "\x1b[2J\x1b]0;x\x07", "\u202e", "\u2028", "\ud83d", "\0"]
)
def test_no_message_forges_a_line(evil: str) -> None:
    record = logging.LogRecord("x", logging.ERROR, "x.py", 1, "It failed: %s ψ", (evil,), None)
    said = OneLine("{levelname} {message}", style="{").format(record)
    assert len(said.splitlines()) == 1 and said.isprintable() and said.endswith("ψ")
    assert said.startswith("ERROR It failed: ") and "\\" in said
