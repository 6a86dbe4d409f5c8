"""What must be true at the end: nothing acknowledged is lost, nothing is there twice, everybody reads the same text."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from collabdocs_client.ot import InvalidOperation, apply

from loadtest.ledger import Ledger

Log = Sequence[Mapping[str, Any]]  # entries as `GET operations` answers them, oldest first


def breaches(ledger: Ledger, log: Log, texts: Mapping[str, str], opening: int = 0) -> list[str]:
    """Everything that is wrong with one document. The first `opening` versions were there before the clients came."""
    found = [*_holes(log), *_lost(ledger, log), *_doubled(log), *_counts(ledger, log)]
    return [*found, *_writes(ledger, log), *_ghosts(ledger, log[opening:]), *_diverged(log, texts)]


def _holes(log: Log) -> Iterator[str]:
    if [entry["version"] for entry in log] != list(range(1, len(log) + 1)):
        yield "HOLE: the log's versions are not 1, 2, 3, …"


def _lost(ledger: Ledger, log: Log) -> Iterator[str]:
    at = {entry["version"]: _pair(entry) for entry in log}
    for pair, version in ledger.acknowledged.items():
        if at.get(version) != pair:
            yield f"LOST: {pair} was acknowledged as version {version}, which is {at.get(version)}"


def _doubled(log: Log) -> Iterator[str]:
    for pair, count in Counter(map(_pair, log)).items():
        if count > 1:
            yield f"DOUBLED: {pair} is in the log {count} times"


def _counts(ledger: Ledger, log: Log) -> Iterator[str]:
    """Once everything is saved, what was sent was acknowledged, and the log has just as much of it."""
    told, kept = len(ledger.acknowledged), sum(_pair(entry) in ledger.sent for entry in log)
    if told != kept:
        yield f"COUNT: {told} submissions were acknowledged, {kept} are in the log"
    for pair, code in ledger.refused.items():
        yield f"REFUSED: {pair} ({code})"
    for pair in ledger.sent.keys() - ledger.acknowledged.keys() - ledger.refused.keys():
        yield f"UNANSWERED: {pair}"


def _writes(ledger: Ledger, log: Log) -> Iterator[str]:
    """A PUT's mark was put in once; by one whose answer was lost, at most once."""
    for mark, is_answered in ledger.writes.items():
        count = sum(_inserted(entry).count(mark) for entry in log)
        if count > 1 or (is_answered and count == 0):
            yield f"WRITE: the mark {mark} of a PUT was put in {count} times"


def _ghosts(ledger: Ledger, log: Log) -> Iterator[str]:
    for entry in log:
        if _pair(entry) in ledger.refused:
            yield f"GHOST: version {entry['version']} was refused"
        elif _pair(entry) not in ledger.sent and not any(mark in _inserted(entry) for mark in ledger.writes):
            yield f"GHOST: nobody sent version {entry['version']}"


def _diverged(log: Log, texts: Mapping[str, str]) -> Iterator[str]:
    text = ""
    try:
        for entry in log:
            text = apply(text, tuple(entry["operation"]))
    except InvalidOperation as error:
        yield f"DIVERGED: the log does not apply: {error}"
        return
    for name, other in texts.items():
        if other != text:
            yield f"DIVERGED: {name} reads another text than the log tells"


def _pair(entry: Mapping[str, Any]) -> tuple[str, int]:
    return entry["client_id"], entry["seq"]


def _inserted(entry: Mapping[str, Any]) -> str:
    return "".join(part for part in entry["operation"] if isinstance(part, str))
