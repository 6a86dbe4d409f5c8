"""What is no password (S44)."""

import time
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from accounts.models import User

pytestmark = pytest.mark.django_db

NONE = {
    "common": "password",
    "common in capitals": "PASSWORD123",
    "the name": "dora-the-explorer",
    "the address": "dora.explorer@example.org",
    "spaces": " " * 8,
    "other spaces": "\u3000" * 12,
    "tabs": "\t" * 12,
    "short": "x7!kQ",
    "digits": "4815162342",
    "too long": "x7!" * 400,
    "a megabyte": "x" * 1_000_000,
}


def sign_up(client_for: Callable[..., Any], password: str) -> Any:
    body = {"username": "dora-the-explorer", "email": "dora.explorer@example.org", "password": password}
    return client_for(None).post("/api/users", body, format="json")


@pytest.mark.parametrize("password", NONE.values(), ids=NONE.keys())
def test_refused_wherever_one_is_set(password: str, client_for: Callable[..., Any], alice: User) -> None:
    answer = sign_up(client_for, password)
    assert answer.status_code == 400 and {each["attr"] for each in answer.json()["errors"]} == {"password"}
    page = {"username": "dora-the-explorer", "email": "dora.explorer@example.org", "password": password}
    assert Client().post("/sign-up/", page).status_code == 200
    assert not User.objects.filter(username__startswith="dora").exists()
    User.objects.filter(pk=alice.pk).update(username="dora-the-explorer", email="dora.explorer@example.org")
    change = {"password": password, "current_password": "correct horse battery staple"}
    assert client_for(alice).patch("/api/users/me", change, format="json").status_code == 400
    alice.refresh_from_db()
    assert alice.check_password("correct horse battery staple")


def test_spaces_in_a_password_count(client_for: Callable[..., Any]) -> None:
    assert sign_up(client_for, " two horses ").status_code == 201
    login = {"username": "dora-the-explorer", "password": "two horses"}
    assert client_for(None).post("/api/token", login, format="json").status_code == 400
    assert client_for(None).post("/api/token", login | {"password": " two horses "}, format="json").status_code == 200


def test_a_long_one_is_never_hashed(client_for: Callable[..., Any], alice: User, monkeypatch: Any) -> None:
    def encode(*_: object, **__: object) -> str:
        raise AssertionError("hashed")

    monkeypatch.setattr("django.contrib.auth.hashers.MD5PasswordHasher.encode", encode)
    begun = time.process_time()
    for path in ("/api/token", "/api/users"):
        body = {"username": "alice", "password": "x" * 10_000_000}
        assert client_for(None).post(path, body, format="json").status_code == 400
    Client().post("/log-in/", {"username": "alice", "password": "x" * 1_000_000})
    assert time.process_time() - begun < 3
