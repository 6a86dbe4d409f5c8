"""Password hashes, two at a time.

One takes a processor for some tenths of a second, which is its purpose, and anybody may ask for one. However many do,
and from wherever, the rest of the server goes on: who waits too long, or finds too many waiting, is told to come back.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from threading import BoundedSemaphore

from django.contrib.auth.hashers import PBKDF2PasswordHasher

from accounts.errors import TooOften

AT_ONCE = 2  # hashes, in this process
PRESENT = 20  # of those that hash or wait for it: each holds one of the 64 turns that requests have
PATIENCE = 5.0  # seconds

_hashing, _present = BoundedSemaphore(AT_ONCE), BoundedSemaphore(PRESENT)


class TooManyHashes(TooOften):
    """Too many passwords are looked at just now."""

    detail = "Too many are logging in just now. Try again."


class BoundedHasher(PBKDF2PasswordHasher):
    """Django's own, in turns. It blocks, so it belongs on a thread, as all that asks the database does."""

    def encode(self, password: str, salt: str, iterations: int | None = None) -> str:
        """Raises TooManyHashes."""
        with _turn():
            return super().encode(password, salt, iterations)


@contextmanager
def _turn() -> Iterator[None]:
    if not _present.acquire(blocking=False):
        raise TooManyHashes(1)
    try:
        if not _hashing.acquire(timeout=PATIENCE):
            raise TooManyHashes(1)
        try:
            yield
        finally:
            _hashing.release()
    finally:
        _present.release()
