"""Odd requests on a bare line, to both servers: refused, small, without a traceback, and harmless to all others
(S29, S33, S34, S41)."""

import gzip
import socket
import time
from collections.abc import Callable
from urllib.request import urlopen

import httpx
import psutil
import pytest

from tests.server import Server

pytestmark = pytest.mark.parametrize("module_server", ["uvicorn", "daphne"], indirect=True)

UPGRADE = (
    "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
)


@pytest.fixture
def line(module_server: Server) -> Callable[[bytes], bytes]:
    """`line(request)`: all that the server says before it closes, or falls silent for a second."""

    def ask(request: bytes) -> bytes:
        with socket.create_connection(("127.0.0.1", module_server.port), timeout=5) as dialled:
            dialled.settimeout(1)
            said = b""
            try:
                dialled.sendall(request)
                while piece := dialled.recv(65536):
                    said += piece
            except (TimeoutError, ConnectionError):
                pass
        return said

    return ask


@pytest.fixture(autouse=True)
def _all_is_well_afterwards(module_server: Server) -> object:
    before = len(module_server.log())
    yield
    assert urlopen(f"{module_server.url}/healthz", timeout=5).status == 200
    module_server.assert_calm(before)


def bearer(server: Server) -> dict[str, str]:
    return {"Authorization": f"Bearer {server.tokens['alice']}"}


def status(said: bytes) -> int:
    return int(said.split(b" ", 2)[1]) if said.startswith(b"HTTP/1.") else 0


@pytest.mark.parametrize("host", [b"evil.example", b"127.0.0.1.evil.example", b"", b"127.0.0.1@evil", b"a b", b"[::1"])
def test_another_host_is_refused(line: Callable[[bytes], bytes], host: bytes) -> None:
    said = line(b"GET /log-in/ HTTP/1.1\r\nHost: " + host + b"\r\nConnection: close\r\n\r\n")
    assert status(said) == 400 and b"Traceback" not in said and b"DEBUG" not in said


def test_the_host_that_a_client_says_was_forwarded_is_nobodys(line: Callable[[bytes], bytes]) -> None:
    said = line(
        b"GET /documents/ HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Forwarded-Host: evil.example\r\n"
        b"X-Forwarded-Proto: https\r\nX-Forwarded-Port: 1\r\nConnection: close\r\n\r\n"
    )
    assert status(said) == 302 and b"evil" not in said and b"https" not in said


def test_http_1_0(line: Callable[[bytes], bytes]) -> None:
    assert status(line(b"GET /log-in/ HTTP/1.0\r\nHost: 127.0.0.1\r\n\r\n")) == 200
    assert status(line(b"GET /log-in/ HTTP/1.0\r\n\r\n")) in (200, 400)


SMUGGLED = [
    b"Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nGET /nowhere HTTP/1.1\r\nHost: x\r\n\r\n",
    b"Transfer-Encoding: chunked\r\nContent-Length: 4\r\n\r\n0\r\n\r\nGET /nowhere HTTP/1.1\r\nHost: x\r\n\r\n",
    b"Content-Length: 2\r\nContent-Length: 60\r\n\r\n{}",
    b"Content-Length: +2\r\n\r\n{}",
    b"Content-Length: 0x2\r\n\r\n{}",
    b"Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n",
    b"Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n",
    b"X: a\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    b"X: a\x00b\r\nContent-Length: 2\r\n\r\n{}",
]


@pytest.mark.parametrize("rest", SMUGGLED, ids=[repr(each[:40]) for each in SMUGGLED])
def test_what_two_servers_could_read_in_two_ways(line: Callable[[bytes], bytes], rest: bytes) -> None:
    """Of one request there is one answer at most, and none from the inside of another."""
    said = line(b"POST /api/token HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n" + rest)
    assert said.count(b"HTTP/1.1 ") <= 1 and status(said) in (0, 400, 411, 415, 501), said


