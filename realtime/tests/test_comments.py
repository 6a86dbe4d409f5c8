"""Comments are told to everybody who has the document open: by socket and stream, in every process, once each, and
whatever the broker does."""

import asyncio
from datetime import timedelta

import pytest
from django.utils import timezone

from accounts import tokens
from documents import comments, permissions, threads
from realtime import heard, upkeep
from realtime import hub as hubs
from realtime.heard import HeardComments
from realtime.tests.processes import Layer
from realtime.tests.streams import Reader


@pytest.fixture(autouse=True)
def _looks_only_when_told(monkeypatch):
    monkeypatch.setattr(hubs, "TICK", 600.0)


@pytest.fixture
def says(document, calls):
    """`await says(carol)` is a comment of carol's on "ell", made as a view makes it; `await says.changes(…)`,
    `await says.deletes(…)` likewise."""

    def asked(user):
        return permissions.get_document(user, document.id, may="comment")

    async def say(user, body="Which?", **more):
        return await calls(
            lambda: comments.add(asked(user), author=user, body=body, **{"stretch": (1, 4), "version": 1} | more)
        )

    async def change(user, comment, **to):
        return await calls(lambda: comments.change(asked(user), comment["id"], actor=user, **to))

    async def delete(user, comment):
        await calls(lambda: comments.delete(asked(user), comment["id"], actor=user))

    say.changes, say.deletes = change, delete
    return say


@pytest.fixture
async def follows(document, calls):
    """`await follows(vera)` reads along by server-sent events."""
    readers = []

    async def follow(user):
        reader = Reader(document.id, token=(await calls(tokens.start_session, user)).access_token, text="hello")
        assert await reader.opens() == 200
        readers.append(reader)
        reader.version = int((await reader.hears("joined")).id)
        return reader

    yield follow
    for reader in readers:
        await reader.leaves()


async def told(*listeners):
    """The next comment that all of them hear, which must be the same."""
    heard_by = [await listener.hears("comment") for listener in listeners]
    found = [getattr(message, "data", message) for message in heard_by]
    assert all(message == {"type": "comment", "comment": found[0]["comment"]} for message in found)
    return found[0]["comment"]


async def test_it_works(joins, follows, says, alice, carol, vera):
    socket, viewer, reader = await joins(alice), await joins(vera), await follows(vera)
    made = await says(carol)
    assert await told(socket, viewer, reader) == made
    assert await told_after(says.changes(alice, made, is_resolved=True), socket, viewer, reader)
    await says.deletes(carol, made)
    gone = await told(socket, viewer, reader)
    assert (gone["id"], gone["deleted"], gone["body"], gone["author"]) == (made["id"], True, "", None)


async def heard_so_far(listener):
    """Comments told up to now, presence left out."""
    return [message["comment"] for message in await listener.heard_all() if message["type"] == "comment"]


async def told_after(change, *listeners) -> bool:
    changed = await change
    return await told(*listeners) == changed


async def test_it_is_no_event_to_resume_from(joins, follows, says, carol, vera):
    reader = await follows(vera)
    await says(carol)
    assert (await reader.hears("comment")).id is None


async def test_where_it_stands_is_told_with_the_version(joins, edits, says, alice, carol):
    socket = await joins(alice)
    await edits("now ", 1)
    await socket.reaches(2)
    await says(carol)
    comment = await told(socket)
    assert (comment["range"], comment["version"], comment["quote"]) == ([5, 8], 2, "ell")


async def test_a_stranger_hears_nothing(connects, says, carol, mallory):
    socket = await connects(mallory)
    await says(carol)
    assert await socket.is_closed() == 4404


# --- Two processes --------------------------------------------------------------------------------------------


async def in_process(process, work):
    """As a view of that process does it."""
    return await asyncio.get_running_loop().run_in_executor(process._lanes.executor, work)


async def test_the_other_process_hears_it_by_the_layer(processes, document, alice, bob, carol):
    a, b, joins = await processes(Layer())
    one, two = await joins(a, alice), await joins(b, bob)

    def work():
        document.head = 1
        return comments.add(document, author=carol, body="Which?", stretch=(1, 4))

    made = await in_process(a, work)
    assert await told(one, two) == made
    await b.tick()
    assert await heard_so_far(two) == [], "the look does not tell it again"


