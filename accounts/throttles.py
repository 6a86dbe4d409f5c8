"""How often one may ask. All limits are off with settings.RATE_LIMITS False.

The counts lie in the cache, so they hold over all processes that share one. A window begins with the first
request and lasts a fixed time. When the cache is in trouble (away, slow, full), nobody's writing suffers: writes are
let in uncounted. Log-in, sign-up and the like, where the limit is what keeps guessers out, fall back to a count of this
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
from django.contrib.auth.base_user import AbstractBaseUser
from django.contrib.auth.models import AnonymousUser
from django.core.cache import cache
from django.core.cache.backends.base import BaseCache
from django.core.cache.backends.locmem import LocMemCache
from django.http import HttpRequest
from redis.exceptions import RedisError
from rest_framework.permissions import SAFE_METHODS
from rest_framework.request import Request
from rest_framework.throttling import BaseThrottle

from accounts.errors import TooOften
from accounts.names import name_key, normal_email

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
RESET_BY_ADDRESS = Rate("reset-address", 20, 3600)
RESET_BY_MAIL = Rate("reset-mail", 5, 3600)
REDEEM_BY_ADDRESS = Rate("redeem-address", 60, 60)
WRITES_BY_USER = Rate("writes-user", 600, 60)
CREATIONS_BY_USER = Rate("creations-user", 120, 60)
WORK_BY_USER = Rate("work-user", 240, 60)  # reads that cost much: diffs, blame, rendered texts, files
LOOK_UPS_BY_USER = Rate("look-ups-user", 60, 60)  # of other people, by a name or an address
READS_BY_USER = Rate("reads-user", 1_200, 60)  # these three by each process alone
OPENS_BY_USER = Rate("opens-user", 600, 60)
HANDSHAKES_BY_ADDRESS = Rate("handshakes-address", 1_200, 60)


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


def check_reset(request: HttpRequest, email: str) -> None:
    """Count a wish for a mail with a way back in, by its address and by the mail's, known or not. Raises TooOften."""
    _check(RESET_BY_ADDRESS, address(request))
    _check(RESET_BY_MAIL, normal_email(email) or "")


def check_redeem(request: HttpRequest) -> None:
    """Count an attempt to come in by a link, by its address. Raises TooOften."""
    _check(REDEEM_BY_ADDRESS, address(request))


def check_user(user: AbstractBaseUser | AnonymousUser, rate: Rate) -> None:
    """Count something that this person does, in all processes. Raises TooOften."""
    _check(rate, str(user.pk))


def check_alone(rate: Rate, who: str) -> None:
    """The same in this process alone, which waits for no cache: for the event loop, and for what is asked often."""
    if settings.RATE_LIMITS and (seconds := count(own_count, rate, who)):
        raise TooOften(seconds)


def address(request: HttpRequest) -> str:
    """Where a request comes from."""
    return address_of(request.META.get("REMOTE_ADDR", ""), request.META.get("HTTP_X_FORWARDED_FOR"))


def address_of(peer: str, forwarded: str | None) -> str:
    """Where somebody comes from: one IPv4 address, or one IPv6 network of 64 bits, as one customer has it.

    X-Forwarded-For is believed only with settings.BEHIND_PROXY, and of it only what our own proxy has added.
    """
    if forwarded is not None and getattr(settings, "BEHIND_PROXY", False):
        peer = forwarded.rpartition(",")[2].strip()
    try:
        ip = ipaddress.ip_address(peer)
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
