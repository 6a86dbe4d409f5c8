"""Appending to a log on a real database: commit, dedupe, refusals, lost races, failures, broken logs."""

import time
from collections import deque
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.db import IntegrityError, OperationalError, connection, transaction
from pymongo.errors import AutoReconnect

from documents import history, logtable, oplog
from documents.copies import texts
from documents.errors import CorruptLog, UnknownOutcome
from documents.models import Operation as Row
from documents.oplog import Log
from documents.ot import rebase, tail
from documents.ot.rebase import Entry, Limits
from documents.tests.writers import Writer, assert_sound, start, text

pytestmark = pytest.mark.django_db(transaction=True)

ALICE, BOB = UUID(int=1), UUID(int=2)
SMALL = Limits(text=20, inserted=5, components=4, base_age=10)


@pytest.fixture
def doc() -> UUID:
    return uuid4()


@pytest.fixture
def tab() -> Writer:
    """Alice's."""
    return Writer(ALICE)


@pytest.fixture
def other() -> Writer:
    """Bob's."""
    return Writer(BOB)


def refusal(outcome: object) -> str:
    assert isinstance(outcome, rebase.Refused), outcome
    return outcome.code


def fill(doc: UUID, count: int, *, author: UUID | None = None) -> list[Entry]:
    """Commit `count` single letters at the end, each by a client of its own."""
    log = Log(doc)
    letters = [chr(ord("a") + n % 26) for n in range(count)]
    outcomes = []
    for letter in letters:
        position = [log.length] if log.length else []
        outcomes += log.append([Writer(author).writes(*position, letter, base=log.head)])
    return outcomes


# --- What is taken ---


def test_it_works(doc, tab, other):
    log = Log(doc)
    [first] = log.append([tab.writes("cat", base=0)])
    [second, third] = log.append([other.writes("the ", base=1), tab.writes(3, "s", base=1)])
    assert (first.version, second.version, third.version) == (1, 2, 3)
    assert (log.head, log.length, log.newest) == (3, 8, third)
    assert third.operation == (7, "s")
    assert text(doc) == "the cats"
    assert assert_sound(doc) == [first, second, third]


def test_what_is_stored_is_what_was_answered(doc, tab):
    [committed] = Log(doc).append([tab.writes("a\n😀\u2028é", base=0)])
    assert oplog.entry_at(doc, 1) == oplog.newest(doc) == Log(doc).newest == committed
    assert (committed.author, committed.client_id, committed.seq, committed.length) == (ALICE, tab.client_id, 1, 5)


def test_documents_do_not_meet(doc, tab):
    neighbours = [UUID(int=doc.int - 1), UUID(int=doc.int + 1)]
    for neighbour in neighbours:
        start(neighbour, "theirs")
    Log(doc).append([tab.writes("mine", base=0)])
    assert text(doc) == "mine" and oplog.newest(doc).version == 1
    assert [text(neighbour) for neighbour in neighbours] == ["theirs", "theirs"]


def test_committed_later_stands_left(doc, tab, other):
    start(doc, "ac")
    Log(doc).append([tab.writes(1, "1", base=1), other.writes(1, "2", base=1)])
    assert text(doc) == "a21c"


def test_what_does_nothing_gets_a_version_too(doc, tab, other):
    """The log has no hole, and whoever waits for an acknowledgement gets one."""
    log = start(doc, "abc")
    outcomes = log.append([tab.writes(base=1), tab.writes(3, base=2), other.writes(-3, base=1), tab.writes(-1, base=3)])
    assert [outcome.operation for outcome in outcomes] == [(), (), (-3,), ()]
    assert [outcome.version for outcome in outcomes] == [2, 3, 4, 5]
    assert Row.objects.get(key=logtable.log_key(doc, 2)).operation == "[]"
    assert_sound(doc)


def test_what_is_stored_is_canonical(doc, tab):
    start(doc, "abc")
    [committed] = Log(doc).append([tab.writes(1, "x", 2, base=1)])
    assert committed.operation == (1, "x")


def test_a_batch_is_as_good_as_one_after_the_other(doc, tab, other):
    submissions = [tab.writes("ab", base=0), other.writes("xy", base=0), tab.writes(2, "c", base=1)]
    twin = uuid4()
    Log(doc).append(submissions)
    for submission in submissions:
        Log(twin).append([submission])
    assert [e.operation for e in assert_sound(doc)] == [e.operation for e in assert_sound(twin)]


