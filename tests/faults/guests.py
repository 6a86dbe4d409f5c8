"""What the faults of guests and people need: a bare socket in a document, and how the others fare meanwhile."""

import asyncio
import time
from collections.abc import Collection, Iterable, Sequence
from statistics import quantiles

import psutil
from collabdocs_client import Document, Refused

from tests.faults.crowd import Sheet
from tests.faults.rig import Rig
from tests.faults.run import Trouble
from tests.ledger import Record
from tests.server import Server
from tests.wire import Wire

NOT_LONG = 1.0  # seconds that the slowest hundredth may wait while somebody else does harm
SLOWER = 5  # times as long as in peace, where that is longer: the machine is busy too
MOST_GROWTH = 80 << 20  # bytes of memory that harm may leave behind, all processes together
UNJUDGED = 10**9  # strangers in a ledger: who writes there keeps no books, all other rules hold


def wire(trouble: Trouble, sheet: Sheet, who: str, server: Server | None = None, client_id: str | None = None) -> Wire:
    """A bare socket of one of the cast, at one server; the seed chooses if none is named."""
    server = server or trouble.rng.choice(trouble.rig.servers)
    return Wire(server, sheet.doc_id, token=server.tokens[who], client_id=client_id)


async def unjudged(trouble: Trouble) -> Sheet:
    """A document of its own, in which guests may write without a ledger."""
    sheet = await trouble.crowd.sheet()
    sheet.ledger.strangers = UNJUDGED
    return sheet


async def refusals(document: Document) -> list[str]:
    """The codes of all that was refused, when nothing is unsaved any more."""
    codes = []
    while True:
        try:
            await document.saved()
            return codes
        except Refused as error:
            codes.append(error.code)


class Others:
    """How long the crowd has waited for answers since now, and how long in peace."""

    def __init__(self, trouble: Trouble) -> None:
        self.sheets = list(trouble.crowd.sheets)  # those who come later are part of the harm
        self.clients = {typist.document.client_id for typist in trouble.crowd.typists}
        self.since = time.monotonic()
        self.usual = p99(waits(self.sheets, *trouble.peace))

    def fared(self, most: float = NOT_LONG) -> str:
        """For the report. Asserts that they were answered, and in time, or not much later than in peace."""
        slowest = p99(waits(self.sheets, self.since, clients=self.clients))
        told = f"others' p99 {1000 * slowest:.0f} ms, in peace {1000 * self.usual:.0f}"
        assert slowest < max(most, SLOWER * self.usual), told
        return told


def waits(
    sheets: Iterable[Sheet], since: float, until: float = float("inf"), clients: Collection[str] | None = None
) -> list[float]:
    """Seconds from sending to answer, of all that was sent in this time, or by these clients alone; of what has no
    answer yet, until now."""
    now = time.monotonic()
    return [
        (now if record.is_open else record.answered_at) - record.invoked_at
        for sheet in sheets
        for (client, _), record in sheet.ledger.records.items()
        if since <= record.invoked_at < until and not record.failed and (clients is None or client in clients)
    ]


def records(sheets: Iterable[Sheet]) -> list[Record]:
    return [record for sheet in sheets for record in sheet.ledger.records.values()]


def p99(seconds: list[float]) -> float:
    assert len(seconds) > 1, "nobody was answered"
    return quantiles(seconds, n=100)[98]


async def all_are(documents: Sequence[Document], *, connected: bool, within: float) -> float:
    """The seconds until each of them has a line, or none. Asserts that it is in time."""
    began = time.monotonic()
    while late := sum(document.is_connected != connected for document in documents):
        wrong = f"{late} of {len(documents)} {'have no line' if connected else 'still have one'}"
        assert time.monotonic() - began < within, f"after {within:.0f} s {wrong}"
        await asyncio.sleep(0.1)
    return time.monotonic() - began


def resident(rig: Rig) -> int:
    """Bytes of memory that all server processes hold."""
    return sum(process.memory_info().rss for process in processes(rig))


def handles(rig: Rig) -> int:
    """File descriptors that all server processes hold."""
    return sum(process.num_fds() for process in processes(rig))


def processes(rig: Rig) -> list[psutil.Process]:
    return [psutil.Process(server.process.pid) for server in rig.servers if server.process is not None]
