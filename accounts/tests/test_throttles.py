import pytest
from django.core.cache import cache
from django.test import Client
from redis.exceptions import RedisError
from rest_framework.test import APIClient, APIRequestFactory
from rest_framework.views import APIView

from accounts import throttles
from accounts.throttles import (
    LOG_IN_BY_ADDRESS,
    LOG_IN_BY_NAME,
    LOG_IN_BY_NAME_AND_ADDRESS,
    SIGN_UP_BY_ADDRESS,
    Rate,
    WriteThrottle,
    address,
    count,
)


@pytest.fixture(autouse=True)
def _limited(settings):
    settings.RATE_LIMITS = True


@pytest.fixture
def clock(monkeypatch):
    """A clock that stands still until it is moved; the cache's entries age by it too."""
    now = [1_000_000.0]
    monkeypatch.setattr("time.time", lambda: now[0])
    return now


def guess(client=None, name="alice", **extra):
    body = {"username": name, "password": "wrong"}
    return (client or APIClient()).post("/api/token", body, format="json", **extra)


def is_too_often(answer, within: int) -> bool:
    assert answer.status_code == 429
    assert 0 < int(answer["Retry-After"]) <= within
    return True


def test_it_works(users, clock):
    assert {guess().status_code for _ in range(LOG_IN_BY_NAME_AND_ADDRESS.limit)} == {400}
    answer = guess()
    assert is_too_often(answer, 60)
    assert answer.json()["code"] == "rate_limited" and answer["Content-Type"] == "application/problem+json"


def test_the_window_ends(users, clock):
    for _ in range(LOG_IN_BY_NAME_AND_ADDRESS.limit + 5):
        guess()
    clock[0] += 61
    assert guess().status_code == 400


def test_every_spelling_of_a_name_is_that_name(users, clock):
    spellings = ["alice", "ALICE", "Ａlice", " alice "]
    answers = [guess(name=spellings[n % 4]) for n in range(LOG_IN_BY_NAME_AND_ADDRESS.limit + 1)]
    assert is_too_often(answers[-1], 60)


def logs_in(password, **extra):
    return APIClient().post("/api/token", {"username": "alice", "password": password}, format="json", **extra)


def test_a_right_password_has_to_wait_where_wrong_ones_came_from_but_not_for_ever(users, clock, password):
    for _ in range(LOG_IN_BY_NAME_AND_ADDRESS.limit):
        guess()
    assert is_too_often(logs_in(password), 60)
    clock[0] += 61
    assert logs_in(password).status_code == 200


def test_nobody_keeps_somebody_out_from_one_address(users, clock, password):
    """However long they go on: what their address is refused does not count against the name."""
    for _ in range(2 * LOG_IN_BY_NAME.limit):
        guess(REMOTE_ADDR="10.6.6.6")
    assert logs_in(password, REMOTE_ADDR="10.0.0.1").status_code == 200


def test_one_name_is_guarded_against_many_addresses(users, clock, password):
    """Who has a dozen can keep somebody out, for as long as they go on: that is the price of the guard."""
    answers = [guess(REMOTE_ADDR=f"10.0.0.{n}") for n in range(LOG_IN_BY_NAME.limit + 1)]
    assert {answer.status_code for answer in answers[:-1]} == {400} and is_too_often(answers[-1], 60)
    assert is_too_often(logs_in(password, REMOTE_ADDR="10.9.9.9"), 60)
    clock[0] += 61
    assert logs_in(password, REMOTE_ADDR="10.9.9.9").status_code == 200


def test_a_site_of_many_networks_has_ten_times_as_many(users, clock):
    """A provider gives out 48 bits, which are 65,536 networks that each count as an address."""
    limit = 10 * LOG_IN_BY_ADDRESS.limit
    codes = [guess(name=f"n{n}", REMOTE_ADDR=f"2001:db8:7:{n:x}::1").status_code for n in range(limit + 1)]
    assert codes == [400] * limit + [429]
    assert guess(name="other", REMOTE_ADDR="2001:db8:8::1").status_code == 400


def test_one_address_may_not_try_many_names(users, clock):
    answers = [guess(name=f"name{n}") for n in range(LOG_IN_BY_ADDRESS.limit + 1)]
    assert answers[-2].status_code == 400 and is_too_often(answers[-1], 60)
    assert guess(name="other", REMOTE_ADDR="10.0.0.1").status_code == 400


def test_unknown_names_are_counted_alike(users, clock):
    answers = [guess(name="nobody") for _ in range(LOG_IN_BY_NAME_AND_ADDRESS.limit + 1)]
    assert is_too_often(answers[-1], 60)


def test_refreshing_is_counted_by_address(users, clock):
    body = {"grant_type": "refresh_token", "refresh_token": "x"}
    codes = [APIClient().post("/api/token", body, format="json").status_code for _ in range(61)]
    assert codes == [400] * 60 + [429]


