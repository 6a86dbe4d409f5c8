"""Half-open lines: nothing is closed, and nothing comes. Both ends notice, and neither takes the other for alive."""

import asyncio
import time
from collections.abc import Sequence
from contextlib import AsyncExitStack

import psutil
from collabdocs_client import Document

from tests.faults.crowd import Sheet
from tests.faults.guests import Others, all_are, wire
from tests.faults.relay import Relay
from tests.faults.run import Trouble, fault
from tests.server import Server
from tests.wire import Wire

NOTICED = 20.0  # seconds in which a client knows that its line is dead
BACK = 20.0  # seconds in which it has another one when it can: a handshake may take ten to fail
PRESENT = 35.0  # seconds for which the dead may be shown: 30, and a look every two
HALF_OPEN = 60.0  # seconds for which a server may keep a dead socket: it pings after 20, and waits for 20
GUESTS = 10


@fault("F17", "all lines fall silent", unknown=1, resent=1)
async def silent(trouble: Trouble) -> str:
    trouble.rig.front.stall()
    return await _noticed(trouble, trouble.rig.front, _typed(trouble))


@fault("F17b", "all answers stay away", unknown=1, resent=1)
async def one_way(trouble: Trouble) -> str:
    """What is sent is committed all the same."""
    trouble.rig.front.back.is_open.clear()
    return await _noticed(trouble, trouble.rig.front, _typed(trouble))


@fault("F17c", "some lines fall silent")
async def forgotten(trouble: Trouble) -> str:
    """Readers come back when they can. Guests never do: they are shown no more, and their sockets are forgotten."""
    server, sheet, others = trouble.rng.choice(trouble.rig.servers), trouble.crowd.sheets[0], Others(trouble)
    async with AsyncExitStack() as stack:
        hole, grave = [await stack.enter_async_context(Relay([server.port])) for _ in range(2)]
        readers = [await _reader(trouble, sheet, hole, stack) for _ in range(GUESTS)]
        guests = {await _guest(sheet, server, grave, stack) for _ in range(GUESTS)}
        dead = grave.ports
        hole.stall()
        grave.stall()
        noticed, shown, kept = await asyncio.gather(
            _noticed(trouble, hole, readers), _until_gone(trouble, sheet, guests), _until_closed(server, dead)
        )
    return f"{noticed}; the dead were shown for {shown:.0f} s, their sockets kept for {kept:.0f} s; {others.fared()}"


# --- Those who come back ---


def _typed(trouble: Trouble) -> list[Document]:
    return [typist.document for typist in trouble.crowd.typists]


async def _noticed(trouble: Trouble, relay: Relay, documents: Sequence[Document]) -> str:
    """Asserts that each gives its line up, in time, and has another one soon after the relay is healed."""
    noticed = await all_are(documents, connected=False, within=NOTICED)
    await asyncio.sleep(trouble.seconds - noticed)
    relay.heal()
    back = await all_are(documents, connected=True, within=BACK)
    return f"noticed within {noticed:.0f} s, back within {back:.1f} s"


async def _reader(trouble: Trouble, sheet: Sheet, relay: Relay, stack: AsyncExitStack) -> Document:
    person = await stack.enter_async_context(trouble.rig.person("vera", relay))
    return await stack.enter_async_context(person.open(sheet.doc_id))


# --- Those who don't ---


async def _guest(sheet: Sheet, server: Server, relay: Relay, stack: AsyncExitStack) -> str:
    """The client_id of one who has joined."""
    guest = await stack.enter_async_context(Wire(relay, sheet.doc_id, token=server.tokens["vera"]))
    await guest.join()
    stack.callback(guest.socket.transport.abort)
    return guest.client_id


async def _until_gone(trouble: Trouble, sheet: Sheet, guests: set[str]) -> float:
    """The seconds until no process shows any of them."""
    began = time.monotonic()
    for server in trouble.rig.servers:
        while left := guests & await _shown(trouble, sheet, server):
            assert time.monotonic() < began + PRESENT, f"{len(left)} are shown after {PRESENT:.0f} s at {server.url}"
            await asyncio.sleep(1)
    return time.monotonic() - began


async def _shown(trouble: Trouble, sheet: Sheet, server: Server) -> set[str]:
    async with wire(trouble, sheet, "vera", server) as newcomer:
        return {present["client_id"] for present in (await newcomer.join())["presence"]}


async def _until_closed(server: Server, ports: set[int]) -> float:
    """The seconds until a server has no socket left to any of these ports."""
    began = time.monotonic()
    while left := ports & _peers(server):
        assert time.monotonic() < began + HALF_OPEN, f"{len(left)} sockets are kept after {HALF_OPEN:.0f} s"
        await asyncio.sleep(1)
    return time.monotonic() - began


def _peers(server: Server) -> set[int]:
    assert server.process is not None
    lines = psutil.Process(server.process.pid).net_connections("tcp")
    return {line.raddr.port for line in lines if line.raddr}
