"""The settings of a process whose clock is wrong: DJANGO_SETTINGS_MODULE=tests.faults.wrong_clock.

CLOCK_FILE holds by how many seconds. Timers keep the right time, as they do when somebody sets a machine's clock.
(libfaketime is no way to do this: it breaks the waiting of Python's locks and sleeps.)
"""

import os
import time
from datetime import datetime, tzinfo
from pathlib import Path
from typing import Any

import jwt.api_jwt
from django.utils import timezone
from rest_framework_simplejwt import utils

from collabdocs.settings import *  # noqa: F403

READ_AGAIN = 0.5  # seconds after which the file is read again
FILE = Path(os.environ["CLOCK_FILE"])


class Clock:
    """The right time, and the wrong one."""

    def __init__(self) -> None:
        self.right, self._skew, self._read_at = time.time, 0.0, float("-inf")

    def wrong(self) -> float:
        """Seconds since 1970, and some."""
        if time.monotonic() > self._read_at + READ_AGAIN:
            self._skew, self._read_at = float(FILE.read_text() or self._skew), time.monotonic()
        return self.right() + self._skew


class WrongDatetime(datetime):
    """What those call who ask for `datetime.now`."""

    @classmethod
    def now(cls, tz: tzinfo | None = None) -> Any:
        return datetime.fromtimestamp(time.time(), tz)


time.time = Clock().wrong
for module in (timezone, utils, jwt.api_jwt):
    module.datetime = WrongDatetime  # type: ignore[attr-defined]
