import pytest

from accounts import services, tokens
from accounts.errors import InvalidToken
from accounts.models import RefreshSession

URL = "/api/token/revoke"


def is_over(pair) -> bool:
    for read, token in ((tokens.verify_access, pair.access_token), (tokens.rotate, pair.refresh_token)):
        with pytest.raises(InvalidToken):
            read(token)
    return True


@pytest.mark.parametrize("kind", ["refresh_token", "access_token"])
def test_it_works(anyone, alice, kind):
    pair, other = tokens.start_session(alice), tokens.start_session(alice)
    answer = anyone.post(URL, {"token": getattr(pair, kind), "token_type_hint": "access_token"}, format="json")
    assert (answer.status_code, answer.content, answer["Cache-Control"]) == (200, b"", "no-store")
    assert is_over(pair) and tokens.verify_access(other.access_token)


def test_a_form_does_as_well(anyone, alice):
    pair = tokens.start_session(alice)
    body = f"token={pair.refresh_token}"
    answer = anyone.post(f"{URL}/", body, content_type="application/x-www-form-urlencoded")
    assert answer.status_code == 200 and is_over(pair)


def test_a_spent_token_takes_its_family_too(anyone, alice):
    first = tokens.start_session(alice)
    second = tokens.rotate(first.refresh_token)
    anyone.post(URL, {"token": first.refresh_token}, format="json")
    assert is_over(second)


@pytest.mark.parametrize("token", ["garbage", "a.b.c", "é", "x" * 9999, "eyJhbGciOiJub25lIn0.e30."])
def test_garbage_is_answered_alike_and_harms_nobody(anyone, alice, token):
    pair = tokens.start_session(alice)
    answer = anyone.post(URL, {"token": token}, format="json")
    assert (answer.status_code, answer.content) == (200, b"")
    assert tokens.verify_access(pair.access_token)


def test_revoking_twice_keeps_the_first_time(alice):
    pair = tokens.start_session(alice)
    tokens.revoke(pair.refresh_token)
    first = RefreshSession.objects.get().revoked_at
    tokens.revoke(pair.refresh_token)
    assert RefreshSession.objects.get().revoked_at == first


@pytest.mark.django_db
@pytest.mark.parametrize("body", [{}, {"token": ""}, {"token": 7}, [], None])
def test_without_a_token_there_is_nothing_to_revoke(anyone, body):
    answer = anyone.post(URL, body, format="json")
    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_request")


def test_rooms_learn_which_sessions_are_over(alice, bob, carol, mallory):
    live, revoked, inactive, erased, purged = (
        tokens.verify_access(tokens.start_session(user).access_token).session_id
        for user in (alice, alice, bob, carol, mallory)
    )
    RefreshSession.objects.get(pk=revoked).revoke()
    bob.is_active = False
    bob.save()
    services.erase_user(carol)
    RefreshSession.objects.filter(pk=purged).delete()
    assert tokens.revoked_sessions([live, revoked, inactive, erased, purged]) == {revoked, inactive, erased, purged}
    assert tokens.revoked_sessions([]) == set()
