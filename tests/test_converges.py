"""Several people type at once, and all end with the same text."""

import asyncio
from random import Random

import pytest

from documents.ot.tests.simulation import random_edit
from tests.agreement import agreed_text, types_at_random
from tests.conftest import Stage
from tests.server import Server

pytestmark = pytest.mark.parametrize("module_server", ["uvicorn", "daphne"], indirect=True)


async def test_it_works(server: Server, stage: Stage) -> None:
    doc_id = await stage.document(server)
    alice, bob = [await stage.open(server, name, doc_id) for name in ("alice", "bob")]
    await alice.insert(0, "hello")
    await alice.saved()
    await bob.until(lambda: bob.text == "hello")
    await bob.insert(5, " 👋🏽 world")
    await bob.saved()
    await alice.until(lambda: alice.text == "hello 👋🏽 world")
    await alice.delete(6, 2)  # the hand and its colour: two code points
    await alice.saved()
    assert await agreed_text(await stage.person(server, "alice"), doc_id, [alice, bob]) == "hello  world"


async def test_at_one_place_the_later_stands_first(server: Server, stage: Stage) -> None:
    doc_id = await stage.document(server, "ab")
    alice, bob = [await stage.open(server, name, doc_id) for name in ("alice", "bob")]
    bob.cut(stay_down=True)
    await bob.insert(1, "B")
    await alice.insert(1, "A")
    await alice.saved()
    bob.mend()
    assert await agreed_text(await stage.person(server, "alice"), doc_id, [alice, bob]) == "aBAb"


@pytest.mark.parametrize("writers", [2, 6])
async def test_all_copies_agree(server: Server, stage: Stage, rng: Random, writers: int) -> None:
    doc_id = await stage.document(server, "Once upon a time 🧙 there was\n")
    names = ["alice", "bob"] * (writers // 2)
    documents = [await stage.open(server, name, doc_id) for name in names]
    dice = [Random(rng.random()) for _ in documents]
    async with asyncio.timeout(60):
        await asyncio.gather(*(types_at_random(document, own) for document, own in zip(documents, dice, strict=True)))
    late = await stage.open(server, "vera", doc_id)
    await agreed_text(await stage.person(server, "alice"), doc_id, [*documents, late])


async def test_a_put_merges_with_typing(server: Server, stage: Stage, rng: Random) -> None:
    """A program replaces one line again and again while two people type elsewhere; nobody's work is lost."""
    doc_id = await stage.document(server, "status: 0\n---\n")
    alice, bob = [await stage.open(server, name, doc_id) for name in ("alice", "bob")]
    reader = await stage.person(server, "alice")

    async def program() -> None:
        for number in range(1, 16):
            seen = await reader.read(doc_id)
            assert seen.content is not None
            old = seen.content.split("\n", 1)[1]
            await reader.write(doc_id, f"status: {number}\n{old}", base_version=seen.version)

    async def types(document, letter: str) -> None:
        for _ in range(60):
            await document.insert(len(document.text), letter)
            await document.saved()

    async with asyncio.timeout(60):
        await asyncio.gather(program(), types(alice, "a"), types(bob, "b"))
    text = await agreed_text(reader, doc_id, [alice, bob])
    first, rest = text.split("\n", 1)
    assert first == "status: 15"
    assert sorted(rest.removeprefix("---\n")) == sorted("a" * 60 + "b" * 60)


async def test_a_put_from_an_old_text_keeps_what_came_since(server: Server, stage: Stage) -> None:
    doc_id = await stage.document(server, "one\ntwo\nthree\n")
    alice = await stage.open(server, "alice", doc_id)
    await alice.insert(0, "zero\n")
    await alice.saved()
    reader = await stage.person(server, "bob")
    merged = await reader.write(doc_id, "one\ntwo and a half\nthree\n", base_version=1)
    assert merged.content == "zero\none\ntwo and a half\nthree\n"
    await agreed_text(reader, doc_id, [alice])


async def test_what_is_watched_is_what_happens(server: Server, stage: Stage, rng: Random) -> None:
    """The changes that a watcher is told lead from the text it had to the text it has."""
    from collabdocs_client.ot import apply

    doc_id = await stage.document(server, "a b c")
    alice, vera = [await stage.open(server, name, doc_id) for name in ("alice", "vera")]
    changes, text = vera.watch(), vera.text
    for _ in range(20):
        await alice.edit(random_edit(rng, alice.text))
        await alice.saved()
    async for change in changes:
        text = apply(text, change.operation)
        if change.version == alice.version:
            break
    assert text == alice.text
