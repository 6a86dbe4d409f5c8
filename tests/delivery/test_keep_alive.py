"""A line is kept for its next request as long as KEEP_ALIVE_SECONDS says: a proxy must be the first to let go."""

import socket
import time
from collections.abc import Callable

from tests.server import Server

ASK = b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n"
USUAL = 5.0  # seconds


def kept_seconds(server: Server) -> float:
    """From an answer until the line is closed."""
    with socket.create_connection(("127.0.0.1", server.port), timeout=30) as line:
        line.sendall(ASK)
        assert b" 200 " in line.recv(65536)
        answered = time.monotonic()
        while line.recv(65536):
            pass
        return time.monotonic() - answered


def test_a_line_is_kept_as_long_as_is_said(start_server: Callable[..., Server]) -> None:
    assert 0.5 < kept_seconds(start_server(KEEP_ALIVE_SECONDS="1")) < USUAL - 1
