"""Behind a proxy that speaks HTTPS, cookies and answers are for HTTPS alone (S22, S23)."""

from collections.abc import Callable
from http.cookies import SimpleCookie

import httpx
import pytest

from conftest import PASSWORD
from tests.server import Server
from tests.test_start import is_healthy

SECURELY = {"X-Forwarded-Proto": "https"}


def cookies(answer: httpx.Response) -> SimpleCookie:
    found: SimpleCookie = SimpleCookie()
    for line in answer.headers.get_list("Set-Cookie"):
        found.load(line)
    return found


def logs_in(http: httpx.Client, csrf: str) -> httpx.Response:
    http.get("/log-in/").raise_for_status()
    form = {"username": "alice", "password": PASSWORD, "csrfmiddlewaretoken": http.cookies[csrf]}
    # a client that knows what Secure means would keep these from a line without TLS
    header = {"Cookie": f"{csrf}={http.cookies[csrf]}", "Referer": str(http.base_url).replace("http:", "https:")}
    answer = http.post("/log-in/", data=form, headers=header)
    assert answer.status_code == 302, answer.text
    return answer


@pytest.fixture
def server(start_server: Callable[..., Server], monkeypatch: pytest.MonkeyPatch) -> Server:
    """As behind a proxy that ends the TLS."""
    monkeypatch.setattr(Server, "_answers", is_healthy)
    return start_server(HTTPS="true", BEHIND_PROXY="true")


def test_cookies_are_for_https_and_this_host_alone(server: Server) -> None:
    with httpx.Client(base_url=server.url, headers=SECURELY, timeout=30) as http:
        given = cookies(http.get("/log-in/")) | cookies(logs_in(http, "__Host-csrftoken"))
    assert set(given) == {"__Host-sessionid", "__Host-csrftoken"}
    for name, cookie in given.items():
        assert cookie["secure"] and cookie["path"] == "/" and not cookie["domain"], name
        assert cookie["samesite"] == "Lax", name
    assert given["__Host-sessionid"]["httponly"]


def test_answers_are_for_https_alone(server: Server) -> None:
    for path in ("/", "/api/documents", "/nothing", "/static/css/base.css"):
        answer = httpx.get(server.url + path, headers=SECURELY)
        assert answer.headers["Strict-Transport-Security"] == "max-age=3600", path
        plain = httpx.get(server.url + path)
        assert (plain.status_code, plain.headers["Location"]) == (301, f"https://127.0.0.1:{server.port}{path}")
        assert "Set-Cookie" not in plain.headers


def test_without_a_proxy_nobody_believes_its_headers(start_server: Callable[..., Server]) -> None:
    server = start_server()
    said = {"X-Forwarded-Proto": "https", "X-Forwarded-Host": "evil.example", "Origin": "https://evil.example"}
    answer = httpx.get(f"{server.url}/log-in/", headers=said)
    assert answer.status_code == 200 and "evil.example" not in answer.text
    [cookie] = cookies(answer).values()
    assert cookie.key == "csrftoken" and not cookie["secure"]
    assert "Strict-Transport-Security" not in answer.headers
    for path in ("/healthz", "/readyz"):
        answer = httpx.get(server.url + path, headers=said)
        assert not [name for name in answer.headers if name.startswith(("access-control-", "set-cookie", "server"))]
