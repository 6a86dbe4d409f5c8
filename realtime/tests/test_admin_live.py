"""What an administrator sees of who has a document open, and how its sessions are closed."""

import asyncio
import os
import shutil
import uuid

import pytest

from documents import sharing
from realtime import memory
from realtime.admin import who_is_there
from realtime.elsewhere import Here, Person
from realtime.tests.clients import eventually, presences_of
from realtime.tests.processes import Layer
from tests.redis_server import RedisServer, use


def seen(document_id) -> tuple[list[str], bool]:
    found = who_is_there(document_id)
    return sorted(person.name for person in found.people), found.is_all


async def test_it_works(joins, calls, bob, vera, document):
    assert await calls(seen, document.id) == ([], False)
    await joins(bob)
    reader = await joins(vera)
    assert await calls(seen, document.id) == (["bob", "vera"], False)
    assert await calls(seen, uuid.uuid4()) == ([], False)
    await reader.leaves()
    await eventually(lambda: len(presences_of(reader)) == 1)
    assert await calls(seen, document.id) == (["bob"], False)


async def test_a_process_that_does_not_answer_holds_nobody_up_for_long(joins, bob, document, monkeypatch):
    from realtime import hub

    monkeypatch.setattr(hub, "ANSWER_PATIENCE", 0.01)
    await joins(bob)
    assert seen(document.id) == ([], False)  # asked from the loop itself, which can't answer meanwhile


@pytest.mark.skipif(
    not shutil.which("redis-server") and not os.environ.get("CI"), reason="LEFT OUT: redis-server is not installed"
)
def test_with_redis_all_processes_are_seen(tmp_path, settings, monkeypatch):
    document_id, since = uuid.uuid4(), 1_700_000_000_000

    def here(*people: tuple[str, object]) -> Here:
        told = (
            Person(uuid.uuid4(), {"id": str(uuid.uuid4()), "name": name, "color": "#000000"}, selection, since)
            for name, selection in people
        )
        return Here(document_id, 1, 1, tuple(told))

    redis = RedisServer(tmp_path).start()
    try:
        use(redis.url, settings, monkeypatch)
        memory.exchange("a", [here(("bob", ()), ("left", None))])
        memory.exchange("b", [here(("vera", ((1, 1),)))])
        assert seen(document_id) == (["bob", "vera"], True)
        assert {person.since.year for person in who_is_there(document_id).people} == {2023}
        assert len({person.where for person in who_is_there(document_id).people}) == 2
        memory.forget("a")
        assert seen(document_id) == (["vera"], True)
        assert seen(uuid.uuid4()) == ([], True)
    finally:
        redis.kill()
    assert seen(document_id) == ([], False)  # what is away says nothing, and that it does not know


async def test_closing_sessions_reaches_every_process_and_everybody_may_come_back(processes, alice, bob, document):
    a, b, joins = await processes(Layer())
    one, two = await joins(a, alice), await joins(b, bob)
    await asyncio.get_running_loop().run_in_executor(a._lanes.executor, sharing.close_sessions, document)
    assert [await one.is_closed(), await two.is_closed()] == [1012, 1012]
    back = await joins(b, bob)
    await back.submits(["!"])
    assert await back.reaches(2) == "!hello"
