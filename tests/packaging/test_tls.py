"""A proxy that speaks TLS stands before nginx: it is believed who asks and by which scheme, and nobody else is."""

import os
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from urllib.request import urlopen

import httpx
import pytest

from accounts.throttles import SIGN_UP_BY_ADDRESS
from tests.packaging.nginx import NGINX, Nginx
from tests.server import Server

pytestmark = pytest.mark.skipif(not NGINX and not os.environ.get("CI"), reason="LEFT OUT: nginx is not installed")
FRONT, STRANGER = "127.0.0.9", "127.0.0.2"
PAGE = "/log-in/"


class SecureServer(Server):
    """It sends plain requests on to TLS, so it is asked for its health."""

    def _answers(self) -> bool:
        try:
            return bool(urlopen(f"{self.url}/healthz", timeout=2).status == 200)
        except OSError:
            return False


@pytest.fixture(scope="module")
def server(template: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """It is reached over TLS only, and counts."""
    settings = {"HTTPS": "true", "BEHIND_PROXY": "true", "RATE_LIMITS": "on"}
    server = SecureServer.with_data(template, tmp_path_factory.mktemp("tls") / "data", **settings)
    yield server.start()
    server.stop()


@pytest.fixture
def nginx(server: Server, start_nginx: Callable[..., Nginx]) -> Nginx:
    return start_nginx([server.port], trusted_proxy=FRONT)


def ask(nginx: Nginx, method: str, path: str, own: str = FRONT, **forwarded: str) -> httpx.Response:
    """From the address `own`; `forwarded` are X-Forwarded-For and -Proto. No redirect is followed."""
    headers = {f"X-Forwarded-{name.capitalize()}": value for name, value in forwarded.items()}
    with closing(httpx.Client(base_url=nginx.url, transport=httpx.HTTPTransport(local_address=own))) as client:
        return client.request(method, path, headers=headers, json=None if method == "GET" else {})


def sign_ups(nginx: Nginx, count: int, own: str = FRONT, client: str = "") -> set[int]:
    """The answers to so many, whose `{}` in `client` counts them."""
    asked = ({"for": client.format(n), "proto": "https"} for n in range(count))
    return {ask(nginx, "POST", "/api/users", own, **forwarded).status_code for forwarded in asked}


def test_a_page_that_was_asked_for_over_tls_comes(nginx: Nginx) -> None:
    answer = ask(nginx, "GET", PAGE, proto="https")
    assert answer.status_code == 200 and "Strict-Transport-Security" in answer.headers
    assert "; Secure" in answer.headers["Set-Cookie"]


@pytest.mark.parametrize("method", ["PUT", "DELETE", "POST"])
def test_a_write_comes_too(nginx: Nginx, method: str) -> None:
    """PUT and DELETE go another way through nginx."""
    assert ask(nginx, method, "/api/documents/x", proto="https").status_code != 301
    assert ask(nginx, method, "/api/documents/x", proto="http").status_code == 301


@pytest.mark.parametrize("said", [{}, {"proto": "http"}, {"proto": "gopher"}, {"proto": "https, http"}])
def test_a_plain_one_is_sent_on(nginx: Nginx, said: dict[str, str]) -> None:
    answer = ask(nginx, "GET", PAGE, **said)
    assert (answer.status_code, answer.headers["Location"]) == (301, nginx.url.replace("http:", "https:") + PAGE)


def test_a_stranger_makes_up_no_scheme(nginx: Nginx) -> None:
    """Nor by naming the front as who asked for it."""
    assert ask(nginx, "GET", PAGE, STRANGER, proto="https").status_code == 301
    assert ask(nginx, "GET", PAGE, STRANGER, proto="https", **{"for": FRONT}).status_code == 301


def test_the_front_is_nobody_by_default(server: Server, start_nginx: Callable[..., Nginx]) -> None:
    nginx = start_nginx([server.port])
    assert ask(nginx, "GET", PAGE, "127.0.0.1", proto="https").status_code == 301


def test_each_client_behind_the_front_has_limits_of_its_own(nginx: Nginx) -> None:
    assert sign_ups(nginx, SIGN_UP_BY_ADDRESS.limit + 5, client="203.0.113.{}") == {400}
    assert 429 in sign_ups(nginx, SIGN_UP_BY_ADDRESS.limit + 1, client="198.51.100.7")


def test_what_a_client_tells_the_front_is_not_believed(nginx: Nginx) -> None:
    """A front that adds to what it was told: only the last address is its own word."""
    assert 429 in sign_ups(nginx, SIGN_UP_BY_ADDRESS.limit + 1, client="203.0.113.{}, 198.51.100.8")


def test_a_front_before_the_front_is_passed_over(nginx: Nginx) -> None:
    assert sign_ups(nginx, SIGN_UP_BY_ADDRESS.limit + 5, client=f"192.0.2.{{}}, {FRONT}") == {400}


def test_a_stranger_makes_up_no_address(server: Server, nginx: Nginx) -> None:
    """Over plain http nobody gets as far as being counted, so nginx is asked what it sends on."""
    for n in range(3):
        ask(nginx, "GET", f"{PAGE}?{n}", STRANGER, proto="https", **{"for": f"203.0.113.{n}"})
    nginx.passed(PAGE, 3)
    log = (nginx.directory / "access.log").read_text()
    assert log.count(f"{STRANGER} [") == 3 and "203.0.113" not in log
