"""One run under Locust: who edits what, and what is true when all have stopped."""

import time
from collections.abc import Mapping
from itertools import count
from typing import Any

import gevent

from loadtest.access import Access
from loadtest.ending import SETTLING, Server, judged
from loadtest.ledger import JOINED, Report
from loadtest.session import Session
from loadtest.sheets import Sheet, seat, sheets_of
from loadtest.strain import TICK, Strain
from loadtest.world import World


class Run:
    """From Locust's `test_start` to its `test_stop`."""

    def __init__(self, world: World, report: Report, pids: tuple[int, ...] = ()) -> None:
        self.world, self.report = world, report
        self.access: Mapping[str, Access] = {name: Access(world.host, each) for name, each in world.people.items()}
        self.sheets: list[Sheet[Session]] = sheets_of(world, report)
        self.operations = 0
        self.began = time.perf_counter()
        self._comers = count()
        self._strain = Strain(world.host, pids)
        self._ticking = gevent.spawn(self._tick)

    @property
    def sessions(self) -> list[Session]:
        return [session for sheet in self.sheets for session in sheet.copies]

    def next_seat(self) -> tuple[Sheet[Session], str]:
        """A document, and who comes to it."""
        return seat(self.sheets, next(self._comers))

    def open(self) -> Session:
        """One more editing session; raises what stands against it."""
        sheet, name = self.next_seat()
        address = f"ws{self.world.host.removeprefix('http')}/ws/{sheet.paper.doc_id}"
        session = Session(address, self.access[name].token, sheet.ledger.tap_of)
        began = time.perf_counter()
        session.open()
        sheet.copies.append(session)
        self.report(JOINED, time.perf_counter() - began)
        return session

    def rest(self) -> dict[str, Any]:
        """The typing is over: what it has cost."""
        self._ticking.kill()
        return self._strain.report()

    def judge(self) -> list[str]:
        """Wait until everything is saved and seen; everything that is wrong then."""
        found = [breach for sheet in self.sheets for breach in self._judge(sheet)]
        for session in self.sessions:
            session.close()
        return found

    def _judge(self, sheet: Sheet[Session]) -> list[str]:
        server = Server(self.world.host, self.access[sheet.paper.writers[0]].token())
        found = [f"ENDED: {session.failure!r}" for session in sheet.copies if session.failure]
        if not self._settled(sheet, server):
            found.append(f"{sheet.paper.doc_id}: STUCK: not all was saved and seen within {SETTLING:.0f} seconds")
        texts = {f"client {session.replica.client_id}": session.text for session in sheet.copies}
        operations, breaches = judged(server, sheet.paper.doc_id, sheet.ledger, texts)
        self.operations += operations
        return found + breaches

    def _settled(self, sheet: Sheet[Session], server: Server) -> bool:
        replicas = [session.replica for session in sheet.copies if not session.failure]
        deadline = time.monotonic() + SETTLING
        while time.monotonic() < deadline:
            head = server.document(sheet.paper.doc_id)["version"]
            if all(replica.is_saved and replica.version >= head for replica in replicas):
                return True
            gevent.sleep(0.1)
        return False

    def _tick(self) -> None:
        while True:
            gevent.sleep(TICK)
            self._strain.tick()
