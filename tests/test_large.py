"""A megabyte is pasted in pieces while others go on typing, and nobody waits long."""

import asyncio
import time

import pytest
from collabdocs_client import DocumentTooLarge

from tests.agreement import agreed_text
from tests.conftest import Stage
from tests.server import Server

pytestmark = pytest.mark.parametrize("module_server", ["uvicorn", "daphne"], indirect=True)

SIZE = 1_000_000  # code points: all that a text may hold
ROOM = 1_000  # of which the others take some
TEXTS = {
    "ascii": "The quick brown fox jumps over it.\n",
    "emoji": "\U0001f600\U0001f9d1\U0001f3fd\u200d\U0001f680",
    "escapes": '\x01"\\\n',  # six bytes of JSON for one of text
}
SLOWEST = 3.0  # seconds from a keystroke to its acknowledgement, on a busy machine
PATIENCE = 60.0


@pytest.mark.parametrize("kind", TEXTS)
async def test_a_megabyte_is_pasted_while_others_type(server: Server, stage: Stage, kind: str) -> None:
    pasted = (TEXTS[kind] * (SIZE // len(TEXTS[kind]) + 1))[: SIZE - ROOM]
    doc_id = await stage.document(server, "<>")
    pieces: list[int] = []

    def tap(way: str, message) -> None:
        if message["type"] == "submit":
            pieces.append(sum(len(part) for part in message["operation"] if isinstance(part, str)))

    alice = await stage.open(server, "alice", doc_id, tap=tap)
    bob = await stage.open(server, "bob", doc_id)
    waits: list[float] = []

    async def types() -> None:
        while not alice.is_saved:
            started = time.monotonic()
            await bob.insert(0, "b")
            await bob.saved()
            waits.append(time.monotonic() - started)
            if len(waits) >= ROOM // 2:
                return

    async with asyncio.timeout(PATIENCE):
        await alice.insert(1, pasted)
        await asyncio.gather(alice.saved(), types())
    text = await agreed_text(await stage.person(server, "alice"), doc_id, [alice, bob])
    assert text == "b" * len(waits) + "<" + pasted + ">"
    assert len(pieces) >= 4 and max(pieces) <= 250_000
    assert max(waits) < SLOWEST


async def test_more_than_a_text_may_hold_is_refused_and_the_rest_stays(server: Server, stage: Stage) -> None:
    """What does not fit leaves the text here again; each piece is sent once."""
    doc_id = await stage.document(server, "x" * (SIZE - 300_000))
    sent = 0

    def tap(way: str, message) -> None:
        nonlocal sent
        sent += message["type"] == "submit"

    alice = await stage.open(server, "alice", doc_id, tap=tap)
    async with asyncio.timeout(PATIENCE):
        await alice.insert(0, "y" * 400_000)
        with pytest.raises(DocumentTooLarge):
            await alice.saved()
        await alice.until(lambda: alice.is_saved)
    text = await agreed_text(await stage.person(server, "alice"), doc_id, [alice])
    assert text == "y" * 250_000 + "x" * (SIZE - 300_000)
    assert sent == 2


async def test_a_whole_text_by_put_in_one_piece(server: Server, stage: Stage) -> None:
    """A whole-text write has only the text's limit, and reaches an open editor."""
    doc_id = await stage.document(server, "short")
    bob = await stage.open(server, "bob", doc_id)
    reader = await stage.person(server, "alice")
    content = TEXTS["emoji"] * (SIZE // len(TEXTS["emoji"]))
    await reader.write(doc_id, content, base_version=1)
    assert await agreed_text(reader, doc_id, [bob]) == content
