"""What an accepted socket may say: who and where it is was settled by the handshake, and no message changes it."""

import uuid

import pytest

from accounts import tokens
from accounts.scopes import Scope
from documents import history, services
from realtime import hub as hubs

ELSEWHERE = ("doc_id", "document_id", "document", "doc", "room", "path", "channel")


@pytest.fixture
async def secret(calls, mallory):
    """A document that the cast may not know of."""
    return await calls(services.create_document, owner=mallory, title="Secret", content="secret")


def foreign(secret, alice) -> dict:
    """All the names under which a message may try to be somewhere else, and somebody else."""
    somebody = dict.fromkeys(("user", "user_id", "author", "author_id", "sub", "session_id"), str(alice.id))
    return dict.fromkeys(ELSEWHERE, str(secret.id)) | somebody | {"role": "owner", "scope": None}


async def test_a_join_stays_in_its_document(connects, alice, bob, secret):
    socket = await connects(bob)
    joined = await socket.joins(**foreign(secret, alice))
    assert (joined["content"], joined["role"], joined["user"]["name"]) == ("hello", "editor", "bob")
    assert set(hubs.current().rooms) == {uuid.UUID(socket.document_id)}


async def test_a_submission_stays_in_its_document(joins, calls, alice, bob, vera, secret, document):
    socket = await joins(bob)
    said = foreign(secret, alice) | {"client_id": str(uuid.uuid4())}
    await socket.says("submit", seq=1, base_version=1, operation=["x"], **said)
    [entry] = await socket.hears_operations()
    assert (entry["author"], entry["client_id"]) == (str(bob.id), socket.client_id)
    assert await calls(history.current_text, secret.id) == (1, "secret")
    viewer = await joins(vera)
    await viewer.says("submit", seq=1, base_version=2, operation=["x"], **said)
    assert (await viewer.hears("error"))["code"] == "forbidden"
    assert await calls(history.current_text, document.id) == (2, "xhello")


async def test_presence_is_of_who_shows_it(joins, alice, bob, vera, secret):
    other, socket = await joins(alice), await joins(vera)
    await other.hears_presence()
    said = foreign(secret, bob) | {"client_id": other.client_id, "user": {"id": str(bob.id), "name": "bob"}}
    await socket.says("presence", base_version=1, selection=[[1, 1]], **said)
    shown = await other.hears_presence()
    assert (shown["client_id"], shown["user"]["name"]) == (socket.client_id, "vera")


async def test_the_client_of_somebody_else_is_not_taken(joins, connects, alice, vera):
    other = await joins(alice)
    socket = await connects(vera, client_id=other.client_id)
    assert (await socket.joins())["code"] == "forbidden"
    assert await socket.is_closed() == 4403
    await other.submits(["x"])
    assert await other.reaches(2) == "xhello"


async def test_a_token_for_another_document_renews_nothing(joins, calls, alice, secret):
    """Else a narrow token would keep a socket open that a wide one opened."""
    _, token = await calls(tokens.create_api_token, alice, "narrow", Scope(document_id=secret.id), None)
    socket = await joins(alice)
    await socket.says("authenticate", token=token)
    assert await socket.is_closed() == 4401


async def test_a_token_for_reading_leaves_reading(joins, calls, alice, document):
    scope = Scope(is_read_only=True, document_id=document.id)
    _, token = await calls(tokens.create_api_token, alice, "for reading", scope, None)
    socket = await joins(alice)
    await socket.says("authenticate", token=token)
    await hubs.current().tick()
    assert (await socket.hears("role"))["role"] == "viewer"
    await socket.submits(["x"])
    assert (await socket.hears("error"))["code"] == "forbidden"
