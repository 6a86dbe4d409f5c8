"""Real typing, keystroke by keystroke, through a running server: the text that comes out is the text that was typed."""

import asyncio
from collections.abc import Iterable

import orjson
import pytest

from tests import replay
from tests.agreement import agreed_text, digest
from tests.conftest import Stage
from tests.replay import Agent, operation_for
from tests.server import Server
from tests.wire import Wire

SVELTE = "d8bb93b7cf87b4c3a0394fddc028284a093d90d5794a213d1ccb0794eb4ede8f"
SVELTE_UNICODE = "f93286e70c41c6bd07853e771543c1c23bf9037233a63e5a5c9cf389b4456333"
FRIENDS = "4720ec330c91e288c00b71cab318f7a1cdde689dfc401f269c353acfd6cb03f6"
PAPER_KEYSTROKES = 20_000

pytestmark = pytest.mark.timeout(240)


@pytest.fixture
def server(start_server) -> Server:
    """What is replayed is the typing, not the disk: no sync for each of a hundred thousand commits."""
    return start_server(SQLITE_SYNCHRONOUS="NORMAL")


async def types(wire: Wire, patches: Iterable[replay.Patch]) -> None:
    """One edit, one submission, one acknowledgement after the other; bare, for there are many."""
    version, socket = (await wire.join())["head"], wire.socket
    for seq, patch in enumerate(patches, start=1):
        message = {"type": "submit", "seq": seq, "base_version": version, "operation": operation_for(patch)}
        await socket.send(orjson.dumps(message), text=True)
        while (answer := orjson.loads(await socket.recv(decode=False)))["type"] != "operations":
            assert answer["type"] != "error", answer
        (entry,) = answer["operations"]
        version += 1
        assert (entry["version"], entry["seq"]) == (version, seq)


async def final_digest(server: Server, stage: Stage, doc_id: str) -> str:
    """Of the text as REST has it, and the history, and the version."""
    return digest(await agreed_text(await stage.person(server, "alice"), doc_id))


@pytest.mark.parametrize("kind", ["uvicorn", "daphne"])
async def test_the_own_sample(start_server, stage: Stage, kind: str) -> None:
    server, trace = start_server(kind), replay.load("sample")
    assert replay.sliced(trace) == trace["endContent"]
    doc_id = await stage.document(server)
    await types(await stage.wire(server, "alice", doc_id), replay.patches(trace))
    assert await final_digest(server, stage, doc_id) == digest(trace["endContent"])


async def test_one_writer_at_each_document(server: Server, stage: Stage) -> None:
    """Three traces at once, each on its own document."""
    paper = replay.load("automerge-paper")
    traces = {
        SVELTE: replay.patches(replay.load("sveltecomponent")),
        SVELTE_UNICODE: replay.patches(replay.load("sveltecomponent-unicode")),
        digest(replay.sliced(paper, PAPER_KEYSTROKES)): replay.patches(paper, PAPER_KEYSTROKES),
    }
    documents = [await stage.document(server) for _ in traces]
    wires = [await stage.wire(server, "alice", doc_id) for doc_id in documents]
    await asyncio.gather(*(types(*pair) for pair in zip(wires, traces.values(), strict=True)))
    for doc_id, expected in zip(documents, traces, strict=True):
        assert await final_digest(server, stage, doc_id) == expected


async def test_two_friends_with_a_second_between_them(server: Server, stage: Stage) -> None:
    """The file's order is the order of commits; each friend writes on a copy that has not yet seen all of them."""
    trace = replay.load("friendsforever-concurrent")
    doc_id = await stage.document(server)
    wires = [await stage.wire(server, name, doc_id) for name in ("alice", "bob")]
    for wire in wires:
        await wire.join()
    agents = [Agent(), Agent()]
    seqs, version, left_to_server = [0, 0], 0, 0
    for author, seen, patches in replay.session(trace):
        me, other = agents[author], agents[1 - author]
        me.sees(seen[1 - author])
        for patch in patches:
            base, operation, expected = me.writes(operation_for(patch))
            seqs[author] += 1
            answer = await wires[author].commit(seqs[author], base, list(operation))
            left_to_server += version - base
            version += 1
            assert (answer["version"], tuple(answer["operation"])) == (version, expected)
            me.version = version
            other.unseen.append(replay.Unseen(seen[author] + 1, version, expected))
    for agent in agents:
        agent.sees(len(trace["txns"]))
        assert digest(agent.text) == FRIENDS
    assert left_to_server > 1000  # else nothing was rebased there
    print(f"{left_to_server} rebases by the server")
    assert await final_digest(server, stage, doc_id) == FRIENDS
