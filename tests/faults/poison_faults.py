"""What happens when a document in the database is damaged: it says so, and nobody else suffers.

A bad entry has no mending but a backup's: what was before it can be read. A bad copy is dropped by a command.
"""

import asyncio
import uuid
from itertools import accumulate

from collabdocs_client import CollabDocsError

from tests.faults.guests import Others
from tests.faults.outside import ask
from tests.faults.rig import Rig, is_alive
from tests.faults.run import Trouble, fault

WORDS = ["one", " two", " three", " four"]
TEXTS = ["", *accumulate(WORDS)]  # by version
BAD = 3  # the version that is damaged
TRIES = 3  # each way in, at each server


@fault("F27", "poison document: an entry that does not apply")
async def unfit(trouble: Trouble) -> str:
    return await _damaged_entry(trouble, "unfit")


@fault("F27b", "poison document: a lone surrogate in the store")
async def surrogate(trouble: Trouble) -> str:
    return await _damaged_entry(trouble, "surrogate")


@fault("F27c", "poison document: a copy that disagrees with the log")
async def false_copy(trouble: Trouble) -> str:
    doc_id, others = await _story(trouble.rig), Others(trouble)
    await trouble.rig.tool("tests.faults.poison", "copy", doc_id, str(BAD))
    refused = await _refused_everywhere(trouble, doc_id)
    await _verify(trouble.rig, doc_id, f"text copy of version {BAD}", "--drop-bad-copies")
    await _is_whole(trouble.rig, doc_id)
    return f"{refused}; the command named the copy and dropped it, then whole; {others.fared()}"


async def _damaged_entry(trouble: Trouble, kind: str) -> str:
    rig, others = trouble.rig, Others(trouble)
    doc_id = await _story(rig)
    kept = (await rig.tool("tests.faults.poison", kind, doc_id, str(BAD))).stdout.strip()
    refused = await _refused_everywhere(trouble, doc_id)
    for server in rig.servers:
        before = await ask(server, "GET", doc_id, path=f"/versions/{BAD - 1}")
        assert before.json()["content"] == TEXTS[BAD - 1], f"the version before is {before.text[:100]}"
    await _verify(rig, doc_id, f"version {BAD} ")
    await rig.tool("tests.faults.poison", "heal", doc_id, str(BAD), kept)
    await _is_whole(rig, doc_id)
    return f"{refused}; named by the command, whole when the entry was put back; {others.fared()}"


async def _story(rig: Rig) -> str:
    """A document of some versions, whose text nobody has read yet."""
    doc_id, client_id = await rig.document(), str(uuid.uuid4())
    for base, word in enumerate(WORDS):
        operation = [len(TEXTS[base]), word] if base else [word]
        submission = {"client_id": client_id, "seq": base + 1, "base_version": base, "operation": operation}
        answer = await ask(rig.servers[0], "POST", doc_id, submission, "/operations")
        assert answer.status_code == 200, answer.text
    return doc_id


async def _refused_everywhere(trouble: Trouble, doc_id: str) -> str:
    """By REST and by socket it says that it is damaged, again and again; all processes live on."""
    processes = [server.process for server in trouble.rig.servers]
    for _ in range(TRIES):
        for server in trouble.rig.servers:
            answer = await ask(server, "GET", doc_id)
            assert (answer.status_code, answer.json()["code"]) == (500, "document_damaged"), answer.text[:100]
            assert await _code_of_opening(trouble.rig, doc_id) == "document_damaged"
            assert (await ask(server, "GET", "")).status_code == 200  # the list
        await asyncio.sleep(trouble.seconds / TRIES)
    assert processes == [server.process for server in trouble.rig.servers if is_alive(server)], "one has died"
    return f"document_damaged {2 * TRIES * len(processes)} times"


async def _code_of_opening(rig: Rig, doc_id: str) -> str:
    """What somebody is told who opens it by socket; nothing if it opens."""
    async with rig.person("vera") as vera:
        try:
            async with asyncio.timeout(10), vera.open(doc_id):
                return ""
        except CollabDocsError as error:
            return error.code


async def _verify(rig: Rig, doc_id: str, named: str, *options: str) -> None:
    """The command finds it."""
    done = await rig.tool("manage", "verify_documents", doc_id, *options)
    assert done.returncode == 1, f"verify_documents ended with {done.returncode}"
    assert f"{doc_id} {named}" in done.stdout, f"it said {done.stdout} {done.stderr[-300:]}"


async def _is_whole(rig: Rig, doc_id: str) -> None:
    """For everybody, without a restart."""
    assert (await rig.tool("manage", "verify_documents", doc_id)).returncode == 0
    for server in rig.servers:
        async with rig.person("vera", server) as vera, vera.open(doc_id) as opened:
            assert opened.text == TEXTS[-1], f"the socket says {opened.text!r}"
            assert (await vera.read(doc_id)).content == TEXTS[-1]
