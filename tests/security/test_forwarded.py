"""Whoever writes an address of their own into X-Forwarded-For is counted all the same (S26)."""

from collections.abc import Callable

import httpx
import pytest

from accounts.throttles import LOG_IN_BY_ADDRESS
from tests.server import Server


@pytest.mark.parametrize("kind", ["uvicorn", "daphne"])
def test_it_works(start_server: Callable[..., Server], kind: str) -> None:
    """The server programs believe such a header by themselves, of anybody on the same machine, unless told not to."""
    server = start_server(kind, RATE_LIMITS="on")
    codes = []
    with httpx.Client(base_url=server.url) as client:
        for n in range(LOG_IN_BY_ADDRESS.limit + 1):
            headers = {"X-Forwarded-For": f"10.9.{n}.1", "Forwarded": f"for=10.9.{n}.1", "X-Real-IP": f"10.9.{n}.1"}
            body = {"grant_type": "refresh_token", "refresh_token": "x"}
            codes.append(client.post("/api/token", json=body, headers=headers).status_code)
    assert codes == [400] * LOG_IN_BY_ADDRESS.limit + [429]