def test_an_old_base_is_moved_over_all_that_came_since(doc, tab):
    """Far beyond what a Log remembers."""
    start(doc, "<>")
    fill(doc, tail.MOST_ENTRIES + 20)
    log = Log(doc)
    [committed] = log.append([tab.writes(1, "!", base=1)])
    assert committed.operation == (1, "!")
    [committed] = Log(doc).append([Writer().writes(2, "?", base=1)])
    assert committed.operation == (3, "?")
    assert text(doc).startswith("<!>?ab")


@pytest.mark.parametrize("remembers", [1, 3, 100])
def test_every_base_is_moved_over_exactly_what_came_after_it(doc, monkeypatch, remembers):
    """Wherever what a Log remembers begins."""
    monkeypatch.setattr(tail, "MOST_ENTRIES", remembers)
    start(doc, "0")
    fill(doc, 8)
    warm = Log(doc)
    for distance in range(9):
        for log in (warm, Log(doc)):
            log.read_on()
            base = log.head - distance
            sent = Writer().writes(1, "!", base=base)
            expected = rebase.rebase(sent.operation, oplog.entries(doc, after=base))
            assert log.append([sent])[0].operation == expected
            Log(doc).append([Writer().writes("<", base=1), Writer().writes("<", base=1)])  # entries that count
    assert_sound(doc)


def test_a_log_forgets_but_knows_where_to_look(doc, tab, monkeypatch):
    monkeypatch.setattr(tail, "MOST_ENTRIES", 4)
    monkeypatch.setattr(oplog, "MAX_MARKS", 3)
    log = start(doc, "base")
    first = tab.writes(4, "!", base=1)
    log.append([first])
    for n in range(20):
        log.append([Writer().writes(str(n % 10), base=max(1, log.head - 7))])
    assert len(log._tail) <= 2 * 4 and len(log._marks) <= 4
    assert [e.version for e in log.since(3)] == list(range(4, 23))
    assert [e.version for e in log.since(3, 6)] == [4, 5, 6]
    assert [e.version for e in log.since(20, 21)] == [21]
    assert log.append([first])[0].version == 2
    assert_sound(doc)


# --- The same again ---


def test_a_resend_is_answered_with_the_first_entry(doc, tab):
    log = Log(doc)
    submission = tab.writes("a", base=0)
    [first] = log.append([submission])
    fill(doc, 3)
    for again in (log, Log(doc), log):
        assert again.append([submission]) == [first]
    assert len(assert_sound(doc)) == 4


def test_a_resend_on_a_fresher_base_is_known_too(doc, tab):
    """It caught up to just before its own entry, which was still under way."""
    start(doc, "abc")
    old = tab.writes(3, "!", base=1)
    fill(doc, 2)
    log = Log(doc)
    [first] = log.append([old])
    assert first.operation == (3, "!")
    fresher = [tab.writes(3, "!", base=base, seq=1) for base in (1, 2, 3)]
    assert log.append(fresher) == [first] * 3
    assert text(doc) == "abc!ab"


def test_the_same_pair_twice_in_one_batch(doc, tab, other):
    a, b = tab.writes("a", base=0), other.writes("b", base=0)
    outcomes = Log(doc).append([a, b, a, b, a])
    assert [outcome.version for outcome in outcomes] == [1, 2, 1, 2, 1]
    assert text(doc) == "ba"


@pytest.mark.parametrize(
    ("operation", "base"),
    [
        (("b",), 0),  # another text
        (("a", 1), 0),  # longer than the text it names
        (("a",), 1),  # a base that had it already
        (("a",), 2),
        (("a",), 99),
        ((), 0),
    ],
)
def test_anything_else_under_a_used_pair_is_refused(doc, tab, operation, base):
    log = Log(doc)
    log.append([tab.writes("a", base=0)])
    fill(doc, 2)
    assert refusal(log.append([tab.writes(*operation, base=base, seq=1)])[0]) == "seq_reused"
    assert refusal(Log(doc).append([tab.writes(*operation, base=base, seq=1)])[0]) == "seq_reused"
    assert text(doc) == "aab"


def test_an_older_pair_used_for_something_else_is_refused(doc, tab):
    log = start(doc, "x")
    log.append([tab.writes("a", base=1)])
    log.append([tab.writes("b", base=2)])
    assert refusal(log.append([tab.writes("c", base=1, seq=1)])[0]) == "seq_reused"
    assert refusal(log.append([tab.writes("b", base=1, seq=2)])[0]) == "seq_reused"


