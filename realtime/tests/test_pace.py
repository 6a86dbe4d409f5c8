"""Sixty submissions a second for ever, a burst of them at once, and what is too much is read more slowly."""

from realtime.pace import BURST, FLOOD_SECONDS, RATE, Pace


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def submits(pace: Pace, clock: Clock, times: int, every: float) -> float:
    """Submit that often, waiting as told; the seconds of pause in all."""
    paused = 0.0
    for _ in range(times):
        pause = pace.next_pause()
        paused += pause
        clock.now += max(pause, every)
        if pace.is_flood:
            break
    return paused


def test_sixty_a_second_are_never_slowed_down():
    clock = Clock()
    pace = Pace(clock)
    assert submits(pace, clock, 60 * 600, 1 / 60) == 0 and not pace.is_flood


def test_a_burst_is_free():
    clock = Clock()
    pace = Pace(clock)
    assert submits(pace, clock, int(BURST * RATE), 0) == 0
    assert pace.next_pause() > 0


def test_a_burst_is_free_again_after_a_rest():
    clock = Clock()
    pace = Pace(clock)
    submits(pace, clock, int(BURST * RATE), 0)
    clock.now += BURST
    assert submits(pace, clock, int(BURST * RATE), 0) == 0
    clock.now += 10_000  # a long rest saves up no more than a burst
    assert submits(pace, clock, int(BURST * RATE) + 1, 0) > 0


def test_who_is_too_fast_is_read_at_the_rate():
    clock = Clock()
    pace = Pace(clock)
    submits(pace, clock, int(BURST * RATE) + 600, 0)
    assert 9.9 < clock.now < 10.1


def test_going_on_for_a_minute_is_flooding():
    clock = Clock()
    pace = Pace(clock)
    submits(pace, clock, int(RATE * (BURST + FLOOD_SECONDS - 1)), 0)
    assert not pace.is_flood
    submits(pace, clock, int(RATE * 2), 0)
    assert pace.is_flood


def test_a_pause_makes_good():
    clock = Clock()
    pace = Pace(clock)
    for _ in range(10):
        submits(pace, clock, int(RATE * (BURST + FLOOD_SECONDS - 5)), 0)
        clock.now += 1
    assert not pace.is_flood


def test_another_rate():
    clock = Clock()
    pace = Pace(clock, 10 * RATE)
    submits(pace, clock, int(10 * RATE * BURST) + 6000, 0)
    assert 9.9 < clock.now < 10.1


def test_a_heavy_one_weighs_as_much_as_many():
    clock = Clock()
    light, heavy = Pace(clock), Pace(clock)
    for _ in range(100):
        light.next_pause()
    assert heavy.next_pause(100) == 0
    assert light.next_pause(30) == heavy.next_pause(30) > 0
