"""Access tokens for Locust's users: one log-in each account, renewed in time, whoever asks first."""

import time
from threading import Lock

import httpx

from loadtest.world import Person

RENEW_AT = 0.5  # of an access token's life
HTTP_SECONDS = 30.0


class Access:
    """The access token of one account. Waiting for the next one is gevent's affair: it has patched the lock."""

    def __init__(self, host: str, person: Person) -> None:
        self._host, self._lock = host, Lock()
        self._learn(person.tokens)

    def token(self) -> str:
        """One that is good for a while yet."""
        with self._lock:
            if time.monotonic() > self._renew_at:
                grant = {"grant_type": "refresh_token", "refresh_token": self._answer["refresh_token"]}
                answer = httpx.post(f"{self._host}/api/token", json=grant, timeout=HTTP_SECONDS)
                self._learn(answer.raise_for_status().json())
            return self._answer["access_token"]

    def _learn(self, answer: dict[str, str]) -> None:
        self._answer = answer
        self._renew_at = time.monotonic() + RENEW_AT * float(answer["expires_in"])