def test_an_unused_lower_seq_is_refused(doc, tab):
    log = Log(doc)
    log.append([tab.writes("a", base=0, seq=5)])
    for seq in (1, 4):
        assert refusal(log.append([tab.writes("b", base=1, seq=seq)])[0]) == "out_of_order"
    assert log.append([tab.writes("b", base=1, seq=9)])[0].version == 2


def test_a_new_seq_below_the_own_last_version_is_refused(doc, tab):
    """A client has one submission in flight: this one was made without its own first."""
    log = start(doc, "x")
    outcomes = log.append([tab.writes("a", base=1), tab.writes("b", base=1), tab.writes("c", base=2)])
    assert refusal(outcomes[1]) == "out_of_order"
    assert [e.operation for e in assert_sound(doc)] == [("x",), ("a",), ("c",)]


def test_a_client_id_belongs_to_who_first_used_it(doc, tab, other):
    log = Log(doc)
    log.append([tab.writes("a", base=0)])
    thief = Writer(BOB)
    thief.client_id = tab.client_id
    stolen = [thief.writes("a", base=0, seq=1), thief.writes("z", base=1, seq=2)]
    assert [refusal(outcome) for outcome in Log(doc).append(stolen)] == ["forbidden", "forbidden"]
    nobody = Writer(None)
    nobody.client_id = tab.client_id
    assert refusal(log.append([nobody.writes("a", base=0, seq=1)])[0]) == "forbidden"
    assert text(doc) == "a"


def test_a_client_id_stolen_in_the_same_batch(doc, tab):
    thief = Writer(BOB)
    thief.client_id = tab.client_id
    outcomes = Log(doc).append([tab.writes("a", base=0), thief.writes("z", base=0, seq=2)])
    assert refusal(outcomes[1]) == "forbidden"


def test_the_same_client_id_elsewhere_is_another(doc, tab):
    Log(uuid4()).append([tab.writes("a", base=0)])
    assert Log(doc).append([tab.writes("b", base=0, seq=1)])[0].version == 1


# --- What is refused ---


def test_a_remembered_head_never_decides_that_a_version_is_unknown(doc, tab, other):
    stale = start(doc, "x")
    Log(doc).append([other.writes("b", base=1)])
    assert stale.head == 1
    assert stale.append([tab.writes("a", base=2)])[0].version == 3
    assert refusal(stale.append([tab.writes("b", base=9)])[0]) == "version_unknown"
    assert refusal(stale.append([tab.writes("b", base=10**15)])[0]) == "version_unknown"


def test_too_old_and_known_again_all_the_same(doc, tab):
    """The one error after which the same seq comes again, on a fresh base; a resend is never too old."""
    log = Log(doc, SMALL)
    early = tab.writes("a", base=0)
    log.append([early])
    fill(doc, 12)
    late = Writer()
    assert refusal(Log(doc, SMALL).append([late.writes("b", base=0)])[0]) == "version_too_old"
    assert log.append([early])[0].version == 1
    assert log.append([late.writes("b", base=13, seq=1)])[0].version == 14


@pytest.mark.parametrize("operation", [(4,), (-4,), (2, "x", 2), (3, "x", -1)])
def test_lengths_are_checked_against_the_base(doc, tab, operation):
    """The head's text would be long enough, the base's is not, wherever its length is found."""
    start(doc, "abc")
    log = Log(doc)
    log.append([Writer().writes("longer ", base=1)])
    for at_hand in (log, Log(doc)):
        assert refusal(at_hand.append([tab.writes(*operation, base=1, seq=1)])[0]) == "invalid_operation"
    assert log.append([tab.writes(-3, base=1)])[0].operation == (7, -3)


def test_lengths_are_checked_against_a_base_in_the_same_batch(doc, tab):
    outcomes = Log(doc).append([tab.writes("abc", base=0), tab.writes(4, "x", base=1), tab.writes(3, "x", base=1)])
    assert refusal(outcomes[1]) == "invalid_operation"
    assert outcomes[2].operation == (3, "x")


def test_nothing_fits_the_empty_text_but_an_insert(doc, tab):
    start(doc, "abc")
    assert refusal(Log(doc).append([tab.writes(-1, base=0)])[0]) == "invalid_operation"


