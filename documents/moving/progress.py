"""How far a long work is: a bar on a terminal, elsewhere a line now and then. Both go to stderr."""

import sys
import time
from types import TracebackType
from typing import Self

from tqdm import tqdm

EVERY = 10.0  # seconds between lines


class Progress:
    def __init__(self, what: str, total: int) -> None:
        self._what, self._total, self._done = what, total, 0
        self._bar = tqdm(desc=what, total=total, unit=" rows", disable=None, dynamic_ncols=True)
        self._said = time.monotonic()

    def advance(self, count: int) -> None:
        self._done += count
        self._bar.update(count)
        if self._bar.disable and time.monotonic() - self._said > EVERY:
            self._say()

    def _say(self) -> None:
        self._said = time.monotonic()
        print(f"{self._what}: {self._done:,} of {self._total:,} rows", file=sys.stderr, flush=True)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._bar.close()
        if self._bar.disable and error is None:
            self._say()
