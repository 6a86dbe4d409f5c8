"""The caches on a real Redis that is killed, stopped, filled, emptied and slow: a guard keeps it from anybody's way."""

import logging
import os
import shutil
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from unittest.mock import Mock

import pytest
from django.core.cache import caches
from hypothesis import given
from hypothesis import strategies as st
from redis.exceptions import ConnectionError, OutOfMemoryError, RedisError, ResponseError, TimeoutError

from accounts.throttles import CacheTrouble, Rate, count
from collabdocs import redis as guarded
from collabdocs.caches import MOST_CONNECTIONS, SECONDS_TO_ANSWER
from collabdocs.redis import FULL_AGAIN, PAUSE, Guard
from tests.redis_server import RedisServer, SlowLine, use

needs_redis = pytest.mark.skipif(
    not shutil.which("redis-server") and not os.environ.get("CI"), reason="LEFT OUT: redis-server is not installed"
)
QUICK = SECONDS_TO_ANSWER / 5  # seconds; what is faster has not waited for a Redis that does not answer
RATE = Rate("test", 3, 60)


class Clock:
    now = 1000.0

    def __call__(self) -> float:
        return self.now


# --- The guard, by a clock of its own ---


@given(st.lists(st.tuples(st.floats(0, 2 * PAUSE), st.booleans()), max_size=30))
def test_who_fails_is_asked_again_after_a_pause_and_not_before(acts):
    """Acts: so many seconds pass; then Redis answers, or does not."""
    clock = Clock()
    guard = Guard(clock)
    failed_at = float("-inf")
    for seconds, is_well in acts:
        clock.now += seconds
        work = Mock(return_value=7) if is_well else Mock(side_effect=TimeoutError)
        try:
            assert guard.ask(work) == 7
        except ConnectionError:  # at once
            assert clock.now < failed_at + PAUSE and not work.called
        except TimeoutError:
            assert work.called and not is_well
            failed_at = clock.now
        else:
            assert clock.now >= failed_at + PAUSE


def test_the_log_is_told_once_when_it_goes_and_once_when_it_is_back(caplog):
    guard = Guard(clock := Clock())
    for outcome in (TimeoutError, ConnectionError, None, None, ConnectionError, None):
        clock.now += PAUSE
        try:
            guard.ask(Mock(side_effect=outcome))
        except RedisError:
            pass
    assert [record.message[:13] for record in caplog.records] == ["Redis is away", "Redis is back"] * 2


def test_one_that_is_full_still_answers_and_the_log_is_told_now_and_then(caplog):
    guard = Guard(clock := Clock())
    for _ in range(10):
        with pytest.raises(OutOfMemoryError):
            guard.ask(Mock(side_effect=OutOfMemoryError))
        assert guard.ask(lambda: 7) == 7
    clock.now += FULL_AGAIN
    with pytest.raises(OutOfMemoryError):
        guard.ask(Mock(side_effect=OutOfMemoryError))
    assert ["takes nothing more" in record.message for record in caplog.records] == [True, True]


def test_a_question_it_does_not_understand_is_no_trouble(caplog):
    guard = Guard(Clock())
    with pytest.raises(ResponseError):
        guard.ask(Mock(side_effect=ResponseError))
    assert guard.ask(lambda: 7) == 7 and caplog.records == []


# --- A real one ---


@pytest.fixture
def redis(tmp_path: Path, settings, monkeypatch) -> Iterator[RedisServer]:
    started = RedisServer(tmp_path).start()
    use(started.url, settings, monkeypatch)
    yield started
    started.kill()


def seconds(work) -> float:
    began = time.monotonic()
    with pytest.raises((RedisError, CacheTrouble)):
        work()
    return time.monotonic() - began


@needs_redis
def test_it_works(redis):
    caches["texts"].set("a", "ß🙂" * 1000)
    assert caches["texts"].get("a") == "ß🙂" * 1000 and caches["default"].get("a") is None
    assert [count(caches["default"], RATE, "x") > 0 for _ in range(4)] == [False] * 3 + [True]


