"""How long to wait."""

import random

from collabdocs_client import Backoff


def test_the_ceiling_doubles_up_to_the_longest() -> None:
    random.seed(7)
    backoff = Backoff(first=1, longest=8)
    for attempt, ceiling in enumerate((1, 2, 4, 8, 8, 8)):
        delays = [backoff.delay(attempt) for _ in range(200)]
        assert 0 <= min(delays) < 0.1 * ceiling
        assert 0.9 * ceiling < max(delays) <= ceiling


def test_any_number_of_failures_is_fine() -> None:
    assert 0 <= Backoff().delay(10_000) <= Backoff().longest