def test_sizes(doc, tab):
    log = Log(doc, SMALL)
    assert refusal(log.append([tab.writes("123456", base=0)])[0]) == "operation_too_large"
    assert log.append([tab.writes("x" * 18, base=0, whole_text=True)])[0].length == 18
    assert refusal(log.append([tab.writes(1, "a", 1, "b", 1, base=1)])[0]) == "operation_too_large"
    assert refusal(log.append([tab.writes("abc", base=1)])[0]) == "document_too_large"
    assert log.append([tab.writes("ab", base=1)])[0].length == 20


def test_a_text_is_too_large_by_what_it_will_be_not_by_its_base(doc, tab, other):
    log = Log(doc, SMALL)
    log.append([tab.writes("x" * 16, base=0, whole_text=True)])
    outcomes = log.append([other.writes("abc", base=1), tab.writes("de", base=1), tab.writes("d", base=1)])
    assert [outcomes[0].length, refusal(outcomes[1]), outcomes[2].length] == [19, "document_too_large", 20]


def test_a_whole_text_has_the_texts_limit(doc, tab):
    log = Log(doc, SMALL)
    assert refusal(log.append([tab.writes("x" * 21, base=0, whole_text=True)])[0]) == "document_too_large"


def test_strict_is_refused_when_somebody_was_faster(doc, tab, other):
    stale = start(doc, "x")
    Log(doc).append([other.writes("b", base=1)])
    assert refusal(stale.append([tab.writes("a", base=1, strict=True)])[0]) == "version_too_old"
    assert stale.append([tab.writes("a", base=2, strict=True)])[0].version == 3


def test_refusals_in_the_middle_leave_no_hole(doc, tab, other):
    log = start(doc, "abc")
    outcomes = log.append(
        [
            tab.writes("1", base=1),
            other.writes(9, "x", base=1),
            Writer().writes("2", base=99),
            other.writes("3", base=1),
            tab.writes("4", base=1),
            tab.writes("5", base=2, seq=3),
        ]
    )
    known = [outcome.version if isinstance(outcome, Entry) else outcome.code for outcome in outcomes]
    assert known == [2, "invalid_operation", "version_unknown", 3, "out_of_order", 4]
    assert text(doc) == "531abc"
    assert_sound(doc)


def test_nothing_but_refusals_writes_nothing(doc, tab):
    log = Log(doc)
    assert refusal(log.append([tab.writes(1, base=0)])[0]) == "invalid_operation"
    assert log.append([]) == []
    assert oplog.newest(doc) is None and log.newest is None and log.head == 0


# --- Lost races ---


def test_who_loses_a_race_decides_everything_again(doc, tab, other):
    """`slow` trails: its first insert is refused, it reads on, and comes to the same as a fresh one."""
    slow = start(doc, "abc")
    Log(doc).append([other.writes(-1, base=1)])
    [committed] = slow.append([tab.writes(1, "x", base=1)])
    assert (committed.version, committed.operation) == (3, ("x",))
    assert text(doc) == "xbc"


def test_dedupe_runs_again_after_a_lost_race(doc, tab):
    """The same pair, given to two processes, both of which had looked before."""
    one, two = start(doc, "abc"), Log(doc)
    submission = tab.writes("x", base=1)
    two.append([])  # both know: this client has written nothing
    one._mark(tab.client_id, []), two._mark(tab.client_id, [])
    [first] = one.append([submission])
    assert two.append([submission]) == [first]
    assert text(doc) == "xabc"


def test_order_size_and_ownership_are_looked_at_again_after_a_lost_race(doc, tab):
    thief = Writer(BOB)
    thief.client_id = tab.client_id
    logs = [start(doc, "x" * 15)] + [Log(doc, SMALL) for _ in range(3)]
    for log in logs:
        log._mark(tab.client_id, [])
    logs[0].append([tab.writes("abc", base=1, seq=2)])
    assert refusal(logs[1].append([thief.writes("z", base=1, seq=3)])[0]) == "forbidden"
    assert refusal(logs[2].append([tab.writes("z", base=1, seq=3)])[0]) == "out_of_order"
    assert refusal(logs[3].append([Writer().writes("abc", base=1)])[0]) == "document_too_large"


def test_two_that_take_turns(doc, tab, other):
    logs = [start(doc, "-"), Log(doc)]
    for n in range(20):
        logs[n % 2].append([(tab, other)[n % 2].writes(str(n % 10), base=max(1, n))])
    assert [e.version for e in logs[0].read_on()] == [21]
    assert logs[0].head == 21 and len(assert_sound(doc)) == 21


