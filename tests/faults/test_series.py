"""A run that ends in a bad way costs its own row, and no other's. Runs and rigs are planted: nothing is started."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from types import SimpleNamespace
from typing import Any

import pytest

from tests.faults import series
from tests.faults.crowd import Size
from tests.faults.run import Fault, Result
from tests.faults.series import Series
from tests.faults.verdict import Verdict


async def harmless(_: Any) -> str:
    return ""


FAULTS = [Fault(f"F{n}", "planted", harmless, ("embedded",)) for n in range(1, 5)]


class Stage:
    """Counts the rigs. The run of fault `ends` raises; rig number `falls` does not stand, `leaves` does not end."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, *, ends: str = "", falls: int = 0, leaves: int = 0) -> None:
        self.ends, self.falls, self.leaves, self.rigs = ends, falls, leaves, 0
        self.results: list[Result] = []
        monkeypatch.setattr(series, "standing", self.standing)
        monkeypatch.setattr(series, "run", self.run)

    @asynccontextmanager
    async def standing(self, mode: str, seed: int, **settings: str) -> AsyncIterator[Any]:
        self.rigs += 1
        if self.rigs == self.falls:
            raise OSError("it does not stand")
        yield SimpleNamespace(servers=[])
        if self.rigs == self.leaves:
            raise OSError("it does not leave")

    async def run(self, rig: Any, fault: Fault, *, seed: int, seconds: float, size: Size) -> Result:
        if fault.number == self.ends:
            raise RuntimeError("planted")
        return Result(fault, "embedded", seed, Verdict())

    async def rows(self) -> dict[str, list[str]]:
        """The breaches of each fault, by its number."""
        await Series("embedded", 7, 1.0, Size(), self.results.append).run(FAULTS)
        return {result.fault.number: result.verdict.breaches for result in self.results}


GOOD: dict[str, list[str]] = {"F1": [], "F2": [], "F3": [], "F4": []}


async def test_good_runs_share_a_rig(monkeypatch: pytest.MonkeyPatch) -> None:
    stage = Stage(monkeypatch)
    assert (await stage.rows(), stage.rigs) == (GOOD, 1)


async def test_a_run_that_raises_is_a_breach_and_the_rest_has_a_fresh_rig(monkeypatch: pytest.MonkeyPatch) -> None:
    stage = Stage(monkeypatch, ends="F2")
    expected = GOOD | {"F2": ["ENDED before its verdict: RuntimeError('planted')"]}
    assert (await stage.rows(), stage.rigs) == (expected, 2)


async def test_a_rig_that_does_not_stand_costs_one_row(monkeypatch: pytest.MonkeyPatch) -> None:
    stage = Stage(monkeypatch, falls=1)
    expected = GOOD | {"F1": ["ENDED before its verdict: OSError('it does not stand')"]}
    assert (await stage.rows(), stage.rigs) == (expected, 2)


async def test_a_rig_that_does_not_end_well_costs_no_row(monkeypatch: pytest.MonkeyPatch) -> None:
    stage = Stage(monkeypatch, leaves=1)
    assert (await stage.rows(), stage.rigs) == (GOOD, 1)
