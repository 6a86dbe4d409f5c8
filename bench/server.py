"""A server of its own for a measurement: a fresh DATA_DIR, a free port, and the CPU seconds it used."""

import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
TICKS = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True, slots=True)
class Server:
    port: int
    pid: int
    token: str

    def call(self, method: str, path: str, body: Any = None) -> Any:
        return call(self.port, method, path, body, self.token)

    def cpu_seconds(self) -> float:
        """User and system time of the process so far (it has no children)."""
        fields = Path(f"/proc/{self.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / TICKS


@contextmanager
def running(kind: str) -> Iterator[Server]:
    """A server of this kind (uvicorn or daphne), with one user logged in."""
    with tempfile.TemporaryDirectory() as data_dir, socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
        free.close()
        env = os.environ | {"DATA_DIR": data_dir, "PORT": str(port), "SERVER": kind, "RATE_LIMITS": "off"}
        subprocess.run([sys.executable, "manage.py", "migrate", "-v0"], cwd=ROOT, env=env, check=True)
        command = [sys.executable, "-m", "collabdocs.serve"]
        process = subprocess.Popen(command, cwd=ROOT, env=env, stdout=subprocess.DEVNULL, start_new_session=True)
        try:
            yield Server(port, process.pid, _log_in(port))
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(20)


def call(port: int, method: str, path: str, body: Any, token: str | None = None) -> Any:
    headers = {"Content-Type": "application/json"} | ({"Authorization": f"Bearer {token}"} if token else {})
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(f"http://127.0.0.1:{port}/api{path}", data, headers, method=method)
    with urllib.request.urlopen(request, timeout=10) as answer:
        return json.load(answer)


def _log_in(port: int) -> str:
    who = {"username": "bench", "password": "correct-horse-battery-9"}
    deadline = time.monotonic() + 30
    while True:
        try:
            call(port, "POST", "/users", who | {"email": "bench@example.org"})
            return str(call(port, "POST", "/token", who)["access_token"])
        except OSError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.1)
