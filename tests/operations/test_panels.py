"""Every panel, asked of a real Prometheus that watches a real server on which people edit: each shows something.

So does whatever a rule looks at: an alert on a figure that is not there is silent for ever.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Iterable, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from tests.conftest import Stage
from tests.operations.prometheus import Prometheus, needs_prometheus, rules
from tests.operations.queries import queries, selectors
from tests.server import Server
from tests.wire import Wire

pytestmark = needs_prometheus
PATIENCE = 40.0  # seconds until all show something
PAUSE = 0.1  # seconds between two edits of one person, and between two looks
WRONG = [-1_000_000]  # deletes what is not there
NOTHING_ALONE = {
    "Alerts": "nothing is wrong",
    "Broker": "one process alone uses none",
    "Cache failures": "only Redis can fail",
    "Free disk": "node_exporter tells of it, which the cluster has",
    "Starts": "the server was started before Prometheus",
}
NO_FIGURE_ALONE = {
    "collabdocs_broker_up": "one process alone uses none",
    'collabdocs_cache_total{outcome="failed"}': "only Redis can fail",
    'django_http_responses_total_by_status_total{status=~"5.."}': "no request fails",
    'node_filesystem_avail_bytes{job="disks"}': "of node_exporter, which the cluster has",
    'node_filesystem_size_bytes{job="disks"}': "of node_exporter, which the cluster has",
}


@pytest.fixture
def prometheus(server: Server, tmp_path: Path) -> Iterator[Prometheus]:
    prometheus = Prometheus(tmp_path, f"127.0.0.1:{server.port}")
    try:
        yield prometheus.start()
    finally:
        prometheus.stop()


async def come_type_and_go(stage: Stage, server: Server, doc_id: str) -> None:
    """Two type, one reads, one says what is refused and goes; for ever."""
    alice, bob = await stage.open(server, "alice", doc_id), await stage.open(server, "bob", doc_id)
    reader = await stage.person(server, "vera")
    while True:
        for writer in (alice, bob):
            await writer.insert(0, "Bread, ")
            await writer.saved()
        for _ in range(2):  # the second time from the cache
            await reader.read(doc_id)
        async with Wire(server, doc_id, token=server.tokens["bob"]) as guest:
            await guest.join()
            assert (await guest.commit(1, guest.head, WRONG))["type"] == "error"
        await asyncio.sleep(PAUSE)


@asynccontextmanager
async def busy(stage: Stage, server: Server) -> AsyncIterator[None]:
    """Meanwhile people work; the test fails if they can't."""
    async with asyncio.TaskGroup() as people:
        work = people.create_task(come_type_and_go(stage, server, await stage.document(server)))
        yield
        work.cancel()


async def silent(prometheus: Prometheus, asked: Iterable[str]) -> set[str]:
    """Which of these queries found nothing in all the time."""
    left, deadline = set(asked), time.monotonic() + PATIENCE
    while left and time.monotonic() < deadline:
        left -= {query for query in left if await prometheus.ask(query)}
        await asyncio.sleep(PAUSE)
    return left


async def test_every_panel_shows_something(stage: Stage, server: Server, prometheus: Prometheus) -> None:
    asked = [query for query in queries() if query.source == "prometheus"]
    expected = {query.filled_in for query in asked if query.title not in NOTHING_ALONE}
    async with busy(stage, server):
        assert await silent(prometheus, expected) == set()
        for query in asked:
            if query.title in NOTHING_ALONE:
                assert await prometheus.ask(query.filled_in) == [], f"{query.title}: {NOTHING_ALONE[query.title]}?"


async def test_every_rule_looks_at_what_is_there(stage: Stage, server: Server, prometheus: Prometheus) -> None:
    """Labels, too: who renames one has to change the rules that name it."""
    looked_at = {figure for rule in rules() for figure in selectors(rule["expr"])}
    expected = {name + narrowed for name, narrowed in looked_at}
    assert set(NO_FIGURE_ALONE) <= expected
    async with busy(stage, server):
        assert await silent(prometheus, expected - set(NO_FIGURE_ALONE)) == set()
