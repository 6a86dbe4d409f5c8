"""The log's promises hold on every way through a small world, and the check finds bugs that are planted.

SMALL_MODEL=long pytest documents/tests/test_small_model.py looks into larger worlds:
half a million states more, some four minutes.
"""

import os
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from functools import reduce
from typing import TypeAlias

import pytest

from documents import oplog
from documents.oplog import Log, Outcome
from documents.ot import Operation, compose, rebase, transform
from documents.ot.rebase import Entry, Submission
from documents.tests.small_model import Model, Process, Scope, Table, Violation, World, deletes, explore, types

LONG = os.environ.get("SMALL_MODEL") == "long"

# One pushes the other; both insert at one place; one deletes what the other writes beside, or types on before
# the answer is there.
ONE_EACH = ((types("A", at=1),), (types("C", at=0),))
TIE = ((types("A", at=1),), (types("C", at=1),))
TWO_AND_ONE = ((types("A", at=1), types("B", at=9)), (types("C", at=1),))
TWO_EACH = ((types("A", at=1), types("B", at=9)), (deletes("y"), types("C", at=1)))
CUT_AND_TYPE = ((types("A", at=1),), (deletes("x"), types("C", at=0)))
NEIGHBOURS = ((deletes("y"), types("A", at=1)), (types("C", at=2), deletes("x")))

WORLDS = {
    "a crash, a failure and a resend": (
        Scope(edits=ONE_EACH, letters="AC", crashes=1, failures=1, resends=1),
        30_000,
    ),
    "more edits and a crash": (Scope(edits=TWO_EACH, letters="ABC", crashes=1), 25_000),
    "more edits beside each other": (Scope(edits=NEIGHBOURS, letters="AC", announcements=True), 4_000),
    "cut and type, and a resend": (Scope(edits=CUT_AND_TYPE, letters="AC", resends=1), 10_000),
    "without transactions": (
        Scope(edits=ONE_EACH, letters="AC", failures=1, resends=1, transactions=False),
        10_000,
    ),
    "without transactions, more edits": (
        Scope(edits=TWO_AND_ONE, letters="ABC", crashes=1, failures=1, transactions=False),
        10_000,
    ),
}
LONG_WORLDS = {
    "without transactions": (
        Scope(edits=ONE_EACH, letters="AC", crashes=1, failures=1, resends=1, transactions=False),
        60_000,
    ),
    "more edits and a failure": (Scope(edits=NEIGHBOURS, letters="AC", failures=1, announcements=True), 50_000),
    "more edits and a resend": (Scope(edits=TWO_EACH, letters="ABC", resends=1), 100_000),
    "more edits, a crash and a resend": (Scope(edits=TWO_AND_ONE, letters="ABC", crashes=1, resends=1), 80_000),
    "three processes": (Scope(edits=TWO_EACH, letters="ABC", processes=3, crashes=1), 40_000),
    "three clients": (Scope(edits=(*TIE, (types("D", at=1),)), letters="ACD", crashes=1), 20_000),
    "two crashes, two failures": (Scope(edits=ONE_EACH, letters="AC", crashes=2, failures=2, resends=1), 100_000),
}


@pytest.mark.parametrize("name", WORLDS)
def test_every_way_keeps_the_promises(name):
    look_into(*WORLDS[name])


@pytest.mark.skipif(not LONG, reason="SMALL_MODEL=long looks into larger worlds")
@pytest.mark.parametrize("name", LONG_WORLDS)
@pytest.mark.timeout(3600)
def test_every_way_keeps_the_promises_in_larger_worlds(name):
    look_into(*LONG_WORLDS[name])


def look_into(scope: Scope, at_least: int) -> None:
    """`at_least` so many states: a check that looks at nothing finds nothing."""
    found = explore(scope)
    print(found)
    assert found.states >= at_least and found.ends > 1 and found.paths > found.states, found


# --- What the check is worth: each of these bugs is found ---

Plant: TypeAlias = Callable[[pytest.MonkeyPatch], None]


def looks_for_a_resend_only_once(patch: pytest.MonkeyPatch) -> None:
    """What is read on after a lost race tells nothing new about who has written what."""
    learn = Log.learn

    def forgetful(log: Log, news: Iterable[Entry]) -> None:
        marks = dict(log._marks)
        learn(log, news)
        log._marks.update(marks)

    patch.setattr(Log, "learn", forgetful)


