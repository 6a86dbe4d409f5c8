"""Mixed users for Locust: four of five edit over WebSocket, one reads over HTTP. `make loadtest`, or see README.md."""

import logging
import os
import time
from pathlib import Path
from random import Random
from typing import Any

import gevent
from locust import User, events, task
from locust.env import Environment
from locust.exception import StopUser

from loadtest.gevent_run import Run
from loadtest.outcome import write_outcome
from loadtest.plan import EDITORS_OF_FIVE
from loadtest.reading import Reader
from loadtest.typist import Typist
from loadtest.world import World

WORLD = World.read(Path(os.environ["LOADTEST_WORLD"]))
logging.getLogger("httpx").setLevel(logging.WARNING)


class Editor(User):
    """Types into a document together with others."""

    weight = EDITORS_OF_FIVE
    current: Run

    def on_start(self) -> None:
        self.rng = Random()
        self.typist = Typist(self.rng)
        began = time.perf_counter()
        try:
            self.session = self.current.open()
        except Exception as error:
            fire(self.environment, "WS", "join", time.perf_counter() - began, error)
            raise StopUser from error

    def wait_time(self) -> float:
        return self.rng.uniform(0, 2 / WORLD.edits)

    @task
    def type(self) -> None:
        if self.session.failure:
            raise StopUser
        edit = self.typist.next_edit(self.session.text)
        self.session.edit(edit, self.typist.caret)


def fire(environment: Environment, kind: str, name: str, seconds: float, error: Exception | None = None) -> None:
    """Count it as one of Locust's requests."""
    environment.events.request.fire(  # type: ignore[no-untyped-call]
        request_type=kind, name=name, response_time=1000 * seconds, response_length=0, exception=error, context={}
    )


@events.init.add_listener  # type: ignore[untyped-decorator]
def wake(**_: Any) -> None:
    """The loop's clock has stood still while everything was imported; the time of the run would begin then."""
    gevent.get_hub().loop.update_now()


@events.test_start.add_listener  # type: ignore[untyped-decorator]
def begin(environment: Environment, **_: Any) -> None:
    pids = tuple(map(int, os.environ.get("LOADTEST_PIDS", "").split()))
    run = Run(WORLD, lambda name, seconds: fire(environment, "WS", name, seconds), pids)
    Editor.current = Reader.current = run


@events.test_stop.add_listener  # type: ignore[untyped-decorator]
def end(environment: Environment, **_: Any) -> None:
    """Everybody has stopped; their sessions are still open, and must come to agree with the server."""
    run = Editor.current
    strain, seconds = run.rest(), time.perf_counter() - run.began
    began = time.perf_counter()
    breaches = run.judge()
    error = AssertionError("; ".join(breaches)[:500]) if breaches else None
    fire(environment, "CHECK", "all agree", time.perf_counter() - began, error)
    write_outcome(environment, run, strain, seconds, breaches)
