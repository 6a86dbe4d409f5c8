"""What a server and `manage.py check` say about the settings they are given: in words, with no traceback."""

import os
import secrets
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest

from tests.server import ROOT, Server

SECRET = "geheim"
HALF = (  # of a cluster
    f"mongodb://ada:{SECRET}@a,b/collabdocs?replicaSet=rs0",
    f"amqp://ada:{SECRET}@broker/docs",
    f"redis://:{SECRET}@cache:6379/0",
)
CLUSTER = dict(zip(("DATABASE_URL", "RABBITMQ_URL", "REDIS_URL"), HALF, strict=True)) | {
    "PROCESSES": "2",
    "SECRET_KEY": secrets.token_urlsafe(64),
    "HTTPS": "true",
    "BEHIND_PROXY": "true",
    "ALLOWED_HOSTS": "docs.example.org",
    "EMAIL_URL": f"smtp+tls://ada:{SECRET}@mail:587",
}


class Said:
    """How a command ended, and what it said: never a secret, never a traceback."""

    def __init__(self, command: list[str], data_dir: Path, env: dict[str, str]) -> None:
        env = os.environ | {"DATA_DIR": str(data_dir), "PORT": "1"} | env
        run = subprocess.run([sys.executable, *command], cwd=ROOT, env=env, capture_output=True, text=True, timeout=60)
        self.code, self.words = run.returncode, run.stdout + run.stderr
        assert "Traceback" not in self.words and SECRET not in self.words, self.words


@pytest.fixture
def manage(tmp_path: Path) -> Callable[..., Said]:
    return lambda *command, **env: Said(["manage.py", *command], tmp_path, env)


@pytest.fixture
def serve(tmp_path: Path) -> Callable[..., Said]:
    return lambda **env: Said(["-m", "collabdocs.serve"], tmp_path, env)


# --- manage.py check ---


def test_a_good_cluster_passes_all_that_is_checked_before_a_deployment(manage: Callable[..., Said]) -> None:
    """None of its services exists: nobody asks them."""
    said = manage("check", "--deploy", "--fail-level", "WARNING", **CLUSTER)
    assert said.code == 0 and "no issues (2 silenced)" in said.words


def test_a_bad_cluster_is_told_what_is_missing(manage: Callable[..., Said]) -> None:
    said = manage("check", **CLUSTER | {"RABBITMQ_URL": "", "SECRET_KEY": ""})
    assert said.code != 0
    assert (
        "collabdocs.E002" in said.words and "collabdocs.E004" in said.words and "HINT: Set RABBITMQ_URL" in said.words
    )


def test_services_are_asked_with_the_database(manage: Callable[..., Said]) -> None:
    nobody = {"RABBITMQ_URL": f"amqp://ada:{SECRET}@127.0.0.1:1", "REDIS_URL": f"redis://:{SECRET}@127.0.0.1:1"}
    mongo = {"DATABASE_URL": f"mongodb://ada:{SECRET}@127.0.0.1:1/docs?replicaSet=rs0"}
    asked = ("check", "--database", "default")
    with ThreadPoolExecutor() as at_once:
        lone = at_once.submit(manage, *asked, **nobody)
        away = at_once.submit(manage, *asked, **mongo)
        migrating = at_once.submit(manage, "migrate", **mongo)
    assert [f"E10{n}" in lone.result().words for n in (1, 2, 3, 4)] == [False, True, True, True]
    assert "manage.py migrate" in lone.result().words
    assert "E101" in away.result().words and "Connection refused" in away.result().words
    assert "E101" in migrating.result().words
    assert all(one.result().code != 0 for one in (lone, away, migrating))


def test_a_migration_needs_no_broker_and_leaves_nothing_to_complain_of(manage: Callable[..., Said]) -> None:
    nobody = {"RABBITMQ_URL": "amqp://127.0.0.1:1", "REDIS_URL": "redis://127.0.0.1:1"}
    said = manage("migrate", "--verbosity", "0", **nobody)
    assert (said.code, said.words) == (0, "")
    assert manage("check", "--database", "default").code == 0


# --- The start ---


@pytest.mark.parametrize(
    ("env", "why"),
    [
        ({"PROCESSES": "2"}, "collabdocs.E002"),
        ({"RABBITMQ_URL": f"redis://:{SECRET}@host"}, "RABBITMQ_URL must begin with amqp://"),
        ({"PORT": "http"}, "PORT must be a number"),
    ],
)
def test_a_start_is_refused_in_words(serve: Callable[..., Said], env: dict[str, str], why: str) -> None:
    said = serve(**env)
    assert said.code == 1
    assert said.words.startswith("CollabDocs does not start.\n") and why in said.words


@pytest.mark.parametrize("kind", ["uvicorn", "daphne"])
def test_a_start_says_what_is_in_use(start_server: Callable[..., Server], kind: str) -> None:
    server = start_server(kind, REDIS_URL=f"redis://:{SECRET}@127.0.0.1:1/0")
    in_use, address = server.log().splitlines()[:2]
    assert "Broker: none, this process is alone. Cache: Redis at 127.0.0.1:1/0." in in_use and SECRET not in in_use
    assert address == f"CollabDocs is at {server.url} ({kind})"


# --- A server that was started ---


@pytest.mark.parametrize("kind", ["uvicorn", "daphne"])
def test_health_behind_a_proxy_that_speaks_https(
    start_server: Callable[..., Server], kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Plain requests are sent on to HTTPS, but for those who ask from within."""
    monkeypatch.setattr(Server, "_answers", is_healthy)
    server = start_server(kind)
    with httpx.Client(base_url=server.url) as plain:
        assert plain.get("/healthz").json() == {"status": "ok"}
        assert plain.head("/readyz").status_code == 200
        assert "# HELP" in plain.get("/metrics").text
        assert "strict-transport-security" not in plain.get("/").headers
    server = start_server(kind, HTTPS="true", BEHIND_PROXY="true")
    with httpx.Client(base_url=server.url) as plain:
        assert plain.get("/").headers["location"].startswith("https://")
        by_https = plain.get("/", headers={"X-Forwarded-Proto": "https"})
        assert by_https.status_code == 200 and "max-age=3600" in by_https.headers["strict-transport-security"]
        assert [plain.get(path).status_code for path in ("/healthz", "/readyz", "/metrics")] == [200, 200, 200]


def is_healthy(server: Server) -> bool:
    try:
        return httpx.get(f"{server.url}/healthz").status_code == 200
    except httpx.TransportError:
        return False


@pytest.fixture
def silent_port() -> Iterator[int]:
    """Takes connections, and never answers."""
    with socket.create_server(("127.0.0.1", 0), backlog=100) as listening:
        yield listening.getsockname()[1]


def test_a_database_that_hangs(start_server: Callable[..., Server], silent_port: int) -> None:
    """More requests wait for it than there are threads; the process says all the same how it is."""
    server = start_server(DATABASE_URL=f"mongodb://127.0.0.1:{silent_port}/docs?timeoutMS=20000")
    with httpx.Client(base_url=server.url, timeout=30) as client, ThreadPoolExecutor(20) as many:
        waiting = [many.submit(client.post, "/api/token", data={"username": "a", "password": "b"}) for _ in range(20)]
        assert client.get("/healthz", timeout=1).status_code == 200
        unready = client.get("/readyz", timeout=3)
        assert (unready.status_code, unready.json()["checks"]["database"]) == (503, "down")
        assert client.get("/healthz", timeout=1).status_code == 200
        assert not all(request.done() for request in waiting)
        server.kill()
        for request in waiting:
            assert request.exception(30) or request.result().status_code == 503
