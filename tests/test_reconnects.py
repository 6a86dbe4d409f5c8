"""Lines break, answers get lost, clients come back: nothing is lost and nothing happens twice."""

import asyncio
import uuid
from random import Random

import pytest
from collabdocs_client import OutOfOrder, TakenOver, VersionUnknown

from documents.ot.tests.simulation import random_edit
from tests.agreement import agreed_text, read_log, replayed
from tests.conftest import Stage
from tests.server import Server
from tests.wire import Wire

pytestmark = pytest.mark.parametrize("module_server", ["uvicorn", "daphne"], indirect=True)
PATIENCE = 30.0


# --- The client ---


async def test_typing_goes_on_while_the_line_is_cut_again_and_again(server: Server, stage: Stage, rng: Random) -> None:
    doc_id = await stage.document(server, "🧵\n")
    documents = [await stage.open(server, name, doc_id) for name in ("alice", "alice", "bob")]

    async def types(document) -> None:
        for _ in range(60):
            await document.edit(random_edit(rng, document.text))
            if rng.random() < 0.15:
                document.cut()
            if rng.random() < 0.3:
                await document.saved()
            else:
                await asyncio.sleep(0)

    async with asyncio.timeout(PATIENCE):
        await asyncio.gather(*map(types, documents))
    await agreed_text(await stage.person(server, "alice"), doc_id, documents)


async def test_what_was_typed_offline_arrives_once(server: Server, stage: Stage) -> None:
    doc_id = await stage.document(server, "start.")
    alice, bob = [await stage.open(server, name, doc_id) for name in ("alice", "bob")]
    bob.cut(stay_down=True)
    for word in (" one", " two", " three"):
        await bob.insert(len(bob.text), word)
    await alice.insert(0, "A ")
    await alice.saved()
    assert not bob.is_saved
    bob.mend()
    text = await agreed_text(await stage.person(server, "alice"), doc_id, [alice, bob])
    assert text == "A start. one two three"


async def test_a_lost_acknowledgement_is_asked_for_again(server: Server, stage: Stage) -> None:
    """The line is cut after the submission left and before its answer is read."""
    doc_id = await stage.document(server, "x")
    submitted: list[int] = []

    def tap(way: str, message) -> None:
        if way == "out" and message["type"] == "submit":
            submitted.append(message["seq"])

    bob = await stage.open(server, "bob", doc_id, tap=tap)
    alice = await stage.open(server, "alice", doc_id)
    for n in range(10):
        await bob.insert(1, "b")
        async with asyncio.timeout(PATIENCE):
            await bob.until(lambda n=n: len(submitted) > n)
            bob.cut()
            await bob.saved()
        await alice.until(lambda: alice.version >= bob.version)
        del submitted[n + 1 :]
    assert await agreed_text(await stage.person(server, "alice"), doc_id, [alice, bob]) == "x" + 10 * "b"


async def test_taken_over_by_the_same_client(server: Server, stage: Stage) -> None:
    doc_id = await stage.document(server, "mine")
    first = await stage.open(server, "alice", doc_id)
    second = await stage.open(server, "alice", doc_id, client_id=first.client_id)
    with pytest.raises(TakenOver):
        async with asyncio.timeout(PATIENCE):
            await first.until(lambda: False)
    with pytest.raises(TakenOver):
        await first.insert(0, "x")
    await second.insert(4, "!")
    await second.saved()
    assert second.text == "mine!"


async def test_a_long_catch_up_comes_in_pages(server: Server, stage: Stage) -> None:
    """Two thousand entries while away."""
    doc_id = await stage.document(server, "")
    bob = await stage.open(server, "bob", doc_id)
    await bob.insert(0, "end")
    await bob.saved()
    bob.cut(stay_down=True)
    await bob.insert(0, "start ")
    head = bob.version
    await flood(server, stage, doc_id, 2000)
    bob.mend()
    async with asyncio.timeout(PATIENCE):
        await bob.saved()
    text = await agreed_text(await stage.person(server, "alice"), doc_id, [bob])
    assert bob.version == head + 2001
    assert text.count("é") == 2000 and text.replace("é", "") == "start end"


