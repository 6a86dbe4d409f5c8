"""The end of a run: what the server has of every document, held against what its clients were told."""

from collections.abc import Mapping
from typing import Any

import httpx

from loadtest.ledger import Ledger
from loadtest.verdict import breaches
from loadtest.world import OPENING

PAGE = 200
HTTP_SECONDS = 30.0
SETTLING = 60.0  # seconds in which everything typed is saved and seen by everybody, after the last keystroke


class Server:
    """Reads as somebody who may."""

    def __init__(self, host: str, token: str) -> None:
        headers = {"Authorization": f"Bearer {token}"}
        self._http = httpx.Client(base_url=f"{host}/api/documents", headers=headers, timeout=HTTP_SECONDS)

    def document(self, doc_id: str) -> dict[str, Any]:
        return self._read(f"/{doc_id}")

    def log(self, doc_id: str, head: int) -> list[dict[str, Any]]:
        """Every entry up to `head`, oldest first."""
        log: list[dict[str, Any]] = []
        while len(log) < head:
            page = self._read(f"/{doc_id}/operations", since=len(log), limit=PAGE)["operations"]
            if not page:
                break
            log += page
        return log

    def _read(self, path: str, **asked: int) -> dict[str, Any]:
        answer = self._http.get(path, params=asked)
        found: dict[str, Any] = answer.raise_for_status().json()
        return found


def judged(server: Server, doc_id: str, ledger: Ledger, texts: Mapping[str, str]) -> tuple[int, list[str]]:
    """How many operations the document has got in the run, and what is wrong with it."""
    now = server.document(doc_id)
    log = server.log(doc_id, now["version"])
    found = breaches(ledger, log, {**texts, "the server": now["content"]}, OPENING)
    return len(log) - OPENING, [f"{doc_id}: {breach}" for breach in found]
