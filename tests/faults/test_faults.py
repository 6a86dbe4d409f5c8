"""The short set: a few faults on one process, a few seconds each. `make faults` runs all of them, for long."""

import os
import random
from collections.abc import AsyncIterator

import pytest

from tests.faults.catalogue import FAULTS
from tests.faults.crowd import Size
from tests.faults.report import row
from tests.faults.rig import EMBEDDED, Rig, standing
from tests.faults.run import run

SIZE = Size(typists=12, documents=2, rate=100.0)
SECONDS = 9.0


@pytest.fixture
async def rig() -> AsyncIterator[Rig]:
    async with standing(EMBEDDED, DATABASE_URL="") as rig:
        yield rig


@pytest.mark.parametrize("number", ["F1", "F2"])
async def test_nothing_lost(rig: Rig, number: str) -> None:
    seed = int(os.environ.get("SEED") or random.randrange(2**32))
    result = await run(rig, FAULTS[number], seed=seed, seconds=SECONDS, size=SIZE)
    print(f"SEED={seed}", row(result))
    assert result.verdict.breaches == []
