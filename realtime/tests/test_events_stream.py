"""Following a document by server-sent events: every entry once and in order, live or resumed, until it must end."""

import asyncio
import random
from datetime import timedelta
from urllib.parse import quote
from uuid import uuid4

import orjson
import pytest
from asgiref.sync import SyncToAsync
from django.test import Client
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from accounts import tokens
from documents import history, services, sharing, trash
from realtime import follower as followers
from realtime import hub as hubs
from realtime.tests.clients import eventually
from realtime.tests.streams import Reader


@pytest.fixture
async def reads(document, calls):
    """`await reads(alice)` follows the document as alice, from now on or `since`; all have left at the end."""
    opened: list[Reader] = []

    async def read(user, *, since=None, token=None, text="hello", **more) -> Reader:
        token = token or (await calls(tokens.start_session, user)).access_token
        query = "" if since is None else f"since={since}"
        reader = Reader(document.id, token=token, text=text, **{"query": query} | more)
        assert await reader.opens() == 200
        opened.append(reader)
        joined = await reader.hears("joined")
        reader.joined, reader.version = joined.data, int(joined.id)
        return reader

    yield read
    for reader in opened:
        if not reader.task.done():
            reader.reads_on()
            await reader.leaves()
    await hubs.drain()
    hubs._hubs.pop(asyncio.get_running_loop(), None)


def room():
    """The only room there is."""
    [found] = hubs.current().rooms.values()
    return found


def told(entries):
    """What the log holds, as a reader is told it."""
    return [(entry.version, str(entry.client_id), entry.seq, list(entry.operation)) for entry in entries]


def heard(reader):
    return [(e["version"], e["client_id"], e["seq"], e["operation"]) for e in reader.entries]


# --- Every entry once, in order -------------------------------------------------------------------------------


async def test_it_works(reads, joins, alice, bob, document):
    reader, editor = await reads(alice), await joins(bob)
    assert reader.headers["content-type"] == "text/event-stream"
    assert (reader.headers["cache-control"], reader.headers["x-accel-buffering"]) == ("no-store", "no")
    log = reader.joined.pop("log")
    assert reader.joined == {"type": "joined", "version": 1, "head": 1, "title": "Plan", "role": "owner"}
    assert len(log) == 36
    await editor.submits([5, "!"])
    event = await reader.hears_operations()
    assert reader.text == await editor.reaches(2) == "hello!"
    assert event.data == {
        "type": "operations",
        "operations": [
            {"version": 2, "client_id": editor.client_id, "seq": 1, "author": str(bob.id), "operation": [5, "!"]}
        ],
    }


async def test_the_address_of_the_stream_may_end_with_a_slash(reads, alice, document):
    await reads(alice, path=f"/api/documents/{document.id}/events/")


@pytest.mark.parametrize("is_remembered", [True, False])
async def test_each_version_is_one_to_resume_from(reads, edits, alice, document, calls, is_remembered):
    """Whether the room has the entries in memory or they are read from the log, page by page."""
    keeper = await reads(alice) if is_remembered else None
    await edits("x", 36)
    if keeper:
        await keeper.reaches(37)
    all_entries = await calls(history.operations_since, document.id, 0, 100)
    for since in range(0, 38, 3):
        reader = await reads(alice, since=since, text=await calls(text_at, document, since))
        assert (reader.joined["version"], reader.joined["head"]) == (since, 37)
        assert await reader.reaches(37) == "x" * 36 + "hello"
        assert heard(reader) == told(all_entries[since:])
        await reader.leaves()


def text_at(document, version):
    document.head = history.head(document.id)
    return history.text_of(document, version)


async def test_a_long_way_comes_in_pages_pulled_by_the_reader(reads, edits, alice, monkeypatch):
    monkeypatch.setattr("realtime.room.PAGE", 5)
    await edits("x", 23)
    reader = await reads(alice, since=1)
    sizes = []
    while reader.version < 24:
        sizes.append(len((await reader.hears_operations()).data["operations"]))
    assert sizes == [5, 5, 5, 5, 3] and reader.text == "x" * 23 + "hello"


