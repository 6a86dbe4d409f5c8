"""Roles × verbs × transports: what each may do is the same by REST, by socket and by server-sent events.

A stranger hears that there is nothing, wherever they ask; who is nobody, that they have to say who they are.
"""

from typing import Any
from uuid import uuid4

import pytest
from rest_framework.test import APIClient

from accounts import tokens
from accounts.scopes import Scope
from documents import sharing
from documents.permissions import ALLOWED
from realtime.tests.clients import JsonSocket
from realtime.tests.streams import Reader

# who → the role that counts, None for who may know of nothing
WHO = {
    "owner": "owner",
    "editor": "editor",
    "commenter": "commenter",
    "viewer": "viewer",
    "guest editor": "editor",
    "guest commenter": "commenter",
    "guest viewer": "viewer",
    "owner's token for reading": "viewer",
    "owner's token for this document": "owner",
    "owner's token for another document": None,
    "stranger": None,
}
REST = [
    ("view", "get", "", None),
    ("view", "get", "/operations", None),
    ("view", "get", "/history", None),
    ("view", "get", "/revisions", None),
    ("view", "get", "/versions", None),
    ("view", "get", "/versions/1", None),
    ("view", "get", "/diff?from=0&to=1", None),
    ("view", "get", "/blame", None),
    ("view", "get", "/html", None),
    ("view", "get", "/export?format=md", None),
    ("view", "get", "/collaborators", None),
    ("view", "get", "/comments", None),
    ("comment", "post", "/comments", {"body": "Why?", "range": [0, 2], "version": 1}),
    ("edit", "put", "", {"content": "hello you", "version": 1}),
    ("edit", "patch", "", {"title": "Other"}),
    ("edit", "post", "/restore", {"version": 0}),
    ("edit", "post", "/versions/1/name", {"name": "First"}),
    ("edit", "post", "/operations", {"client_id": str(uuid4()), "seq": 1, "base_version": 1, "operation": ["x"]}),
    ("manage", "post", "/collaborators", {"username": "mallory", "role": "viewer"}),
    ("manage", "get", "/share-links", None),
    ("manage", "post", "/share-links", {"role": "viewer"}),
    ("manage", "delete", "", None),
]


@pytest.fixture
async def token_of(document, calls, users):
    """`await token_of("guest editor")`: an access token of somebody new for whom that is true."""

    def made(who: str) -> str:
        names = {"owner": "alice", "editor": "bob", "commenter": "carol", "viewer": "vera", "stranger": "mallory"}
        if who in names:
            return tokens.start_session(users[names[who]]).access_token
        if who.startswith("guest"):
            role = who.removeprefix("guest ")
            link = sharing.create_link(document, role=role, expires_at=None, actor=users["alice"]).link
            return tokens.start_session(sharing.let_guest_in(link, "Dora")).access_token
        for_which = {"reading": None, "this document": document.id, "another document": uuid4()}
        which = who.rpartition(" for ")[2]
        scope = Scope(is_read_only=which == "reading", document_id=for_which[which])
        return tokens.create_api_token(users["alice"], "a program", scope, None)[1]

    async def make(who: str) -> str:
        return await calls(made, who)

    return make


def expected(who: str, verb: str) -> bool:
    return WHO[who] in ALLOWED[verb]


@pytest.mark.parametrize("who", WHO)
@pytest.mark.parametrize(("verb", "method", "path", "body"), REST, ids=lambda value: str(value)[:24])
async def test_rest(token_of, document, calls, who, verb, method, path, body):
    client = APIClient(headers={"Authorization": f"Bearer {await token_of(who)}"})
    answer = await calls(getattr(client, method), f"/api/documents/{document.id}{path}", body, format="json")
    if WHO[who] is None:
        nowhere = await calls(getattr(client, method), f"/api/documents/{uuid4()}{path}", body, format="json")
        assert (answer.status_code, answer.content) == (404, nowhere.content)
    elif expected(who, verb):
        assert answer.status_code in (200, 201, 204), answer.content
    else:
        assert (answer.status_code, answer.json()["code"]) == (403, "forbidden")


@pytest.mark.parametrize("who", WHO)
async def test_what_is_told_is_what_holds(token_of, document, calls, who):
    client = APIClient(headers={"Authorization": f"Bearer {await token_of(who)}"})
    shown = (await calls(client.get, f"/api/documents/{document.id}")).json()
    listed = (await calls(client.get, "/api/documents")).json()["results"]
    if WHO[who] is None:
        assert shown["code"] == "not_found" and listed == []
    else:
        assert shown["role"] == WHO[who]
        assert shown["abilities"] == {verb: expected(who, verb) for verb in ALLOWED}
        assert [each["abilities"] for each in listed] == [shown["abilities"]]


@pytest.mark.parametrize("who", WHO)
async def test_socket(connects, token_of, document, who):
    socket = await connects(None, token=await token_of(who))
    if WHO[who] is None:
        assert await socket.is_closed() == 4404
        return
    joined = await socket.joins()
    assert (joined["content"], joined["role"]) == ("hello", WHO[who])
    seq = await socket.submits([5, "!"])
    if expected(who, "edit"):
        await socket.hears_operations()
        assert socket.acknowledged == [(seq, 2)]
    else:
        refused: dict[str, Any] = await socket.hears("error")
        assert (refused["code"], refused["seq"]) == ("forbidden", seq)


@pytest.mark.parametrize("who", WHO)
async def test_server_sent_events(connects, token_of, document, who):
    reader = Reader(document.id, token=await token_of(who))
    status = await reader.opens()
    if WHO[who] is None:
        assert (status, await reader.body()) == (404, await nothing_there(await token_of(who)))
        return
    assert status == 200
    assert (await reader.hears("joined")).data["role"] == WHO[who]
    await reader.leaves()


async def nothing_there(token: str) -> bytes:
    reader = Reader(uuid4(), token=token)
    await reader.opens()
    return await reader.body()


@pytest.mark.parametrize(("verb", "method", "path", "body"), REST, ids=lambda value: str(value)[:24])
async def test_nobody(document, calls, verb, method, path, body):
    answer = await calls(getattr(APIClient(), method), f"/api/documents/{document.id}{path}", body, format="json")
    assert (answer.status_code, answer.json()["code"]) == (401, "not_authenticated")


async def test_nobody_by_socket_and_events(document):
    assert (await JsonSocket(document.id, None).opens())["type"] == "websocket.close"
    assert await Reader(document.id).opens() == 401
