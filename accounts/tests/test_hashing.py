"""Password hashes take turns: two at once, some that wait, and a refusal for the others, in all ways in."""

from concurrent.futures import ThreadPoolExecutor, as_completed
from itertools import islice
from threading import BoundedSemaphore, Event, Lock

import pytest
from django.contrib.auth.hashers import PBKDF2PasswordHasher, check_password, make_password
from django.test import Client
from rest_framework.test import APIClient

from accounts import hashing
from accounts.hashing import BoundedHasher, TooManyHashes
from accounts.models import User

SECRET = "correct horse battery staple"
ASKED = {"username": "dora", "password": SECRET, "email": ""}
MORE = 10  # than may be present


@pytest.fixture(autouse=True)
def _quickly(settings, monkeypatch):
    settings.PASSWORD_HASHERS = ["accounts.hashing.BoundedHasher"]
    monkeypatch.setattr(BoundedHasher, "iterations", 2)


class Slow:
    """Hashes that end when they are told to; `most` is how many were under way at once."""

    def __init__(self) -> None:
        self.may_end, self.lock = Event(), Lock()
        self.under_way = self.most = 0

    def encode(self, *_: object) -> str:
        self.counts(1)
        self.may_end.wait(30)
        self.counts(-1)
        return "a hash"

    def counts(self, one: int) -> None:
        with self.lock:
            self.under_way += one
            self.most = max(self.most, self.under_way)


@pytest.fixture
def slow(monkeypatch):
    slow = Slow()
    monkeypatch.setattr(PBKDF2PasswordHasher, "encode", lambda *given: slow.encode(*given))
    yield slow
    slow.may_end.set()


def hashes() -> str:
    try:
        return BoundedHasher().encode(SECRET, "salt")
    except TooManyHashes as refusal:
        return refusal.code


def test_it_works():
    made = make_password(SECRET)
    assert made.startswith("pbkdf2_sha256$") and check_password(SECRET, made) and not check_password("x", made)


def test_what_was_hashed_before_is_good():
    assert check_password(SECRET, PBKDF2PasswordHasher().encode(SECRET, "salt", 3))


def test_the_server_has_it(pytestconfig):
    """Tests have a quick one of their own."""
    text = (pytestconfig.rootpath / "collabdocs/settings.py").read_text()
    assert 'PASSWORD_HASHERS = ["accounts.hashing.BoundedHasher"]' in text


def test_two_at_once_some_wait_and_the_others_are_refused(slow):
    with ThreadPoolExecutor(hashing.PRESENT + MORE) as pool:
        asked = [pool.submit(hashes) for _ in range(hashing.PRESENT + MORE)]
        ended = as_completed(asked, timeout=30)
        assert [each.result() for each in islice(ended, MORE)] == ["rate_limited"] * MORE
        slow.may_end.set()
        assert [each.result() for each in ended] == ["a hash"] * hashing.PRESENT
    assert slow.most == hashing.AT_ONCE


def test_who_waits_too_long_is_refused(slow, monkeypatch):
    monkeypatch.setattr(hashing, "PATIENCE", 0.05)
    with ThreadPoolExecutor(3) as pool:
        ended = as_completed([pool.submit(hashes) for _ in range(3)], timeout=30)
        assert next(ended).result() == "rate_limited"
        slow.may_end.set()
        assert [each.result() for each in ended] == ["a hash"] * 2


def test_a_hash_that_fails_or_is_refused_keeps_no_turn(monkeypatch):
    with monkeypatch.context() as broken:
        broken.setattr(PBKDF2PasswordHasher, "encode", lambda *_: 1 / 0)
        for _ in range(hashing.PRESENT + 1):
            with pytest.raises(ZeroDivisionError):
                hashes()
    assert hashes().startswith("pbkdf2")


@pytest.fixture
def _busy(db, monkeypatch, settings):
    settings.ROOT_URLCONF = "collabdocs.urls"
    monkeypatch.setattr(hashing, "_present", full := BoundedSemaphore(1))
    full.acquire()


@pytest.mark.usefixtures("_busy")
@pytest.mark.parametrize("path", ["/api/token", "/api/users"])
def test_programs_are_told_to_come_back(path):
    answer = APIClient().post(path, ASKED, format="json")
    assert (answer.status_code, answer.json()["code"], answer["Retry-After"]) == (429, "rate_limited", "1")
    assert "just now" in answer.json()["detail"] and not User.objects.filter(username="dora").exists()


@pytest.mark.usefixtures("_busy")
@pytest.mark.parametrize("path", ["/log-in/", "/admin/login/", "/sign-up/"])
def test_pages_say_so(path):
    answer = Client().post(path, ASKED)
    assert (answer.status_code, answer["Retry-After"]) == (429, "1") and "too often" in answer.content.decode()
    assert "no-store" in answer["Cache-Control"]
