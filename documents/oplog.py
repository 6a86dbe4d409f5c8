"""The log of a document, and the one way into it.

Theory of operation. The commit is one insert of rows under keys made of document and version. There is no lock
and no transaction to be right by: whoever inserts version n + 1 has read the log up to n, so it has seen any
earlier commit of the same (client_id, seq), and of two who try the same version the key refuses one. The loser
reads on and decides everything again: dedupe, order, sizes, rebase.

That also settles what an error leaves open. After a failed insert nobody knows which rows landed (a database
without transactions keeps the first ones of a batch; a lost reply may hide a success), so the log is read again,
and what landed is recognised like any resend.
"""

import random
import threading
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import replace
from datetime import datetime
from typing import TypeAlias
from uuid import UUID

from django.db import DatabaseError, IntegrityError, connection, transaction
from django.utils import timezone
from pymongo.errors import PyMongoError

from collabdocs import meters
from documents.errors import CorruptLog, UnknownOutcome
from documents.logtable import (
    MAX_VERSION,
    add,
    as_kept,
    entries,
    entry_at,
    find,
    newest,
    newest_of,
)
from documents.ot import rebase
from documents.ot.rebase import Entry, Limits, Refused, Submission
from documents.ot.tail import Tail

MAX_ATTEMPTS = 40
LONGEST_BACKING_OFF = 5  # milliseconds: who wins leaves gaps, and who waits long misses them
LAG = 0.05  # seconds: what refuses an insert can't be read before most of a replica set have it
LONGEST_TURN = 5.0  # seconds to wait for other threads
SLICE = 1000  # entries read at once on a long way to the head
MAX_MARKS = 4096  # what a Log keeps of its clients' newest entries

_TURNS = [threading.Lock() for _ in range(64)]  # of documents, by their identifiers

Outcome: TypeAlias = Entry | Refused


