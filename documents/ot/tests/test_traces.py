"""Real typing, keystroke by keystroke, through the pure core; the whole stack replays it elsewhere.

Read from TRACES_DIR, by default ../shared/traces beside the repository, whose README describes them.
"""

import gzip
import json
import os
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from documents.ot import Operation, apply, canonical, parse, transform, validate

ROOT = Path(__file__).parents[3]
TRACES = Path(os.environ.get("TRACES_DIR") or ROOT.parent / "shared" / "traces")


def load(name: str) -> dict[str, Any]:
    path = TRACES / f"{name}.json.gz"
    if not path.exists():
        pytest.skip(f"no trace at {path}; set TRACES_DIR")
    trace: dict[str, Any] = json.loads(gzip.decompress(path.read_bytes()))
    return trace


def digest(text: str) -> str:
    return sha256(text.encode()).hexdigest()


def operation_for(patch: list[Any]) -> Operation:
    position, deleted, inserted = patch
    return canonical([position, inserted, -deleted])


def patches(trace: dict[str, Any]) -> Iterator[list[Any]]:
    return (patch for txn in trace["txns"] for patch in txn["patches"])


def through_the_door(text: str, operation: Operation) -> str:
    return apply(text, validate(parse(json.loads(json.dumps(operation))), len(text)))


@pytest.mark.parametrize(
    ("name", "end"),
    [
        ("sveltecomponent", "d8bb93b7cf87b4c3a0394fddc028284a093d90d5794a213d1ccb0794eb4ede8f"),
        ("sveltecomponent-unicode", "f93286e70c41c6bd07853e771543c1c23bf9037233a63e5a5c9cf389b4456333"),
    ],
)
def test_one_writer(name: str, end: str) -> None:
    text = ""
    for patch in patches(load(name)):
        text = through_the_door(text, operation_for(patch))
    assert digest(text) == end


def test_the_beginning_of_a_paper() -> None:
    """The first 20,000 keystrokes, against plain slicing; the trace knows only its end."""
    text = expected = ""
    for _, (position, deleted, inserted) in zip(range(20_000), patches(load("automerge-paper")), strict=False):
        expected = expected[:position] + inserted + expected[position + deleted :]
        text = through_the_door(text, operation_for([position, deleted, inserted]))
    assert digest(text) == digest(expected)


def test_two_friends_with_a_second_between_them() -> None:
    """The file's order is the order of commits; each friend writes on a copy that has not yet seen all of them."""
    trace = load("friendsforever-concurrent")
    server = ""
    copies = [Copy(), Copy()]
    for author, seen, made in session(trace):
        copy, other = copies[author], copies[1 - author]
        copy.see(seen[1 - author])
        for patch in made:
            committed = copy.edit(operation_for(patch))
            server = apply(server, committed)
            other.unseen.append((seen[author] + 1, committed))
    for copy in copies:
        copy.see(len(trace["txns"]))
        assert copy.text == server
    assert digest(server) == "4720ec330c91e288c00b71cab318f7a1cdde689dfc401f269c353acfd6cb03f6"


class Copy:
    """One writer's text, and what the other has committed that has not arrived here yet."""

    def __init__(self) -> None:
        self.text = ""
        # the other's txn numbers, and their operations moved past all that was written here
        self.unseen: list[tuple[int, Operation]] = []

    def see(self, txns: int) -> None:
        while self.unseen and self.unseen[0][0] <= txns:
            self.text = apply(self.text, self.unseen.pop(0)[1])

    def edit(self, operation: Operation) -> Operation:
        """Writes here; returns the operation as committed, rebased one by one."""
        self.text = apply(self.text, operation)
        for n, (txn, committed) in enumerate(self.unseen):
            self.unseen[n] = txn, transform(committed, operation, first=False)
            operation = transform(operation, committed)
        return operation


def session(trace: dict[str, Any]) -> Iterator[tuple[int, list[int], list[list[Any]]]]:
    """(author, how many txns of each agent the author had then, patches), from the graph of parents."""
    clocks: list[list[int]] = []
    for txn in trace["txns"]:
        parents = [clocks[parent] for parent in txn["parents"]]
        seen = [max(counts) for counts in zip(*parents, strict=True)] or [0] * trace["numAgents"]
        yield txn["agent"], seen, txn["patches"]
        clocks.append([count + (agent == txn["agent"]) for agent, count in enumerate(seen)])