class Lagging:
    """A replica set: what refuses an insert can be read some reads later."""

    def __init__(self, monkeypatch, reads: int) -> None:
        self.reads, self.waits = reads, []
        self._entries = oplog.entries
        monkeypatch.setattr(oplog, "entries", self.entries)
        # The module's own clock, not everybody's: drivers have threads that sleep, too.
        clock = SimpleNamespace(sleep=self.waits.append, monotonic=time.monotonic, perf_counter=time.perf_counter)
        monkeypatch.setattr(oplog, "time", clock)

    def entries(self, *args, **kwargs):
        self.reads -= 1
        return [] if self.reads >= 0 else self._entries(*args, **kwargs)


def test_who_was_faster_and_cannot_be_read_yet_is_waited_for(doc, tab, other, monkeypatch):
    slow = start(doc, "abc")
    Log(doc).append([other.writes(-1, base=1)])
    lagging = Lagging(monkeypatch, reads=20)
    [committed] = slow.append([tab.writes(1, "x", base=1)])
    assert (committed.version, committed.operation) == (3, ("x",))
    assert lagging.waits == [oplog.LAG] * 19


def test_races_have_an_end(doc, tab, other, monkeypatch):
    slow = start(doc, "abc")
    Log(doc).append([other.writes(-1, base=1)])
    Lagging(monkeypatch, reads=1000)
    with pytest.raises(UnknownOutcome, match="lost 40 races"):
        slow.append([tab.writes("a", base=1)])


def test_a_turn_that_does_not_come_is_an_unknown_outcome(doc, tab, monkeypatch):
    """Where threads take turns, one may hang in a database that does not answer."""
    monkeypatch.setattr(connection.features, "supports_transactions", False)
    monkeypatch.setattr(oplog, "LONGEST_TURN", 0.01)
    with oplog._turn(doc), pytest.raises(UnknownOutcome, match="others write"):
        Log(doc).append([tab.writes("a", base=0)])
    Log(doc).append([tab.writes("a", base=0)])
    assert text(doc) == "a"


def test_what_is_learned_must_follow(doc, tab):
    log = Log(doc)
    entries = fill(doc, 4)
    log.learn([entries[1], entries[3]])
    assert log.head == 0
    log.learn([entries[0], entries[1], entries[1], entries[3]])
    assert log.head == 2 and log.length == 2
    assert log.append([tab.writes("x", base=1)])[0].version == 5
    assert_sound(doc)


# --- Several documents by one commit ---


def test_append_all(tab, other):
    jobs = [(Log(uuid4()), [tab.writes(letter, base=0, seq=1), other.writes("!", base=0, seq=1)]) for letter in "abc"]
    outcomes = oplog.append_all(jobs)
    assert [[outcome.version for outcome in each] for each in outcomes] == [[1, 2]] * 3
    assert [text(log.document_id) for log, _ in jobs] == ["!a", "!b", "!c"]
    assert [log.head for log, _ in jobs] == [2, 2, 2]


def test_append_all_with_a_lost_race_in_one(tab, other):
    logs = [start(uuid4(), "x") for _ in range(3)]
    Log(logs[1].document_id).append([other.writes("faster ", base=1)])
    outcomes = oplog.append_all([(log, [tab.writes(1, "!", base=1, seq=1)]) for log in logs])
    assert [each[0].version for each in outcomes] == [2, 3, 2]
    assert [text(log.document_id) for log in logs] == ["x!", "faster x!", "x!"]
    for log in logs:
        assert_sound(log.document_id)


def test_append_all_with_refusals_and_nothing_to_do(tab):
    logs = [start(uuid4(), "x") for _ in range(3)]
    outcomes = oplog.append_all(
        [(logs[0], [tab.writes(5, base=1, seq=1)]), (logs[1], []), (logs[2], [tab.writes("a", base=1, seq=1)])]
    )
    assert (refusal(outcomes[0][0]), outcomes[1], outcomes[2][0].version) == ("invalid_operation", [], 2)


def test_append_all_of_one_and_of_none(doc, tab):
    assert oplog.append_all([]) == []
    assert oplog.append_all([(Log(doc), [tab.writes("a", base=0)])])[0][0].version == 1


# --- A database that fails ---


