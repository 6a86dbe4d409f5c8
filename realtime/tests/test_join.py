"""Joining: everything up to now, then everything that comes, nothing missed and nothing doubled."""

import asyncio
import uuid

import pytest

from accounts import tokens
from documents import services, trash
from documents.errors import CorruptLog
from documents.ot.tail import Tail
from realtime import consumers, protocol
from realtime import hub as hubs
from realtime import room as rooms
from realtime.tests.clients import Closed, JsonSocket, eventually, presences_of, room_of


async def test_it_works(connects, alice, document):
    socket = await connects(alice)
    joined = await socket.joins()
    assert (joined["content"], joined["version"], joined["head"]) == ("hello", 1, 1)
    assert joined["role"] == "owner" and joined["client_id"] == socket.client_id
    assert joined["user"]["id"] == str(alice.id) and joined["user"]["name"] == "alice"
    assert joined["presence"] == [] and len(joined["log"]) == 36 and "operations" not in joined


async def test_the_limits_are_told(connects, vera, settings):
    settings.MAX_TEXT_LENGTH, settings.MAX_FRAME_BYTES = 77, 5_000
    joined = await (await connects(vera)).joins()
    assert joined["limits"] == {
        "text": 77, "inserted": 250_000, "components": 1_000, "frame": 5_000, "history": 20_000,
    }  # fmt: skip
    assert joined["role"] == "viewer"


async def test_since_brings_the_operations_instead_of_the_text(joins, connects, alice, bob):
    writer = await joins(alice)
    await writer.submits([5, "!"])
    await writer.reaches(2)
    reader = await connects(bob)
    reader.text, reader.version = "hello", 1
    joined = await reader.joins(since=1)
    assert "content" not in joined and (joined["version"], joined["head"]) == (2, 2)
    assert reader.text == "hello!"


async def test_since_the_head_brings_nothing(connects, alice):
    joined = await (await connects(alice)).joins(since=1)
    assert (joined["version"], joined["head"], joined["operations"]) == (1, 1, [])


async def test_since_zero_brings_everything(connects, alice):
    socket = await connects(alice)
    joined = await socket.joins(since=0)
    assert joined["version"] == 1 and socket.text == "hello"


async def test_since_above_the_head_is_unknown(connects, alice):
    socket = await connects(alice)
    assert (await socket.joins(since=2))["code"] == "version_unknown"
    assert (await socket.joins(since=1))["type"] == "joined"


async def test_since_above_a_head_that_trails_is_waited_for(joins, connects, edits, alice, monkeypatch):
    """A new primary of a replica set may not show for a moment what was acknowledged before."""
    await joins(alice)
    monkeypatch.setattr(hubs.Hub, "act_on", lambda *_: None)  # nobody announces
    monkeypatch.setattr(rooms, "TRAILS", dict.fromkeys(rooms.TRAILS, 10.0))
    joining = asyncio.create_task((await connects(alice)).joins(since=4))
    await asyncio.sleep(2 * rooms.LOOK_AGAIN)
    assert not joining.done()
    await edits(times=3)
    assert (await joining)["version"] == 4


async def test_since_above_what_this_process_knows_is_looked_up(joins, connects, edits, alice, monkeypatch):
    await joins(alice)
    monkeypatch.setattr(hubs.Hub, "act_on", lambda *_: None)  # nobody announces
    await edits(times=3)
    joined = await (await connects(alice)).joins(since=4)
    assert (joined["version"], joined["head"]) == (4, 4)


async def test_a_long_tail_comes_in_pages(connects, edits, bob, monkeypatch):
    monkeypatch.setattr(rooms, "PAGE", 10)
    await edits("x", 35)
    socket = await connects(bob)
    joined = await socket.joins(since=0)
    assert (joined["version"], joined["head"]) == (10, 36)
    pages = []
    while socket.version < joined["head"]:
        pages.append(len(await socket.hears_operations()))
    assert pages == [10, 10, 6]
    assert socket.text == "x" * 35 + "hello"


@pytest.mark.parametrize("since", [None, 0])
async def test_edits_that_go_on_are_neither_missed_nor_doubled(joins, connects, alice, bob, monkeypatch, since):
    monkeypatch.setattr(rooms, "PAGE", 7)
    writer = await joins(alice)

    async def types():
        for _ in range(60):
            await writer.submits(["x"])
            await writer.reaches(writer.version + 1)

    async def comes():
        socket = await connects(bob)
        await socket.joins(**({} if since is None else {"since": since}))
        return socket

    typing = asyncio.create_task(types())
    readers = [await comes() for _ in range(6)]
    await typing
    for reader in readers:
        seen = reader.version
        frames = [message for message in await reader.heard_all() if message["type"] == "operations"]
        heard = [entry["version"] for frame in frames for entry in frame["operations"]]
        assert reader.text == writer.text == "x" * 60 + "hello"
        assert [version for version in heard if version > seen] == list(range(seen + 1, 62))


