"""Many runs, one after the other: each gives a row, whatever becomes of it."""

import traceback
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import groupby

from tests.faults.crowd import Size
from tests.faults.rig import Rig, standing
from tests.faults.run import Fault, Result, run
from tests.faults.verdict import Verdict

SAID_LAST = 3000  # characters of a server's log, when a run has ended in a bad way


@dataclass(frozen=True, slots=True)
class Series:
    """Runs of one mode, all by one seed; `told` hears of each result at once."""

    mode: str
    seed: int
    seconds: float
    size: Size
    told: Callable[[Result], None]

    async def run(self, faults: Sequence[Fault]) -> None:
        """A rig stands for all faults with the same settings."""
        for _, alike in groupby(sorted(sorted(faults, key=place), key=_settings), key=_settings):
            left = list(alike)
            while left:
                await self._on_a_rig(left)

    async def _on_a_rig(self, left: list[Fault]) -> None:
        """As far as it stands: who goes on takes a fresh one."""
        first = left[0]
        try:
            async with standing(self.mode, self.seed, **first.settings) as rig:
                while left and await self._is_good(rig, left.pop(0)):
                    pass
        except Exception as error:
            if left[:1] == [first]:  # it did not come to stand
                self._ended(left.pop(0), error)
            else:
                traceback.print_exc()

    async def _is_good(self, rig: Rig, fault: Fault) -> bool:
        """Whether the rig is, after one run."""
        try:
            self.told(await run(rig, fault, seed=self.seed, seconds=self.seconds, size=self.size))
        except Exception as error:
            print(*(f"{server.url} said last:\n{server.log()[-SAID_LAST:]}" for server in rig.servers), sep="\n")
            self._ended(fault, error)
            return False
        return True

    def _ended(self, fault: Fault, error: Exception) -> None:
        traceback.print_exception(error)
        self.told(Result(fault, self.mode, self.seed, Verdict(breaches=[f"ENDED before its verdict: {error!r}"])))


def place(fault: Fault) -> tuple[int, str]:
    """In the table of faults."""
    return int(fault.number.strip("Fabcdefgh")), fault.number


def _settings(fault: Fault) -> list[tuple[str, str]]:
    return sorted(fault.settings.items())