class Faults:
    """What goes wrong with the next inserts, one after the other; None for one that goes well."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.coming: deque[tuple[str, Any] | None] = deque()
        self.lands: int | None = None
        monkeypatch.setattr(oplog, "transaction", self)
        monkeypatch.setattr(oplog, "add", self.add)

    @contextmanager
    def atomic(self) -> Iterator[None]:
        when, what = (self.coming.popleft() if self.coming else None) or ("never", None)
        if when == "before":
            raise what
        if when == "in part":
            self.lands, self.error = what
            yield
            return
        with transaction.atomic():
            yield
        if when == "after":
            raise what

    def add(self, news: Iterable[tuple[UUID, Entry]]) -> None:
        """In order; "in part", the first ones stay, as on a database without transactions."""
        for n, placed in enumerate(news):
            if n == self.lands:
                self.lands = None
                raise self.error
            logtable.add([placed])


@pytest.fixture
def faults(monkeypatch) -> Faults:
    return Faults(monkeypatch)


LOCKED = OperationalError("database is locked")
CUT = AutoReconnect("connection closed")  # PyMongo's own, no error of Django's
DUPLICATE = IntegrityError("E11000 duplicate key error")


@pytest.mark.parametrize("error", [LOCKED, CUT])
@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("with_the_same_log", [True, False])
def test_an_unknown_outcome_and_the_same_again(doc, tab, other, faults, error, when, with_the_same_log):
    log = start(doc, "x")
    submissions = [tab.writes("a", base=1), other.writes("b", base=1)]
    for _ in range(2 if when == "before" else 1):
        faults.coming.append((when, error))
        with pytest.raises(UnknownOutcome):
            log.append(submissions)
    again = log if with_the_same_log else Log(doc)
    assert [outcome.version for outcome in again.append(submissions)] == [2, 3]
    assert text(doc) == "bax" and len(assert_sound(doc)) == 3


@pytest.mark.parametrize("landed", [0, 1, 2, 3])
def test_a_batch_that_lands_in_part_and_is_refused_in_the_rest(doc, tab, other, faults, landed):
    """What landed is committed; only the rest is planned again, within the same call."""
    log = start(doc, "x")
    third = Writer()
    faults.coming.append(("in part", (landed, DUPLICATE)))
    outcomes = log.append([w.writes(letter, base=1) for w, letter in ((tab, "a"), (other, "b"), (third, "c"))])
    assert [outcome.version for outcome in outcomes] == [2, 3, 4]
    assert text(doc) == "cbax" and len(assert_sound(doc)) == 4


@pytest.mark.parametrize("error", [LOCKED, CUT])
@pytest.mark.parametrize("landed", [1, 2])
def test_a_batch_that_lands_in_part_and_fails(doc, tab, other, faults, landed, error):
    log = start(doc, "x")
    submissions = [tab.writes("a", base=1), Writer().writes(9, base=1), other.writes("b", base=1)]
    submissions.append(Writer().writes("c", base=1))
    faults.coming.append(("in part", (landed, error)))
    with pytest.raises(UnknownOutcome):
        log.append(submissions)
    outcomes = log.append(submissions)
    assert [getattr(outcome, "version", None) for outcome in outcomes] == [2, None, 3, 4]
    assert text(doc) == "cbax" and len(assert_sound(doc)) == 4


def test_a_part_that_landed_and_somebody_elses_entry_behind_it(doc, tab, other, faults):
    """The room's rest is moved over what came in between."""
    log = start(doc, "x")
    submissions = [tab.writes("a", base=1), other.writes("b", base=1)]
    faults.coming.append(("in part", (1, CUT)))
    with pytest.raises(UnknownOutcome):
        log.append(submissions)
    Log(doc).append([Writer().writes(1, "!", base=1)])
    assert [outcome.version for outcome in log.append(submissions)] == [2, 4]
    assert text(doc) == "bax!"


@pytest.mark.parametrize("when", ["before", "after"])
def test_append_all_with_an_unknown_outcome(tab, faults, when):
    logs = [start(uuid4(), "x") for _ in range(3)]
    jobs = [(log, [tab.writes("a", base=1, seq=1)]) for log in logs]
    faults.coming.append((when, LOCKED))
    with pytest.raises(UnknownOutcome):
        oplog.append_all(jobs)
    assert [[outcome.version for outcome in each] for each in oplog.append_all(jobs)] == [[2]] * 3
    for log in logs:
        assert len(assert_sound(log.document_id)) == 2


