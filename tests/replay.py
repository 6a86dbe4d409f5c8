"""Editing traces: real typing to replay. The format is described beside the traces (TRACES_DIR, README.md).

Read from TRACES_DIR, by default ../shared/traces beside the repository; the own sample is always there.
"""

import gzip
import json
import os
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

import pytest
from collabdocs_client.ot import Operation, apply, canonical, transform

HERE = Path(__file__).parent / "traces"
ROOT = Path(__file__).parents[1]
TRACES = Path(os.environ.get("TRACES_DIR") or ROOT.parent / "shared" / "traces")

Trace = dict[str, Any]
Patch = tuple[int, int, str]


def load(name: str) -> Trace:
    """A trace by name. Where it is missing its test is left out, loudly; with CI set, a directory with holes fails."""
    path = HERE / f"{name}.json.gz"
    if not path.exists():
        path = TRACES / f"{name}.json.gz"
        if not path.exists() and not (os.environ.get("CI") and TRACES.is_dir()):
            pytest.skip(f"NO TRACE: {path} is not there, so {name} was not replayed; set TRACES_DIR")
    trace: Trace = json.loads(gzip.decompress(path.read_bytes()))
    return trace


def patches(trace: Trace, most: int | None = None) -> Iterator[Patch]:
    """A sequential trace's (position, deleted, inserted), in code points."""
    return islice((patch for txn in trace["txns"] for patch in txn["patches"]), most)


def operation_for(patch: Patch) -> Operation:
    position, deleted, inserted = patch
    return canonical((position, inserted, -deleted))


def sliced(trace: Trace, most: int | None = None) -> str:
    """The text by plain slicing, without any operation."""
    text: str = trace["startContent"]
    for position, deleted, inserted in patches(trace, most):
        text = text[:position] + inserted + text[position + deleted :]
    return text


def session(trace: Trace) -> Iterator[tuple[int, list[int], list[Patch]]]:
    """(author, how many txns of each agent the author had then, patches), from the graph of parents."""
    clocks: list[list[int]] = []
    for txn in trace["txns"]:
        parents = [clocks[parent] for parent in txn["parents"]]
        seen = [max(counts) for counts in zip(*parents, strict=True)] or [0] * trace["numAgents"]
        yield txn["agent"], list(seen), txn["patches"]
        seen[txn["agent"]] += 1
        clocks.append(seen)


@dataclass
class Unseen:
    """An entry of the other's that this agent has not taken in: moved past all that the agent wrote since."""

    txn: int
    version: int
    operation: Operation


class Agent:
    """One writer of a concurrent trace: its copy of the text, which has seen what the trace says and no more."""

    def __init__(self) -> None:
        self.text = ""
        self.version = 0  # of the newest entry taken in, or of the newest own one
        self.unseen: list[Unseen] = []

    def sees(self, txns: int) -> None:
        """Take in the other's entries up to its txn number `txns`."""
        while self.unseen and self.unseen[0].txn <= txns:
            entry = self.unseen.pop(0)
            self.text = apply(self.text, entry.operation)
            self.version = max(self.version, entry.version)

    def writes(self, operation: Operation) -> tuple[int, Operation, Operation]:
        """(base version, operation on it, operation as it must be committed).

        The base must not lie below the own last version (one submission in flight: who was acknowledged has got
        everything before). What came before it, the agent crosses itself, as its buffer would; the rest is the
        server's to cross.
        """
        self.text = apply(self.text, operation)
        on_base = operation
        for entry in self.unseen:
            entry.operation, operation = (
                transform(entry.operation, operation, first=False),
                transform(operation, entry.operation),
            )
            if entry.version <= self.version:
                on_base = operation
        return self.version, on_base, operation
