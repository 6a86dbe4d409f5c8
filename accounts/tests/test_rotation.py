from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from django.db import close_old_connections, connections

from accounts import services, tokens
from accounts.errors import InvalidToken
from accounts.models import RefreshSession, User
from accounts.tokens import TokenPair


def test_it_works(alice):
    first = tokens.start_session(alice)
    second = tokens.rotate(first.refresh_token)
    third = tokens.rotate(second.refresh_token)
    sessions = {tokens.verify_access(pair.access_token).session_id for pair in (first, second, third)}
    assert sessions == {RefreshSession.objects.get().pk}


def test_rotating_prolongs_the_session(alice):
    pair = tokens.start_session(alice)
    before = RefreshSession.objects.get().expires_at
    tokens.rotate(pair.refresh_token)
    assert RefreshSession.objects.get().expires_at > before


def test_a_reused_token_ends_the_family(alice):
    first = tokens.start_session(alice)
    second = tokens.rotate(first.refresh_token)
    for spent in (first.refresh_token, second.refresh_token):
        with pytest.raises(InvalidToken):
            tokens.rotate(spent)
    with pytest.raises(InvalidToken):
        tokens.verify_access(second.access_token)


def test_other_families_live_on(alice):
    copied, other = tokens.start_session(alice), tokens.start_session(alice)
    tokens.rotate(copied.refresh_token)
    with pytest.raises(InvalidToken):
        tokens.rotate(copied.refresh_token)
    assert tokens.rotate(other.refresh_token)


@pytest.mark.parametrize("end", [services.erase_user, User.end_sessions])
def test_nothing_rotates_after_the_end(alice, end):
    pair = tokens.start_session(alice)
    end(alice)
    with pytest.raises(InvalidToken):
        tokens.rotate(pair.refresh_token)


def test_an_inactive_user_rotates_nothing(alice):
    pair = tokens.start_session(alice)
    alice.is_active = False
    alice.save()
    with pytest.raises(InvalidToken):
        tokens.rotate(pair.refresh_token)


def test_an_access_token_is_no_refresh_token(alice):
    with pytest.raises(InvalidToken):
        tokens.rotate(tokens.start_session(alice).access_token)


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("_round", range(5))
def test_of_many_at_once_at_most_one_wins(alice, _round):
    pair = tokens.start_session(alice)
    gate = Barrier(4)

    def rotate() -> TokenPair | None:
        close_old_connections()
        gate.wait()
        try:
            return tokens.rotate(pair.refresh_token)
        except InvalidToken:
            return None
        finally:
            connections.close_all()

    with ThreadPoolExecutor(4) as pool:
        outcomes = [task.result() for task in [pool.submit(rotate) for _ in range(4)]]
    assert len([won for won in outcomes if won is not None]) == 1
    assert RefreshSession.objects.get().revoked_at is not None
