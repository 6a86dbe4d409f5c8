"""`make image-test`: the Dockerfile builds, and what it builds runs as the image says: watched, drained, not as root.

Not named test_… because it takes minutes and needs root: `make test-all` asks for it.
"""

import os
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import psutil
import pytest

from tests.packaging.buildah import ENV, build, buildah, inspect, is_possible, make_stand_ins, prepare
from tests.server import free_port

pytestmark = [
    pytest.mark.skipif(
        not is_possible() and not os.environ.get("CI"), reason="LEFT OUT: needs root, buildah and debootstrap"
    ),
    pytest.mark.timeout(1800),
]
TAG = "localhost/collabdocs:test"
LARGEST_OWN_MB = 250  # above its base
PASSWORD = "correct horse battery staple"
START_SECONDS = 60.0


@pytest.fixture(scope="module")
def config(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """Of the image, which is built."""
    prepare()
    make_stand_ins()
    build(TAG, tmp_path_factory.mktemp("settings"))
    return inspect(TAG)


class Container:
    """Runs what the image says, as the image says, on a port of its own."""

    def __init__(self, config: dict[str, Any]) -> None:
        self.config, self.port = config, free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.name = buildah("from", "--pull-never", TAG)
        self.process: subprocess.Popen[bytes] | None = None

    def run(self, *command: str) -> subprocess.Popen[bytes]:
        settings = [f"--env={name}={value}" for name, value in {"PORT": self.port, "RATE_LIMITS": "off"}.items()]
        return subprocess.Popen(["buildah", "run", *settings, self.name, "--", *command], env=ENV)

    def is_well(self) -> bool:
        """What its own health check says."""
        kind, *command = self.config["Healthcheck"]["Test"]
        assert kind == "CMD"
        return self.run(*command).wait(30) == 0

    def start(self) -> None:
        assert self.run("python", "manage.py", "migrate", "--verbosity=0").wait(120) == 0
        assert not self.is_well(), "the health check finds a server that was not started"
        self.process = self.run(*self.config["Cmd"])
        deadline = time.monotonic() + START_SECONDS
        while not self.is_well():
            assert self.process.poll() is None and time.monotonic() < deadline, "it does not become healthy"

    def server(self) -> psutil.Process:
        """The process of its command, below those of buildah."""
        assert self.process is not None
        below = psutil.Process(self.process.pid).children(recursive=True)
        return next(p for p in below if p.cmdline()[1:] == self.config["Cmd"][1:])

    def stop(self) -> int:
        """As Docker does: the exit code."""
        assert self.process is not None
        self.server().send_signal(signal.Signals[self.config["StopSignal"]])
        return self.process.wait(30)

    def close(self) -> None:
        if self.process is not None and self.process.poll() is None:
            self.server().kill()
            self.process.wait(30)
        buildah("rm", self.name)


@pytest.fixture(scope="module")
def container(config: dict[str, Any]) -> Iterator[Container]:
    container = Container(config)
    try:
        container.start()
        yield container
    finally:
        container.close()


def test_it_is_small_and_brings_no_tools(config: dict[str, Any]) -> None:
    sizes = {}
    for image in ("docker.io/library/python:3.11-slim-bookworm", TAG):
        name = buildah("from", "--pull-never", image)
        root = Path(buildah("mount", name))
        sizes[image] = int(subprocess.check_output(["du", "-sxm", root], text=True).split()[0])
        if image == TAG:
            tools = [tool for tool in ("gcc", "node", "npm", "make") if list(root.glob(f"**/bin/{tool}"))]
            tests = [path for path in (root / "app").rglob("tests") if path.is_dir()]
        buildah("rm", name)
    base, whole = sizes.values()
    print(f"{whole} MB, {whole - base} of them above its base")
    assert not tools and not tests and whole - base < LARGEST_OWN_MB


def test_it_runs_as_nobody_in_particular(container: Container) -> None:
    assert set(container.server().uids()) == {10001} and set(container.server().gids()) == {10001}
    assert container.run("sh", "-c", "touch /app/it 2>/dev/null").wait(30) != 0, "it can change its own code"


def test_it_serves_pages_static_files_and_documents(container: Container) -> None:
    with httpx.Client(base_url=container.url, timeout=30) as client:
        page = client.get("/log-in/")
        assert page.status_code == 200 and "/static/" in page.text
        style = page.text.split('href="/static/', 1)[1].split('"', 1)[0]
        assert client.get(f"/static/{style}").status_code == 200
        person = {"username": "ada", "email": "ada@example.org", "password": PASSWORD}
        assert client.post("/api/users", json=person).status_code == 201
        token = client.post("/api/token", data={"username": "ada", "password": PASSWORD}).json()["access_token"]
        client.headers["Authorization"] = f"Bearer {token}"
        made = client.post("/api/documents", json={"title": "Plan", "content": "Buy bread"})
        assert made.status_code == 201
        assert client.get(f"/api/documents/{made.json()['doc_id']}").json()["content"] == "Buy bread"
        assert client.get("/readyz").json()["status"] == "ok"


def test_the_editor_is_in_it(container: Container) -> None:
    assert container.run("sh", "-c", "ls staticfiles/editor/editor.*.js.gz").wait(30) == 0


def test_the_demo_is_made(container: Container) -> None:
    assert container.run("python", "manage.py", "make_demo").wait(60) == 0


def test_it_stops_when_told_to(container: Container) -> None:
    """Last, for what follows would find it gone."""
    assert container.stop() == 0
    assert not container.is_well()