def never_looks_for_a_resend(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(Log, "_mark", lambda log, client_id, fresh: None)


def only_renumbers_after_a_lost_race(patch: pytest.MonkeyPatch) -> None:
    """The plan of before is tried again, one version on."""
    plan = Log.plan

    def stubborn(log: Log, submissions: Sequence[Submission]) -> tuple[list[Outcome], list[Entry]]:
        tried = getattr(log, "tried", None)
        if tried is None or tried[0] != submissions:
            tried = submissions, plan(log, submissions)
        fresh = [replace(entry, version=log.head + n) for n, entry in enumerate(tried[1][1], start=1)]
        log.tried = tried
        return (fresh, fresh) if len(fresh) == len(submissions) else tried[1]

    patch.setattr(Log, "plan", stubborn)


def gives_the_left_to_the_wrong_side(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(rebase, "transform", lambda operation, over: transform(operation, over, first=False))


def moves_over_a_composed_run(patch: pytest.MonkeyPatch) -> None:
    def at_once(operation: Operation, concurrent: Iterable[Entry]) -> Operation:
        return transform(operation, reduce(compose, (entry.operation for entry in concurrent), ()))

    patch.setattr(rebase, "rebase", at_once)


def compares_a_resend_as_it_was_sent(patch: pytest.MonkeyPatch) -> None:
    def is_resend(_: Submission, operation: Operation, committed: Entry, between: Iterable[Entry]) -> bool:
        return operation == committed.operation

    patch.setattr(rebase, "is_resend", is_resend)


def answers_a_resend_with_the_newest_entry(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(Log, "_resent", lambda log, submission, _, fresh: log._mark(submission.client_id, fresh))


def misses_an_entry_while_reading_on(patch: pytest.MonkeyPatch) -> None:
    """It asks who is newest, and takes that for all there is to know."""

    def hasty(log: Log) -> None:
        head = oplog.newest(log.document_id)
        log._tail.extend([head])
        log._marks[head.client_id] = head
        log.head, log.length = head.version, head.length

    patch.setattr(Log, "read_on", hasty)


def lets_two_have_one_version(patch: pytest.MonkeyPatch) -> None:
    """A table without its key."""
    patch.setattr(Table, "takes", lambda table, version: True)


def acknowledges_before_it_is_durable(patch: pytest.MonkeyPatch) -> None:
    plan = Model._plan

    def hasty(model: Model, world: World, p: int) -> None:
        plan(model, world, p)
        process: Process = world.processes[p]
        for submission, outcome in zip(process.batch, process.outcomes, strict=True):
            model._answer(world, submission, outcome)

    patch.setattr(Model, "_plan", hasty)


def loses_its_inbox(patch: pytest.MonkeyPatch) -> None:
    """A failure is taken for an answer: what was given is never tried again, and nobody sends it again."""

    def careless(model: Model, world: World, p: int, effect: bool) -> None:
        world.failures -= 1
        world.processes[p] = Process()

    patch.setattr(Model, "_fail", careless)
    patch.setattr(Model, "_is_lost", lambda model, world, client: False)


CRASH = Scope(edits=ONE_EACH, letters="AC", crashes=1)
RESEND = Scope(edits=ONE_EACH, letters="AC", resends=1)
IN_PART = Scope(edits=TWO_AND_ONE, letters="ABC", failures=1, transactions=False)


@pytest.mark.parametrize(
    ("plant", "scope", "promise"),
    [
        (looks_for_a_resend_only_once, RESEND, "two versions"),
        (looks_for_a_resend_only_once, IN_PART, "committed twice"),
        (never_looks_for_a_resend, RESEND, "committed twice|two versions"),
        (only_renumbers_after_a_lost_race, Scope(edits=TIE, letters="AC"), "version 3 has"),
        (gives_the_left_to_the_wrong_side, Scope(edits=TIE, letters="AC"), "a screen shows"),
        (moves_over_a_composed_run, Scope(edits=CUT_AND_TYPE, letters="AC"), "a screen shows"),
        (compares_a_resend_as_it_was_sent, RESEND, "refused"),
        (answers_a_resend_with_the_newest_entry, Scope(edits=TWO_AND_ONE, letters="ABC", resends=1), "two versions"),
        (misses_an_entry_while_reading_on, Scope(edits=TWO_EACH, letters="ABC"), "after"),
        (lets_two_have_one_version, Scope(edits=ONE_EACH, letters="AC"), "versions are not"),
        (acknowledges_before_it_is_durable, CRASH, "lost"),
        (loses_its_inbox, Scope(edits=ONE_EACH, letters="AC", failures=1), "stuck"),
    ],
)
def test_a_planted_bug_is_found(monkeypatch, plant: Plant, scope: Scope, promise: str):
    explore(scope)
    plant(monkeypatch)
    with pytest.raises(Violation, match=promise) as found:
        explore(scope)
    assert "edit" in str(found.value), "the message names the way"