async def test_another_log_is_told_and_nothing_merged(connects, alice):
    socket = await connects(alice)
    answer = await socket.joins(log="another", since=7)
    assert (answer["type"], answer["code"]) == ("error", "log_changed")
    log = (await socket.joins())["log"]
    assert (await (await connects(alice)).joins(log=log, since=1))["type"] == "joined"


async def test_a_client_id_of_somebody_else_is_refused(joins, connects, alice, bob):
    writer = await joins(alice)
    await writer.submits(["x"])
    await writer.reaches(2)
    await writer.leaves()
    thief = await connects(bob, client_id=writer.client_id)
    assert (await thief.joins())["code"] == "forbidden"
    assert await thief.is_closed() == 4403


async def test_a_seated_client_id_is_not_taken_over_by_somebody_else(joins, connects, alice, bob):
    seated = await joins(alice)
    thief = await connects(bob, client_id=seated.client_id)
    assert (await thief.joins())["code"] == "forbidden"
    assert await thief.is_closed() == 4403
    assert await seated.heard_all() == []


async def test_joining_twice_is_an_error(joins, alice):
    socket = await joins(alice)
    answer = await socket.joins()
    assert (answer["type"], answer["code"]) == ("error", "invalid_message")


@pytest.mark.parametrize("message", [{"type": "presence", "base_version": 1, "selection": []},
                                     {"type": "submit", "seq": 1, "base_version": 1, "operation": ["x"]}])  # fmt: skip
async def test_nothing_before_the_join(connects, alice, message):
    socket = await connects(alice)
    await socket.says(**{("kind" if key == "type" else key): value for key, value in message.items()})
    answer = await socket.next()
    assert (answer["type"], answer["code"], answer.get("seq")) == ("error", "invalid_message", message.get("seq"))


async def test_who_is_there_is_told_in_the_order_they_came(joins, connects, alice, bob, carol):
    first, second = await joins(alice), await joins(bob)
    await second.says("presence", base_version=1, selection=[[1, 3]])
    await first.hears("presence")  # joined
    assert (await first.hears("presence"))["selection"] == [[1, 3]]
    joined = await (await connects(carol)).joins()
    assert [(p["client_id"], p["selection"], p["version"]) for p in joined["presence"]] == [
        (first.client_id, [], 1), (second.client_id, [[1, 3]], 1),
    ]  # fmt: skip
    assert joined["presence"][1]["user"]["name"] == "bob"


async def test_who_leaves_while_somebody_joins_is_no_ghost(joins, connects, alice, bob, carol, monkeypatch):
    stays, goes = await joins(alice), await joins(bob)
    await stays.hears("presence")
    reads, asked = asyncio.Event(), asyncio.Event()
    operations_after = rooms.Room.operations_after

    async def slowly(room, version):  # the tail of who joins takes its time
        if version == 1:
            asked.set()
            await reads.wait()
        return await operations_after(room, version)

    monkeypatch.setattr(rooms.Room, "operations_after", slowly)
    await stays.says("presence", base_version=1, selection=[[2, 2]])
    comes = await connects(carol)
    monkeypatch.setattr(rooms, "PAGE", 1)
    room_of(stays)._recent = Tail(room_of(stays).cursor)
    await stays.submits([5, "!"])
    await stays.reaches(2)
    joined = await comes.joins(since=0)
    assert joined["version"] < joined["head"] == 2
    assert {p["client_id"] for p in joined["presence"]} == {stays.client_id, goes.client_id}
    await asked.wait()
    await goes.leaves()
    await stays.says("presence", base_version=2, selection=[[4, 4]])
    await eventually(lambda: presences_of(stays) == {stays.client_id: ((4, 4),)})
    reads.set()
    heard = [m for m in await comes.heard_all() if m["type"] == "presence"]
    shown = {m["client_id"]: m["selection"] for m in heard}
    assert shown == {goes.client_id: None, stays.client_id: [[4, 4]]}


async def test_nobody_joins_a_room_that_is_being_closed(connects, joins, joining_slowly, alice, bob, monkeypatch):
    """The room was idle, and is held by who joins: it must not be dropped meanwhile."""
    await (await joins(alice)).leaves()
    hub = hubs.current()
    monkeypatch.setattr(hubs, "IDLE_ROOM", -1.0)
    socket = await connects(bob)
    async with joining_slowly(socket):
        await hub.tick()
    await socket.submits(["x"])
    assert await socket.reaches(2) == "xhello"
    assert socket.acknowledged == [(1, 2)]


async def test_nobody_sits_down_in_a_room_that_was_closed_meanwhile(connects, joining_slowly, alice):
    """Its history is gone: a backup was restored."""
    hub, socket = hubs.current(), await connects(alice)
    async with joining_slowly(socket):
        [room] = hub.rooms.values()
        hub.rooms.clear()
        room.close(protocol.RESTARTING)
    assert await socket.is_closed() == 1012
    assert room.seats == {}