@needs_redis
def test_clearing_one_cache_leaves_all_else_that_lies_there(redis):
    for n in range(2000):
        caches["texts"].set(f"a{n}", "x")
    caches["default"].set("b", 1)
    redis.asked("SET somebody elses")
    caches["texts"].clear()
    assert caches["default"].get("b") == 1 and redis.count() == 2
    assert redis.asked("GET somebody").endswith(b"elses\r\n")


@needs_redis
@pytest.mark.parametrize("act", ["kill", "hang"])
def test_away_or_hanging_it_costs_one_wait_and_then_nothing(redis, act):
    assert count(caches["default"], RATE, "x") == 0
    getattr(redis, act)()
    first = seconds(lambda: count(caches["default"], RATE, "x"))
    assert first < (QUICK if act == "kill" else 2 * SECONDS_TO_ANSWER)
    others = [lambda: caches["texts"].get("a"), lambda: caches["texts"].set("a", 1), lambda: caches["default"].clear()]
    others += [lambda: caches["default"].client.get_client().pipeline().get("a").execute()]
    assert max(map(seconds, others)) < QUICK
    redis.wake() if act == "hang" else redis.start()
    guarded.guard._asked_again_at = 0.0
    assert count(caches["default"], RATE, "x") == 0 and caches["texts"].get("a") is None


@needs_redis
def test_full_it_refuses_at_once_and_is_still_read(redis, caplog):
    caches["texts"].set("a", "x")
    count(caches["default"], RATE, "x")
    redis.fill()
    for work in (lambda: caches["texts"].set("b", "x"), lambda: count(caches["default"], RATE, "x")):
        assert seconds(work) < QUICK
    assert seconds(lambda: count(caches["default"], RATE, "a new one")) < QUICK
    assert caches["texts"].get("a") == "x" and caches["texts"].delete("a")
    redis.empty()
    assert count(caches["default"], RATE, "x") == 0
    assert [record.message.partition(",")[0] for record in caplog.records] == ["Redis takes nothing more"]


@needs_redis
async def test_slow_it_is_as_good_as_none(redis, settings, monkeypatch, calls):
    async with SlowLine(redis, 2.0) as line:
        use(line.url, settings, monkeypatch)
        assert await calls(seconds, lambda: caches["texts"].get("a")) < 2 * SECONDS_TO_ANSWER
        assert await calls(seconds, lambda: caches["texts"].get("a")) < QUICK


@needs_redis
def test_emptied_between_two_questions_it_is_only_trouble(redis):
    class Forgetful:
        def __getattr__(self, name):
            redis.asked("FLUSHALL")
            return getattr(caches["default"], name)

    with pytest.raises(CacheTrouble):
        count(Forgetful(), RATE, "x")
    assert count(caches["default"], RATE, "x") == 0


@needs_redis
def test_connections_are_few_and_who_finds_none_waits_a_moment(redis, caplog):
    def ask(n: int) -> None:
        caches["texts"].set(f"a{n % 10}", "x" * 1000)
        assert caches["texts"].get(f"a{n % 10}")

    with ThreadPoolExecutor(3 * MOST_CONNECTIONS) as threads:
        list(threads.map(ask, range(600)))
    clients = redis.asked("CLIENT LIST").count(b"cmd=") - 1
    assert 1 < clients <= MOST_CONNECTIONS and caplog.records == []


@needs_redis
def test_while_all_connections_hang_nobody_waits_longer(redis, caplog):
    caplog.set_level(logging.WARNING)
    redis.hang()
    with ThreadPoolExecutor(3 * MOST_CONNECTIONS) as threads:
        waited = list(threads.map(lambda _: seconds(lambda: caches["texts"].get("a")), range(6 * MOST_CONNECTIONS)))
    redis.wake()
    assert max(waited) < 4 * SECONDS_TO_ANSWER
    assert len(caches["texts"].client.get_client().connection_pool._connections) <= MOST_CONNECTIONS
