"""How often a person may ask, for DRF and for pages: reads of all kinds, and what costs more than others.

Plain reads are counted by each process alone: they are many, and no cache must be waited for. The rest is counted over
all processes, and while the cache is in trouble by each alone.
"""

from typing import TYPE_CHECKING

from django.http import HttpRequest
from rest_framework.permissions import SAFE_METHODS
from rest_framework.request import Request
from rest_framework.throttling import BaseThrottle

from accounts import throttles

if TYPE_CHECKING:  # importing it reads the settings, which name a throttle below
    from rest_framework.views import APIView


class ReadThrottle(BaseThrottle):
    """1,200 reads a minute by each person, whatever they read."""

    def allow_request(self, request: Request, view: "APIView") -> bool:
        """Raises TooOften."""
        if request.method in SAFE_METHODS and request.user.is_authenticated:
            throttles.check_alone(throttles.READS_BY_USER, str(request.user.pk))
        return True


class WorkThrottle(BaseThrottle):
    """For what costs more than other reads: 240 a minute by each person."""

    def allow_request(self, request: Request, view: "APIView") -> bool:
        """Raises TooOften."""
        if request.user.is_authenticated:
            throttles.check_user(request.user, throttles.WORK_BY_USER)
        return True


def check_page(request: HttpRequest) -> None:
    """Count a page that somebody asks for or sends: as a read, or as a write. Raises TooOften."""
    if request.method in SAFE_METHODS:
        throttles.check_alone(throttles.READS_BY_USER, str(request.user.pk))
    else:
        throttles.check_user(request.user, throttles.WRITES_BY_USER)
