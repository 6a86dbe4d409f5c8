"""What makes one whole text of another, without letting a few who ask for much keep the processor from everybody else.

Of long texts two differences are made at once in a process: threads share one processor, and the worst of them takes
seconds. Some more wait for that; who finds too many waiting, or has waited long, is told to come back.
"""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from documents.errors import Busy
from documents.ot.diff import diff as compared
from documents.ot.operation import Operation

LONG = 100_000  # code points of both texts
PATIENCE = 5.0  # seconds
_made = threading.BoundedSemaphore(2)
_asked = threading.BoundedSemaphore(10)  # those that are made, and those that wait


def is_long(old: str, new: str) -> bool:
    """Whether it may take long to compare them; with nothing there is nothing to compare."""
    return bool(old and new) and len(old) + len(new) > LONG


def diff(old: str, new: str) -> Operation:
    """apply(old, diff(old, new)) == new. Busy when too many ask for long ones."""
    if not is_long(old, new):
        return compared(old, new)
    with _held(_asked, 0), _held(_made, PATIENCE):
        return compared(old, new)


@contextmanager
def _held(places: threading.BoundedSemaphore, patience: float) -> Iterator[None]:
    if not places.acquire(timeout=patience):
        raise Busy("Too many long texts are being compared just now. Try again.")
    try:
        yield
    finally:
        places.release()
