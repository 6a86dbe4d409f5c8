"""How the log is written: for people (LOG_FORMAT=text), or an object on each line, for programs (json).

Either way a message is one line and tells a terminal nothing, whatever stands in it, and what is known to go wrong has
no traceback (`outages.py`). Of what callers hang on a record only FIELDS are told: Django hangs whole requests and
queries there, with texts and tokens in them.
"""

import copy
import logging
from datetime import UTC, datetime
from typing import Any

from pythonjsonlogger.json import JsonFormatter

from accounts.asking import known
from collabdocs.outages import known_failure

LONGEST_REASON = 200  # characters
FIELDS = (
    "request_id",
    "user_id",
    "document_id",
    "version",
    "close_code",
    "method",
    "path",
    "status",
    "seconds",
    "operations",
)


class OneLine(logging.Formatter):
    """For people."""

    def format(self, record: logging.LogRecord) -> str:
        return super().format(_plain(record))


class JsonLines(JsonFormatter):
    """For programs: `time` (UTC), `level`, `logger`, `message`, FIELDS as far as they are known, and `traceback`."""

    def format(self, record: logging.LogRecord) -> str:
        return super().format(_plain(record))

    def add_fields(self, log_data: dict[str, Any], record: logging.LogRecord, message_dict: dict[str, Any]) -> None:
        log_data["time"] = datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")
        log_data |= {"level": record.levelname, "logger": record.name, "message": record.message}
        asked = known()
        for name in FIELDS:
            value = getattr(record, name, asked.get(name))
            if value is not None:
                log_data[name] = value if isinstance(value, int | float) else one_line(str(value))
        if "exc_info" in message_dict:
            log_data["traceback"] = message_dict["exc_info"]


def one_line(text: str) -> str:
    """With what is no letter written as an escape."""
    return text if text.isprintable() else "".join(c if c.isprintable() else repr(c)[1:-1] for c in text)


def _plain(record: logging.LogRecord) -> logging.LogRecord:
    """A copy with one line for a message; a failure that is known to happen stands behind it, and not below."""
    plain = copy.copy(record)
    plain.msg, plain.args = one_line(record.getMessage()), None
    error = record.exc_info[1] if record.exc_info else None
    if error is not None and (cause := known_failure(error)) is not None:
        why = " ".join(str(cause).split())[:LONGEST_REASON]
        plain.msg = one_line(f"{plain.msg}: {type(cause).__name__}: {why}")
        plain.exc_info = plain.exc_text = None
    return plain
