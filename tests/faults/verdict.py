"""The verdict over one document of a run: rules K1 to K8, K10 and K11, and what there was to count."""

import json
import subprocess
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import takewhile
from pathlib import Path
from statistics import quantiles
from typing import Any

from tests.ledger import Ledger, tags_in

REBASE = Path(__file__).with_name("rebase.mjs")
Log = Sequence[Mapping[str, Any]]


@dataclass
class Verdict:
    """Counts of submissions, and every breach by its name. Several documents' verdicts add up."""

    acknowledged: int = 0
    unknown: int = 0  # their line was lost before an answer came
    resent: int = 0  # said again, on another line or on the same one
    recovered: int = 0  # unknown or resent, and in the log
    refused: int = 0
    waits: list[float] = field(default_factory=list)  # seconds from the first sending to the answer
    breaches: list[str] = field(default_factory=list)

    def __add__(self, other: "Verdict") -> "Verdict":
        return Verdict(
            self.acknowledged + other.acknowledged,
            self.unknown + other.unknown,
            self.resent + other.resent,
            self.recovered + other.recovered,
            self.refused + other.refused,
            self.waits + other.waits,
            self.breaches + other.breaches,
        )

    def wait_at(self, percent: int) -> float:
        """Seconds; 0 where nothing was answered."""
        return quantiles(self.waits, n=100)[percent - 1] if len(self.waits) > 1 else 0.0


def judge(ledger: Ledger, log: Log, texts: Mapping[str, str], told: Mapping[str, Log] | None = None) -> Verdict:
    """`log` is the whole of it, oldest first, from the database; `texts` are all that anybody reads, by who; `told` is
    the log as others tell it."""
    records = ledger.records.values()
    pairs = {(entry["client_id"], entry["seq"]) for entry in log}
    doubtful = {pair for pair, record in ledger.records.items() if record.was_unknown or record.resent}
    return Verdict(
        acknowledged=sum(record.version is not None for record in records),
        unknown=sum(record.was_unknown for record in records),
        resent=sum(record.resent > 0 for record in records),
        recovered=len(doubtful & pairs),
        refused=sum(record.failed for record in records),
        waits=[record.answered_at - record.invoked_at for record in records if record.version is not None],
        breaches=[*ledger.breaches(log, texts), *mangled(ledger, log), *stuck(ledger), *retold(log, told or {})],
    )


def mangled(ledger: Ledger, log: Log) -> list[str]:
    """K8: what is in the log is what was sent, moved over what came between, says a library of other people's."""
    answer = _by_others(ledger, log)
    if "error" in answer:
        return [f"MANGLED: the log does not apply: {answer['error']}"]
    whole, tags = set(tags_in(answer["text"])), ledger.tags - ledger.taken
    broken = [tag for tag in tags if tag not in whole and tag[1:-1] in answer["text"]]
    if ledger.strangers:  # an old version was restored: what that took out may begin or end within a tag
        broken = []
    return [f"MANGLED version {version}" for version in answer["wrong"]] + [f"MANGLED {tag}" for tag in broken]


def stuck(ledger: Ledger) -> list[str]:
    """K10: everything that was sent was answered at last."""
    return [f"STUCK {pair} was never answered" for pair, record in ledger.records.items() if record.is_open]


def retold(log: Log, told: Mapping[str, Log]) -> list[str]:
    """K7: whoever is asked for the log tells what the database holds."""
    found = []
    for name, other in told.items():
        ours, theirs = list(map(_essence, log)), list(map(_essence, other))
        if ours != theirs:
            alike = sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(ours, theirs, strict=False)))
            found.append(
                f"DIVERGED {name} tells another log after version {alike}: {len(other)} entries, not {len(log)}"
            )
    return found


def _essence(entry: Mapping[str, Any]) -> tuple[Any, ...]:
    return entry["version"], entry["client_id"], entry["seq"], tuple(entry["operation"])


def recovery(ledgers: Iterable[Ledger], healed: float) -> float:
    """Seconds from when the system was whole again until all that was sent before was answered."""
    sent = [record for ledger in ledgers for record in ledger.records.values() if record.invoked_at <= healed]
    return max((record.answered_at - healed for record in sent if record.answered_at > healed), default=0.0)


def slow(took: Mapping[str, float], most: float, patience: float) -> list[str]:
    """K10, by the clock: what came too late. What had not come after `patience` is not slow, but stuck."""
    return [
        f"SLOW: {what} after {seconds:.1f} s, {most:.0f} s are the most"
        for what, seconds in took.items()
        if most < seconds < patience
    ]


def vacuous(total: Verdict, *, least: int, unknown: int, resent: int = 0) -> list[str]:
    """K11: a run that shows something has so many acknowledged, so many unknown for a while, so many sent again."""
    found = []
    if total.acknowledged < least:
        found.append(f"VACUOUS: {total.acknowledged} were acknowledged, {least} are the least")
    if total.unknown < unknown:
        found.append(f"VACUOUS: {total.unknown} were unknown, {unknown} are the least")
    if total.resent < resent:
        found.append(f"VACUOUS: {total.resent} were sent again, {resent} are the least")
    return found


def _by_others(ledger: Ledger, log: Log) -> dict[str, Any]:
    def sent(entry: Mapping[str, Any]) -> Any:
        record = ledger.records.get((entry["client_id"], entry["seq"]))
        return record and record.sent

    asked = json.dumps({"log": [{"operation": entry["operation"], "sent": sent(entry)} for entry in log]})
    done = subprocess.run(["node", str(REBASE)], input=asked, capture_output=True, text=True, timeout=120)
    if done.returncode:
        return {"error": done.stderr.strip().splitlines()[4:5]}
    answer: dict[str, Any] = json.loads(done.stdout)
    return answer
