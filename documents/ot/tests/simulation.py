"""Many clients, delaying and failing networks and one server, all drawn from a seed.

    run_simulation(seed)   # raises, naming the seed, unless all copies end up equal

Each client edits its own copy through a `Session`. Its connection is one queue each way, in order, as slow
as the dice say, and it breaks now and then: what was under way to the client is lost, acknowledgements
among it, and what was under way to the server is lost or stalls and arrives much later. The client comes
back with the version it has, catches up, and sends again what was in flight.
"""

from collections import deque
from dataclasses import dataclass, field
from random import Random

from documents.ot import Operation, apply, canonical, transform
from documents.ot.session import InFlight, Session
from documents.ot.tests.strategies import PIECES


@dataclass(frozen=True)
class Entry:
    version: int
    client: str
    seq: int
    operation: Operation


@dataclass
class Connection:
    """Two queues; messages in order, at any delay."""

    to_server: deque[InFlight] = field(default_factory=deque)
    to_client: deque[Entry] = field(default_factory=deque)


class Server:
    """The log: rebases one by one, takes each (client, seq) once, tells everybody, the author too."""

    def __init__(self, text: str = "") -> None:
        self.text = text
        self.log: list[Entry] = []
        self.connections: dict[str, Connection] = {}
        self.stalled: deque[tuple[str, InFlight]] = deque()  # sent over connections that have broken since

    def submit(self, client: str, submission: InFlight) -> None:
        known = next((e for e in self.log if (e.client, e.seq) == (client, submission.seq)), None)
        if known is not None:
            self.connections[client].to_client.append(known)
            return
        operation = submission.operation
        for entry in self.log[submission.base_version :]:
            assert entry.client != client, "out of order"
            operation = transform(operation, entry.operation)
        self.commit(Entry(len(self.log) + 1, client, submission.seq, operation))

    def commit(self, entry: Entry) -> None:
        self.text = apply(self.text, entry.operation)
        self.log.append(entry)
        for connection in self.connections.values():
            connection.to_client.append(entry)


class Client:
    """A person at a screen."""

    def __init__(self, name: str, server: Server) -> None:
        self.name = name
        self.server = server
        self.screen = server.text
        self.session = Session(len(server.log))
        self.connect()

    def connect(self) -> None:
        """A first or a new connection; resends once it has reached the head."""
        self.connection = Connection(to_client=deque(self.server.log[self.session.version :]))
        self.server.connections[self.name] = self.connection
        self.resend_at: int | None = len(self.server.log)
        self._resend()

    def disconnects(self, *, stalling: bool = False) -> None:
        """The connection breaks and another takes its place."""
        if stalling:
            self.server.stalled.extend((self.name, submission) for submission in self.connection.to_server)
        self.connect()

    def edits(self, operation: Operation) -> None:
        self.screen = apply(self.screen, operation)
        self._send(self.session.edit(operation))

    def types(self, text: str, at: int) -> None:
        self.edits(canonical([at, text]))

    def receives(self) -> None:
        """Takes the next entry off the wire."""
        entry = self.connection.to_client.popleft()
        in_flight = self.session.in_flight
        own = entry.client == self.name and in_flight is not None and in_flight.seq == entry.seq
        to_apply = self.session.receive(entry.version, entry.operation, own=own)
        if to_apply is not None:
            self.screen = apply(self.screen, to_apply)
        if own:
            self._send(self.session.in_flight)
        self._resend()

    def _resend(self) -> None:
        if self.resend_at is not None and self.session.version >= self.resend_at:
            self.resend_at = None
            self._send(self.session.in_flight)

    def _send(self, submission: InFlight | None) -> None:
        if submission is not None and self.resend_at is None:
            self.connection.to_server.append(submission)


class Network:
    """Decides when what arrives."""

    def __init__(self, server: Server, clients: list[Client]) -> None:
        self.server = server
        self.clients = clients

    def step(self, rng: Random) -> None:
        """One submission or one entry arrives, or a connection breaks."""
        client = rng.choice(self.clients)
        event = rng.random()
        if event < 0.05:
            client.disconnects(stalling=rng.random() < 0.5)
        elif event < 0.1:
            self.deliver_stalled()
        elif event < 0.5:
            self.deliver_submission(client)
        else:
            self.deliver_entry(client)

    def deliver_submission(self, client: Client) -> None:
        if client.connection.to_server:
            self.server.submit(client.name, client.connection.to_server.popleft())

    def deliver_stalled(self) -> None:
        if self.server.stalled:
            self.server.submit(*self.server.stalled.popleft())

    def deliver_entry(self, client: Client) -> None:
        if client.connection.to_client:
            client.receives()

    def drain(self) -> None:
        """Everything arrives, until nobody has anything left to say."""
        while self.server.stalled or any(c.connection.to_server or c.connection.to_client for c in self.clients):
            self.deliver_stalled()
            for client in self.clients:
                self.deliver_submission(client)
                self.deliver_entry(client)

    def assert_converged(self) -> None:
        assert len({(entry.client, entry.seq) for entry in self.server.log}) == len(self.server.log)
        for client in self.clients:
            assert client.session.in_flight is None
            assert not client.session.pending
            assert client.session.version == len(self.server.log)
            assert client.screen == self.server.text, f"{client.name} sees another text"


def random_edit(rng: Random, text: str) -> Operation:
    """Mostly a keystroke somewhere, at times a larger change in several places."""
    components: list[int | str] = []
    left = len(text)
    for _ in range(1 if rng.random() < 0.8 else 4):
        reach = rng.randrange(left + 1)
        drop = min(left - reach, rng.choice((0, 0, 1, 3)))
        components += [reach, rng.choice(PIECES) if rng.random() < 0.7 else "", -drop]
        left -= reach + drop
    return canonical(components)


def run_simulation(seed: int, *, moves: int = 120) -> None:
    rng = Random(seed)
    server = Server("".join(rng.choices(PIECES, k=rng.randrange(6))))
    clients = [Client(f"client {n}", server) for n in range(rng.randrange(2, 6))]
    network = Network(server, clients)
    try:
        for _ in range(moves):
            if rng.random() < 0.3:
                client = rng.choice(clients)
                client.edits(random_edit(rng, client.screen))
            network.step(rng)
        network.drain()
        network.assert_converged()
    except Exception as error:
        error.add_note(f"simulation seed: {seed}; again with run_simulation({seed})")
        raise
