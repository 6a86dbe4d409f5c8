"""How fast a socket, or a person, may submit: a bucket of drops, and how long it has been empty. Pure but for its
clock."""

from collections.abc import Callable

RATE = 60.0  # submissions a second, for long
BURST = 2.0  # seconds' worth of them at once
FLOOD_SECONDS = 60.0  # being slowed down for so long without a pause is flooding


class Pace:
    def __init__(self, clock: Callable[[], float], rate: float = RATE) -> None:
        self._clock, self._rate = clock, rate
        self._left, self._at = BURST * rate, clock()
        self._slowed_since: float | None = None

    def next_pause(self, drops: int = 1) -> float:
        """Count a submission, or what is as heavy as so many; the seconds to wait before it is taken."""
        now = self._clock()
        self._left = min(BURST * self._rate, self._left + (now - self._at) * self._rate) - drops
        self._at = now
        if self._left >= 0:
            self._slowed_since = None
            return 0
        self._slowed_since = now if self._slowed_since is None else self._slowed_since
        return -self._left / self._rate

    @property
    def is_flood(self) -> bool:
        return self._slowed_since is not None and self._at - self._slowed_since > FLOOD_SECONDS