class Log:
    """One document's log, remembered as far as its holder has read it. One thread at a time may use it.

    It may trail the database: `append` finds out by the refused insert, and reads on.
    """

    def __init__(self, document_id: UUID, limits: Limits | None = None) -> None:
        self.document_id = document_id
        self.limits = limits or Limits()
        head = newest(document_id)
        self.head, self.length = (head.version, head.length) if head else (0, 0)  # length in code points
        self._tail = Tail(max(0, self.head - 1))
        self._tail.extend([head] if head else [])
        self._marks: dict[UUID, Entry | None] = {}
        self.insert_seconds = 0.0  # that the newest insert took

    def append(self, submissions: Sequence[Submission]) -> list[Outcome]:
        """Commit submissions in order, each rebased over what it did not know; one outcome for each.

        An outcome is the entry (the first one, for a resend) or the refusal. Raises UnknownOutcome when the
        database fails: the same submissions may be given again.
        """
        outcomes, fresh = self.plan(submissions)
        lost_at = self.head
        with _turn(self.document_id):
            if self.commit(fresh):
                return _counted(outcomes, fresh)
        for attempt in range(1, MAX_ATTEMPTS):
            meters.COMMIT_RETRIES.inc()
            outcomes, fresh, landed = self._try_under_lock(submissions)
            if landed:
                self.learn(fresh)
                return _counted(outcomes, fresh)
            backing_off = random.uniform(0, 0.001 * min(attempt, LONGEST_BACKING_OFF))
            time.sleep(backing_off if self.head > lost_at else LAG)
            lost_at = self.head
        raise UnknownOutcome(f"lost {MAX_ATTEMPTS} races for document {self.document_id}")

    def _try_under_lock(self, submissions: Sequence[Submission]) -> tuple[list[Outcome], list[Entry], bool]:
        """Read on, plan and insert in one transaction: where that is a lock, nobody is faster than its holder, and
        of two busy processes none starves. Elsewhere the threads of one process take turns, and it is another try."""
        try:
            with _turn(self.document_id), transaction.atomic():
                self.read_on()
                outcomes, fresh = self.plan(submissions)
                return outcomes, fresh, self._insert(fresh)
        except (DatabaseError, PyMongoError) as error:
            raise UnknownOutcome(str(error)) from error

    def plan(self, submissions: Sequence[Submission]) -> tuple[list[Outcome], list[Entry]]:
        """What each submission becomes, and the entries to insert for that, if the head stays where it is."""
        if any(submission.base_version > self.head for submission in submissions):
            self.read_on()  # a remembered head never decides that a version lies in the future
        fresh: list[Entry] = []
        outcomes: list[Outcome] = []
        now = as_kept(timezone.now())
        for submission in submissions:
            try:
                outcome = self._decide(submission, fresh, now)
            except Refused as refusal:
                outcomes.append(refusal)
                continue
            if outcome.version > self.head + len(fresh):
                fresh.append(outcome)
            outcomes.append(outcome)
        return outcomes, fresh

    def commit(self, fresh: Sequence[Entry]) -> bool:
        """Insert what was planned. False when somebody was faster: this log has read on, and all is planned again."""
        if self._insert(fresh):
            self.learn(fresh)
            return True
        self.read_on()
        return False

    def _insert(self, fresh: Sequence[Entry]) -> bool:
        started = time.monotonic()
        has_landed = insert(fresh, self.document_id)
        self.insert_seconds = time.monotonic() - started
        return has_landed

    def bring_nearer(self, submission: Submission) -> Submission:
        """The submission on a fresh base, moved there in slices; as it is, when it is to be refused.

        One that was committed before comes to just below the version it got, where it is known again.
        """
        try:
            mark = self._mark(submission.client_id, [])
            committed = self._committed_before(submission, mark, [])
            if committed is None:
                rebase.check_size(submission, self.limits)
                rebase.check_order(submission, mark, self.head, self.limits)
            operation = rebase.fit(submission, self._length_at(submission.base_version, []))
            base, goal = submission.base_version, self.head if committed is None else committed.version - 1
            while base < goal:
                upto = min(base + SLICE, goal)
                operation = rebase.rebase(operation, self._others(submission, base, upto))
                base = upto
        except Refused:
            return submission
        return replace(submission, base_version=base, operation=operation)

    def _others(self, submission: Submission, version: int, upto: int) -> Iterator[Entry]:
        for entry in self.since(version, upto):
            if entry.client_id == submission.client_id:
                raise rebase.OutOfOrder("one of its own entries lies between")
            yield entry

    @property
    def newest(self) -> Entry | None:
        """The head's entry."""
        return self._tail.newest

    def learn(self, news: Iterable[Entry]) -> None:
        """Remember entries read elsewhere; those that do not follow on the head are left for `read_on`."""
        for entry in news:
            if entry.version == self.head + 1:
                self.head, self.length = entry.version, entry.length
                self._tail.extend([entry])
                self._marks[entry.client_id] = entry
        if len(self._marks) > MAX_MARKS:
            self._marks.clear()

    def read_on(self) -> list[Entry]:
        """Read what was committed since, and return it."""
        news = entries(self.document_id, after=self.head)
        self.learn(news)
        return news

    def since(self, version: int, upto: int = MAX_VERSION) -> Iterator[Entry]:
        """The entries after `version` and up to `upto`, as far as this log has read."""
        upto = min(upto, self.head)
        start = self._tail.start
        if version < min(start, upto):
            yield from entries(self.document_id, after=version, upto=min(start, upto))
        yield from self._tail.after(version, upto)

    def _decide(self, submission: Submission, fresh: list[Entry], now: datetime) -> Entry:
        mark = self._mark(submission.client_id, fresh)
        if mark is not None and mark.author != submission.author:
            raise rebase.ForeignClient("this client_id belongs to somebody else")
        if committed := self._committed_before(submission, mark, fresh):
            return self._resent(submission, committed, fresh)
        return self._commit_next(submission, mark, fresh, now)

    def _commit_next(self, submission: Submission, mark: Entry | None, fresh: list[Entry], now: datetime) -> Entry:
        head, length = (fresh[-1].version, fresh[-1].length) if fresh else (self.head, self.length)
        rebase.check_size(submission, self.limits)
        rebase.check_order(submission, mark, head, self.limits)
        operation = rebase.fit(submission, self._length_at(submission.base_version, fresh))
        operation = rebase.rebase(operation, self._between(submission.base_version, head, fresh))
        return Entry(
            version=head + 1,
            client_id=submission.client_id,
            seq=submission.seq,
            author=submission.author,
            operation=operation,
            length=rebase.check_growth(operation, length, self.limits),
            created_at=now,
        )

    def _committed_before(self, submission: Submission, mark: Entry | None, fresh: list[Entry]) -> Entry | None:
        """What this pair was used for, None if it comes next; OutOfOrder if it was skipped, SeqReused if it can't be
        a resend: the base of no submission was ever so far behind."""
        if mark is None or submission.seq > mark.seq:
            return None
        committed = mark if mark.seq == submission.seq else self._find(submission, fresh)
        if committed is None:
            raise rebase.OutOfOrder(f"seq {submission.seq} comes after {mark.seq}")
        if not 0 < committed.version - submission.base_version <= self.limits.base_age + 1:
            raise rebase.SeqReused(f"seq {submission.seq} was used for something else")
        return committed

    def _resent(self, submission: Submission, committed: Entry, fresh: list[Entry]) -> Entry:
        with suppress(rebase.RefusedOperation):
            operation = rebase.fit(submission, self._length_at(submission.base_version, fresh))
            between = self._between(submission.base_version, committed.version - 1, fresh)
            if rebase.is_resend(submission, operation, committed, between):
                return committed
        raise rebase.SeqReused(f"seq {submission.seq} was used for something else")

    def _mark(self, client_id: UUID, fresh: list[Entry]) -> Entry | None:
        for entry in reversed(fresh):
            if entry.client_id == client_id:
                return entry
        if client_id not in self._marks:
            self._marks[client_id] = newest_of(self.document_id, client_id, upto=self.head)
        return self._marks[client_id]

    def _find(self, submission: Submission, fresh: list[Entry]) -> Entry | None:
        pair = (submission.client_id, submission.seq)
        for entry in fresh:
            if (entry.client_id, entry.seq) == pair:
                return entry
        return find(self.document_id, *pair, upto=self.head)

    def _between(self, version: int, upto: int, fresh: list[Entry]) -> Iterator[Entry]:
        yield from self.since(version, upto)
        for entry in fresh:
            if version < entry.version <= upto:
                yield entry

    def _length_at(self, version: int, fresh: list[Entry]) -> int:
        if version == self.head:
            return self.length
        if version == 0:
            return 0
        if version > self.head:
            return fresh[version - self.head - 1].length
        if known := self._tail.after(version - 1, version):
            return known[0].length
        if entry := entry_at(self.document_id, version):
            return entry.length
        raise CorruptLog(f"document {self.document_id} has no version {version}")


