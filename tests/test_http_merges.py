"""Programs write over HTTP, from any version they once saw, while people type: nothing typed is lost or doubled.

Everybody writes words that share no letter with any other, so that each can be followed: all its letters stand there
once, unless somebody who saw the word took it out.
"""

import asyncio
import uuid
from collections import Counter
from itertools import groupby
from random import Random

from collabdocs_client import Client, Document
from httpx import Response

from tests.agreement import agreed_text
from tests.conftest import Stage
from tests.server import Server

ROUNDS = 25
LETTERS = range(0x4E00, 0x9FFF)
LENGTH = 40  # code points of a word: long enough for a diff to know it again whatever stands around it


class Words:
    """The words that were written, each one letter again and again, and those taken out after having been seen."""

    def __init__(self, rng: Random) -> None:
        self.rng = rng
        self.written: list[str] = []
        self.taken: set[str] = set()
        self._letters = iter(LETTERS)

    def new(self) -> str:
        self.written.append(chr(next(self._letters)))
        return self.written[-1] * LENGTH

    def edited(self, text: str) -> str:
        """A whole text made of another: some words taken out, some put in."""
        letters = [letter for letter, _ in groupby(text)]
        for _ in range(self.rng.choice([0, 0, 1, 2])):
            if letters:
                self.taken.add(letters.pop(self.rng.randrange(len(letters))))
        words = [letter * LENGTH for letter in letters]
        for _ in range(self.rng.choice([1, 1, 2, 3])):
            words.insert(self.rng.randint(0, len(words)), self.new())
        return "".join(words)

    def place(self, text: str) -> int:
        """Between two words, in code points."""
        return LENGTH * self.rng.randint(0, len(text) // LENGTH)


async def types(document: Document, words: Words, stop: asyncio.Event) -> None:
    """A person, in the middle of others' work."""
    while not stop.is_set():
        place = words.place(document.text)
        await document.insert(place, words.new())
        if words.rng.random() < 0.5:
            await document.saved()
        await asyncio.sleep(0)


class Program:
    """Knows some old versions of the text, and writes from any of them by any verb."""

    def __init__(self, client: Client, doc_id: str, words: Words) -> None:
        self.http, self.address = client.http, f"/api/documents/{doc_id}"
        self.words, self.rng = words, words.rng
        self.seen: dict[int, str] = {}

    async def looks(self) -> None:
        found = (await self.http.get(self.address)).json()
        self.seen[found["version"]] = found["content"]

    async def writes(self) -> None:
        await self.looks()
        version = self.rng.choice(list(self.seen))
        verb = self.rng.choice([self.puts, self.patches, self.submits])
        answer = await verb(version, self.seen[version])
        assert answer.status_code == 200, answer.text
        if "content" in answer.json():
            self.seen[answer.json()["version"]] = answer.json()["content"]

    async def puts(self, version: int, text: str) -> Response:
        body = {"content": self.words.edited(text)}
        return await self.http.put(self.address, json=body, headers={"If-Match": f'"{version}"'})

    async def patches(self, version: int, text: str) -> Response:
        """Given twice, as after a lost answer."""
        body = {"content": self.words.edited(text), "version": version}
        key = {"Idempotency-Key": str(uuid.uuid4())}
        await self.http.patch(self.address, json=body, headers=key)
        return await self.http.patch(self.address, json=body, headers=key)

    async def submits(self, version: int, text: str) -> Response:
        place = self.words.place(text)
        operation = [place, self.words.new()] if place else [self.words.new()]
        body = {"client_id": str(uuid.uuid4()), "seq": 1, "base_version": version, "operation": operation}
        first = await self.http.post(f"{self.address}/operations", json=body)
        again = await self.http.post(f"{self.address}/operations", json=body)
        assert first.json() == again.json()
        return again


async def test_every_word_stands_there_once(server: Server, stage: Stage, rng: Random) -> None:
    doc_id, words, stop = await stage.document(server), Words(rng), asyncio.Event()
    people = {name: await stage.open(server, name, doc_id) for name in ("alice", "bob")}
    programs = [Program(await stage.person(server, name), doc_id, words) for name in people]

    async def run(program: Program) -> None:
        for _ in range(ROUNDS):
            await program.writes()

    async with asyncio.timeout(120), asyncio.TaskGroup() as everybody:
        for document in people.values():
            everybody.create_task(types(document, words, stop))
        async with asyncio.TaskGroup() as writing:
            for program in programs:
                writing.create_task(run(program))
        stop.set()
    text = await agreed_text(await stage.person(server, "alice"), doc_id, people.values())
    count = Counter(text)
    assert all(count[letter] == LENGTH for letter in words.written if letter not in words.taken), "lost or doubled"
    assert all(count[letter] <= LENGTH for letter in words.taken), "doubled"
    assert set(count) <= set(words.written)
    assert words.taken, "nothing was taken out: the run proves too little"
