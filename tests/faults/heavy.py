"""Somebody whose every write makes a copy: each replaces the whole text by another one, heavier than the rest."""

import asyncio
import uuid
from collections.abc import Sequence

import httpx

from tests.faults.outside import person
from tests.faults.rig import Rig
from tests.server import Server

LENGTH = 21_000  # code points: beyond `texts.HEAVY`, so a copy is due after each
PATIENCE = 60.0  # seconds that a write may stay unanswered, resends counted
PAUSE = 0.05  # seconds


class HeavyWriter:
    """Submits by REST at one server, and says the same again until it has an answer."""

    def __init__(self, rig: Rig, server: Server, doc_id: str) -> None:
        self.doc_id, self._rig, self._server = doc_id, rig, server
        self._client_id = str(uuid.uuid4())
        self._base = self._length = 0
        self.count = self.resent = 0
        self._has_stopped = False

    def stops(self) -> None:
        """After the write that is under way."""
        self._has_stopped = True

    async def has_an_answer(self) -> None:
        """Return when the write that is under way now has one."""
        count = self.count
        async with asyncio.timeout(PATIENCE):
            while self.count == count:  # noqa: ASYNC110  (nobody tells of it)
                await asyncio.sleep(PAUSE)

    async def writes(self) -> None:
        while not self._has_stopped:
            self.count += 1
            text = chr(ord("a") + self.count % 26) * LENGTH
            operation = [text, -self._length] if self._length else [text]
            submission = {"client_id": self._client_id, "seq": self.count, "base_version": self._base}
            async with asyncio.timeout(PATIENCE):
                self._base = await self._committed(submission | {"operation": operation})
            self._length = LENGTH

    async def _committed(self, submission: dict[str, object]) -> int:
        """The version it got."""
        was_lost = False
        while (answer := await self._answer(submission)) is None or answer.status_code == 503:
            was_lost = True
            await asyncio.sleep(PAUSE)
        assert answer.status_code == 200, f"a write was answered {answer.status_code} {answer.text[:200]}"
        self.resent += was_lost
        return int(answer.json()["version"])

    async def _answer(self, submission: dict[str, object]) -> httpx.Response | None:
        """None when the line was lost."""
        try:
            async with person(self._server) as alice:
                return await alice.post(f"/api/documents/{self.doc_id}/operations", json=submission)
        except httpx.TransportError:
            return None


async def assert_kept_once(rig: Rig, writers: Sequence[HeavyWriter]) -> None:
    """Each write is in the log once, in order; every copy says what the log says; opening mends the head in the row."""
    kept = await rig.inspect([writer.doc_id for writer in writers])
    for writer in writers:
        found = kept[writer.doc_id]
        assert not found["faults"], found["faults"]
        assert [entry["seq"] for entry in found["log"]] == list(range(1, writer.count + 1)), "not each once"
        assert found["row"] <= writer.count, f"the row says {found['row']} of {writer.count}"
        async with rig.person("vera") as vera, vera.open(writer.doc_id) as opened:
            assert (opened.version, len(opened.text)) == (writer.count, LENGTH), f"opened at {opened.version}"
    kept = await rig.inspect([writer.doc_id for writer in writers])
    rows = {writer.count - kept[writer.doc_id]["row"] for writer in writers}
    assert rows == {0}, f"rows were not mended, they trail by {rows}"
