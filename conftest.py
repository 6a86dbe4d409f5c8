"""The cast of every test: alice owns, bob edits, carol comments, vera views, mallory is a stranger."""

from collections.abc import Callable

import pytest
from django.core.cache import caches
from rest_framework.test import APIClient

from accounts import throttles, tokens
from accounts.models import User

CAST = ("alice", "bob", "carol", "vera", "mallory")
PASSWORD = "correct horse battery staple"
PLAIN_FILES = "django.contrib.staticfiles.storage.StaticFilesStorage"


@pytest.fixture(autouse=True)
def _quick_and_unlimited(settings):
    """Fast password hashes, no built static files, no rate limits unless asked for, nothing left in the cache."""
    settings.STORAGES = {**settings.STORAGES, "staticfiles": {"BACKEND": PLAIN_FILES}}
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    settings.RATE_LIMITS = False
    settings.WHITENOISE_AUTOREFRESH = True  # else each client looks through all static files
    plain = "django.contrib.staticfiles.storage.StaticFilesStorage"  # pages need no `collectstatic`
    settings.STORAGES = settings.STORAGES | {"staticfiles": {"BACKEND": plain}}
    for cache in caches.all():
        cache.clear()
    throttles.own_count.clear()


@pytest.fixture
def password() -> str:
    """Everybody's password."""
    return PASSWORD


@pytest.fixture
def users(db) -> dict[str, User]:
    """The whole cast, by name."""
    return {name: User.objects.create_user(name, f"{name}@example.org", PASSWORD) for name in CAST}


def _member(name: str):
    @pytest.fixture(name=name)
    def member(users: dict[str, User]) -> User:
        return users[name]

    return member


alice, bob, carol, vera, mallory = map(_member, CAST)


@pytest.fixture
def client_for() -> Callable[[User | None], APIClient]:
    """`client_for(alice)` asks the API as alice, with a bearer token of a session of its own; None as nobody."""

    def make(user: User | None) -> APIClient:
        client = APIClient()
        if user is not None:
            client.credentials(HTTP_AUTHORIZATION=f"Bearer {tokens.start_session(user).access_token}")
        return client

    return make
