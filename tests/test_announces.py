"""What is written by HTTP leaves a process by the broker at once, though no socket ever was in that process."""

import asyncio
import os
import uuid
from collections.abc import Callable, Iterator

import orjson
import pytest

from collabdocs.layers import RabbitmqLayer
from tests.conftest import Stage
from tests.rabbit import RabbitServer, is_installed
from tests.server import Server

pytestmark = pytest.mark.skipif(
    not is_installed() and not os.environ.get("CI"), reason="LEFT OUT: rabbitmq-server is not installed"
)


@pytest.fixture
def rabbit(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RabbitServer]:
    server = RabbitServer(tmp_path_factory.mktemp("rabbit"))
    try:
        yield server.start()
    finally:
        server.close()


@pytest.mark.parametrize("kind", ["uvicorn", "daphne"])
async def test_a_first_put_is_announced(
    stage: Stage, start_server: Callable[..., Server], rabbit: RabbitServer, kind: str
) -> None:
    """The test listens at the broker itself: a look into the log brings nothing there."""
    server, layer = start_server(kind, RABBITMQ_URL=rabbit.url), RabbitmqLayer(rabbit.url)
    try:
        alice = await stage.person(server, "alice")
        doc_id = (await alice.create_document("A test", "one")).doc_id
        ear = await layer.new_channel()
        await layer.group_add(f"document.{uuid.UUID(doc_id).hex}", ear)
        await alice.write(doc_id, "one, two", base_version=1)
        async with asyncio.timeout(20):
            heard = orjson.loads((await layer.receive(ear))["body"])
    finally:
        await layer.close()
    assert heard["kind"] == "Committed" and heard["entries"][0]["version"] == 2
