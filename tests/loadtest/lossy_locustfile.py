"""Like the real one, but one submission never leaves: its author is told that it was committed."""

from collections.abc import Mapping
from typing import Any

from loadtest.line import Line
from loadtest.locustfile import *  # noqa: F403  # Locust looks for its users here
from loadtest.session import Session

_send = Session._send
_lost: list[str] = []


def _lossy(session: Session, line: Line, message: Mapping[str, Any]) -> None:
    if message["type"] != "submit" or _lost:
        return _send(session, line, message)
    _lost.append(session.replica.client_id)
    forged = {"version": session.replica.version + 1, "client_id": _lost[0], "author": None}
    answer = {"type": "operations", "operations": [dict(message) | forged]}
    session._tap("out", message)
    session._tap("in", answer)
    session.replica.receive(answer)


Session._send = _lossy  # type: ignore[method-assign]
