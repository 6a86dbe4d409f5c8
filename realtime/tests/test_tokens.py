"""A socket lasts as long as its token: it may be renewed in place, and ends with its session."""

from datetime import timedelta

import pytest
from django.utils import timezone

from accounts import tokens
from accounts.services import change_user
from realtime import hub as hubs


@pytest.fixture
def short():
    """`short(alice)` is a token that has just expired; the leeway between clocks lets it pass the handshake."""

    def make(user, seconds=-1):
        session = tokens.open_session(user, timedelta(days=1))
        claims = tokens._Access.for_session(session)
        claims.set_exp(lifetime=timedelta(seconds=seconds))
        return str(claims)

    return make


async def tick():
    await hubs.current().tick()


def seats():
    return [seat for room in hubs.current().rooms.values() for seat in room.seats.values()]


def let_expire():
    for seat in seats():
        seat.expires_at = timezone.now() - timedelta(seconds=1)


async def test_an_expired_token_closes(joins, alice, bob):
    other, socket = await joins(bob), await joins(alice)
    await other.hears_presence()
    await tick()
    assert [m for m in await socket.heard_all() if m["type"] != "presence"] == []
    seats()[1].expires_at = timezone.now() - timedelta(seconds=1)
    await tick()
    assert await socket.is_closed() == 4401
    await socket.leaves()
    assert (await other.hears_presence())["selection"] is None


async def test_what_is_submitted_after_the_end_is_not_taken(joins, alice, monkeypatch):
    socket = await joins(alice)
    later = timezone.now() + timedelta(hours=1)
    monkeypatch.setattr("realtime.consumers.timezone.now", lambda: later)
    await socket.submits(["x"])
    assert await socket.is_closed() == 4401


async def test_renewing_in_place(joins, calls, alice):
    socket = await joins(alice)
    let_expire()
    pair = await calls(tokens.start_session, alice)
    await socket.says("authenticate", token=pair.access_token)
    assert await socket.heard_all() == []
    await tick()
    await socket.submits(["x"])
    assert await socket.reaches(2) == "xhello"
    await calls(tokens.revoke, pair.refresh_token)  # it is the new session's socket now
    await tick()
    assert await socket.is_closed() == 4401


async def test_a_token_of_somebody_else_is_refused(joins, calls, alice, bob):
    socket = await joins(alice)
    await socket.says("authenticate", token=(await calls(tokens.start_session, bob)).access_token)
    assert await socket.is_closed() == 4401


@pytest.mark.parametrize("token", ["", "nonsense", "a.b.c", "é"])
async def test_a_bad_token_is_refused(joins, alice, token):
    socket = await joins(alice)
    await socket.says("authenticate", token=token)
    assert await socket.is_closed() == 4401


@pytest.mark.parametrize("token", [None, 7, "x" * 9_000])
async def test_what_is_no_token_is_an_error(joins, alice, token):
    socket = await joins(alice)
    await socket.says("authenticate", token=token)
    assert (await socket.hears("error"))["code"] == "invalid_message"


async def test_a_revoked_session_closes_its_sockets_and_no_others(joins, calls, alice):
    pair = await calls(tokens.start_session, alice)
    revoked, other = await joins(alice, token=pair.access_token), await joins(alice)
    await calls(tokens.revoke, pair.refresh_token)
    await tick()
    assert await revoked.is_closed() == 4401
    await other.submits(["x"])
    assert await other.reaches(2) == "xhello"


async def test_a_new_password_closes_every_socket(joins, calls, alice):
    one, two = await joins(alice), await joins(alice)
    await calls(change_user, alice, password="another correct horse")
    await tick()
    assert [await one.is_closed(), await two.is_closed()] == [4401, 4401]


async def test_nobody_joins_with_a_session_that_was_revoked_since_the_handshake(connects, calls, alice):
    pair = await calls(tokens.start_session, alice)
    socket = await connects(alice, token=pair.access_token)
    await calls(tokens.revoke, pair.refresh_token)
    await socket.says("join", client_id=socket.client_id)
    assert await socket.is_closed() == 4401


async def test_nobody_joins_with_a_token_that_has_expired(connects, calls, alice, short):
    socket = await connects(alice, token=await calls(short, alice))  # within the clocks' leeway
    await socket.says("join", client_id=socket.client_id)
    assert await socket.is_closed() == 4401


async def test_the_browser_may_renew_before_it_joins(connects, calls, alice, short):
    socket = await connects(alice, token=await calls(short, alice))
    await socket.says("authenticate", token=(await calls(tokens.start_session, alice)).access_token)
    assert (await socket.joins())["content"] == "hello"
