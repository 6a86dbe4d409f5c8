"""Resends in all three kinds, spoken raw: after an answer that was lost the same again, the same on a fresher base, and
something else under the same name."""

import asyncio
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from contextlib import AsyncExitStack
from random import Random
from typing import Any, TypeVar
from uuid import UUID

import httpx
from collabdocs_client import Client
from collabdocs_client.ot import Operation, transform
from websockets.exceptions import ConnectionClosed

from tests.faults.crowd import Sheet
from tests.faults.guests import Others, wire
from tests.faults.run import Trouble, fault
from tests.ledger import tags_in

GUESTS = 8
PAIRS, TRIES = 3, 5  # by each guest, at least; of each question, at most
RESTARTING = 1012
T = TypeVar("T")
Submission = tuple[int, Operation]  # (base version, operation)


@fault("F18", "sent again: the same, on a fresher base, and something else", unknown=1, resent=1)
async def resent(trouble: Trouble) -> str:
    """By socket and over REST, at any process, while the crowd types into the same documents."""
    others, end = Others(trouble), time.monotonic() + trouble.seconds
    sheets = trouble.crowd.sheets
    async with AsyncExitStack() as stack:
        bobs = [await stack.enter_async_context(trouble.rig.person("bob", server)) for server in trouble.rig.servers]
        guests = [Doubter(trouble, sheets[number % len(sheets)], f"g{number}", bobs) for number in range(GUESTS)]
        await asyncio.gather(*(guest.types(end) for guest in guests))
    done = sum((guest.done for guest in guests), Counter[str]())
    counts = ", ".join(f"{count} {what}" for what, count in sorted(done.items()))
    return f"{counts}; {others.fared()}"


class Doubter:
    """A client who says everything again, somewhere else each time. What it says is in the sheet's ledger."""

    def __init__(self, trouble: Trouble, sheet: Sheet, name: str, bobs: Sequence[Client]) -> None:
        self.trouble, self.sheet, self.ledger, self.name, self.bobs = trouble, sheet, sheet.ledger, name, bobs
        self.rng = Random(trouble.rng.random())
        self.client_id, self.seq = str(UUID(int=self.rng.getrandbits(128), version=4)), 0
        self.done: Counter[str] = Counter()

    async def types(self, end: float) -> None:
        while time.monotonic() < end or self.seq < PAIRS:
            self.seq += 1
            await self._one_pair()
            self.done["pairs"] += 1

    async def _one_pair(self) -> None:
        """Whatever is said again is the first version, and nothing else may bear its name."""
        base, content = await self._read()
        first = base, self._puts_in(self.ledger.tag(self.name), content)
        known = await self._says(first, hears=self.rng.random() < 0.5)
        for _ in range(self.rng.randint(1, 3)):
            again = first if self.rng.random() < 0.5 else await self._freshened(first)
            version = await self._says(again)
            self.done["the same" if again == first else "fresher"] += 1
            assert known in (None, version), f"version {known} was answered as {version}"
            known = version
        other = base, self._puts_in(f"[other.{self.name}.{self.seq}]", content)
        assert (code := await self._is_refused(other)) == "seq_reused", f"something else was answered by {code}"
        self.done["something else, refused"] += 1

    def _puts_in(self, tag: str, content: str) -> Operation:
        """At the beginning, the end, or behind one of the first tags."""
        known = tags_in(content[:400])
        place = self.rng.choice([len(content), sum(map(len, known[: self.rng.randint(0, len(known))]))])
        return (place, tag) if place else (tag,)

    async def _freshened(self, first: Submission) -> Submission:
        """The same on a later base, below the version it has got, if it has: as a client does who has caught up."""
        base, operation = first
        between = await self._others_since(base)
        between = between[: self.rng.randint(0, len(between))]
        for entry in between:
            operation = transform(operation, tuple(entry["operation"]))
        return base + len(between), operation

    # --- Reading ---

    async def _read(self) -> tuple[int, str]:
        document = await self._until_answered(lambda: self._gets(""))
        return document["version"], document["content"]

    async def _others_since(self, base: int) -> Sequence[dict[str, Any]]:
        """The entries after a version, up to the own one."""
        page = await self._until_answered(lambda: self._gets(f"/operations?since={base}&limit=200"))
        entries: list[dict[str, Any]] = page["operations"]
        own = [self._is_own(entry) for entry in entries]
        return entries[: own.index(True)] if any(own) else entries

    async def _gets(self, what: str) -> dict[str, Any]:
        return _available(await self._bob.http.get(f"/api/documents/{self.sheet.doc_id}{what}"))

    def _is_own(self, entry: dict[str, Any]) -> bool:
        return (entry["client_id"], entry["seq"]) == (self.client_id, self.seq)

    # --- Saying ---

    async def _says(self, submission: Submission, *, hears: bool = True) -> int | None:
        """The version it is answered with; None if nobody waits for the answer."""
        by_rest = self.rng.random() < 0.3

        async def say() -> dict[str, Any] | None:
            self.ledger.lost(self.client_id)
            self.ledger.invoke((self.client_id, self.seq), submission[1], submission[0])
            return await (self._by_rest(submission) if by_rest else self._by_socket(submission, hears))

        answer = await self._until_answered(say)
        if answer is None or not hears:
            return None
        assert "version" in answer, f"it was answered by {answer}"
        self.ledger.ok((self.client_id, self.seq), answer["version"])
        return int(answer["version"])

    async def _is_refused(self, submission: Submission) -> str:
        """The code."""
        ask = self._by_rest if self.rng.random() < 0.3 else self._error_by_socket
        return str((await self._until_answered(lambda: ask(submission))).get("code"))

    async def _until_answered(self, ask: Callable[[], Awaitable[T]]) -> T:
        """Whoever is told to come back, or told nothing, does: the machine is busy, and its database too."""
        for _ in range(TRIES):
            try:
                return await ask()
            except ConnectionClosed as closed:
                if closed.rcvd is not None and closed.rcvd.code != RESTARTING:
                    raise
            except (Unavailable, TimeoutError, httpx.TransportError):
                pass
            self.done["not answered at once"] += 1
            await asyncio.sleep(1)
        raise AssertionError(f"no answer in {TRIES} tries")

    async def _error_by_socket(self, submission: Submission) -> dict[str, Any]:
        async with wire(self.trouble, self.sheet, "bob", client_id=self.client_id) as line:
            await line.join()
            await line.submit(self.seq, *submission)
            return await line.receive("error")

    async def _by_socket(self, submission: Submission, hears: bool) -> dict[str, Any] | None:
        async with wire(self.trouble, self.sheet, "bob", client_id=self.client_id) as line:
            await line.join()
            await line.submit(self.seq, *submission)
            if hears:
                return await line.answer(self.seq)
            line.socket.transport.abort()
        return None

    async def _by_rest(self, submission: Submission) -> dict[str, Any]:
        base, operation = submission
        fields = {"client_id": self.client_id, "seq": self.seq, "base_version": base, "operation": operation}
        return _available(await self._bob.http.post(f"/api/documents/{self.sheet.doc_id}/operations", json=fields))

    @property
    def _bob(self) -> Client:
        """At any process."""
        return self.rng.choice(self.bobs)


class Unavailable(Exception):
    """503: come back."""


def _available(answer: httpx.Response) -> dict[str, Any]:
    if answer.status_code == 503:
        raise Unavailable
    assert answer.status_code in (200, 409), f"it was answered {answer.status_code}"
    found: dict[str, Any] = answer.json()
    return found
