"""The short set: some faults on one process and on three, a few seconds each. `make faults` runs all, for long."""

import os
import random

import pytest

from tests.faults.catalogue import FAULTS
from tests.faults.crowd import Size
from tests.faults.report import table
from tests.faults.rig import CLUSTER, EMBEDDED, standing
from tests.faults.run import run

SIZE = Size(typists=12, documents=2, rate=100.0)
SECONDS = 9.0
SHORT = {EMBEDDED: ["F1", "F2", "F12", "F15e"], CLUSTER: ["F1", "F2", "F6", "F8", "F9", "F10", "F15e"]}


@pytest.mark.timeout(600)
@pytest.mark.parametrize("mode", SHORT)
async def test_nothing_is_lost(mode: str) -> None:
    seed = int(os.environ.get("SEED") or random.randrange(2**32))
    async with standing(mode, seed, **({"DATABASE_URL": ""} if mode == EMBEDDED else {})) as rig:
        faults = [FAULTS[number] for number in SHORT[mode]]
        results = [await run(rig, fault, seed=seed, seconds=SECONDS, size=SIZE) for fault in faults]
    print(f"SEED={seed}\n{table(results)}")
    assert {result.fault.number: found for result in results if (found := result.verdict.breaches)} == {}
