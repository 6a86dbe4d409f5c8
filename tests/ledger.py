"""The ledger: what every client sent and was told, held against what the server has. Rules K1 to K7.

`tap` of a document writes it: a line before a submission leaves, a line after each answer. In an append run every
submission puts in tags, each unique in the run, and nobody deletes.
"""

import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from collabdocs_client.ot import InvalidOperation, Operation, apply, deleted_length

Pair = tuple[str, int]


@dataclass
class Record:
    """One submission: what it inserts, when it was first sent, how often again, and what became of it."""

    text: str
    invoked_at: float
    resent: int = 0
    version: int | None = None  # acknowledged
    answered_at: float = 0.0
    failed: bool = False

    @property
    def is_open(self) -> bool:
        """`info`: nobody knows from the answers whether it happened."""
        return self.version is None and not self.failed


@dataclass
class Ledger:
    """What was said, by client and seq."""

    records: dict[Pair, Record] = field(default_factory=dict)
    tags: set[str] = field(default_factory=set)

    def tap_of(self, client_id: str) -> Callable[[str, Mapping[str, Any]], None]:
        """For `client.open(…, client_id=client_id, tap=…)`."""

        def tap(way: str, message: Mapping[str, Any]) -> None:
            if way == "out" and message["type"] == "submit":
                self.invoke((client_id, message["seq"]), message["operation"])
            elif message["type"] in ("operations", "joined"):
                for entry in message.get("operations", ()):
                    if entry["client_id"] == client_id:
                        self.ok((client_id, entry["seq"]), entry["version"])
            elif message["type"] == "error" and message["code"] != "version_too_old" and "seq" in message:
                self.records[client_id, message["seq"]].failed = True

        return tap

    def invoke(self, pair: Pair, operation: Operation) -> None:
        if pair in self.records:
            self.records[pair].resent += 1
        else:
            text = "".join(part for part in operation if isinstance(part, str))
            self.records[pair] = Record(text, time.monotonic())

    def ok(self, pair: Pair, version: int) -> None:
        record = self.records[pair]
        if record.version is None:
            record.version, record.answered_at = version, time.monotonic()

    def tag(self, name: str) -> str:
        """A text that stands nowhere else in the run."""
        tag = f"[{name}.{len(self.tags):06}]"
        self.tags.add(tag)
        return tag

    @property
    def resends(self) -> int:
        return sum(record.resent for record in self.records.values())

    # --- The verdict ---

    def breaches(self, log: Sequence[Mapping[str, Any]], texts: Mapping[str, str]) -> list[str]:
        """Every breach of K1 to K7 in a log (entries as `GET operations` answers them) and in the texts read."""
        found = [*self._lost(log), *self._doubled(log), *self._ghosts(log), *_holes(log)]
        return [*found, *self._reordered(log), *self._stale(log), *self._diverged(log, texts)]

    def _lost(self, log: Sequence[Mapping[str, Any]]) -> list[str]:
        """K1: what was acknowledged is in the log, at that version."""
        at = {entry["version"]: (entry["client_id"], entry["seq"]) for entry in log}
        return [
            f"LOST-ACK {pair} was acknowledged as version {record.version}"
            for pair, record in self.records.items()
            if record.version is not None and at.get(record.version) != pair
        ]

    def _doubled(self, log: Sequence[Mapping[str, Any]]) -> list[str]:
        """K2: no pair twice."""
        pairs = Counter((entry["client_id"], entry["seq"]) for entry in log)
        return [f"DUPLICATE {pair} is there {count} times" for pair, count in pairs.items() if count > 1]

    def _ghosts(self, log: Sequence[Mapping[str, Any]]) -> list[str]:
        """K3: nothing that nobody sent, nothing that was refused, nothing but what was sent."""
        found = []
        for entry in log:
            record = self.records.get((entry["client_id"], entry["seq"]))
            inserted = "".join(part for part in entry["operation"] if isinstance(part, str))
            if record is None or record.failed or record.text != inserted:
                found.append(f"GHOST version {entry['version']}")
        return found

    def _reordered(self, log: Sequence[Mapping[str, Any]]) -> list[str]:
        """K5: a client's seqs grow along the log."""
        newest: dict[str, int] = {}
        found = []
        for entry in log:
            if entry["seq"] <= newest.get(entry["client_id"], 0):
                found.append(f"REORDER version {entry['version']}")
            newest[entry["client_id"]] = entry["seq"]
        return found

    def _stale(self, log: Sequence[Mapping[str, Any]]) -> list[str]:
        """K6: what was acknowledged before another was sent has the lower version."""
        known = [record for record in self.records.values() if record.version is not None]
        events = sorted(
            [(record.answered_at, 0, record.version) for record in known]
            + [(record.invoked_at, 1, record.version) for record in known]
        )
        found, highest = [], 0
        for _, is_invoke, version in events:
            if not is_invoke:
                highest = max(highest, version)
            elif version <= highest:
                found.append(f"STALE-COMMIT version {version} was sent after {highest} was acknowledged")
        return found

    def _diverged(self, log: Sequence[Mapping[str, Any]], texts: Mapping[str, str]) -> list[str]:
        """K7: the log's fold is what everybody reads; in an append run with each tag once."""
        text = ""
        for entry in log:
            operation = tuple(entry["operation"])
            try:
                text = apply(text, operation)
            except InvalidOperation as error:
                return [f"DIVERGED version {entry['version']} does not apply: {error}"]
            if self.tags and deleted_length(operation):
                return [f"DIVERGED version {entry['version']} deletes"]
        found = [f"DIVERGED {name} reads another text" for name, other in texts.items() if other != text]
        found += [f"DUPLICATE {tag} is there {count} times" for tag in self.tags if (count := text.count(tag)) > 1]
        sent = {tag for tag in self.tags for record in self.records.values() if tag in record.text and record.version}
        return found + [f"LOST-ACK {tag} is not in the text" for tag in sent if tag not in text]


def _holes(log: Sequence[Mapping[str, Any]]) -> list[str]:
    """K4: versions are 1 … n."""
    versions = [entry["version"] for entry in log]
    return [] if versions == list(range(1, len(log) + 1)) else [f"HOLE / FORK: versions are {versions[:50]} …"]
