"""Every interleaving of a small world: two clients, two processes, a few edits, and what may go wrong between.

    found = explore(Scope(edits=((types("A", at=1),), (types("B", at=1),)), crashes=1))
    found.states, found.paths

The clients are `Session`, the processes hold a `Log`, both as they are; only the table is a stand-in. A world
is taken apart into steps, each of which is atomic in truth as well:

    edit       a client types; what goes out goes to a process of its choice
    hear       a client receives the next entry of the log; its own one is the acknowledgement
    resend     the same seq again, to any process, as it was sent or on a fresh base
    plan       a process takes its inbox and decides, by what it has read
    land       one planned row gets into the table by itself (without transactions)
    commit     it inserts what it planned; when somebody was faster it reads on and plans again
    fail       the database fails, with or without effect, and the process is given the same again
    crash      a process goes before or after its insert: inbox, answers and what it remembered are gone
    announce   a process hears what others have committed

A lost race and the reading on are one step, because a version once taken stays taken. Depth first, each state
once. In every state the log is sound and every screen is the text plus what is pending; where nothing can
happen any more, everything typed is there once, in every copy.
"""

from collections.abc import Callable, Iterator, Sequence
from copy import copy
from dataclasses import dataclass, field, replace
from typing import TypeAlias
from uuid import UUID

import pytest

from documents import logtable, oplog
from documents.copies.texts import replay
from documents.errors import CorruptLog
from documents.oplog import Log, Outcome
from documents.ot import Operation, apply, canonical
from documents.ot.rebase import Entry, Refused, Submission
from documents.ot.session import InFlight, Session
from documents.tests.writers import NOON

DOCUMENT = UUID(int=7)
START = "xyz"
Edit: TypeAlias = Callable[[str], Operation]
Step: TypeAlias = tuple  # (name, *arguments)


def types(letter: str, *, at: int) -> Edit:
    return lambda screen: canonical([min(at, len(screen)), letter])


def deletes(letter: str) -> Edit:
    """Nothing, where somebody else was faster."""
    return lambda screen: canonical([screen.index(letter), -1]) if letter in screen else ()


@dataclass(frozen=True, kw_only=True)
class Scope:
    """How large a world, and how much may go wrong in it."""

    edits: tuple[tuple[Edit, ...], ...]
    letters: str
    processes: int = 2
    crashes: int = 0
    failures: int = 0
    resends: int = 0  # beyond those that a loss makes necessary
    transactions: bool = True
    announcements: bool = False


class Violation(AssertionError):
    """A promise is broken; the message names the steps that lead there."""


def holds(fact: object, promise: str) -> None:
    if not fact:
        raise Violation(promise)


# --- The stand-in for the database ---


class Table:
    """The rows of one log, behind the functions by which `oplog` reads and writes."""

    def __init__(self) -> None:
        self.rows: tuple[Entry, ...] = ()
        self.transactions = True
        self.landed = 0  # how many of the rows to be inserted next are in already

    def entries(
        self, _: UUID, *, after: int, upto: int = logtable.MAX_VERSION, limit: int | None = None
    ) -> list[Entry]:
        return list(self.rows[after:upto][:limit])

    def newest(self, _: UUID) -> Entry | None:
        return self.rows[-1] if self.rows else None

    def entry_at(self, _: UUID, version: int) -> Entry | None:
        return self.rows[version - 1] if 0 < version <= len(self.rows) else None

    def newest_of(self, _: UUID, client_id: UUID, *, upto: int = logtable.MAX_VERSION) -> Entry | None:
        return next((row for row in reversed(self.rows[:upto]) if row.client_id == client_id), None)

    def find(self, _: UUID, client_id: UUID, seq: int, *, upto: int = logtable.MAX_VERSION) -> Entry | None:
        return next((row for row in self.rows[:upto] if (row.client_id, row.seq) == (client_id, seq)), None)

    def insert(self, fresh: Sequence[Entry], _: UUID) -> bool:
        """All or nothing; without transactions, up to the first version that is taken."""
        before = self.rows
        is_in = all(self.land(row) for row in fresh[self.landed :])
        if self.transactions and not is_in:
            self.rows = before
        return is_in

    def land(self, row: Entry) -> bool:
        if not self.takes(row.version):
            return False
        self.rows += (row,)
        return True

    def takes(self, version: int) -> bool:
        return version == len(self.rows) + 1

    def stand_in(self, patch: pytest.MonkeyPatch) -> None:
        for name in ("entries", "newest", "entry_at", "newest_of", "find", "insert"):
            patch.setattr(oplog, name, getattr(self, name))
        patch.setattr(oplog, "timezone", self)  # so that an entry is the same value on every path

    def now(self) -> object:
        return NOON


