"""A thousand at the door: the balancer drops everybody, and they come back at once."""

import asyncio
import time
import uuid
from collections import Counter
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import Any

import httpx
import orjson
from collabdocs_client import Backoff, Client
from websockets.exceptions import ConnectionClosed, InvalidHandshake, InvalidStatus

from tests.faults.guests import Others
from tests.faults.run import Trouble, fault
from tests.wire import Wire

MOST, EACH_SECOND = 1000, 50  # visitors, in all and for each second of trouble
IN_ONE_DOCUMENT = 25
AT_THE_DOOR, COMING = 50, 30.0  # when they come for the first time: how many at once, and the seconds that takes
TIMES, BACK = 3, 30.0  # how often they are dropped, and the seconds in which all are back
MISSED = 3  # operations of each document while they are away


@fault("F30", "everybody is dropped and comes back at once, three times", unknown=1, recovers=BACK)
async def all_at_once(trouble: Trouble) -> str:
    """The crowd too. In the visitors' documents something happens meanwhile: they ask for that, and not for all."""
    others, count = Others(trouble), min(MOST, int(EACH_SECOND * trouble.seconds))
    async with AsyncExitStack() as stack:
        alice = await stack.enter_async_context(trouble.rig.person("alice", trouble.rig.servers[0]))
        halls = [(await alice.create_document("A hall")).doc_id for _ in range(-(-count // IN_ONE_DOCUMENT))]
        visitors = [Visitor(trouble, halls[number // IN_ONE_DOCUMENT]) for number in range(count)]
        await stack.enter_async_context(_present(visitors))
        times = [await _dropped(trouble, alice, halls, visitors, number + 1) for number in range(TIMES)]
    seen = sum((visitor.seen for visitor in visitors), Counter[str]())
    assert not seen["5xx"], f"{seen['5xx']} were answered 5xx"
    assert seen["texts"] == count, f"{seen['texts'] - count} were given the whole text again"
    back = ", ".join(f"{seconds:.1f}" for seconds in times)
    return f"{count} were back after {back} s, {seen['failed tries']} tries failed; {others.fared(BACK)}"


@dataclass
class Visitor:
    """Follows one document by a bare socket: comes back whenever that is lost, and asks for what it has missed."""

    trouble: Trouble
    doc_id: str
    version: int = 0
    log: str = ""
    is_there: bool = False
    seen: Counter[str] = field(default_factory=Counter)
    client_id: str = field(default_factory=lambda: str(uuid.uuid4()))

    async def stays(self) -> None:
        failures = 0
        while True:
            try:
                async with self._line() as line:
                    self._take(await line.join(**({"since": self.version, "log": self.log} if self.log else {})))
                    self.is_there, failures = True, 0
                    while True:
                        self._take(orjson.loads(await line.socket.recv()))
            except InvalidStatus as refusal:
                self.seen["5xx"] += refusal.response.status_code >= 500
            except (OSError, TimeoutError, InvalidHandshake, ConnectionClosed):
                self.seen["failed tries"] += not self.is_there
            self.is_there = False
            await asyncio.sleep(Backoff().delay(failures))
            failures += 1

    def _line(self) -> Wire:
        rig = self.trouble.rig
        return Wire(rig.front, self.doc_id, token=rig.servers[0].tokens["alice"], client_id=self.client_id)

    def _take(self, message: dict[str, Any]) -> None:
        self.seen["texts"] += "content" in message
        if message["type"] == "joined":
            self.log = message["log"]
            self.version = message["version"] if "content" in message else self.version
            self.seen["joins"] += 1
        for entry in message.get("operations", ()):
            assert entry["version"] == self.version + 1, f"after version {self.version} came {entry['version']}"
            self.version += 1


@asynccontextmanager
async def _present(visitors: Sequence[Visitor]) -> AsyncIterator[None]:
    """They come by and by, and leave at the end. What goes wrong with one of them is raised."""
    tasks: list[asyncio.Task[None]] = []
    try:
        for first in range(0, len(visitors), AT_THE_DOOR):
            coming = visitors[first : first + AT_THE_DOOR]
            tasks += [asyncio.create_task(visitor.stays()) for visitor in coming]
            await _until(coming, lambda visitor: visitor.is_there, within=COMING)
        yield
    finally:
        for task in tasks:
            task.cancel()
        ended = await asyncio.gather(*tasks, return_exceptions=True)
    wrong = [end for end in ended if not isinstance(end, asyncio.CancelledError)]
    assert not wrong, f"{len(wrong)} visitors ended: {wrong[0]!r}"


async def _dropped(
    trouble: Trouble, alice: Client, halls: Sequence[str], visitors: Sequence[Visitor], number: int
) -> float:
    """The seconds until all have joined for the time after this one, and know what they have missed."""
    began = time.monotonic()
    trouble.rig.front.cut()
    for _ in range(MISSED):
        await asyncio.gather(*(_something_happens(alice, doc_id) for doc_id in halls))

    def is_back(visitor: Visitor) -> bool:
        return visitor.is_there and visitor.seen["joins"] > number and visitor.version >= MISSED * number

    await _until(visitors, is_back, within=began + BACK - time.monotonic())
    return time.monotonic() - began


async def _something_happens(alice: Client, doc_id: str) -> None:
    """Said again if its line was lost (a server ends those that were idle), or if it was told to come back."""
    path, fields = f"/api/documents/{doc_id}/operations", {"client_id": str(uuid.uuid4()), "seq": 1}
    said = fields | {"base_version": 0, "operation": ["x"]}
    for _ in range(int(BACK)):
        with suppress(httpx.TransportError):
            answer = await alice.http.post(path, json=said)
            if answer.status_code != 503:
                answer.raise_for_status()
                return
        await asyncio.sleep(1)
    raise AssertionError(f"nothing could be said for {BACK:.0f} s")


async def _until(visitors: Sequence[Visitor], is_so: Callable[[Visitor], bool], *, within: float) -> None:
    deadline = time.monotonic() + within
    while late := [visitor for visitor in visitors if not is_so(visitor)]:
        assert time.monotonic() < deadline, f"{len(late)} of {len(visitors)} were not there after {within:.0f} s"
        await asyncio.sleep(0.1)
