"""The log folded for people: where a revision ends, what it sums up, and that it may be folded in parts."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from itertools import accumulate, pairwise
from uuid import UUID, uuid4

from hypothesis import given
from hypothesis import strategies as st

from documents.ot import deleted_length, inserted_length
from documents.ot.rebase import Entry
from documents.ot.revisions import PAUSE, Revision, fold

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
ALICE, BOB = UUID(int=1), UUID(int=2)
SECOND = timedelta(seconds=1)

# Clocks of several processes: most go on, some stand, some lie back.
steps = st.sampled_from([timedelta(0), SECOND, PAUSE, PAUSE + timedelta(microseconds=1), -SECOND, -PAUSE, 2 * PAUSE])
changes = st.sampled_from([(), ("a",), (2, "bc"), ("😀",), (-1,), (1, "x", -2), (1, -2, 3, "yz")])


@st.composite
def logs(draw: st.DrawFn) -> list[Entry]:
    drawn = draw(st.lists(st.tuples(st.sampled_from([ALICE, ALICE, BOB, None]), steps, changes), max_size=12))
    times = accumulate((step for _, step, _ in drawn), initial=NOON)
    rows = zip(drawn, times, strict=False)
    return [entry(n, author, time, *operation) for n, ((author, _, operation), time) in enumerate(rows, 1)]


def entry(version: int, author: UUID | None, created_at: datetime, *operation: int | str) -> Entry:
    """A committed operation, made by hand."""
    more = {"client_id": uuid4(), "seq": 1, "length": 0}
    return Entry(version=version, author=author, operation=operation, created_at=created_at, **more)


def folded(log: Sequence[Entry]) -> list[Revision]:
    return list(fold(None, log))


@given(logs(), st.lists(st.integers(0, 12)))
def test_folding_in_parts_is_folding_at_once(log: list[Entry], cuts: list[int]) -> None:
    kept: dict[int, Revision] = {}
    last = None
    for start, end in pairwise([0, *sorted(cuts), len(log)]):
        for revision in fold(last, log[start:end]):
            kept[revision.number] = last = revision
    assert list(kept.values()) == folded(log)


@given(logs(), st.data())
def test_a_revision_is_a_function_of_the_log_up_to_its_end(log: list[Entry], data: st.DataObject) -> None:
    """So whoever folds later writes the same row, or one that goes on."""
    upto = data.draw(st.integers(0, len(log)))
    early, late = folded(log[:upto]), folded(log)
    assert early[:-1] == late[: max(0, len(early) - 1)]
    for revision in late:
        assert folded(log[: revision.to_version])[-1] == revision


@given(logs())
def test_every_version_stands_in_one(log: list[Entry]) -> None:
    revisions = folded(log)
    assert [revision.number for revision in revisions] == list(range(1, len(revisions) + 1))
    covered = [v for each in revisions for v in range(each.from_version, each.to_version + 1)]
    assert covered == [each.version for each in log]


@given(logs())
def test_what_stands_in_one(log: list[Entry]) -> None:
    """One author, its sums, and its times."""
    for revision in folded(log):
        run = log[revision.from_version - 1 : revision.to_version]
        assert {each.author for each in run} == {revision.author}
        assert revision.inserted == sum(inserted_length(each.operation) for each in run)
        assert revision.deleted == sum(deleted_length(each.operation) for each in run)
        assert revision.started_at == run[0].created_at
        assert revision.ended_at == max(each.created_at for each in run)
        newest = accumulate((each.created_at for each in run), max)
        assert all(each.created_at - before <= PAUSE for before, each in zip(newest, run[1:], strict=False))


@given(logs())
def test_one_ends_only_for_another_author_or_a_pause(log: list[Entry]) -> None:
    for before, after in pairwise(folded(log)):
        assert before.author != after.author or after.started_at - before.ended_at > PAUSE


def test_five_minutes_are_no_pause_yet() -> None:
    assert timedelta(minutes=5) == PAUSE
    times = [NOON, NOON + PAUSE, NOON + 2 * PAUSE, NOON + 3 * PAUSE + SECOND]
    log = [entry(n, ALICE, time, "a") for n, time in enumerate(times, 1)]
    assert [(each.from_version, each.to_version) for each in folded(log)] == [(1, 3), (4, 4)]


def test_nobody_is_an_author_too() -> None:
    log = [entry(1, None, NOON), entry(2, None, NOON), entry(3, ALICE, NOON), entry(4, None, NOON)]
    assert [each.author for each in folded(log)] == [None, ALICE, None]


def test_nothing_new_leaves_the_last_as_it_is() -> None:
    (last,) = folded([entry(1, ALICE, NOON, "a")])
    assert list(fold(last, [])) == [last]
    assert list(fold(None, [])) == []
