"""What is written by HTTP leaves a process by the broker at once, though no socket ever was in that process."""

import asyncio
import uuid
from collections.abc import Callable

import orjson
import pytest

from collabdocs.layers import RabbitmqLayer
from tests.conftest import Stage
from tests.rabbit import RabbitServer, needs_rabbit
from tests.server import Server

pytestmark = needs_rabbit


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
