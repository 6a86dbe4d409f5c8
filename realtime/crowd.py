"""How many sockets and streams one person, and one address, have open at once in this process, and how much one person
says on all of theirs.

Each is cheap, and whoever opens them without end is stopped before they are many. The bounds are far above what people
need: a thousand readers behind one address are fine.
"""

import time
from collections import Counter
from weakref import WeakValueDictionary

from django.conf import settings

from accounts.errors import TooOften
from realtime.pace import RATE, Pace

MOST_BY_ADDRESS = 1_000  # sockets
MOST_BY_USER = 200  # sockets and streams
COME_BACK = 10  # seconds after which somebody may have left
RATE_BY_USER = 10 * RATE  # frames a second, on all sockets

_open: Counter[str] = Counter()
_paces: WeakValueDictionary[str, Pace] = WeakValueDictionary()


def pace_of(person: str) -> Pace:
    """That of all of somebody's sockets together: the same for each of them."""
    pace = _paces.get(person)
    if pace is None:
        pace = _paces[person] = Pace(time.monotonic, RATE_BY_USER)
    return pace


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