def test_append_all_where_a_race_is_lost_and_then_the_database(tab, other, faults):
    """Some documents are committed by then; all are given again."""
    logs = [start(uuid4(), "x") for _ in range(3)]
    Log(logs[0].document_id).append([other.writes("b", base=1, seq=1)])
    jobs = [(log, [tab.writes("a", base=1, seq=1)]) for log in logs]
    faults.coming.extend([None, None, ("after", CUT)])  # all at once, then one by one
    with pytest.raises(UnknownOutcome):
        oplog.append_all(jobs)
    assert [each[0].version for each in oplog.append_all(jobs)] == [3, 2, 2]
    for log in logs:
        assert_sound(log.document_id)


# --- A log that is broken ---


def break_entry(doc: UUID, version: int, **fields: Any) -> None:
    rows = Row.objects.filter(key=logtable.log_key(doc, version))
    assert rows.update(**fields) if fields else rows.delete()[0]


def test_a_missing_entry_is_noticed_by_every_reader(doc):
    fill(doc, 6)
    break_entry(doc, 3)
    for read in (
        lambda: oplog.entries(doc, after=0),
        lambda: oplog.entries(doc, after=2),
        lambda: oplog.entries(doc, after=0, upto=3),  # the last of those asked for
        lambda: logtable.newest_first(doc, upto=6, limit=5),
        lambda: texts.text_at(doc),
        lambda: texts.text_at(doc, 3),
        lambda: texts.text_at(doc, 6),
        lambda: history.current_text(doc),
    ):
        with pytest.raises(CorruptLog):
            read()
    assert [e.version for e in oplog.entries(doc, after=3)] == [4, 5, 6]
    assert texts.text_at(doc, 2) == (2, "ab")


@pytest.mark.parametrize("missing", [2, 3, 4, 5])
def test_nothing_is_moved_over_a_hole(doc, tab, missing):
    """The tail begins at 6: whatever of 2 … 5 is missing, it is noticed."""
    start(doc, "abc")
    fill(doc, 5)
    log = Log(doc)
    break_entry(doc, missing)
    with pytest.raises(CorruptLog):
        log.append([tab.writes("x", base=1)])
    assert oplog.newest(doc).version == 6


def test_a_missing_base_is_noticed(doc, tab):
    fill(doc, 6)
    log = Log(doc)
    break_entry(doc, 3)
    with pytest.raises(CorruptLog):
        log.append([tab.writes("x", base=3)])


@pytest.mark.parametrize("operation", ["[99]", "[-99]", '[2,"x",99]'])
def test_an_entry_that_does_not_apply_is_noticed(doc, operation):
    fill(doc, 4)
    break_entry(doc, 3, operation=operation)
    with pytest.raises(CorruptLog, match="version 3"):
        texts.text_at(doc)
    assert texts.text_at(doc, 2) == (2, "ab")


def test_an_entry_that_applies_and_gives_another_length_is_noticed(doc):
    fill(doc, 4)
    break_entry(doc, 3, operation='[2,"longer"]')
    with pytest.raises(CorruptLog, match="version 3"):
        texts.text_at(doc)


def test_a_log_that_ends_early_is_never_a_shorter_text(doc):
    fill(doc, 4)
    for version in (3, 4):
        break_entry(doc, version)
    with pytest.raises(CorruptLog):
        texts.text_at(doc, 4)


# --- Brought nearer ---


def test_brought_nearer_it_says_the_same(doc, tab, monkeypatch):
    monkeypatch.setattr(oplog, "SLICE", 7)
    start(doc, "abc")
    fill(doc, 30)
    submission = tab.writes(1, "!", base=1)
    log = Log(doc)
    nearer = log.bring_nearer(submission)
    assert (nearer.base_version, nearer.seq, nearer.client_id) == (31, 1, tab.client_id)
    [committed] = log.append([nearer])
    assert Log(doc).append([submission, nearer]) == [committed, committed]
    assert text(doc) == "a!bc" + "".join(chr(ord("a") + n % 26) for n in range(30))


def test_what_is_refused_or_known_comes_back_as_it_is(doc, tab, other):
    log = start(doc, "abc")
    sent = tab.writes("x", base=1)
    log.append([sent])
    fill(doc, 3)
    log.read_on()
    for submission in (
        sent,
        tab.writes("y", base=1, seq=2),  # out of order
        other.writes(9, base=1, seq=1),  # does not fit
        other.writes("z", base=99, seq=1),  # unknown
        other.writes("z", base=1, seq=1, strict=True),
    ):
        assert log.bring_nearer(submission) == submission