@pytest.mark.parametrize(
    "path",
    [
        b"/static/../collabdocs/settings.py",
        b"/static/..%2fcollabdocs%2fsettings.py",
        b"/static/%2e%2e/%2e%2e/etc/passwd",
        b"/static//etc/passwd",
        b"/static/..\\..\\manage.py",
        b"/static/%00",
        b"/../../etc/passwd",
        b"/.git/config",
        b"/.env",
        b"/var/secret_key",
        b"/static/editor/editor.js.map",
        b"/static/",
        b"/__debug__/",
        b"/%ff%fe",
    ],
)
def test_nothing_is_there(line: Callable[[bytes], bytes], path: bytes) -> None:
    said = line(b"GET " + path + b" HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n")
    assert status(said) in (400, 404), said[:200]
    for secret in (b"SECRET_KEY", b"root:", b"repositoryformat", b"Traceback", b"urlpatterns", b"Using the URLconf"):
        assert secret not in said


def test_a_packed_body_is_not_unpacked(module_server: Server) -> None:
    headers = bearer(module_server) | {"Content-Type": "application/json"}
    packed = gzip.compress(b'{"content": "' + b"x" * 10_000_000 + b'"}')
    before = memory(module_server)
    for encoding in ("gzip", "deflate", "br", "zstd", "identity"):
        answer = httpx.post(
            f"{module_server.url}/api/documents", content=packed, headers=headers | {"Content-Encoding": encoding}
        )
        assert (answer.status_code, answer.json()["code"]) == (400, "parse_error"), encoding
    assert memory(module_server) - before < 40 << 20


def memory(server: Server) -> int:
    assert server.process is not None
    return int(psutil.Process(server.process.pid).memory_info().rss)


def test_no_socket_packs_its_frames(line: Callable[[bytes], bytes], module_server: Server) -> None:
    """So no small frame can become a large one."""
    made = httpx.post(f"{module_server.url}/api/documents", json={}, headers=bearer(module_server)).json()
    for offer in ("permessage-deflate", "permessage-deflate; client_max_window_bits", "x-webkit-deflate-frame"):
        said = line(
            f"GET /ws/{made['doc_id']} HTTP/1.1\r\nHost: 127.0.0.1\r\n{UPGRADE}"
            f"Sec-WebSocket-Protocol: collabdocs.v1, bearer.{module_server.tokens['alice']}\r\n"
            f"Sec-WebSocket-Extensions: {offer}\r\n\r\n".encode()
        )
        assert status(said) == 101 and b"sec-websocket-extensions" not in said.lower(), said


@pytest.mark.parametrize("part", [b"x" * (1 << 20), b"y: z\r\n" * 20_000], ids=["one header", "many headers"])
def test_a_large_head_is_refused(line: Callable[[bytes], bytes], module_server: Server, part: bytes) -> None:
    before = memory(module_server)
    for _ in range(20):
        said = line(b"GET /log-in/ HTTP/1.1\r\nHost: 127.0.0.1\r\nX: " + part)
        assert status(said) in (0, 400, 431), said[:100]
    assert memory(module_server) - before < 30 << 20


def test_many_who_send_slowly_hold_nobody_up(module_server: Server) -> None:
    """Three hundred heads and bodies that never end, and everybody else is served as ever."""
    slow = []
    try:
        for n in range(300):
            dialled = socket.create_connection(("127.0.0.1", module_server.port), timeout=5)
            head = b"POST /api/token HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 1000\r\n"
            dialled.sendall(head + (b"\r\n{" if n % 2 else b""))
            slow.append(dialled)
        begun = time.monotonic()
        for _ in range(20):
            answer = httpx.get(f"{module_server.url}/api/users/me", headers=bearer(module_server), timeout=10)
            assert answer.status_code == 200
        assert time.monotonic() - begun < 10
    finally:
        for dialled in slow:
            dialled.close()
