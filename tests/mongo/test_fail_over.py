"""On a real MongoDB (REAL_MONGO=1, DATABASE_URL): its primary steps down, or is killed, while people type.

MONGO_CONTAINER names the container to kill. The emulator has no elections, and keeps everything in memory.
"""

import asyncio
import os
import subprocess
from collections.abc import Callable
from contextlib import suppress
from random import Random

import pymongo
import pytest
from django.conf import settings
from pymongo.errors import AutoReconnect

from tests.conftest import Stage
from tests.ledger import Ledger
from tests.server import Server
from tests.test_crash import TYPISTS, assert_faultless, open_recorded, type_through

STEPPED_DOWN = 3  # seconds
CONTAINER = os.environ.get("MONGO_CONTAINER")

pytestmark = pytest.mark.skipif(not os.environ.get("REAL_MONGO"), reason="only a real MongoDB holds elections")


def steps_down() -> None:
    with pymongo.MongoClient(settings.DATABASES["default"]["HOST"]) as mongo, suppress(AutoReconnect):  # of our line
        mongo.admin.command("replSetStepDown", STEPPED_DOWN, force=True)


def is_killed() -> None:
    subprocess.run(["docker", "kill", str(CONTAINER)], check=True, timeout=60)
    subprocess.run(["docker", "start", str(CONTAINER)], check=True, timeout=60)


@pytest.mark.parametrize(
    "harm", [steps_down, pytest.param(is_killed, marks=pytest.mark.skipif(not CONTAINER, reason="no container"))]
)
async def test_the_primary_goes_in_mid_typing(
    stage: Stage, start_server: Callable[..., Server], rng: Random, harm: Callable[[], None]
) -> None:
    server, ledger = start_server(), Ledger()
    doc_id = await stage.document(server)
    documents = [await open_recorded(stage, server, "alice", doc_id, ledger) for _ in range(TYPISTS)]
    async with asyncio.timeout(240):
        await type_through(documents, ledger, rng, harm)
    await assert_faultless(stage, server, doc_id, ledger, documents)
    assert "backup was restored" not in server.log()
    server.assert_calm()
