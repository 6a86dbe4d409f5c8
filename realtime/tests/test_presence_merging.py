"""What processes tell each other of who is present: whoever has heard the same knows the same, in whatever order."""

import uuid
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from realtime.presence import EXPIRES_AFTER, UNTOLD_AFTER, Presences, Present

CLIENTS = [uuid.UUID(int=n) for n in range(3)]
USER = {"id": "1", "name": "somebody", "color": "#000000"}


class Clock:
    now = 1000.0

    def __call__(self) -> float:
        return self.now


def told(client: int, since: int, number: int, *, seen: float = 1000.0, here: bool = False) -> Present:
    """The one thing that a room can have told under these numbers."""
    selection = None if number % 3 == 0 else ((since, number),)
    return Present(CLIENTS[client], USER, selection, seen, since, number, here)


tellings = st.lists(st.builds(told, st.integers(0, 2), st.integers(0, 3), st.integers(1, 9)), max_size=12)


def after(heard: list[Present]) -> Presences:
    presences = Presences(Clock())
    for each in heard:
        presences.hear(each)
    return presences


def known(presences: Presences) -> dict:
    return {client: presences.known(client) for client in CLIENTS if presences.known(client)}


@given(tellings, st.randoms())
def test_the_order_of_arrival_does_not_matter_nor_how_often(heard, rng):
    shuffled = heard + rng.choices(heard, k=5) if heard else []
    rng.shuffle(shuffled)
    assert known(after(heard)) == known(after(shuffled))


@given(tellings)
def test_the_greatest_stands(heard):
    presences = after(heard)
    for client in CLIENTS:
        numbers = [(each.since, each.told) for each in heard if each.client_id == client]
        stands = presences.known(client)
        assert (stands is None) == (not numbers)
        assert stands is None or (stands.since, stands.told) == max(numbers)


@given(tellings)
def test_present_is_who_is_known_and_has_not_left(heard):
    presences = after(heard)
    shown = {present.client_id for present in presences}
    assert shown == {client for client in CLIENTS if presences.get(client)}
    assert shown == {each.client_id for each in known(presences).values() if each.selection is not None}


@given(tellings)
def test_only_what_shows_is_news(heard):
    presences = Presences(Clock())
    for each in heard:
        before = presences.get(each.client_id)
        is_news = presences.hear(each)
        now = presences.get(each.client_id)
        assert is_news == ((before and before.selection) != (now and now.selection))
        assert not presences.hear(each)


@given(tellings, st.randoms())
def test_who_is_not_told_of_any_more_vanishes_and_nothing_old_brings_them_back(heard, rng):
    clock = Clock()
    presences = Presences(clock)
    for each in heard:
        presences.hear(each)
    present = {each.client_id for each in presences}
    clock.now += UNTOLD_AFTER + 1
    assert {gone.client_id for gone in presences.expire()} == present
    for each in rng.sample(heard, len(heard)):  # a second later than anything can come
        assert each.client_id not in present or not presences.hear(replace(each, seen=clock.now))
    assert present.isdisjoint({each.client_id for each in presences})
    for _ in range(2):
        clock.now += UNTOLD_AFTER + 1
        presences.expire()
    assert known(presences) == {}  # and does not grow for ever


def test_hearing_the_same_again_is_no_sign_of_life():
    presences = after([told(0, 1, 1)])
    presences.hear(told(0, 1, 1, seen=1020.0))
    presences.clock.now += UNTOLD_AFTER + 1
    assert len(presences.expire()) == 1


def test_hearing_anew_is_one():
    presences = after([told(0, 1, 1)])
    presences.hear(told(0, 1, 2, seen=1020.0))
    presences.clock.now += UNTOLD_AFTER + 1
    assert presences.expire() == [] and presences.get(CLIENTS[0])
    presences.hear(told(0, 1, 4, seen=presences.clock.now))
    assert presences.get(CLIENTS[0]).seen == presences.clock.now


def test_who_is_here_is_kept_longer_than_who_is_elsewhere():
    presences = after([told(0, 1, 1)])
    presences.put(CLIENTS[1], USER, [], since=1)
    presences.clock.now += EXPIRES_AFTER
    assert [gone.client_id for gone in presences.expire()] == [CLIENTS[0]]


def test_who_joined_here_later_stays_whatever_is_told_of_the_join_before():
    presences = Presences(Clock())
    presences.put(CLIENTS[0], USER, [(7, 7)], since=5)
    assert not presences.hear(told(0, 4, 9)) and presences.get(CLIENTS[0]).is_here


def test_who_joined_elsewhere_later_is_there():
    presences = Presences(Clock())
    presences.put(CLIENTS[0], USER, [(7, 7)], since=5)
    assert presences.hear(told(0, 6, 1))
    assert presences.leave(CLIENTS[0]) is None  # the socket here goes, and says nothing of the one there
    assert presences.get(CLIENTS[0]).selection == ((6, 1),)


def test_who_left_here_does_not_come_back_by_what_was_told_before():
    presences = Presences(Clock())
    presences.put(CLIENTS[0], USER, [], since=5)
    assert presences.leave(CLIENTS[0]).selection is None
    assert not presences.hear(told(0, 4, 1)) and presences.get(CLIENTS[0]) is None
    assert presences.hear(told(0, 6, 1))


def test_a_sign_of_life_here_renews_nobody_elsewhere():
    presences = after([told(0, 1, 1)])
    presences.clock.now += 20
    assert presences.renew(CLIENTS[0])
    assert presences.get(CLIENTS[0]).seen == 1000.0


@pytest.mark.parametrize("number", [1, 3])
def test_who_left_is_remembered_for_a_while_only(number):
    presences = after([told(0, 1, number)])
    for _ in range(2):
        presences.clock.now += EXPIRES_AFTER + 1
        presences.expire()
    assert presences.known(CLIENTS[0]) is None
