"""Pastes up to what a text may hold, and far beyond it."""

import asyncio
import time
from contextlib import suppress

from collabdocs_client import Document
from websockets.exceptions import ConnectionClosed

from tests.faults.crowd import Sheet
from tests.faults.guests import SLOWER, Others, refusals, unjudged, wire
from tests.faults.run import Trouble, fault

LIMIT = 1_000_000  # code points of a text
INSERTED = 250_000  # of one submission
FRAME = 1 << 20  # bytes
TEXTS = {"ASCII": "a" * LIMIT, "emoji": "\U0001f600" * LIMIT, "control characters": "\x01" * LIMIT}
MOST_SENDINGS = 2  # of what is refused
PASTE_SECONDS = 60.0  # after these it is stuck
PASTED, PIECES = 2.0, 4  # seconds in which a text is saved, in so many submissions one after the other


@fault("F22", "pastes up to the limit")
async def pasted(trouble: Trouble) -> str:
    others = Others(trouble)
    took = {name: await _pasted(trouble, text) for name, text in TEXTS.items()}
    told = ", ".join(f"{name} {1000 * seconds:.0f} ms" for name, seconds in took.items())
    assert max(took.values()) < max(PASTED, PIECES * SLOWER * others.usual), told
    return f"{told}; {others.fared()}"


@fault("F22b", "pastes over the limit")
async def pasted_too_much(trouble: Trouble) -> str:
    others = Others(trouble)
    pieces = await _ten_megabytes(trouble)
    await _refused_on_sockets(trouble)
    await _refused_by_http(trouble)
    return f"{pieces} pieces refused; {others.fared()}"


async def _pasted(trouble: Trouble, text: str) -> float:
    """Into an empty document; the seconds until it is saved."""
    document = (await trouble.crowd.typist("paste", await trouble.crowd.sheet())).document
    began = time.monotonic()
    await document.insert(0, text)
    async with asyncio.timeout(PASTE_SECONDS):
        await document.saved()
    assert document.text == text, "the text is another than was pasted"
    return time.monotonic() - began


async def _ten_megabytes(trouble: Trouble) -> int:
    """By a client, in pieces, of which those that fit go in; how many were refused."""
    sheet = await trouble.crowd.sheet()
    document = (await trouble.crowd.typist("heap", sheet)).document
    await document.insert(0, "x" * 10 * LIMIT)
    async with asyncio.timeout(PASTE_SECONDS):
        codes = await refusals(document)
    assert set(codes) == {"document_too_large"}, f"refused with {set(codes)}"
    assert len(document.text) == LIMIT, f"{len(document.text)} code points were kept"
    sendings = max(1 + record.resent for record in sheet.ledger.records.values())
    assert sendings <= MOST_SENDINGS, f"something was sent {sendings} times"
    await _goes_on(document)
    return len(codes)


async def _goes_on(document: Document) -> None:
    """A full text can still be made shorter, and longer again by less."""
    await document.delete(0, 10)
    await document.insert(0, "short")
    async with asyncio.timeout(PASTE_SECONDS):
        await document.saved()
    assert document.text.startswith("shortx"), f"it goes on with {document.text[:10]!r}"


async def _refused_on_sockets(trouble: Trouble) -> None:
    """Too much text for one submission is refused; too large a frame closes that socket."""
    sheet = await unjudged(trouble)
    async with wire(trouble, sheet, "bob") as guest:
        await guest.join()
        refusal = await guest.commit(1, 0, ["x" * (INSERTED + 1)])
        assert refusal.get("code") == "operation_too_large", f"it was answered with {str(refusal)[:200]}"
        assert (await guest.commit(2, 0, ["kept"]))["version"] == 1, "the socket takes nothing more"
    for size, code in ((FRAME + 1, 4413), (10 * LIMIT, 1009)):
        assert (closed := await _closed(trouble, sheet, size)) == code, f"{size} bytes were closed with {closed}"


async def _closed(trouble: Trouble, sheet: Sheet, size: int) -> int | None:
    async with wire(trouble, sheet, "bob") as guest:
        await guest.join()
        with suppress(ConnectionClosed):  # before all of it was sent
            await guest.submit(1, 1, ["x" * size])
        return await guest.close_code()


async def _refused_by_http(trouble: Trouble) -> None:
    """413, and the text stays as it was."""
    async with trouble.rig.person("alice") as alice:
        doc_id = (await alice.create_document("Kept", "kept")).doc_id
        for size in (LIMIT + 1, 10 * LIMIT, 20 * LIMIT):
            answer = await alice.http.put(f"/api/documents/{doc_id}", json={"content": "x" * size})
            assert answer.status_code == 413, f"PUT of {size} code points was answered {answer.status_code}"
        assert (await alice.read(doc_id)).content == "kept", "a refused PUT changed the text"
