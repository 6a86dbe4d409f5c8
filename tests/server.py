"""A real server in a process of its own, on a free loopback port, with its own data.

The cast's tokens were given out hours ago, so they are good, too, where the clock is an hour behind.
Where tests run on MongoDB (DATABASE_URL), each DATA_DIR has a database of its own there.
"""

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.request import urlopen

import psutil
from collabdocs_client import Client

from tests.mongo.databases import note_copy, note_own, noted

ROOT = Path(__file__).parents[1]
START_SECONDS = 60.0
STOP_SECONDS = 15.0

MAKE_CAST = """
import json
from datetime import timedelta
from django.utils import timezone
from accounts import tokens
from accounts.models import User
from conftest import CAST, PASSWORD
found = {}
for name in CAST:
    user = User.objects.create_user(name, f"{name}@example.org", PASSWORD)
    token = tokens._Access.for_session(tokens.open_session(user, timedelta(days=1)))
    token.set_iat(at_time=timezone.now() - timedelta(hours=3))
    found[name] = str(token)
stale = tokens._Access.for_session(tokens.open_session(user, timedelta(days=1)))
stale.set_exp(from_time=timezone.now() - timedelta(days=2))
found["expired"] = str(stale)
json.dump(found, open(TOKENS, "w"))
"""


def make_template(directory: Path, **env: str) -> Path:
    """A migrated DATA_DIR with the cast in it, and an access token of each, to be copied for each server."""
    own = {} if "DATABASE_URL" in env else note_own(directory)
    settings = os.environ | {"DATA_DIR": str(directory), "ACCESS_TOKEN_SECONDS": "36000"} | own | env
    manage = [sys.executable, "manage.py"]
    subprocess.run([*manage, "migrate", "-v0"], cwd=ROOT, env=settings, check=True, timeout=120)
    code = MAKE_CAST.replace("TOKENS", repr(str(directory / "tokens.json")))
    subprocess.run([*manage, "shell", "-v0", "-c", code], cwd=ROOT, env=settings, check=True, timeout=120)
    return directory


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


class Server:
    """Started, killed and started again by tests; always the same port and data."""

    def __init__(self, data_dir: Path, kind: str = "uvicorn", *, port: int | None = None, **env: str) -> None:
        self.data_dir, self.kind, self.port = data_dir, kind, port or free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.socket_url = f"ws://127.0.0.1:{self.port}"
        self.log_path = data_dir.with_name(f"{data_dir.name}-{self.port}.log")
        self.env = {"SERVER": kind, "PORT": str(self.port), "DATA_DIR": str(data_dir), "RATE_LIMITS": "off"}
        self.env["LOG_FORMAT"] = "text"  # for who reads of a failure
        self.env |= noted(data_dir) | env
        self.tokens: dict[str, str] = json.loads((data_dir / "tokens.json").read_text())
        self.process: subprocess.Popen[bytes] | None = None

    @classmethod
    def with_data(cls, template: Path, data_dir: Path, kind: str = "uvicorn", **env: str) -> "Server":
        """A server on a fresh copy of the template."""
        shutil.copytree(template, data_dir)
        note_copy(data_dir)
        return cls(data_dir, kind, **env)

    # --- Its life ---

    def start(self) -> "Server":
        """Return when it answers."""
        with self.log_path.open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "collabdocs.serve"],
                cwd=ROOT,
                env=os.environ | self.env,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        deadline = time.monotonic() + START_SECONDS
        while not self._answers():
            if self.process.poll() is not None or time.monotonic() > deadline:
                raise AssertionError(f"the server did not start:\n{self.log()}")
            time.sleep(0.05)
        return self

    def kill(self) -> None:
        """kill -9, of the whole group."""
        assert self.process is not None
        os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait(STOP_SECONDS)

    def terminate(self) -> int:
        """SIGTERM; the exit code. Asserts that nothing of it is left."""
        assert self.process is not None
        children = psutil.Process(self.process.pid).children(recursive=True)
        self.process.send_signal(signal.SIGTERM)
        code = self.process.wait(STOP_SECONDS)
        assert not psutil.wait_procs(children, timeout=1)[1], "children outlived the server"
        return code

    def stop(self) -> None:
        """Whatever state it is in."""
        if self.process is not None and self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(STOP_SECONDS)
            except subprocess.TimeoutExpired:
                self.kill()

    def _answers(self) -> bool:
        try:
            urlopen(f"{self.url}/api/documents", timeout=2)
        except HTTPError as answer:
            return answer.code == 401
        except OSError:
            return False
        return False

    # --- What it said ---

    def log(self) -> str:
        return self.log_path.read_text(errors="replace") if self.log_path.exists() else ""

    def assert_calm(self, since: int = 0) -> None:
        """No traceback in the log from this character on."""
        said = self.log()[since:]
        assert "Traceback" not in said, said

    # --- Who comes ---

    def person(self, name: str) -> Client:
        """A client of one of the cast. Close it."""
        answer: dict[str, Any] = {"access_token": self.tokens[name], "expires_in": 36000}
        return Client.with_tokens(self.url, answer)
