"""A log that is shorter than what was handed out: a backup was restored, or a new primary trails for a moment."""

import pytest

from realtime import hub as hubs
from realtime import restores


@pytest.fixture
async def looks(joins, alice, monkeypatch):
    """`await looks(is_shorter)` is one look after a room in which alice sits; whether it is still open then."""
    await joins(alice)
    hub, look = hubs.current(), restores._look

    async def looks(is_shorter: bool) -> bool:
        with monkeypatch.context() as patch:
            patch.setattr(restores, "_look", lambda befores: (look(befores)[0], set() if is_shorter else set(befores)))
            await hub.tick()
        return bool(hub.rooms)

    return looks


@pytest.fixture
def sure_after_two(monkeypatch) -> None:
    monkeypatch.setattr(restores, "SURE_AFTER", dict.fromkeys(restores.SURE_AFTER, 2))


async def test_a_room_of_a_longer_history_is_closed(looks, sure_after_two):
    assert await looks(is_shorter=True)
    assert not await looks(is_shorter=True)


async def test_a_primary_that_trailed_for_a_moment_closes_nothing(looks, sure_after_two):
    assert await looks(is_shorter=True)
    assert await looks(is_shorter=False)
    assert await looks(is_shorter=True)
