"""What must be true at the end: every copy, the REST API and the replayed history say the same."""

import asyncio
from collections.abc import Iterable
from hashlib import sha256
from random import Random
from typing import Any

from collabdocs_client import Client, Document
from collabdocs_client.ot import apply

from documents.ot.tests.simulation import random_edit

PATIENCE = 30.0


async def types_at_random(document: Document, rng: Random, edits: int = 60) -> None:
    """Edit here and there, now fast, now waiting until all is saved."""
    for _ in range(edits):
        await document.edit(random_edit(rng, document.text))
        if rng.random() < 0.4:
            await document.saved()
        else:
            await asyncio.sleep(0)
    await document.saved()


async def read_log(reader: Client, doc_id: str) -> list[dict[str, Any]]:
    """Every entry, oldest first."""
    log: list[dict[str, Any]] = []
    while True:
        answer = await reader.http.get(f"/api/documents/{doc_id}/operations", params={"since": len(log)})
        page = answer.json()
        log += page["operations"]
        if len(log) >= page["version"]:
            assert [entry["version"] for entry in log] == list(range(1, len(log) + 1))
            return log


def replayed(log: Iterable[dict[str, Any]]) -> str:
    text = ""
    for entry in log:
        text = apply(text, tuple(entry["operation"]))
    return text


async def agreed_text(reader: Client, doc_id: str, documents: Iterable[Document] = ()) -> str:
    """The text that all agree on, once everything is saved and seen."""
    documents = list(documents)
    async with asyncio.timeout(PATIENCE):
        for document in documents:
            await document.saved()
        info = await reader.read(doc_id)
        for document in documents:
            await document.until(lambda document=document: document.version >= info.version)  # type: ignore[misc]
    for document in documents:
        assert (document.version, document.text) == (info.version, info.content)
    old = (await reader.http.get(f"/api/documents/{doc_id}/versions/{info.version}")).json()
    assert old["content"] == info.content
    assert replayed(await read_log(reader, doc_id)) == info.content
    assert info.content is not None
    return info.content


def digest(text: str) -> str:
    return sha256(text.encode()).hexdigest()
