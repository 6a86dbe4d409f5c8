"""How many sockets and streams one person, and one address, have open at once in this process.

Each is cheap, and whoever opens them without end is stopped before they are many. The bounds are far above what people
need: a thousand readers behind one address are fine.
"""

from collections import Counter

from django.conf import settings

from accounts.errors import TooOften

MOST_BY_ADDRESS = 1_000  # sockets
MOST_BY_USER = 200  # sockets and streams
COME_BACK = 10  # seconds after which somebody may have left

_open: Counter[str] = Counter()


class Places:
    """What one socket, or one stream, takes of that. Only for the event loop."""

    def __init__(self) -> None:
        self._taken: list[str] = []

    def take(self, who: str, most: int) -> None:
        """Raises TooOften where as many are taken."""
        if settings.RATE_LIMITS and _open[who] >= most:
            raise TooOften(COME_BACK)
        _open[who] += 1
        self._taken.append(who)

    def close(self) -> None:
        """Give them back; those given back are none any more."""
        _open.subtract(self._taken)
        for who in self._taken:
            if not _open[who]:
                del _open[who]
        self._taken.clear()