def test_a_resend_is_brought_to_just_below_the_version_it_got(doc, tab):
    log = start(doc, "abc")
    fill(doc, 5)
    committed = log.append([tab.writes("x", base=1)])[0]
    fill(doc, 3)
    log.read_on()
    nearer = log.bring_nearer(tab.writes("x", base=1, seq=1))
    assert (nearer.base_version, nearer.operation) == (committed.version - 1, committed.operation)
    assert log.append([nearer]) == [committed]


def test_a_resend_from_further_behind_than_any_base_was_is_none(doc, tab, settings):
    log = Log(doc, Limits(base_age=3))
    start(doc, "abc")
    fill(doc, 5)
    log.read_on()
    log.append([tab.writes("x", base=4)])
    refusal = log.append([tab.writes("x", base=1, seq=1)])[0]
    assert refusal.code == "seq_reused"


def test_at_the_head_there_is_nothing_to_bring_nearer(doc, tab):
    log = start(doc, "abc")
    submission = tab.writes(1, "x", base=1)
    assert log.bring_nearer(submission) == submission


# --- Reading ---


def test_pages_are_ranges_of_versions(doc):
    fill(doc, 7)
    versions = lambda entries: [e.version for e in entries]  # noqa: E731
    assert versions(oplog.entries(doc, after=2, limit=3)) == [3, 4, 5]
    assert versions(oplog.entries(doc, after=5, limit=9)) == [6, 7]
    assert versions(oplog.entries(doc, after=1, upto=3)) == [2, 3]
    assert oplog.entries(doc, after=7) == oplog.entries(doc, after=10**15) == []
    assert versions(logtable.newest_first(doc, upto=7, limit=3)) == [7, 6, 5]
    assert versions(logtable.newest_first(doc, upto=2, limit=3)) == [2, 1]
    assert logtable.newest_first(doc, upto=0, limit=3) == logtable.newest_first(doc, upto=-5, limit=3) == []


def test_who_has_been_outgrown(doc):
    fill(doc, 3)
    quiet, empty = uuid4(), uuid4()
    fill(quiet, 1)
    assert logtable.outgrown({doc: 2, quiet: 1, empty: 0}) == [doc]
    assert set(logtable.outgrown({doc: 0, quiet: 0})) == {doc, quiet}
    assert logtable.outgrown({doc: 3}) == logtable.outgrown({}) == []


def test_a_clients_newest_and_each_of_its_entries(doc, tab, other):
    log = Log(doc)
    mine = log.append([tab.writes("a", base=0), tab.writes("b", base=1), tab.writes("c", base=2)])
    log.append([other.writes("x", base=3)])
    assert oplog.newest_of(doc, tab.client_id) == mine[2]
    assert oplog.newest_of(doc, tab.client_id, upto=2) == mine[1]
    assert oplog.find(doc, tab.client_id, 2) == mine[1]
    assert oplog.find(doc, tab.client_id, 2, upto=1) is None
    assert oplog.newest_of(doc, uuid4()) is oplog.find(doc, uuid4(), 1) is None


@pytest.mark.skipif(connection.vendor != "sqlite", reason="MongoDB's are the ORM's own")
@pytest.mark.parametrize("author", [ALICE, None])
@pytest.mark.parametrize("microsecond", [0, 1, 120_000])
def test_rows_are_as_the_orm_would_write_them(doc, author, microsecond):
    entry = Entry(
        version=7,
        client_id=BOB,
        seq=3,
        author=author,
        operation=(2, "naïve 👍🏽\n", -1),
        length=12,
        created_at=datetime(2026, 11, 24, 1, 2, 3, microsecond, UTC),
    )
    logtable.add([(doc, entry)])
    row = Row.objects.get()
    written = stored()
    assert (row.key, row.client_id, row.author_id) == (logtable.log_key(doc, 7), BOB, author)
    Row.objects.all().delete()
    row.save(force_insert=True)
    assert stored() == written


def stored() -> list[tuple]:
    """What the table holds, with the types that SQLite gives it."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT *, " + ", ".join(f"typeof({name})" for name in logtable.COLUMNS) + " FROM documents_operation"
        )
        return list(cursor.fetchall())