async def test_pages_of_large_entries_hold_few_of_them(reads, edits, alice):
    """The text that is on its way to one reader is bounded, whatever the log holds."""
    await edits("x" * 200_000, 4)
    reader = await reads(alice, since=0, text="")
    sizes = []
    while reader.version < 5:
        sizes.append(len((await reader.hears_operations()).data["operations"]))
    assert sizes == [4, 1] and len(reader.text) == 800_005


@settings(max_examples=6, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(seed=st.integers(0, 2**32))
def test_whoever_is_cut_off_anywhere_misses_nothing(document, alice, seed):
    """Random writers, several readers cut at random points, in the middle of an event too, who resume by id."""
    document.head = base = history.head(document.id)
    text = text_at(document, base)
    token = tokens.start_session(alice).access_token
    asyncio.run(_cut_often(document, alice, token, (base, text), random.Random(seed)))


async def _cut_often(document, alice, token, start, rng):
    writers = [asyncio.create_task(_writes(document, alice, start[0], rng)) for _ in range(2)]
    readers = [asyncio.create_task(_reads_on(document, token, start, start[0] + 20, rng)) for _ in range(3)]
    try:
        async with asyncio.timeout(20):
            await asyncio.gather(*writers)
            found = [(reader.text, heard(reader)) for reader in await asyncio.gather(*readers)]
    finally:
        await hubs.drain()
    document.head = start[0] + 20
    entries = await asyncio.to_thread(history.operations_since, document.id, start[0], 100)
    assert found == [(await asyncio.to_thread(text_at, document, document.head), told(entries))] * 3


async def _writes(document, alice, base, rng):
    for _ in range(10):
        submission = services.Submission(
            client_id=uuid4(), seq=1, base_version=base, operation=(rng.choice("aé😀\n"),), author=alice.id
        )
        await asyncio.to_thread(services.submit, document.id, submission)
        await asyncio.sleep(rng.random() / 200)


async def _reads_on(document, token, start, goal, rng):
    """Reader after reader on one copy of the text, each from the last id."""
    keeper = Reader(document.id, version=start[0], text=start[1])
    while keeper.version < goal:
        reader = Reader(document.id, token=token, headers=[("last-event-id", str(keeper.version))])
        assert await reader.opens() == 200
        for _ in range(rng.randrange(1, 5)):
            event = await reader.next()
            if event.kind == "operations":
                keeper.takes(event.data["operations"])
                assert event.id == str(keeper.version)
            if keeper.version == goal:
                break
        if rng.random() < 0.3:
            reader.stops_reading()
            await asyncio.sleep(rng.random() / 100)
        await reader.leaves()
    return keeper


async def test_what_some_clients_take_for_a_line_end_is_none(reads, edits, alice):
    reader = await reads(alice)
    text = "a\nb\x0b\x0c\x1c\x1d\x1e\x85\u2028\u2029\\u2028😀"
    await edits(text)
    event = await reader.hears_operations()
    assert reader.text == text + "hello" and len(event.raw.splitlines()) == 3


async def test_the_header_is_newer_than_the_address(reads, edits, alice):
    """A browser that comes back asks for the same address, and says in the header how far it got."""
    await edits("x", 4)
    reader = await reads(alice, since=1, headers=[("last-event-id", "3")])
    assert reader.joined["version"] == 3
    other = await reads(alice, query="last_event_id=2&since=1")
    assert other.joined["version"] == 2


async def test_what_no_announcement_told_is_found_by_the_tick(reads, calls, alice, document, monkeypatch):
    reader = await reads(alice)
    monkeypatch.setattr(services.events, "announce", lambda event: None)
    await calls(services.replace_content, document, "hello!", author=alice)
    await hubs.current().tick()
    assert await reader.reaches(2) == "hello!"


# --- What else is told ----------------------------------------------------------------------------------------


async def test_a_rename(reads, calls, alice, bob, document):
    reader = await reads(bob)
    await calls(services.rename_document, document, title="New", actor=alice)
    event = await reader.hears("document")
    assert (event.id, event.data) == (None, {"type": "document", "title": "New"})
    assert (await reads(bob, since=0)).joined["title"] == "New"


async def test_a_new_role(reads, calls, alice, bob, document):
    reader, other = await reads(bob), await reads(alice)
    await calls(sharing.set_role, document, user=bob, role="viewer", actor=alice)
    assert (await reader.hears("role")).data == {"type": "role", "role": "viewer"}
    await calls(services.rename_document, document, title="New", actor=alice)
    await other.hears("document")


async def test_the_reader_is_no_presence(reads, joins, alice, bob):
    editor = await joins(bob)
    await reads(alice)
    assert await editor.heard_all() == []
    assert (await (await joins(alice)).heard_all())[:1] == []


async def test_a_silent_line_says_that_it_is_alive(reads, alice, edits, monkeypatch):
    monkeypatch.setattr(followers, "SILENCE", 0.01)
    reader = await reads(alice)
    assert [(await reader.next()).raw for _ in range(3)] == [": still here"] * 3
    await edits("x")
    while (event := await reader.next()).kind is None:
        pass
    assert event.id == "2"


# --- The end --------------------------------------------------------------------------------------------------


async def test_deleting_ends_it(reads, calls, alice, bob, document):
    reader = await reads(bob)
    await calls(trash.delete_document, document, actor=alice)
    assert await reader.ends() == 4404


async def test_who_is_removed_hears_no_more(reads, calls, alice, bob, document):
    reader, other = await reads(bob), await reads(alice)
    await calls(sharing.remove_collaborator, document, user=bob, actor=alice)
    await calls(services.replace_content, document, "secret", author=alice)
    assert await reader.ends() == 4403
    assert await other.reaches(2) == "secret"


@pytest.mark.parametrize(
    ("change", "code"),
    [
        (lambda document, bob: document.collaborators.filter(user=bob).delete(), 4403),
        (lambda document, bob: type(document).objects.update(deleted_at=document.created_at), 4404),
    ],
)
async def test_a_lost_announcement_of_the_end_is_found_by_the_tick(reads, calls, bob, document, change, code):
    reader = await reads(bob)
    await calls(change, document, bob)
    await hubs.current().tick()
    assert await reader.ends() == code


async def test_a_revoked_session_ends_its_streams_and_no_others(reads, calls, edits, alice):
    pair = await calls(tokens.start_session, alice)
    revoked, other = await reads(alice, token=pair.access_token), await reads(alice)
    await calls(tokens.revoke, pair.refresh_token)
    await hubs.current().tick()
    assert await revoked.ends() == 4401
    await edits("x")
    assert await other.reaches(2) == "xhello"


async def test_an_expired_token_ends_it(reads, alice):
    reader = await reads(alice)
    await hubs.current().tick()
    for follower in room().followers:
        follower.expires_at = timezone.now() - timedelta(seconds=1)
    await hubs.current().tick()
    assert await reader.ends() == 4401


async def test_draining_ends_it_at_once(reads, alice):
    reader = await reads(alice)
    await hubs.drain()
    assert await reader.ends() == 1012


async def test_who_is_removed_while_the_stream_opens_hears_nothing(reads, calls, alice, bob, document, monkeypatch):
    """Access is read again once the follower hears what is announced."""
    open_log = services.open_log

    def slow(document_id):
        sharing.remove_collaborator(document, user=bob, actor=alice)
        return open_log(document_id)

    monkeypatch.setattr(services, "open_log", slow)
    reader = Reader(document.id, token=(await calls(tokens.start_session, bob)).access_token, query="since=0")
    assert await reader.opens() == 200
    assert await reader.ends() == 4404


async def test_who_is_removed_while_the_log_is_read_hears_nothing_of_it(reads, alice, bob, document, monkeypatch):
    read = history.operations_since

    def slow(*asked):
        sharing.remove_collaborator(document, user=bob, actor=alice)
        services.replace_content(document, "secret", author=alice)
        return read(*asked)

    monkeypatch.setattr(history, "operations_since", slow)
    assert await (await reads(bob, since=0)).ends() == 4403


async def test_who_comes_when_draining_has_begun_does_not_stay(reads, calls, alice, document):
    await reads(alice)
    hubs.current().draining = True
    late = Reader(document.id, token=(await calls(tokens.start_session, alice)).access_token)
    assert await late.opens() == 200
    assert await late.ends() == 1012
    hubs.current().draining = False


async def test_who_comes_while_draining_is_sent_elsewhere_without_a_complaint(reads, calls, alice, document, caplog):
    """Also for a document that was not open here."""
    await reads(alice)
    other = await calls(services.create_document, owner=alice, title="Other")
    await hubs.drain()
    late = Reader(other.id, token=(await calls(tokens.start_session, alice)).access_token)
    assert await late.opens() == 200
    assert await late.ends() == 1012
    assert not caplog.records


async def test_a_log_that_cannot_be_read_is_a_reason_to_come_back(reads, calls, edits, alice, document, monkeypatch):
    await edits("x", 3)
    reader = await reads(alice)
    monkeypatch.setattr(history, "operations_since", _fail)
    failing = Reader(document.id, token=(await calls(tokens.start_session, alice)).access_token, query="since=1")
    await failing.opens()
    await failing.hears("joined")
    assert await failing.ends() == 1012
    monkeypatch.undo()
    await edits("y")
    assert (await reader.hears_operations()).id == "5"


def _fail(*_):
    raise OSError("the disk is away")


# --- Readers that are slow, or gone ---------------------------------------------------------------------------


async def test_a_slow_reader_costs_no_memory_and_misses_nothing(reads, edits, alice):
    """Only what is on its way is made ready for it: one page, however much is committed meanwhile."""
    slow = await reads(alice)
    [follower] = room().followers
    quick = await reads(alice)
    slow.stops_reading()
    await edits("x" * 1000)
    await quick.reaches(2)
    await eventually(lambda: follower.version == 2)
    before = slow.sent
    await edits("x" * 1000, 60)
    assert (await quick.reaches(62)) == "x" * 61_000 + "hello"
    assert (slow.sent, follower.version, len(follower._waiting)) == (before, 2, 0)
    slow.reads_on()
    assert await slow.reaches(62) == quick.text


async def test_one_too_slow_for_what_the_log_does_not_hold_is_ended(reads, calls, edits, alice):
    reader = await reads(alice)
    reader.stops_reading()
    [follower] = room().followers
    for n in range(1000):
        room().tell("document", title=str(n))
        assert len(follower._waiting) <= followers.MAX_WAITING_EVENTS
    await hubs.current().tick()
    assert not room().followers  # whoever clings to the line after the end is no reason to keep anything
    reader.reads_on()
    while (event := await reader.next()).kind == "document":
        pass
    assert event.data == {"type": "end", "code": 4408}


@pytest.mark.parametrize("is_stuck", [False, True])
async def test_who_leaves_is_forgotten_at_once(reads, edits, alice, is_stuck):
    """While nothing happens, and while the server waits for the line."""
    reader = await reads(alice)
    assert len(room().followers) == 1
    if is_stuck:
        reader.stops_reading()
        await edits("x")
        [follower] = room().followers
        await eventually(lambda: follower.version == 2)
    await reader.leaves()
    assert not room().followers


async def test_a_room_with_a_follower_is_not_idle(reads, alice):
    reader = await reads(alice)
    room().empty_since -= 1000
    assert not room().is_idle(30)
    await reader.leaves()
    assert not room().is_idle(30)
    room().empty_since -= 1000
    assert room().is_idle(30)


async def test_a_stream_keeps_no_thread(reads, alice):
    """Of all the requests' threads, none is left when the streams have begun."""
    before = set(SyncToAsync.context_to_thread_executor)
    for _ in range(3):
        await reads(alice)
    assert set(SyncToAsync.context_to_thread_executor) <= before


# --- Who may --------------------------------------------------------------------------------------------------


@pytest.fixture
async def asks(document, calls):
    """`await asks(mallory, query="since=1")`: the status and the problem."""

    async def ask(user, *, token=None, document_id=None, **more):
        if user is not None:
            token = (await calls(tokens.start_session, user)).access_token
        reader = Reader(document_id or document.id, token=token, **more)
        status = await reader.opens()
        assert reader.headers["content-type"] == "application/problem+json"
        problem = orjson.loads(await reader.body())
        assert problem["status"] == status
        return status, problem["code"], reader.headers

    yield ask
    await hubs.drain()
    hubs._hubs.pop(asyncio.get_running_loop(), None)


async def test_nobody_and_strangers(asks, mallory):
    status, code, headers = await asks(None)
    assert (status, code, headers["www-authenticate"]) == (401, "not_authenticated", "Bearer")
    assert (await asks(None, token="nonsense"))[:2] == (401, "invalid_token")
    assert (await asks(mallory))[:2] == (404, "not_found")
    assert (await asks(mallory, document_id=uuid4()))[:2] == (404, "not_found")
    assert (await asks(mallory, document_id="nonsense"))[:2] == (404, "not_found")


@pytest.mark.parametrize("given", ["-1", "x", "1.5", "", "٣", "9" * 16])
async def test_what_is_no_version(asks, alice, given):
    assert (await asks(alice, query=f"since={quote(given)}"))[:2] == (400, "invalid_request")
    if given and given.isascii():
        assert (await asks(alice, headers=[("last-event-id", given)]))[:2] == (400, "invalid_request")


async def test_a_version_of_the_future(asks, alice):
    assert (await asks(alice, query="since=2"))[:2] == (409, "version_unknown")


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
async def test_other_methods(asks, alice, method):
    status, code, headers = await asks(alice, method=method)
    assert (status, code, headers["allow"]) == (405, "method_not_allowed", "GET, HEAD, OPTIONS")


async def test_head_says_the_same_and_ends(document, calls, alice):
    token = (await calls(tokens.start_session, alice)).access_token
    reader = Reader(document.id, token=token, method="HEAD")
    assert await reader.opens() == 200
    assert reader.headers["content-type"] == "text/event-stream"
    assert await reader.body() == b""


@pytest.mark.parametrize("accept", ["text/event-stream", "text/html", "application/json"])
async def test_whatever_is_accepted(reads, alice, accept):
    reader = await reads(alice, headers=[("accept", accept)])
    assert reader.headers["content-type"] == "text/event-stream"


# --- A browser's log-in ---------------------------------------------------------------------------------------


@pytest.fixture
async def cookie(calls, alice):
    """The cookie of alice's browser, logged in."""

    def log_in():
        client = Client()
        client.force_login(alice)
        return f"sessionid={client.cookies['sessionid'].value}"

    return await calls(log_in)


async def test_a_browser_follows_until_its_log_in_is_ended_elsewhere(reads, calls, edits, cookie, alice, document):
    reader = Reader(document.id, headers=[("cookie", cookie)], text="hello", version=1)
    assert await reader.opens() == 200
    await reader.hears("joined")
    await edits("x")
    assert await reader.reaches(2) == "xhello"
    [follower] = room().followers
    assert follower.expires_at > timezone.now() + timedelta(days=1)
    await calls(alice.end_sessions)
    await hubs.current().tick()
    assert await reader.ends() == 4401


async def test_a_log_in_that_was_ended_opens_nothing(asks, calls, cookie, alice):
    await calls(alice.end_sessions)
    assert (await asks(None, headers=[("cookie", cookie)]))[:2] == (401, "not_authenticated")