@contextmanager
def _turn(document_id: UUID) -> Iterator[None]:
    """Where the database has no lock, this process's writers of a document take turns: one that reads, plans and
    inserts would lose again and again to one that knows the head and only inserts."""
    if connection.features.supports_transactions:
        yield
        return
    turn = _TURNS[document_id.int % len(_TURNS)]
    if not turn.acquire(timeout=LONGEST_TURN):
        raise UnknownOutcome(f"others write to document {document_id}, and don't come to an end")
    try:
        yield
    finally:
        turn.release()


def append_all(jobs: Sequence[tuple[Log, Sequence[Submission]]]) -> list[list[Outcome]]:
    """Append to several logs; where the database has transactions, by one commit (one sync to disk) for all.

    A lost race on one of them falls back to one commit for each.
    """
    if len(jobs) > 1 and connection.features.supports_transactions:
        plans = [log.plan(submissions) for log, submissions in jobs]
        news = [(log.document_id, entry) for (log, _), (_, fresh) in zip(jobs, plans, strict=True) for entry in fresh]
        if _land(news):
            for (log, _), (_, fresh) in zip(jobs, plans, strict=True):
                log.learn(fresh)
            return [_counted(outcomes, fresh) for outcomes, fresh in plans]
        meters.COMMIT_RETRIES.inc()
        for log, _ in jobs:
            log.read_on()
    return [log.append(submissions) for log, submissions in jobs]


def _counted(outcomes: list[Outcome], fresh: Sequence[Entry]) -> list[Outcome]:
    """The outcomes, when they are final. What an earlier try had committed, whose outcome was unknown, is a resend."""
    meters.COMMITTED.inc(len(fresh))
    if len(fresh) < len(outcomes):
        refused = [outcome for outcome in outcomes if isinstance(outcome, Refused)]
        for refusal in refused:
            meters.REFUSALS.labels(refusal.code).inc()
        meters.REFUSED.inc(len(refused))
        meters.RESENT.inc(len(outcomes) - len(fresh) - len(refused))
    return outcomes


def insert(fresh: Sequence[Entry], document_id: UUID) -> bool:
    """The commit. False when somebody else has one of these versions; then some rows may have landed all the same."""
    return _land([(document_id, entry) for entry in fresh])


def _land(news: Sequence[tuple[UUID, Entry]]) -> bool:
    if not news:
        return True
    started = time.perf_counter()
    try:
        with transaction.atomic():
            add(news)
    except IntegrityError:
        return False
    except (DatabaseError, PyMongoError) as error:
        raise UnknownOutcome(str(error)) from error
    finally:
        meters.COMMIT_SECONDS.observe(time.perf_counter() - started)
        meters.BATCH_OPERATIONS.observe(len(news))
    return True