# --- The world ---


@dataclass(slots=True)
class Client:
    client_id: UUID
    session: Session
    screen: str
    done: int = 0

    def clone(self) -> "Client":
        return Client(self.client_id, copy(self.session), self.screen, self.done)

    def submission(self, sent: InFlight) -> Submission:
        return Submission(
            client_id=self.client_id,
            seq=sent.seq,
            base_version=sent.base_version,
            operation=sent.operation,
            author=self.client_id,
        )

    def key(self) -> tuple:
        session = self.session
        return session.version, session.in_flight, session._outstanding, session.buffer, self.done


@dataclass(slots=True)
class Process:
    log: Log | None = None
    inbox: tuple[Submission, ...] = ()
    batch: tuple[Submission, ...] = ()
    outcomes: Sequence[Outcome] = ()
    fresh: Sequence[Entry] = ()
    landed: int = 0

    def clone(self) -> "Process":
        twin = copy(self)
        if self.log is not None:
            twin.log = copy(self.log)
            twin.log._tail, twin.log._marks = copy(self.log._tail), dict(self.log._marks)
            twin.log._tail._entries = list(self.log._tail._entries)
        return twin

    def holds(self, pair: tuple[UUID, int]) -> bool:
        return any((held.client_id, held.seq) == pair for held in (*self.inbox, *self.batch))

    def key(self) -> tuple:
        known = None
        if self.log is not None:
            marks = sorted((client.int, mark.version if mark else 0) for client, mark in self.log._marks.items())
            known = self.log.head, len(self.log._tail), tuple(marks)
        planned = tuple(getattr(outcome, "version", 0) for outcome in self.outcomes)
        fresh = tuple((row.version, row.operation) for row in self.fresh)
        return known, _said(self.inbox), _said(self.batch), planned, fresh, self.landed


def _said(submissions: Sequence[Submission]) -> tuple:
    return tuple((s.client_id.int, s.seq, s.base_version, s.operation) for s in submissions)


@dataclass(slots=True)
class World:
    rows: tuple[Entry, ...]
    clients: list[Client]
    processes: list[Process]
    crashes: int
    failures: int
    resends: int
    answers: dict[tuple[UUID, int], int] = field(default_factory=dict)

    def clone(self) -> "World":
        return replace(
            self,
            clients=[client.clone() for client in self.clients],
            processes=[process.clone() for process in self.processes],
            answers=dict(self.answers),
        )

    def key(self) -> tuple:
        """Two processes in each other's place are the same world."""
        rows = tuple((row.client_id.int, row.seq, row.operation) for row in self.rows)
        processes = tuple(sorted((process.key() for process in self.processes), key=repr))
        clients = tuple(client.key() for client in self.clients)
        answers = tuple(sorted((client.int, seq, version) for (client, seq), version in self.answers.items()))
        return rows, clients, processes, self.crashes, self.failures, self.resends, answers


