"""What is done now and then without anybody's asking."""

import asyncio

from documents.api import idempotency
from realtime import hub as hubs


async def test_old_answers_are_forgotten(document, monkeypatch):
    """Also where no document is open."""
    forgotten = asyncio.Event()
    loop = asyncio.get_running_loop()
    monkeypatch.setattr(hubs, "TICK", 0.02)
    monkeypatch.setattr(idempotency, "forget_some", lambda: loop.call_soon_threadsafe(forgotten.set))
    hub = hubs.current()
    async with asyncio.timeout(10):
        await forgotten.wait()
    assert not hub.rooms
    await hub.drain()
