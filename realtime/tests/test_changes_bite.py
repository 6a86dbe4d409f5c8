"""Change kinds × transports × two processes: what somebody may not do any more ends on every open socket and stream,
also where the broker loses every word, by the next look after the rooms; and nobody else notices."""

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from accounts import services as accounts
from accounts import tokens
from accounts.scopes import WHOLE
from conftest import PASSWORD
from documents import sharing, trash
from realtime.tests.clients import Closed, JsonSocket
from realtime.tests.processes import Layer, Process, where
from realtime.tests.streams import Reader


@dataclass
class Scene:
    """What a change changes: bob edits alice's document, by a role, by a link, or with a program's token."""

    document: Any
    alice: Any
    bob: Any
    token: str = ""

    def by_role(self) -> None:
        self.token = tokens.start_session(self.bob).access_token

    def by_link(self) -> None:
        """Bob's own role is gone; a link gave him another."""
        sharing.remove_collaborator(self.document, user=self.bob, actor=self.alice)
        tomorrow = timezone.now() + timedelta(days=1)
        self.link = sharing.create_link(self.document, role="editor", expires_at=tomorrow, actor=self.alice).link
        sharing.redeem(self.link, self.bob)
        self.by_role()

    def by_api_token(self) -> None:
        self.api_token, self.token = tokens.create_api_token(self.bob, "a program", WHOLE, None)

    def by_short_token(self) -> None:
        claims = tokens._Access.for_session(tokens.open_session(self.bob, timedelta(days=1)))
        claims.set_exp(lifetime=timedelta(seconds=2))
        self.token = str(claims)

    # --- Changes ---

    def token_expired(self) -> None:
        time.sleep(2)

    def demoted(self) -> None:
        sharing.set_role(self.document, user=self.bob, role="viewer", actor=self.alice)

    def removed(self) -> None:
        sharing.remove_collaborator(self.document, user=self.bob, actor=self.alice)

    def locked(self) -> None:
        sharing.lock(self.document)

    def deleted(self) -> None:
        trash.delete_document(self.document, actor=self.alice)

    def revoked(self) -> None:
        tokens.revoke(self.token)

    def signed_out(self) -> None:
        self.bob.end_sessions()

    def new_password(self) -> None:
        accounts.change_user(self.bob, password=f"{PASSWORD} too")

    def disabled(self) -> None:
        self.bob.is_active = False
        self.bob.save()

    def erased(self) -> None:
        accounts.erase_user(self.bob)

    def link_revoked(self) -> None:
        sharing.revoke_link(self.document, str(self.link.pk))

    def link_expired(self) -> None:
        past = timezone.now() - timedelta(seconds=1)
        type(self.link).objects.filter(pk=self.link.pk).update(expires_at=past)
        self.link.arrivals.update(expires_at=past)


CHANGES: list[tuple[Callable[[Scene], None], Callable[[Scene], None], int | str]] = [
    (Scene.by_role, Scene.demoted, "viewer"),
    (Scene.by_role, Scene.removed, 4403),
    (Scene.by_role, Scene.locked, "viewer"),
    (Scene.by_role, Scene.deleted, 4404),
    (Scene.by_role, Scene.revoked, 4401),
    (Scene.by_role, Scene.signed_out, 4401),
    (Scene.by_role, Scene.new_password, 4401),
    (Scene.by_role, Scene.disabled, 4401),
    (Scene.by_role, Scene.erased, 4401),
    (Scene.by_link, Scene.link_revoked, 4403),
    (Scene.by_link, Scene.link_expired, 4403),
    (Scene.by_link, Scene.demoted, "viewer"),
    (Scene.by_short_token, Scene.token_expired, 4401),
    (Scene.by_api_token, Scene.revoked, 4401),
    (Scene.by_api_token, Scene.signed_out, 4401),
    (Scene.by_api_token, Scene.demoted, "viewer"),
]
NAMES = [f"{begin.__name__}-{change.__name__}" for begin, change, _ in CHANGES]


async def outcome(socket: JsonSocket) -> int | str:
    """What becomes of a socket: the role it is told, or the code it is closed with."""
    try:
        while (message := await socket.next())["type"] != "role":
            pass
    except Closed as closed:
        return closed.args[0]
    return message["role"]


async def end(reader: Reader) -> int | str:
    while (event := await reader.next()) is not None:
        if event.kind in ("role", "end"):
            return event.data["role"] if event.kind == "role" else event.data["code"]
    raise AssertionError("the stream was cut")


@pytest.mark.parametrize("lose", [0.0, 1.0], ids=["broker", "no broker"])
@pytest.mark.parametrize(("begin", "change", "expected"), CHANGES, ids=NAMES)
async def test_it_bites_everywhere(processes, calls, document, alice, bob, lose, begin, change, expected):
    a, b, joins = await processes(Layer(lose=lose))
    scene = Scene(document, alice, bob)
    await calls(begin, scene)
    theirs = [await joins(process, bob, token=scene.token) for process in (a, b)]
    readers = [await following(process, document, scene.token) for process in (a, b)]
    others = [await joins(process, alice) for process in (a, b)]
    await calls(change, scene)
    await asyncio.gather(a.tick(), b.tick())
    assert [await outcome(socket) for socket in theirs] == [expected] * 2
    assert [await end(reader) for reader in readers] == [expected] * 2
    if expected == "viewer":
        await is_refused(theirs[1])
    for reader in readers:
        await reader.leaves()
    if change not in (Scene.deleted, Scene.locked):
        await others[0].submits([5, "!"])
        await others[0].hears_operations()
        await b.tick()
        assert await others[1].reaches(2) == "hello!"


async def following(process: Process, document: Any, token: str) -> Reader:
    where.set(process)
    reader = Reader(document.id, token=token)
    assert await reader.opens() == 200
    await reader.hears("joined")
    return reader


async def is_refused(socket: JsonSocket) -> None:
    await socket.submits(["x"])
    while (message := await socket.next())["type"] != "error":
        pass
    assert message["code"] == "forbidden"