class Model:
    """The rules by which a world goes on."""

    def __init__(self, scope: Scope, table: Table) -> None:
        self.scope = scope
        self.table = table
        table.transactions = scope.transactions

    def beginning(self) -> World:
        seed = Entry(
            version=1,
            client_id=UUID(int=99),
            seq=1,
            author=None,
            operation=(START,),
            length=len(START),
            created_at=NOON,
        )
        clients = [Client(UUID(int=n), Session(1), START) for n in range(1, len(self.scope.edits) + 1)]
        processes = [Process() for _ in range(self.scope.processes)]
        return World((seed,), clients, processes, self.scope.crashes, self.scope.failures, self.scope.resends)

    def steps(self, world: World) -> Iterator[Step]:
        for c, client in enumerate(world.clients):
            yield from self._steps_of_client(world, c, client)
        seen = []
        for p, process in enumerate(world.processes):
            if (key := process.key()) not in seen:  # one of two that are alike is enough
                seen.append(key)
                yield from self._steps_of_process(world, p, process)

    def _steps_of_client(self, world: World, c: int, client: Client) -> Iterator[Step]:
        in_flight, routes = client.session.in_flight, range(self.scope.processes)
        if client.done < len(self.scope.edits[c]):
            yield from ((("edit", c, p) for p in routes) if in_flight is None else [("edit", c, 0)])
        if client.session.version < len(world.rows):
            news = world.rows[client.session.version]
            sends = news.client_id == client.client_id and client.session.buffer
            yield from ((("hear", c, p) for p in routes) if sends else [("hear", c, 0)])
        if in_flight is not None and (world.resends or self._is_lost(world, client)):
            yield from (("resend", c, p, False) for p in routes)
            if client.session.version > in_flight.base_version:
                yield from (("resend", c, p, True) for p in routes)

    def _is_lost(self, world: World, client: Client) -> bool:
        """What is in flight is nowhere any more: without a resend it would never be committed."""
        pair = client.client_id, client.session.seq
        return not any((row.client_id, row.seq) == pair for row in world.rows) and not any(
            process.holds(pair) for process in world.processes
        )

    def _steps_of_process(self, world: World, p: int, process: Process) -> Iterator[Step]:
        if process.batch:
            yield ("commit", p)
            may_land = process.fresh[process.landed :][:1] and process.fresh[process.landed].version > len(world.rows)
            if may_land and not self.scope.transactions:
                yield ("land", p)
            for effect in (False, True) if may_land and self.scope.transactions else (False,):
                yield from ([("fail", p, effect)] if world.failures else [])
                yield from ([("crash", p, effect)] if world.crashes else [])
        elif process.inbox:
            yield ("plan", p)
        if world.crashes and not process.batch and (process.inbox or process.log):
            yield ("crash", p, False)
        if self.scope.announcements and process.log and not process.batch and process.log.head < len(world.rows):
            yield ("announce", p)

    def after(self, world: World, step: Step) -> World:
        world = world.clone()
        self.table.rows, self.table.landed = world.rows, 0
        name, *arguments = step
        getattr(self, f"_{name}")(world, *arguments)
        world.rows = self.table.rows
        return world

    # --- What a client does ---

    def _edit(self, world: World, c: int, p: int) -> None:
        client = world.clients[c]
        operation = self.scope.edits[c][client.done](client.screen)
        client.done += 1
        client.screen = apply(client.screen, operation)
        self._send(world, client, client.session.edit(operation) if operation else None, p)

    def _hear(self, world: World, c: int, p: int) -> None:
        client = world.clients[c]
        news, sent = world.rows[client.session.version], client.session.in_flight
        own = news.client_id == client.client_id and sent is not None and sent.seq == news.seq
        to_apply = client.session.receive(news.version, news.operation, own=own)
        client.screen = apply(client.screen, to_apply or ())
        if own:
            self._send(world, client, client.session.in_flight, p)

    def _resend(self, world: World, c: int, p: int, fresh: bool) -> None:
        client = world.clients[c]
        world.resends -= not self._is_lost(world, client)
        self._send(world, client, client.session.refresh() if fresh else client.session.in_flight, p)

    def _send(self, world: World, client: Client, sent: InFlight | None, p: int) -> None:
        if sent is not None:
            world.processes[p].inbox += (client.submission(sent),)

    # --- What a process does ---

    def _plan(self, world: World, p: int) -> None:
        process = world.processes[p]
        process.log = process.log or Log(DOCUMENT)
        process.batch, process.inbox = process.inbox, ()
        self._decide(process)

    def _decide(self, process: Process) -> None:
        process.outcomes, process.fresh = process.log.plan(process.batch)
        process.landed = 0

    def _land(self, world: World, p: int) -> None:
        process = world.processes[p]
        self.table.land(process.fresh[process.landed])
        process.landed += 1

    def _commit(self, world: World, p: int) -> None:
        process = world.processes[p]
        self.table.landed = process.landed
        if not process.log.commit(process.fresh):
            return self._decide(process)
        for submission, outcome in zip(process.batch, process.outcomes, strict=True):
            self._answer(world, submission, outcome)
        process.batch, process.outcomes, process.fresh, process.landed = (), (), (), 0

    def _answer(self, world: World, submission: Submission, outcome: Outcome) -> None:
        holds(not isinstance(outcome, Refused), f"an honest client was refused: {outcome}")
        pair = submission.client_id, submission.seq
        known = world.answers.setdefault(pair, outcome.version)
        holds(known == outcome.version, "a pair was answered with two versions")
        holds((outcome.client_id, outcome.seq) == pair, "a pair was answered with another's entry")

    def _fail(self, world: World, p: int, effect: bool) -> None:
        world.failures -= 1
        if effect:
            self.table.insert(world.processes[p].fresh, DOCUMENT)
        self._decide(world.processes[p])

    def _crash(self, world: World, p: int, effect: bool) -> None:
        world.crashes -= 1
        if effect:
            self.table.insert(world.processes[p].fresh, DOCUMENT)
        world.processes[p] = Process()

    def _announce(self, world: World, p: int) -> None:
        world.processes[p].log.read_on()

    # --- What is promised ---

    def check(self, world: World) -> None:
        """In every state."""
        rows = world.rows
        holds([row.version for row in rows] == list(range(1, len(rows) + 1)), "versions are not 1 … n")
        pairs = [(row.client_id, row.seq) for row in rows]
        holds(len(set(pairs)) == len(pairs), "a pair was committed twice")
        for client in world.clients:
            own = [row.seq for row in rows if row.client_id == client.client_id]
            holds(own == sorted(own), "a client's own order is broken")
            holds(not own or own[-1] <= client.session.seq, "an entry that nobody sent")
        for (client_id, seq), version in world.answers.items():
            holds(version <= len(rows) and pairs[version - 1] == (client_id, seq), "an acknowledged entry is lost")
        texts = self._texts(rows)
        for client in world.clients:
            shown = apply(texts[client.session.version], client.session.pending)
            holds(client.screen == shown, f"a screen shows {client.screen!r}, the log says {shown!r}")

    def check_end(self, world: World) -> None:
        """Where nothing can happen any more."""
        text = self._texts(world.rows)[-1]
        for client in world.clients:
            holds(client.session.in_flight is None and not client.session.buffer, "stuck: something is never taken")
            holds(client.session.version == len(world.rows), "stuck: something is never heard")
            holds(client.screen == text, "diverged")
        for letter in self.scope.letters:
            holds(text.count(letter) == 1, f"{letter!r} was typed once and is there {text.count(letter)} times")

    def _texts(self, rows: Sequence[Entry]) -> list[str]:
        texts = [""]
        for row in rows:
            texts.append(replay(row.version - 1, texts[-1], [row])[1])
        return texts


