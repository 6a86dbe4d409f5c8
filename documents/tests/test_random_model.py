"""Clients, processes and whole-text writes at random over the real log; Hypothesis looks for the shortest way to harm.

RANDOM_MODEL=1000 pytest documents/tests/test_random_model.py plays so many games. A failure prints the game as a
program; `@reproduce_failure` plays it again.
"""

import os
from contextlib import suppress
from dataclasses import dataclass, field
from uuid import UUID, uuid4

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from accounts.models import User
from documents import history, oplog, services
from documents.copies import texts as copies
from documents.copies.texts import replay
from documents.errors import UnknownOutcome
from documents.models import Checkpoint, Document
from documents.oplog import Log
from documents.ot import apply, canonical, transform
from documents.ot.diff import diff
from documents.ot.rebase import Entry, Refused, Submission
from documents.ot.session import InFlight, Session
from documents.ot.tests.strategies import PIECES, texts
from documents.tests.writers import assert_own_order

CLIENTS, PROCESSES = 3, 2
GAMES = int(os.environ.get("RANDOM_MODEL", "80"))

clients = st.integers(0, CLIENTS - 1)
processes = st.integers(0, PROCESSES - 1)
places = st.floats(0, 1)


@dataclass
class Client:
    """A person at a screen, whose answers may be lost."""

    user: User
    session: Session
    screen: str
    client_id: UUID = field(default_factory=uuid4)

    def sends(self, sent: InFlight) -> Submission:
        return Submission(
            client_id=self.client_id,
            seq=sent.seq,
            base_version=sent.base_version,
            operation=sent.operation,
            author=self.user.id,
        )