async def test_what_the_broker_loses_is_found_by_the_look(processes, document, says, alice, bob, carol):
    a, b, joins = await processes(Layer(lose=1.0))
    one, two = await joins(a, alice), await joins(b, bob)

    def work():
        document.head = 1
        return comments.add(document, author=carol, body="Which?", stretch=(1, 4))

    made = await in_process(a, work)
    assert await told(one) == made
    assert await heard_so_far(two) == []
    await b.tick()
    assert await told(two) == made
    await says.changes(carol, made, body="Who?")  # by a command outside: neither hears of it
    await says.deletes(carol, made)
    for process, socket in ((a, one), (b, two)):
        await process.tick()
        gone = await told(socket)
        assert (gone["id"], gone["deleted"], gone["body"]) == (made["id"], True, "")
        await process.tick()
        assert await heard_so_far(socket) == []


async def test_the_look_shows_it_in_the_text_as_it_is(processes, document, says, edits, alice, carol):
    a, _, joins = await processes(Layer())
    one = await joins(a, alice)
    await says(carol)
    await edits("now ", 1)
    await a.tick()
    messages = [await one.hears("comment", "operations") for _ in range(2)]  # in either order: it says of which version
    [comment] = [message["comment"] for message in messages if message["type"] == "comment"]
    assert (comment["range"], comment["version"]) == ([5, 8], 2)


async def test_a_clock_that_is_behind_hides_nothing(processes, says, alice, carol, monkeypatch):
    a, _, joins = await processes(Layer(lose=1.0))
    one = await joins(a, alice)
    earlier = timezone.now() - heard.CLOCKS + timedelta(seconds=20)
    with monkeypatch.context() as behind:
        behind.setattr(comments.timezone, "now", lambda: earlier)
        made = await says(carol)
    await a.tick()
    assert await told(one) == made


async def test_very_many_are_told_in_turns(processes, says, alice, carol, monkeypatch):
    """So that no follower's queue runs over; and each once."""
    monkeypatch.setattr(heard, "AT_ONCE", 2)
    a, _, joins = await processes(Layer())
    one = await joins(a, alice)
    made = [await says(carol, str(n)) for n in range(5)]
    told_ids = []
    for expected in (2, 2, 1, 0):
        await a.tick()
        news = [comment["id"] for comment in await heard_so_far(one)]
        assert len(news) == expected
        told_ids += news
    assert told_ids == [each["id"] for each in made]


async def test_a_look_that_failed_is_made_up_for(processes, says, alice, carol, monkeypatch):
    a, _, joins = await processes(Layer())
    one = await joins(a, alice)
    made = await says(carol)
    with monkeypatch.context() as away:
        away.setattr(threads, "unheard", lambda *_: 1 / 0)
        await a.tick()
    assert await heard_so_far(one) == []
    await a.tick()
    assert await told(one) == made


# --- What a room remembers ------------------------------------------------------------------------------------


async def test_the_look_asks_once_for_all_rooms(joins, calls, document, alice, monkeypatch):
    await joins(alice)
    rooms = list(hubs.current().rooms.values())
    asked = []

    async def read(work):
        asked.append(work.args)
        return []

    await upkeep.tell_comments([*rooms, *rooms], read)
    assert len(asked) == 1 and set(asked[0][0]) == {document.id}
    await upkeep.tell_comments([], read)
    assert len(asked) == 1


def comment(seconds: float, name: str = "c3a5e1d2-7f4b-4d0e-9b8a-2e6f1c0d5a34"):
    changed_at = NOON + timedelta(seconds=seconds)
    return {"id": name, "changed_at": changed_at.isoformat().replace("+00:00", "Z")}


NOON = timezone.now().replace(hour=12)


def test_what_is_doubled_or_overtaken_is_no_news():
    room = HeardComments()
    assert [room.is_news(comment(n)) for n in (1, 1, 3, 2, 3, 4)] == [True, False, True, False, False, True]


def test_only_what_a_look_may_find_again_is_remembered():
    room = HeardComments()
    room.is_news(comment(0, "a"))
    room.is_news(comment(70, "b"))
    room.looked(NOON + heard.CLOCKS + timedelta(seconds=5))
    assert set(room.changes) == {"b"} and room.since == NOON + timedelta(seconds=5)


async def test_a_room_asks_for_what_changed_just_before_it_was_opened(processes, says, alice, carol):
    """Whoever joins may have listed the comments a moment before."""
    made = await says(carol)
    a, _, joins = await processes(Layer())
    one = await joins(a, alice)
    await a.tick()
    assert await told(one) == made