# --- The search ---


@dataclass
class Found:
    """How much was seen: different states, steps between them, and whole ways from the beginning to an end."""

    states: int = 0
    steps: int = 0
    paths: int = 0
    ends: int = 0


def explore(scope: Scope) -> Found:
    """Go every way; Violation at the first promise that is broken."""
    table = Table()
    with pytest.MonkeyPatch.context() as patch:
        table.stand_in(patch)
        search = _Search(Model(scope, table))
        beginning = search.model.beginning()
        search.found.paths = search.visit(beginning)
    return search.found


class _Search:
    def __init__(self, model: Model) -> None:
        self.model = model
        self.found = Found()
        self.trail: list[Step] = []
        self.paths: dict[tuple, int] = {}

    def visit(self, world: World) -> int:
        """How many ways lead from here to an end."""
        key = world.key()
        if key in self.paths:
            return self.paths[key]
        self.found.states += 1
        try:
            self.model.check(world)
            steps = list(self.model.steps(world))
            if not steps:
                self.model.check_end(world)
                self.found.ends += 1
        except (Violation, CorruptLog) as error:
            raise self._told(error) from error
        paths = sum(self._go(world, step) for step in steps) if steps else 1
        self.paths[key] = paths
        return paths

    def _go(self, world: World, step: Step) -> int:
        self.found.steps += 1
        self.trail.append(step)
        try:
            after = self.model.after(world, step)
        except Exception as error:
            raise self._told(error) from error
        paths = self.visit(after)
        self.trail.pop()
        return paths

    def _told(self, error: Exception) -> Violation:
        way = "\n  ".join(" ".join(map(str, step)) for step in self.trail)
        return Violation(f"{error}, after\n  {way}")
