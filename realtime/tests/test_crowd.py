"""Who opens too much is stopped, before it is looked up who it is or after; all others are not."""

import asyncio
from types import SimpleNamespace

import pytest

from accounts import throttles, tokens
from accounts.errors import TooOften
from accounts.throttles import Rate
from realtime import consumers, crowd, events
from realtime.crowd import Places
from realtime.tests.clients import JsonSocket, eventually
from realtime.tests.streams import Reader

HTTP_ANSWERS = {"websocket.http.response": {}}


@pytest.fixture(autouse=True)
def _limited(settings):
    settings.RATE_LIMITS = True


@pytest.fixture
async def knocks(document, calls, users):
    """`await knocks(alice)`: the first answer to a handshake of alice's, from an address, and the socket."""

    async def knock(user, *, address="10.0.0.1", extensions=HTTP_ANSWERS, token=None, headers=()):
        token = token or (await calls(tokens.start_session, user)).access_token
        socket = JsonSocket(document.id, token, headers=headers)
        socket.line.scope |= {"client": (address, 1234), "extensions": extensions}
        return socket, await socket.opens()

    return knock


async def test_a_person_has_so_many_sockets(connects, alice, bob, monkeypatch):
    monkeypatch.setattr(consumers, "MOST_BY_USER", 3)
    first, *_ = [await connects(alice) for _ in range(3)]
    assert await (await connects(alice)).is_closed() == 4429
    assert (await (await connects(bob)).joins())["type"] == "joined"
    await first.leaves()
    assert (await (await connects(alice)).joins())["type"] == "joined"


async def test_an_address_has_so_many_sockets(connects, knocks, alice, monkeypatch):
    monkeypatch.setattr(consumers, "MOST_BY_ADDRESS", 1)
    first, answer = await knocks(alice)
    assert answer["type"] == "websocket.accept"
    socket, answer = await knocks(None, token="nobody looks at it")
    assert (answer["type"], answer["status"]) == ("websocket.http.response.start", 429)
    assert dict(answer["headers"])[b"retry-after"] == b"10"
    _, answer = await knocks(alice, extensions={})
    assert answer["type"] == "websocket.close", "a server that can't say 429 says 403"
    other, answer = await knocks(alice, address="10.0.0.2")
    assert answer["type"] == "websocket.accept"
    for socket in (first, other):
        await socket.leaves()


async def test_an_address_knocks_so_often(connects, knocks, alice, monkeypatch):
    monkeypatch.setattr(throttles, "HANDSHAKES_BY_ADDRESS", Rate("handshakes-address", 5, 60))
    answers = [(await knocks(None, token="bad"))[1] for _ in range(6)]
    assert [answer["type"] for answer in answers[:5]] == ["websocket.close"] * 5
    assert answers[5]["status"] == 429


async def test_no_cache_is_asked_at_a_handshake(connects, alice, monkeypatch):
    def ask(*_):
        raise AssertionError("a cache that hangs would hold up the loop")

    monkeypatch.setattr(throttles.cache, "get", ask, raising=False)
    monkeypatch.setattr(throttles.cache, "incr", ask, raising=False)
    await connects(alice)


async def test_a_person_opens_so_often(connects, alice, monkeypatch):
    monkeypatch.setattr(throttles, "OPENS_BY_USER", Rate("opens-user", 2, 60))
    for _ in range(2):
        await (await connects(alice)).leaves()
    assert await (await connects(alice)).is_closed() == 4429


async def test_off_is_off(connects, knocks, alice, settings, monkeypatch):
    settings.RATE_LIMITS = False
    monkeypatch.setattr(consumers, "MOST_BY_USER", 0)
    monkeypatch.setattr(consumers, "MOST_BY_ADDRESS", 0)
    monkeypatch.setattr(throttles, "HANDSHAKES_BY_ADDRESS", Rate("handshakes-address", 0, 60))
    assert (await (await connects(alice)).joins())["type"] == "joined"


async def test_the_proxys_word_counts_where_there_is_one(connects, knocks, settings, alice, monkeypatch):
    settings.BEHIND_PROXY = True
    monkeypatch.setattr(consumers, "MOST_BY_ADDRESS", 1)
    for n in range(3):
        await connects(alice, headers=[(b"x-forwarded-for", f"6.6.6.6, 10.0.1.{n}".encode())])
    _, answer = await knocks(alice, headers=[(b"x-forwarded-for", b"10.0.9.9, 10.0.1.2")])
    assert answer["status"] == 429


async def test_streams_are_counted_with_sockets(connects, calls, document, alice, monkeypatch):
    monkeypatch.setattr(consumers, "MOST_BY_USER", 1)
    monkeypatch.setattr(events, "MOST_BY_USER", 1)
    socket = await connects(alice)
    token = (await calls(tokens.start_session, alice)).access_token
    refused, followed = Reader(document.id, token=token), Reader(document.id, token=token)
    await refused.opens()
    assert (await refused.hears("end")).data["code"] == 4429
    await socket.leaves()
    await followed.opens()
    await followed.hears("joined")
    assert await (await connects(alice)).is_closed() == 4429
    await followed.leaves()
    assert (await (await connects(alice)).joins())["type"] == "joined"


async def test_who_joins_nothing_keeps_no_socket(connects, alice, monkeypatch):
    monkeypatch.setattr(consumers, "SILENCE", 1.0)  # a busy machine may take a while to join
    assert await (await connects(alice)).is_closed() == 4408
    joined = await connects(alice)
    await joined.joins()
    await asyncio.sleep(1.1)
    assert await joined.heard_all() == []


async def test_everybody_gives_their_places_back(connects, knocks, alice, monkeypatch):
    sockets = [await connects(alice) for _ in range(3)]
    await sockets[0].joins()
    await knocks(None, token="bad")
    for socket in sockets:
        await socket.leaves()
    await eventually(lambda: not crowd._open)


def test_places_are_given_back_once():
    places = Places()
    places.take("a", 1)
    with pytest.raises(TooOften):
        Places().take("a", 1)
    places.close()
    places.close()
    Places().take("a", 1)
    crowd._open.clear()


async def test_many_sockets_of_a_person_say_no_more_together_than_a_few(connects, alice, bob, monkeypatch):
    """However they share it out; others are answered at once."""
    monkeypatch.setattr(crowd, "RATE_BY_USER", 60)
    slept = []

    async def sleep(seconds):
        slept.append(seconds)
        await real_sleep(0)

    real_sleep = asyncio.sleep
    sockets = [await connects(alice) for _ in range(20)]
    monkeypatch.setattr(
        consumers, "asyncio", SimpleNamespace(sleep=sleep, create_task=asyncio.create_task, timeout=asyncio.timeout)
    )
    for _ in range(10):
        for socket in sockets:
            await socket.says("ping")
            assert (await socket.next())["type"] == "pong"
    assert sum(pause > 0 for pause in slept) >= 50
    slept.clear()
    other = await connects(bob)
    await other.says("ping")
    assert (await other.next())["type"] == "pong" and not slept


async def test_a_token_in_a_socket_weighs_more_than_a_word(joins, calls, alice, monkeypatch):
    """It asks the database."""
    slept = []

    async def sleep(seconds):
        slept.append(seconds)

    token = (await calls(tokens.start_session, alice)).access_token
    socket = await joins(alice)
    monkeypatch.setattr(
        consumers, "asyncio", SimpleNamespace(sleep=sleep, create_task=asyncio.create_task, timeout=asyncio.timeout)
    )
    for _ in range(15):
        await socket.says("authenticate", token=token)
    await socket.heard_all()
    assert slept
