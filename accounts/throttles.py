"""How often one may ask. All limits are off with settings.RATE_LIMITS False.

The counts lie in the cache, so they hold over all processes that share one. A window begins with the first
request and lasts a fixed time. When the cache is in trouble (away, slow, full), nobody's writing suffers: writes are
let in uncounted. Log-in, sign-up and the like, where the limit is what keeps guessers out, fall back to a count of this
process alone. A cache that was emptied counts from one again.
"""

import hashlib
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

from accounts.addresses import address, site_of
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


LOG_IN_BY_NAME_AND_ADDRESS = Rate("log-in-name-address", 10, 60)
LOG_IN_BY_NAME = Rate("log-in-name", 100, 60)  # from everywhere: it takes ten addresses to keep somebody out
LOG_IN_BY_ADDRESS = Rate("log-in-address", 60, 60)
SIGN_UP_BY_ADDRESS = Rate("sign-up-address", 20, 3600)
RESET_BY_ADDRESS = Rate("reset-address", 20, 3600)
RESET_BY_MAIL = Rate("reset-mail", 5, 3600)
PROOFS_BY_USER = Rate("proofs-user", 10, 3600)
PROOFS_BY_MAIL = Rate("proofs-mail", 5, 3600)
REDEEM_BY_ADDRESS = Rate("redeem-address", 60, 60)
WRITES_BY_USER = Rate("writes-user", 600, 60)
CREATIONS_BY_USER = Rate("creations-user", 120, 60)
WORK_BY_USER = Rate("work-user", 240, 60)  # reads that cost much: diffs, blame, rendered texts, files
WRITTEN_BY_USER = Rate("written-user", 64 << 20, 60)  # bytes of logs, by requests; one import has as many
LOOK_UPS_BY_USER = Rate("look-ups-user", 60, 60)  # of other people, by a name or an address
CHANGES_BY_USER = Rate("changes-user", 10, 3600)  # of one's own name or address
CHANGES_BY_MAIL = Rate("changes-mail", 10, 3600)  # of an address, each of which sends a letter to it
READS_BY_USER = Rate("reads-user", 1_200, 60)  # these three by each process alone
OPENS_BY_USER = Rate("opens-user", 600, 60)
HANDSHAKES_BY_ADDRESS = Rate("handshakes-address", 1_200, 60)
TIMES_BY_SITE = 10  # as many as an address may, all of one IPv6 site may together


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
    """Count an attempt to get in, by its address and by its name, if it gives one. Raises TooOften.

    What one address is refused does not count against the name: the ten it has are all that it can take from others.
    """
    _check_address(LOG_IN_BY_ADDRESS, request)
    if name is not None:
        key = name_key(name[:200])
        _check(LOG_IN_BY_NAME_AND_ADDRESS, f"{address(request)} {key}")
        _check(LOG_IN_BY_NAME, key)


def check_sign_up(request: HttpRequest) -> None:
    """Count an attempt to sign up, by its address. Raises TooOften."""
    _check_address(SIGN_UP_BY_ADDRESS, request)


def check_reset(request: HttpRequest, email: str) -> None:
    """Count a wish for a mail with a way back in, by its address and by the mail's, known or not. Raises TooOften."""
    _check_address(RESET_BY_ADDRESS, request)
    _check(RESET_BY_MAIL, normal_email(email) or "")


def check_redeem(request: HttpRequest) -> None:
    """Count an attempt to come in by a link, by its address. Raises TooOften."""
    _check_address(REDEEM_BY_ADDRESS, request)


def check_user(user: AbstractBaseUser | AnonymousUser, rate: Rate) -> None:
    """Count something that this person does, in all processes. Raises TooOften."""
    _check(rate, str(user.pk))


def check_change(user: AbstractBaseUser, old_email: str | None) -> None:
    """Count a change of name or address, by the person and by the address that is told of it, if one is. Raises
    TooOften."""
    check_user(user, CHANGES_BY_USER)
    if old_email:
        _check(CHANGES_BY_MAIL, old_email)


def check_weight(rate: Rate, who: str, weight: int) -> None:
    """Count so many at once, in all processes. Whoever was below the limit before is let in. Raises TooOften."""
    _check(rate, who, weight)


def check_proof(user: AbstractBaseUser, email: str) -> None:
    """Count a letter that asks whether an address is this person's, by both. Raises TooOften."""
    check_user(user, PROOFS_BY_USER)
    _check(PROOFS_BY_MAIL, email)


def check_alone(rate: Rate, who: str) -> None:
    """The same in this process alone, which waits for no cache: for the event loop, and for what is asked often."""
    if settings.RATE_LIMITS and (seconds := count(own_count, rate, who)):
        raise TooOften(seconds)


def count(store: BaseCache, rate: Rate, who: str, weight: int = 1) -> int:
    """Count one request, or what weighs as much as many. The seconds to wait before the next try; 0 lets this one in,
    for the limit was not reached before. Raises CacheTrouble."""
    key = f"rate:{rate.kind}:{hashlib.sha256(who.encode()).hexdigest()[:32]}"
    try:
        end = store.get(key) or store.get_or_set(key, time.time() + rate.seconds, rate.seconds)
        number = _increase(store, f"{key}:{end}", rate.seconds, weight)
    except (OSError, RedisError, ValueError) as error:  # ValueError: emptied in between
        raise CacheTrouble from error
    if end is None or number is None:  # django-redis with IGNORE_EXCEPTIONS
        raise CacheTrouble
    return 0 if number - weight < rate.limit else max(1, math.ceil(end - time.time()))


def _increase(store: BaseCache, key: str, seconds: int, weight: int) -> int | None:
    try:
        return store.incr(key, weight)
    except ValueError:  # not there yet
        store.add(key, 0, seconds + 1)
        return store.incr(key, weight)


def _check_address(rate: Rate, request: HttpRequest) -> None:
    """By address, and ten times as many by the site that an IPv6 network is one of many of."""
    own = address(request)
    _check(rate, own)
    if site := site_of(own):
        _check(Rate(f"{rate.kind}-site", TIMES_BY_SITE * rate.limit, rate.seconds), site)


def _check(rate: Rate, who: str, weight: int = 1) -> None:
    if not settings.RATE_LIMITS:
        return
    try:
        seconds = count(cache, rate, who, weight)
    except CacheTrouble:
        logger.debug("%s: the cache does not answer, this process counts alone", rate.kind)
        seconds = count(own_count, rate, who, weight)
    if seconds:
        raise TooOften(seconds)
