"""The end of a process that was asked to stop: it comes in time, whatever is stuck, and at once for who asks twice."""

import os
import signal
import threading
from types import FrameType

from django.conf import settings

REQUESTS_FINISH = 5  # seconds that requests under way have when the sockets are closed
LONGEST = 8.0  # seconds beside DRAIN_SECONDS until stopping ends, done or not

_limit: threading.Timer | None = None


def begin() -> None:
    """From now on the end is near. Whatever was acknowledged is on disk, so nothing is lost by not waiting for more."""
    global _limit
    if _limit is None:
        for asked in (signal.SIGINT, signal.SIGTERM):
            signal.signal(asked, _asked_again)
        seconds = settings.DRAIN_SECONDS + LONGEST
        _limit = threading.Timer(seconds, _end, ["Something is stuck, and is not waited for any longer", 0])
        _limit.daemon = True
        _limit.start()


def _asked_again(asked: int, frame: FrameType | None) -> None:
    _end("Asked to stop again", 128 + asked)


def _end(why: str, code: int) -> None:
    """Without the interpreter's own end, which waits for every thread."""
    os.write(2, f"{why}: stopping at once.\n".encode())
    os._exit(code)