def test_the_current_password_can_not_be_guessed_either(client_for, alice, clock):
    client, change = client_for(alice), {"password": "x", "current_password": "wrong"}
    codes = [client.patch("/api/users/me", change, format="json").status_code for _ in range(11)]
    assert codes == [400] * 10 + [429]


@pytest.mark.django_db
def test_signing_up_is_counted_by_address(clock):
    for n in range(SIGN_UP_BY_ADDRESS.limit):
        APIClient().post("/api/users", {"username": f"u{n}"}, format="json")
    assert is_too_often(APIClient().post("/api/users", {"username": "one more"}, format="json"), 3600)


def test_the_pages_share_the_counts(users, clock, stub_templates):
    for _ in range(LOG_IN_BY_NAME_AND_ADDRESS.limit):
        guess()
    body = {"username": "Alice", "password": "wrong"}
    assert is_too_often(Client().post("/log-in/", body), 60)
    answer = Client().post("/admin/login/", body)
    assert "Too many attempts" in answer.content.decode()


@pytest.mark.django_db
def test_the_sign_up_page_is_counted(clock, stub_templates):
    for _ in range(SIGN_UP_BY_ADDRESS.limit):
        APIClient().post("/api/users", {}, format="json")
    assert is_too_often(Client().post("/sign-up/", {"username": "dora"}), 3600)


def test_all_is_off_with_the_setting(users, settings):
    settings.RATE_LIMITS = False
    assert {guess().status_code for _ in range(LOG_IN_BY_ADDRESS.limit + 5)} == {400}


def test_a_forwarded_address_is_believed_only_of_our_proxy(settings, rf):
    request = rf.get("/", REMOTE_ADDR="10.0.0.1", HTTP_X_FORWARDED_FOR="6.6.6.6, 1.2.3.4")
    assert address(request) == "10.0.0.1"
    settings.BEHIND_PROXY = True
    assert address(request) == "1.2.3.4"
    assert address(rf.get("/", REMOTE_ADDR="10.0.0.1")) == "10.0.0.1"


def test_an_address_is_one_customer(rf):
    first, second = (address(rf.get("/", REMOTE_ADDR=f"2001:db8::{n}")) for n in (1, 2))
    assert first == second == "2001:db8::/64"
    assert address(rf.get("/", REMOTE_ADDR="")) == "unknown"


def test_an_address_of_ipv4_is_one_however_it_is_written(rf):
    """A server that listens on both sees `::ffff:…`: one network of 64 bits, for all of IPv4."""
    mapped, other = (address(rf.get("/", REMOTE_ADDR=f"::ffff:192.0.2.{n}")) for n in (1, 2))
    assert (mapped, other) == ("192.0.2.1", "192.0.2.2")


def write(user, method="post") -> bool:
    request = APIView().initialize_request(getattr(APIRequestFactory(), method)("/"))
    request.user = user
    throttle = WriteThrottle()
    let_in = throttle.allow_request(request, APIView())
    assert let_in == (throttle.wait() == 0)
    return let_in


def test_writes_are_counted_by_user(alice, bob, clock):
    assert all(write(alice, verb) for verb in ("post", "put", "patch", "delete") for _ in range(150))
    assert not write(alice)
    assert write(alice, "get") and write(bob)
    clock[0] += 61
    assert write(alice)


class Broken:
    """A cache that fails in the way it is told to."""

    def __init__(self, failure):
        self.failure = failure

    def __getattr__(self, name):
        def fail(*args, **kwargs):
            if isinstance(self.failure, Exception):
                raise self.failure
            return self.failure

        return fail


@pytest.fixture(params=[RedisError("down"), ConnectionRefusedError(), TimeoutError(), None], ids=repr)
def _broken_cache(request, monkeypatch):
    monkeypatch.setattr(throttles, "cache", Broken(request.param))


@pytest.mark.usefixtures("_broken_cache")
def test_without_a_cache_writes_are_let_in(alice):
    assert all(write(alice) for _ in range(700))


@pytest.mark.usefixtures("_broken_cache")
def test_without_a_cache_log_ins_are_counted_by_this_process(users, clock):
    answers = [guess() for _ in range(LOG_IN_BY_NAME_AND_ADDRESS.limit + 1)]
    assert [answer.status_code for answer in answers] == [400] * LOG_IN_BY_NAME_AND_ADDRESS.limit + [429]


def test_counts_are_exact_over_threads(clock):
    from concurrent.futures import ThreadPoolExecutor

    rate = Rate("test", 50, 60)
    with ThreadPoolExecutor(8) as pool:
        waits = list(pool.map(lambda _: count(cache, rate, "somebody"), range(200)))
    assert waits.count(0) == 50
