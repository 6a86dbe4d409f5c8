"""The ledger: what every client sent and was told, held against what the server has. Rules K1 to K7, and K11.

`tap` of a document writes it: a line before a submission leaves, a line after each answer. With a directory the
lines go to a file for each client, at once, and `Ledger.read` knows from them all that was known: a verdict needs
nobody's memory. In an append run every submission puts in tags, each unique in the run, and nobody deletes but,
with `take`, a tag of one's own.
"""

import re
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

import orjson
from collabdocs_client.ot import InvalidOperation, Operation, apply, deleted_length

Pair = tuple[str, int]
Line = dict[str, Any]


@dataclass
class Record:
    """One submission: what was sent, when first, how often again, and what became of it."""

    sent: list[tuple[int, Operation]]  # (base version, operation): a second one only after `version_too_old`
    invoked_at: float
    resent: int = 0
    was_unknown: bool = False  # a line was lost while it was open
    version: int | None = None  # acknowledged
    answered_at: float = 0.0
    failed: bool = False

    @property
    def text(self) -> str:
        """What it inserts."""
        return inserted(self.sent[0][1])

    @property
    def is_open(self) -> bool:
        """`info`: nobody knows from the answers whether it happened."""
        return self.version is None and not self.failed


@dataclass
class Ledger:
    """What was said, by client and seq."""

    directory: Path | None = None
    records: dict[Pair, Record] = field(default_factory=dict)
    tags: set[str] = field(default_factory=set)
    taken: set[str] = field(default_factory=set)
    _newest: dict[str, Pair] = field(default_factory=dict)
    strangers: int = 0  # entries that may be in the log though no client of ours sent them: a restore, a PUT

    @classmethod
    def read(cls, directory: Path) -> Self:
        """From the files alone."""
        ledger = cls()
        lines = [orjson.loads(line) for path in directory.glob("*.jsonl") for line in path.read_bytes().splitlines()]
        for line in sorted(lines, key=lambda line: line["t"]):
            ledger._take(line)
        return ledger

    def tap_of(self, client_id: str) -> Callable[[str, Mapping[str, Any]], None]:
        """For `client.open(…, client_id=client_id, tap=…)`."""

        def tap(way: str, message: Mapping[str, Any]) -> None:
            if way == "out" and message["type"] == "submit":
                self.invoke((client_id, message["seq"]), message["operation"], message["base_version"])
            elif way == "out" and message["type"] == "join":
                self.lost(client_id)
            elif message["type"] in ("operations", "joined"):
                for entry in message.get("operations", ()):
                    if entry["client_id"] == client_id:
                        self.ok((client_id, entry["seq"]), entry["version"])
            elif message["type"] == "error" and message["code"] != "version_too_old" and "seq" in message:
                self.fail((client_id, message["seq"]))

        return tap

    def invoke(self, pair: Pair, operation: Operation, base: int = 0) -> None:
        """It leaves, for the first time or again."""
        self._note(pair, "invoke", base=base, op=operation)

    def ok(self, pair: Pair, version: int) -> None:
        if self.records[pair].version is None:
            self._note(pair, "ok", version=version)

    def fail(self, pair: Pair) -> None:
        self._note(pair, "fail")

    def lost(self, client_id: str) -> None:
        """A client begins a new line: what was open on the last one is unknown."""
        pair = self._newest.get(client_id)
        if pair is not None and self.records[pair].is_open and not self.records[pair].was_unknown:
            self._note(pair, "info")

    def tag(self, name: str) -> str:
        """A text that stands nowhere else in the run."""
        tag = f"[{name}.{len(self.tags):06}]"
        self._note((name, 0), "tag", tag=tag)
        return tag

    def take(self, tag: str) -> None:
        """Its owner deletes it."""
        self._note((tag, 0), "take", tag=tag)

    @property
    def resends(self) -> int:
        return sum(record.resent for record in self.records.values())

    def _note(self, pair: Pair, event: str, **more: Any) -> None:
        line = {"t": time.monotonic(), "client": pair[0], "seq": pair[1], "ev": event} | more
        if self.directory is not None:
            with (self.directory / f"{pair[0].strip('[]')}.jsonl").open("ab") as book:
                book.write(orjson.dumps(line) + b"\n")
        self._take(line)

    def _take(self, line: Line) -> None:
        match line["ev"]:
            case "tag":
                self.tags.add(line["tag"])
                return
            case "take":
                self.taken.add(line["tag"])
                return
        pair = line["client"], line["seq"]
        match line["ev"]:
            case "invoke":
                self._invoked(pair, line)
            case "ok":
                self.records[pair].version, self.records[pair].answered_at = line["version"], line["t"]
            case "fail":
                self.records[pair].failed = True
            case "info":
                self.records[pair].was_unknown = True

    def _invoked(self, pair: Pair, line: Line) -> None:
        sent = line["base"], tuple(line["op"])
        if pair not in self.records:
            self.records[pair], self._newest[pair[0]] = Record([sent], line["t"]), pair
            return
        record = self.records[pair]
        record.resent += 1
        if sent not in record.sent:
            record.sent.append(sent)

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
        found, strangers = [], 0
        for entry in log:
            record = self.records.get((entry["client_id"], entry["seq"]))
            strangers += record is None
            if record is None and strangers <= self.strangers:
                continue
            if record is None or record.failed or record.text != inserted(entry["operation"]):
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
            if self.tags and deleted_length(operation) and not (self.taken or self.strangers):
                return [f"DIVERGED version {entry['version']} deletes"]
        found = [f"DIVERGED {name} reads another text" for name, other in texts.items() if other != text]
        count = Counter(tags_in(text))
        found += [f"DUPLICATE {tag} is there {n} times" for tag, n in count.items() if n > 1 and tag in self.tags]
        if self.strangers:  # an old version was restored: what it took out is not lost, it is in the log
            return found
        return found + [f"LOST-ACK {tag} is not in the text" for tag in self._acknowledged_tags() if tag not in text]

    def _acknowledged_tags(self) -> Iterator[str]:
        for record in self.records.values():
            if record.version is not None:
                yield from (tag for tag in tags_in(record.text) if tag in self.tags and tag not in self.taken)


def inserted(operation: Sequence[Any]) -> str:
    """All that an operation inserts."""
    return "".join(part for part in operation if isinstance(part, str))


def tags_in(text: str) -> list[str]:
    """The tags that stand whole in a text."""
    return re.findall(r"\[[^\[\]]*\]", text)


def _holes(log: Sequence[Mapping[str, Any]]) -> list[str]:
    """K4: versions are 1 … n."""
    versions = [entry["version"] for entry in log]
    return [] if versions == list(range(1, len(log) + 1)) else [f"HOLE / FORK: versions are {versions[:50]} …"]
