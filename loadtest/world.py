"""The accounts and documents of a run, made through the API and taken away again by it."""

import asyncio
import json
import secrets
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from random import Random
from typing import Any, Self

from collabdocs_client import Client, CollabDocsError, RateLimited

from loadtest.plan import Plan
from loadtest.typist import LETTERS

WRITERS = 4  # accounts that may edit one document; somebody may have it open several times
OPENING = 1  # the initial text is operation 1
OPENING_LENGTH = 2_000  # code points
ADVICE = (
    "The server limits how often one address signs up and logs in. Start the server under test with RATE_LIMITS=off, "
    "or ask for fewer --accounts, or later."
)


@dataclass(frozen=True, slots=True)
class Person:
    """`tokens` is what `POST /api/token` answered."""

    username: str
    password: str
    tokens: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Paper:
    """A document, and the names of those who may edit it. The first owns it."""

    doc_id: str
    writers: list[str]


@dataclass(frozen=True, slots=True)
class World:
    """All that a run needs to know, to be handed to another process. It holds passwords and tokens."""

    host: str
    edits: float
    people: dict[str, Person]
    papers: list[Paper]

    def write(self, path: Path) -> None:
        path.touch(mode=0o600)
        path.write_text(json.dumps(asdict(self)))

    @classmethod
    def read(cls, path: Path) -> Self:
        fields = json.loads(path.read_text())
        fields["people"] = {name: Person(**person) for name, person in fields["people"].items()}
        fields["papers"] = [Paper(**paper) for paper in fields["papers"]]
        return cls(**fields)


@asynccontextmanager
async def made(plan: Plan, documents: int) -> AsyncIterator[World]:
    """A world that is gone afterwards, as far as the API can forget: documents go to a trash and the trash goes."""
    people: dict[str, Person] = {}
    try:
        async with AsyncExitStack() as stack:
            clients = [await _sign_up(plan.host, people, stack) for _ in range(max(1, plan.accounts))]
            papers = [await _paper(clients, list(people), number) for number in range(documents)]
        yield World(plan.host, plan.edits, people, papers)
    finally:
        async with asyncio.TaskGroup() as tasks:
            for person in people.values():
                tasks.create_task(_leave(plan.host, person))


async def _sign_up(host: str, people: dict[str, Person], stack: AsyncExitStack) -> Client:
    username, password = f"load-{secrets.token_hex(5)}", secrets.token_urlsafe(18)
    try:
        client = await Client.sign_up(host, username, password, f"{username}@example.org")
        await stack.enter_async_context(client)
        access = await client.tokens.access()
    except RateLimited as error:
        raise SystemExit(f"{error}\n{ADVICE}") from None
    tokens = {"access_token": access.token, "refresh_token": client.tokens.refresh_token}
    people[username] = Person(username, password, tokens | {"expires_in": access.seconds_left})
    return client


async def _paper(clients: list[Client], names: list[str], number: int) -> Paper:
    """Owned and shared in turn."""
    writers = [(number + step) % len(names) for step in range(min(WRITERS, len(names)))]
    owner = clients[writers[0]]
    text = "".join(Random(number).choices(LETTERS, k=OPENING_LENGTH))
    info = await owner.create_document(f"Load test {number}", text)
    for writer in writers[1:]:
        await owner.share(info.doc_id, names[writer], "editor")
    return Paper(info.doc_id, [names[writer] for writer in writers])


async def _leave(host: str, person: Person) -> None:
    """Take one's documents and one's account away."""
    try:
        async with await Client.log_in(host, person.username, person.password) as client:
            own = [info async for info in client.documents() if info.owner == person.username]
            for info in own:
                await client.delete_document(info.doc_id)
                await client.http.delete(f"/api/trash/{info.doc_id}")
            await client.http.request("DELETE", "/api/users/me", json={"current_password": person.password})
    except (CollabDocsError, OSError) as error:
        print(f"{person.username} could not be taken away: {error}")