class Documents(RuleBasedStateMachine):
    """One document. The ledger knows what was sent, as it was sent, and what was answered."""

    owner: User
    fail_next: list[str]

    @initialize(content=texts)
    def create(self, content: str) -> None:
        self.document = services.create_document(owner=self.owner, title="old", content=content)
        self.id = self.document.id
        self.titles = {"old"}
        self.sent: dict[tuple[UUID, int], Submission] = {}
        self.answered: dict[tuple[UUID, int], int] = {}
        self.heads: dict[tuple[UUID, int], int] = {}  # when it was first sent
        version, content = copies.text_at(self.id)
        self.clients = [Client(self.owner, Session(version), content) for _ in range(CLIENTS)]
        self.logs: list[Log | None] = [None] * PROCESSES
        self.waiting: list[list[Submission]] = [[] for _ in range(PROCESSES)]

    # --- Clients ---

    @rule(c=clients, p=processes, at=places, text=st.sampled_from(PIECES), deletes=st.integers(0, 3))
    def types(self, c: int, p: int, at: float, text: str, deletes: int) -> None:
        client = self.clients[c]
        place = int(at * len(client.screen))
        deletes = min(deletes, len(client.screen) - place)
        operation = canonical([place, "" if deletes == 3 else text, -deletes])
        client.screen = apply(client.screen, operation)
        self.send(client, client.session.edit(operation), p)

    @rule(c=clients, p=processes)
    def resends(self, c: int, p: int) -> None:
        """As it was sent; nobody knows whether the first attempt has got anywhere."""
        self.send(self.clients[c], self.clients[c].session.in_flight, p)

    @rule(c=clients, p=processes)
    def resends_on_a_fresh_base(self, c: int, p: int) -> None:
        self.send(self.clients[c], self.clients[c].session.refresh(), p)

    @rule(c=clients, p=processes, upto=st.integers(1, 5))
    def catches_up(self, c: int, p: int, upto: int) -> None:
        for entry in history.operations_since(self.id, self.clients[c].session.version, upto):
            self.hear(self.clients[c], entry, p)

    @rule(c=clients, p=processes)
    def says_something_else_under_a_used_pair(self, c: int, p: int) -> None:
        client = self.clients[c]
        used = oplog.newest_of(self.id, client.client_id)
        if used is not None:
            lie = Submission(
                client_id=client.client_id,
                seq=used.seq,
                base_version=used.version - 1,
                operation=canonical(["lie", *used.operation]),
                author=client.user.id,
            )
            [outcome] = Log(self.id).append([lie])
            assert isinstance(outcome, Refused) and outcome.code == "seq_reused"

    def send(self, client: Client, sent: InFlight | None, p: int) -> None:
        if sent is not None:
            submission = client.sends(sent)
            self.sent.setdefault((client.client_id, sent.seq), submission)
            self.heads.setdefault((client.client_id, sent.seq), history.head(self.id))
            self.waiting[p].append(submission)

    def hear(self, client: Client, entry: Entry, p: int) -> None:
        in_flight = client.session.in_flight
        own = entry.client_id == client.client_id and in_flight is not None and entry.seq == in_flight.seq
        to_apply = client.session.receive(entry.version, entry.operation, own=own)
        client.screen = apply(client.screen, to_apply or ())
        if own:
            self.send(client, client.session.in_flight, p)

    # --- Processes ---

    @rule(p=processes, fault=st.sampled_from(["", "", "", "before", "after"]))
    def commits(self, p: int, fault: str) -> None:
        """What has come in, as one batch; a failing database leaves it waiting."""
        self.logs[p] = self.logs[p] or services.open_log(self.id)
        self.fail_next[:] = [fault] if fault else []
        batch = self.waiting[p]
        with suppress(UnknownOutcome):
            [outcomes] = services.commit([(self.logs[p], batch)])
            self.waiting[p] = []
            for submission, outcome in zip(batch, outcomes, strict=True):
                self.answer(submission, outcome)
        self.fail_next.clear()

    @rule(p=processes)
    def crashes(self, p: int) -> None:
        self.logs[p], self.waiting[p] = None, []

    @rule()
    def makes_a_checkpoint(self) -> None:
        copies.checkpoint(self.id, history.head(self.id))

    @rule()
    def loses_its_checkpoints(self) -> None:
        Checkpoint.objects.all().delete()

    @rule(p=processes)
    def keeps_its_copies(self, p: int) -> None:
        if newest := oplog.newest(self.id):
            services.keep_copies([(self.id, 0, newest)])

    def answer(self, submission: Submission, outcome: Entry | Refused) -> None:
        assert isinstance(outcome, Entry), f"an honest client was refused: {outcome}"
        pair = submission.client_id, submission.seq
        assert (outcome.client_id, outcome.seq) == pair
        assert self.answered.setdefault(pair, outcome.version) == outcome.version, "two answers for one pair"

    # --- Whole texts and titles ---

    @rule(c=clients, content=texts, back=st.integers(0, 4))
    def puts(self, c: int, content: str, back: int) -> None:
        """From an older version, as a program that has read it a while ago."""
        base = max(0, history.head(self.id) - back)
        _, old = copies.text_at(self.id, base)
        entry = services.replace_content(self.document, content, author=self.owner, base_version=base)
        assert (entry is None) == (old == content)
        if entry is not None:
            pair = entry.client_id, 1
            self.heads[pair] = entry.version - 1
            self.sent[pair] = Submission(
                client_id=entry.client_id, seq=1, base_version=base, operation=diff(old, content), author=self.owner.id
            )
            self.answered[pair] = entry.version

    @rule(title=st.sampled_from(["old", "new", "  new ", ""]))
    def renames(self, title: str) -> None:
        services.rename_document(self.document, title=title, actor=self.owner)
        assert Document.objects.get(pk=self.id).title == title.strip()

    # --- What is promised ---

    @invariant()
    def the_ledger_and_the_log_agree(self) -> None:
        """K1 to K8."""
        log = oplog.entries(self.id, after=0)
        found = {(entry.client_id, entry.seq): entry for entry in log}
        assert [entry.version for entry in log] == list(range(1, len(log) + 1)), "K4 dense"
        assert len(found) == len(log), "K2 once"
        assert_own_order(log)
        for pair, version in self.answered.items():
            assert found[pair].version == version, "K1 durable"
        for pair, entry in found.items():
            if pair in self.sent:
                assert entry.version > self.heads[pair], "K6 real time"
                self.is_faithful(self.sent[pair], entry, log)
        strangers = [pair for pair in found if pair not in self.sent]
        assert len(strangers) <= 1, "K3 no ghost"  # the first text
        texts_by_version = [replay(0, "", log[:n])[1] for n in range(len(log) + 1)]
        assert copies.text_at(self.id) == (len(log), texts_by_version[-1]), "K7 fold"
        assert len(texts_by_version[-1]) == (log[-1].length if log else 0)
        for client in self.clients:
            shown = apply(texts_by_version[client.session.version], client.session.pending)
            assert client.screen == shown, "K7 every screen"

    def is_faithful(self, sent: Submission, entry: Entry, log: list[Entry]) -> None:
        operation = sent.operation
        for concurrent in log[sent.base_version : entry.version - 1]:
            operation = transform(operation, concurrent.operation)
        assert operation == entry.operation, "K8 faithful"

    @invariant()
    def copies_trail_and_never_lead(self) -> None:
        row = Document.objects.get(pk=self.id)
        assert row.version <= history.head(self.id)

    def teardown(self) -> None:
        """Everything heals and drains: everybody sees the fold of the log."""
        if not hasattr(self, "clients"):
            return
        for _ in range(20):
            for c in range(CLIENTS):
                self.resends(c, 0)
            self.commits(0, "")
            for c in range(CLIENTS):
                self.catches_up(c, 0, 1000)
        self.commits(0, "")
        self.commits(1, "")
        for c in range(CLIENTS):
            self.catches_up(c, 0, 1000)
        self.the_ledger_and_the_log_agree()
        text = copies.text_at(self.id)[1]
        for client in self.clients:
            assert client.session.in_flight is None and not client.session.pending, "stuck"
            assert client.screen == text, "K7 every screen"


@pytest.mark.django_db(transaction=True)
def test_a_document_at_random(alice, monkeypatch):
    """The database fails before or after an insert when told so."""
    faults: list[str] = []
    land = oplog._land

    def failing(news):
        fault = faults.pop() if faults and news else ""
        if fault == "before":
            raise UnknownOutcome(fault)
        done = land(news)
        if fault == "after" and done:
            raise UnknownOutcome(fault)
        return done

    monkeypatch.setattr(oplog, "_land", failing)
    machine = type("Game", (Documents,), {"owner": alice, "fail_next": faults})
    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=GAMES,
            stateful_step_count=30,
            deadline=None,
            print_blob=True,
            suppress_health_check=list(HealthCheck),
        ),
    )
