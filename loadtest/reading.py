"""Users who come over HTTP: they look around, read, search, look back, and now and then write a whole text."""

import random
import uuid
from http import HTTPStatus
from typing import Any

from locust import FastHttpUser, between, task

from loadtest.gevent_run import Run
from loadtest.plan import EDITORS_OF_FIVE
from loadtest.session import Session
from loadtest.sheets import Sheet

AROUND = "/api/documents"
LATELY = 20  # versions that a diff looks back


class Reader(FastHttpUser):
    """`current` is the run, set before anybody comes."""

    weight = 5 - EDITORS_OF_FIVE
    wait_time = between(0.5, 1.5)
    current: Run

    def on_start(self) -> None:
        self.sheet: Sheet[Session]
        self.sheet, self.name = self.current.next_seat()

    @task(4)
    def browse(self) -> None:
        self._get(AROUND, AROUND, skip=0, limit=20)

    @task(6)
    def read(self) -> None:
        self._get(self._path(), "…/{id}")

    @task(2)
    def search(self) -> None:
        self._get(AROUND, f"{AROUND}?search=", search=random.choice(["test", "load", "e", "nowhere"]))

    @task(2)
    def history(self) -> None:
        self._get(self._path("/history"), "…/{id}/history")

    @task(1)
    def revisions(self) -> None:
        self._get(self._path("/revisions"), "…/{id}/revisions")

    @task(1)
    def diff(self) -> None:
        head = self._get(self._path(), "…/{id}").get("version", 0)
        if head:
            self._get(self._path("/diff"), "…/{id}/diff", **{"from": max(0, head - LATELY), "to": head})

    @task(2)
    def write(self) -> None:
        """Add a line to the text that was read; it is merged with what was typed meanwhile."""
        now = self._get(self._path(), "…/{id}")
        if not now:
            return
        mark = uuid.uuid4().hex[:12]
        self.sheet.ledger.writes[mark] = False
        body = {"content": f"{now['content']}\n— {mark} —", "version": now["version"]}
        answer = self.client.put(self._path(), json=body, headers=self._headers(), name="…/{id}")
        self.sheet.ledger.writes[mark] = answer.status_code == HTTPStatus.OK

    def _get(self, path: str, name: str, **asked: str | int) -> dict[str, Any]:
        """The answer, nothing if it is none: Locust has counted that."""
        answer = self.client.get(path, params=asked, headers=self._headers(), name=name)
        return answer.json() if answer.status_code == HTTPStatus.OK else {}

    def _path(self, rest: str = "") -> str:
        return f"{AROUND}/{self.sheet.paper.doc_id}{rest}"

    def _headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.current.access[self.name].token()}"}
