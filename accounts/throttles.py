"""How often one may ask. All limits are off with settings.RATE_LIMITS False.

The counts lie in the cache, so they hold over all processes that share one. A window begins with the first
request and lasts a fixed time. When the cache is in trouble (away, slow, full), nobody's writing suffers: writes are
let in uncounted. Log-in and sign-up, where the limit is what keeps guessers out, fall back to a count of this
process alone. A cache that was emptied counts from one again.
"""

import hashlib
import ipaddress
import logging
import math
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.conf import settings
from django.core.cache import cache
from django.core.cache.backends.base import BaseCache
from django.core.cache.backends.locmem import LocMemCache
from django.http import HttpRequest
from redis.exceptions import RedisError
from rest_framework.permissions import SAFE_METHODS
from rest_framework.request import Request
from rest_framework.throttling import BaseThrottle

from accounts.errors import TooOften
from accounts.names import name_key

if TYPE_CHECKING:  # importing it reads the settings, which name the throttle below
    from rest_framework.views import APIView

logger = logging.getLogger(__name__)
own_count = LocMemCache("accounts.throttles", {"OPTIONS": {"MAX_ENTRIES": 100_000}})


@dataclass(frozen=True, slots=True)
class Rate:
    """At most `limit` requests of one kind in `seconds`."""

    kind: str
    limit: int
    seconds: int


LOG_IN_BY_NAME = Rate("log-in-name", 10, 60)
LOG_IN_BY_ADDRESS = Rate("log-in-address", 60, 60)
SIGN_UP_BY_ADDRESS = Rate("sign-up-address", 20, 3600)
REDEEM_BY_ADDRESS = Rate("redeem-address", 60, 60)
WRITES_BY_USER = Rate("writes-user", 600, 60)


class CacheTrouble(Exception):
    """The cache answers nothing that could be counted with."""


class WriteThrottle(BaseThrottle):
    """For DRF: 600 requests a minute that may change something, by each user. Reads and strangers pass."""

    seconds = 0

    def allow_request(self, request: Request, view: "APIView") -> bool:
        if not settings.RATE_LIMITS or request.method in SAFE_METHODS or not request.user.is_authenticated:
            return True
        try:
            self.seconds = count(cache, WRITES_BY_USER, str(request.user.pk))
        except CacheTrouble:
            logger.debug("write limits are off: the cache does not answer")
        return self.seconds == 0

    def wait(self) -> float:
        return self.seconds


def check_log_in(request: HttpRequest, name: str | None) -> None:
    """Count an attempt to get in, by its address and by its name, if it gives one. Raises TooOften."""
    _check(LOG_IN_BY_ADDRESS, address(request))
    if name is not None:
        _check(LOG_IN_BY_NAME, name_key(name[:200]))


def check_sign_up(request: HttpRequest) -> None:
    """Count an attempt to sign up, by its address. Raises TooOften."""
    _check(SIGN_UP_BY_ADDRESS, address(request))


def check_redeem(request: HttpRequest) -> None:
    """Count an attempt to come in by a link, by its address. Raises TooOften."""
    _check(REDEEM_BY_ADDRESS, address(request))


def address(request: HttpRequest) -> str:
    """Where a request comes from: one IPv4 address, or one IPv6 network of 64 bits, as one customer has it.

    X-Forwarded-For is believed only with settings.BEHIND_PROXY, and of it only what our own proxy has added.
    """
    text = request.META.get("REMOTE_ADDR", "")
    if getattr(settings, "BEHIND_PROXY", False):
        text = request.META.get("HTTP_X_FORWARDED_FOR", text).rpartition(",")[2].strip()
    try:
        ip = ipaddress.ip_address(text)
    except ValueError:
        return "unknown"
    return str(ipaddress.ip_network((ip, 64), strict=False)) if ip.version == 6 else str(ip)


def count(store: BaseCache, rate: Rate, who: str) -> int:
    """Count one request. The seconds to wait before the next try; 0 lets this one in. Raises CacheTrouble."""
    key = f"rate:{rate.kind}:{hashlib.sha256(who.encode()).hexdigest()[:32]}"
    try:
        end = store.get(key) or store.get_or_set(key, time.time() + rate.seconds, rate.seconds)
        number = _increase(store, f"{key}:{end}", rate.seconds)
    except (OSError, RedisError, ValueError) as error:  # ValueError: emptied in between
        raise CacheTrouble from error
    if end is None or number is None:  # django-redis with IGNORE_EXCEPTIONS
        raise CacheTrouble
    return 0 if number <= rate.limit else max(1, math.ceil(end - time.time()))


def _increase(store: BaseCache, key: str, seconds: int) -> int | None:
    try:
        return store.incr(key)
    except ValueError:  # not there yet
        store.add(key, 0, seconds + 1)
        return store.incr(key)


def _check(rate: Rate, who: str) -> None:
    if not settings.RATE_LIMITS:
        return
    try:
        seconds = count(cache, rate, who)
    except CacheTrouble:
        logger.debug("%s: the cache does not answer, this process counts alone", rate.kind)
        seconds = count(own_count, rate, who)
    if seconds:
        raise TooOften(seconds)
