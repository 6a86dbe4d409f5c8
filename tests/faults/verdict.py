"""The verdict over one document of a run: rules K1 to K8, K10 and K11, and what there was to count."""

import json
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
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
    resent: int = 0
    recovered: int = 0  # unknown ones that are in the log
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


def judge(ledger: Ledger, log: Log, texts: Mapping[str, str]) -> Verdict:
    """`log` is the whole of it, oldest first; `texts` are all that anybody reads, by who."""
    records = ledger.records.values()
    pairs = {(entry["client_id"], entry["seq"]) for entry in log}
    unknown = {pair for pair, record in ledger.records.items() if record.was_unknown or record.resent}
    return Verdict(
        acknowledged=sum(record.version is not None for record in records),
        unknown=len(unknown),
        resent=sum(record.resent > 0 for record in records),
        recovered=len(unknown & pairs),
        refused=sum(record.failed for record in records),
        waits=[record.answered_at - record.invoked_at for record in records if record.version is not None],
        breaches=[*ledger.breaches(log, texts), *mangled(ledger, log), *stuck(ledger)],
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


def vacuous(total: Verdict, *, least: int, unknown: int) -> list[str]:
    """K11: a run that shows something has so many acknowledged, and so many unknown for a while."""
    found = []
    if total.acknowledged < least:
        found.append(f"VACUOUS: {total.acknowledged} were acknowledged, {least} are the least")
    if total.unknown < unknown:
        found.append(f"VACUOUS: {total.unknown} were unknown, {unknown} are the least")
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