async def test_an_idle_room_is_closed_and_opened_again(joins, alice, monkeypatch):
    await (await joins(alice)).leaves()
    hub = hubs.current()
    await hub.tick()
    assert len(hub.rooms) == 1  # kept for a while
    monkeypatch.setattr(hubs, "IDLE_ROOM", -1.0)
    await hub.tick()
    assert hub.rooms == {}
    assert (await joins(alice)).text == "hello"


async def test_a_document_deleted_meanwhile_closes(connects, calls, alice, document):
    socket = await connects(alice)
    await calls(trash.delete_document, document, actor=alice)
    await socket.says("join", client_id=socket.client_id)
    assert await socket.is_closed() == 4404


async def test_a_failing_load_is_never_an_empty_text(connects, alice, monkeypatch, caplog):
    def fails(*_):
        raise OSError("the disk is gone")

    monkeypatch.setattr("documents.history.current_text", fails)
    socket = await connects(alice)
    with pytest.raises(Closed) as closed:
        await socket.joins()
    assert closed.value.args == (1012,)


async def test_a_damaged_document_says_so_and_asks_nobody_to_come_back_at_once(connects, joins, alice, monkeypatch):
    def fails(*_):
        raise CorruptLog("version 1 is unreadable")

    with monkeypatch.context() as patch:
        patch.setattr("documents.history.current_text", fails)
        socket = await connects(alice)
        assert (await socket.joins())["code"] == "document_damaged"
        assert await socket.is_closed() == 1011
    assert (await joins(alice)).text == "hello"  # it was mended


async def test_a_failing_open_is_tried_again_by_the_next(connects, joins, alice, monkeypatch):
    open_log = services.open_log

    def fails(_):
        raise OSError("the disk is gone")

    monkeypatch.setattr(services, "open_log", fails)
    socket = await connects(alice)
    await socket.says("join", client_id=socket.client_id)
    assert await socket.is_closed() == 1012
    monkeypatch.setattr(services, "open_log", open_log)
    assert (await joins(alice)).text == "hello"


async def test_strangers_and_unknown_documents_close_4404(connects, mallory, alice):
    for user, document_id in ((mallory, None), (alice, uuid.uuid4()), (alice, "nonsense")):
        socket = await connects(user, document_id=document_id)
        await socket.says("join", client_id=socket.client_id)  # sent before the close was read
        assert await socket.is_closed() == 4404
        await socket.line.wait()


@pytest.mark.parametrize("wrong", ["no token", "bad token", "no subprotocol", "foreign origin"])
async def test_who_is_nobody_is_refused_before_the_socket_is_accepted(connects, calls, alice, document, wrong):
    token = (await calls(tokens.start_session, alice)).access_token
    socket = JsonSocket(
        document.id,
        {"no token": "", "bad token": "nonsense"}.get(wrong, token),
        subprotocols=[] if wrong == "no subprotocol" else ["collabdocs.v1"],
        headers=[(b"origin", b"https://evil.example")] if wrong == "foreign origin" else [],
    )
    assert (await socket.opens())["type"] == "websocket.close"
    await socket.line.wait()


async def test_a_database_that_is_away_at_the_handshake_closes_1012(connects, calls, alice, document, monkeypatch):
    async def fails(_):
        raise OSError("the disk is gone")

    token = (await calls(tokens.start_session, alice)).access_token
    monkeypatch.setattr("accounts.sockets.verify", fails)
    socket = JsonSocket(document.id, token)
    assert (await socket.opens())["type"] == "websocket.accept"
    assert await socket.is_closed() == 1012
    await socket.line.wait()


async def test_any_other_address_is_refused(connects, calls, alice):
    socket = JsonSocket("x", "")
    socket.line.scope["path"] = "/elsewhere"
    assert (await socket.opens())["type"] == "websocket.close"
    await socket.line.wait()


async def test_an_entry_committed_long_before_brings_no_text_but_acknowledges(joins, connects, alice):
    writer = await joins(alice)
    await writer.submits([5, "!"])
    await writer.reaches(2)
    await writer.leaves()
    again = await connects(alice, client_id=writer.client_id)
    again.text, again.version = "hello", 1
    await again.joins(since=1)
    assert again.acknowledged == [(1, 2)]


async def test_bad_bases_of_a_join(connects, alice):
    socket = await connects(alice)
    for since in (-1, True, "1", 2**63, 1.0):
        assert (await socket.joins(since=since))["code"] == "invalid_message"
    for client_id in ("", "x" * 36, 7, None):
        await socket.says("join", client_id=client_id)
        assert (await socket.next())["code"] == "invalid_message"


async def test_who_waits_too_long_to_be_looked_up_is_told_to_come_back(connects, joins, alice, monkeypatch, caplog):
    """Nobody is looked up any more who may be gone by then; that is no failure to write home about."""
    socket = await connects(alice)
    with monkeypatch.context() as patch:
        patch.setattr(consumers, "ADMISSION", -1.0)
        with pytest.raises(Closed) as closed:
            await socket.joins()
        assert closed.value.args == (1012,)
        assert await (await connects(alice)).is_closed() == 1012
    assert (await joins(alice)).text == "hello"
    assert not caplog.records
