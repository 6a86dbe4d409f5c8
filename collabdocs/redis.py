"""Redis as the caches reach it: through few connections, never for long, and not at all for a moment after it failed.

All that a process asks of Redis (cached texts, counts, presence) goes through one pool and past one guard, so a Redis
that hangs costs a few requests half a second every other second, and nobody else anything. Whoever asks has to live
with a RedisError.
"""

import logging
import time
from collections.abc import Callable
from functools import partial
from typing import Any, TypeVar

from django_redis.cache import RedisCache  # type: ignore[import-untyped]
from redis import Redis
from redis.client import Pipeline
from redis.exceptions import ConnectionError, OutOfMemoryError, TimeoutError

logger = logging.getLogger(__name__)

PAUSE = 2.0  # seconds until a Redis that failed is asked again
FULL_AGAIN = 60.0  # seconds until it is said again that Redis is full
T = TypeVar("T")


class Guard:
    """Leaves Redis alone while it is in trouble, and tells the log once when it goes and once when it is back."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._is_well = True
        self._asked_again_at = self._full_again_at = float("-inf")

    def ask(self, work: Callable[[], T]) -> T:
        """What Redis answers. Raises what asking raises, or ConnectionError at once."""
        if self._clock() < self._asked_again_at:
            raise ConnectionError("Redis is left alone for a moment")
        try:
            answer = work()
        except (ConnectionError, TimeoutError) as error:
            self._asked_again_at = self._clock() + PAUSE
            self._tell(False, error)
            raise
        except OutOfMemoryError as error:
            self._tell_full(error)
            raise
        self._tell(True)
        return answer

    def _tell(self, is_well: bool, why: object = "") -> None:
        if is_well != self._is_well:
            self._is_well = is_well
            if is_well:
                logger.warning("Redis is back")
            else:
                logger.warning("Redis is away, the work goes on without it: %r", why)

    def _tell_full(self, error: Exception) -> None:
        if self._clock() >= self._full_again_at:
            self._full_again_at = self._clock() + FULL_AGAIN
            logger.warning("Redis takes nothing more, the work goes on without it: %s", error)


guard = Guard()


class GuardedPipeline(Pipeline):
    def execute(self, raise_on_error: bool = True) -> list[Any]:
        return guard.ask(partial(super().execute, raise_on_error))


class GuardedRedis(Redis):
    def execute_command(self, *args: Any, **options: Any) -> Any:
        work = partial(super().execute_command, *args, **options)
        return guard.ask(work)

    def pipeline(self, transaction: bool = True, shard_hint: Any = None) -> Pipeline:
        return GuardedPipeline(self.connection_pool, self.response_callbacks, transaction, shard_hint)


class Cache(RedisCache):  # type: ignore[misc]  # it is not typed
    def clear(self) -> None:
        """Its own entries, and nothing else that lies in that Redis."""
        self.delete_pattern("*", itersize=1000)