async def test_the_token_is_renewed_in_place(stage: Stage, start_server, module_server: Server) -> None:
    """Access tokens of five seconds: the socket lives on, unbroken."""
    server = start_server(module_server.kind, ACCESS_TOKEN_SECONDS="5")
    from collabdocs_client import Client

    from conftest import PASSWORD

    joins = renewals = 0

    def tap(way: str, message) -> None:
        nonlocal joins, renewals
        joins += message["type"] == "joined"
        renewals += message["type"] == "authenticate"

    async with await Client.log_in(server.url, "alice", PASSWORD) as client:
        info = await client.create_document("Long", "")
        async with client.open(info.doc_id, tap=tap) as document, asyncio.timeout(PATIENCE):
            await document.until(lambda: renewals >= 2)
            await document.insert(0, "still here")
            await document.saved()
        assert (await client.read(info.doc_id)).content == "still here"
    assert joins == 1


# --- The protocol's rules of resending, over a bare socket ---


async def flood(server: Server, stage: Stage, doc_id: str, count: int, writers: int = 4) -> None:
    """So many small edits at the start of the text, by several at once."""

    async def writes(wire: Wire) -> None:
        base = (await wire.join())["head"]
        for seq in range(1, count // writers + 1):
            base = (await wire.commit(seq, base, ["é"]))["version"]

    wires = [await stage.wire(server, "alice", doc_id) for _ in range(writers)]
    await asyncio.gather(*map(writes, wires))
    for wire in wires:
        await wire.socket.close()


async def two_wires(server: Server, stage: Stage, content: str):
    doc_id = await stage.document(server, content)
    alice, bob = [await stage.wire(server, name, doc_id) for name in ("alice", "bob")]
    for wire in (alice, bob):
        await wire.join()
    return doc_id, alice, bob


async def test_the_same_again_is_answered_with_the_first_version(server: Server, stage: Stage) -> None:
    """On a live socket, as after an acknowledgement lost on the way: same seq, same base."""
    doc_id, alice, bob = await two_wires(server, stage, "base")
    first = await alice.commit(1, 1, [4, "!"])
    await bob.commit(1, 2, ["> "])
    again = await alice.commit(1, 1, [4, "!"])
    assert again == first
    assert len(await read_log(await stage.person(server, "alice"), doc_id)) == 3


async def test_the_same_on_a_fresh_base_is_answered_with_the_first_version(server: Server, stage: Stage) -> None:
    doc_id, alice, bob = await two_wires(server, stage, "base")
    await bob.commit(1, 1, ["> "])
    first = await alice.commit(1, 1, [4, "!"])
    assert first["operation"] == [6, "!"]
    assert await alice.commit(1, 2, [6, "!"]) == first
    assert len(await read_log(await stage.person(server, "alice"), doc_id)) == 3


@pytest.mark.parametrize(
    ("base", "operation"),
    [(1, [4, "?"]), (1, [3, "!"]), (1, []), (2, [4, "!"]), (3, [4, "!"])],
    ids=["other text", "other place", "nothing", "base at its own version", "base above it"],
)
async def test_other_content_under_a_used_seq_is_refused(
    server: Server, stage: Stage, base: int, operation: list
) -> None:
    doc_id, alice, bob = await two_wires(server, stage, "base")
    await alice.commit(1, 1, [4, "!"])
    await bob.commit(1, 2, ["> "])
    answer = await alice.commit(1, base, operation)
    assert (answer["type"], answer["code"]) == ("error", "seq_reused")
    assert replayed(await read_log(await stage.person(server, "alice"), doc_id)) == "> base!"
    assert (await alice.commit(2, 3, [7, "?"]))["version"] == 4  # and it goes on


async def test_a_resend_after_a_new_connection(server: Server, stage: Stage) -> None:
    doc_id, alice, _ = await two_wires(server, stage, "base")
    first = await alice.commit(1, 1, ["A"])
    await alice.socket.close()
    back = await stage.wire(server, "alice", doc_id, client_id=alice.client_id)
    joined = await back.join(since=1)
    assert joined["operations"] == [first]
    assert await back.commit(1, 1, ["A"]) == first
    assert (await back.commit(2, 2, ["B"]))["version"] == 3


async def test_a_gap_in_seq_is_fine_and_a_step_back_is_not(server: Server, stage: Stage) -> None:
    _, alice, bob = await two_wires(server, stage, "base")
    assert (await alice.commit(5, 1, ["A"]))["version"] == 2
    assert (await alice.commit(9, 2, ["B"]))["version"] == 3
    assert (await alice.commit(7, 3, ["C"]))["code"] == OutOfOrder.code
    assert (await alice.commit(10, 2, ["C"]))["code"] == OutOfOrder.code  # a base below its own last version
    assert (await bob.commit(1, 1, ["b"]))["version"] == 4


async def test_a_client_id_belongs_to_its_first_user(server: Server, stage: Stage) -> None:
    doc_id, alice, _ = await two_wires(server, stage, "base")
    await alice.commit(1, 1, ["A"])
    thief = await stage.wire(server, "bob", doc_id, client_id=alice.client_id)
    await thief.send({"type": "join", "client_id": alice.client_id})
    assert (await thief.receive("error"))["code"] == "forbidden"
    assert (await alice.commit(2, 2, ["B"]))["version"] == 3


async def test_an_older_socket_of_the_same_client_is_closed(server: Server, stage: Stage) -> None:
    doc_id, alice, _ = await two_wires(server, stage, "base")
    await alice.commit(1, 1, ["A"])
    newer = await stage.wire(server, "alice", doc_id, client_id=alice.client_id)
    await newer.join(since=2)
    assert await alice.close_code() == 4409
    assert (await newer.commit(2, 2, ["B"]))["version"] == 3


async def test_since_in_the_future(server: Server, stage: Stage) -> None:
    doc_id = await stage.document(server, "base")
    wire = await stage.wire(server, "alice", doc_id)
    await wire.send({"type": "join", "client_id": wire.client_id, "since": 2})
    assert (await wire.receive())["code"] == VersionUnknown.code
    assert (await wire.join(since=1))["operations"] == []


async def test_another_history_is_not_merged(server: Server, stage: Stage) -> None:
    doc_id = await stage.document(server, "base")
    wire = await stage.wire(server, "alice", doc_id)
    await wire.send({"type": "join", "client_id": wire.client_id, "since": 1, "log": str(uuid.uuid4())})
    assert (await wire.receive())["code"] == "log_changed"


# --- Far behind ---


async def test_too_old_a_base_is_sent_again_on_a_fresh_one(stage: Stage, start_server, module_server: Server) -> None:
    """Away for longer than MAX_BASE_AGE: version_too_old, then the same seq on a fresh base."""
    server = start_server(module_server.kind, MAX_BASE_AGE="20")
    doc_id = await stage.document(server, "base")
    said: list[tuple[str, dict]] = []
    bob = await stage.open(server, "bob", doc_id, tap=lambda way, message: said.append((way, dict(message))))
    bob.cut(stay_down=True)
    await bob.until(lambda: not bob.is_connected)
    await bob.insert(4, " B")
    await bob.replace(0, 1, "V")
    alice = await stage.open(server, "alice", doc_id)
    for _ in range(30):
        await alice.insert(0, "a")
        await alice.saved()
    bob.mend()
    text = await agreed_text(await stage.person(server, "alice"), doc_id, [alice, bob])
    assert text == "V" + 30 * "a" + "ase B"
    assert [m["code"] for way, m in said if m["type"] == "error"] == ["version_too_old"]
    first, again = [m for way, m in said if m["type"] == "submit"][:2]
    assert (first["seq"], first["base_version"]) == (1, 1)
    assert (again["seq"], again["base_version"]) == (1, 31)


async def test_what_was_committed_is_known_again_however_old_its_base(
    stage: Stage, start_server, module_server: Server
) -> None:
    """Dedupe comes before version_too_old."""
    server = start_server(module_server.kind, MAX_BASE_AGE="5")
    _, alice, bob = await two_wires(server, stage, "base")
    first = await alice.commit(1, 1, ["A"])
    for n in range(10):
        await bob.commit(n + 1, n + 2, ["b"])
    assert await alice.commit(1, 1, ["A"]) == first
    assert (await alice.commit(2, 2, ["A"]))["code"] == "version_too_old"
    assert (await alice.commit(2, 12, ["A"]))["version"] == 13


async def test_a_base_thousands_of_versions_back_is_merged(server: Server, stage: Stage) -> None:
    """Longer than a room remembers: the way to the head is gone beside the batch, and a resend of it is known."""
    doc_id = await stage.document(server, "base")
    await flood(server, stage, doc_id, 1200)
    bob = await stage.wire(server, "bob", doc_id)
    await bob.join()
    first = await bob.commit(1, 1, [4, "B"])
    assert (first["version"], first["operation"]) == (1202, [1204, "B"])
    await flood(server, stage, doc_id, 600)
    assert await bob.commit(1, 1, [4, "B"]) == first
    log = await read_log(await stage.person(server, "alice"), doc_id)
    assert replayed(log) == 1800 * "é" + "baseB"
