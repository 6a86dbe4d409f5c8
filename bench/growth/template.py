"""A database made once, and servers that each begin with a copy of it."""

import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from bench.server import ROOT, Server, call

WHO = {"username": "bench", "password": "correct-horse-battery-9"}
STARTS = 30.0  # seconds that a server may take
ELSEWHERE = ("DATABASE_URL", "RABBITMQ_URL", "REDIS_URL")  # services that are not measured here


def document_id(number: int) -> uuid.UUID:
    """Of the seeded documents, which count from 0."""
    return uuid.uuid5(uuid.NAMESPACE_URL, f"growth/{number}")


@dataclass(frozen=True, slots=True)
class Watched(Server):
    """A server whose use of CPU is known to the microsecond, and of memory to the page."""

    def cpu_seconds(self) -> float:
        """User and system time of all its threads, by the kernel's clock of the process (clock_getcpuclockid)."""
        return time.clock_gettime((~self.pid << 3) | 2)

    def memory(self) -> int:
        """Bytes, of shared pages its share (Pss)."""
        lines = Path(f"/proc/{self.pid}/smaps_rollup").read_text().splitlines()
        return next(1024 * int(line.split()[1]) for line in lines if line.startswith("Pss:"))


def make(path: Path, *, length: int, entries: int, documents: int = 1) -> Path:
    """A data directory with such documents; see `seed`."""
    environment = _environment(path, SQLITE_SYNCHRONOUS="OFF")
    numbers = (str(number) for number in (length, entries, documents))
    subprocess.run([sys.executable, "-m", "bench.growth.seed", *numbers], cwd=ROOT, env=environment, check=True)
    return path


@contextmanager
def serving(template: Path) -> Iterator[Watched]:
    """A server as it is delivered (uvicorn, SQLite with synchronous=FULL), on a copy of a template."""
    with tempfile.TemporaryDirectory() as folder:
        data_dir, port = shutil.copytree(template, Path(folder) / "data"), _free_port()
        environment = _environment(data_dir, PORT=str(port), SERVER="uvicorn", SQLITE_SYNCHRONOUS="FULL")
        command = [sys.executable, "-m", "collabdocs.serve"]
        process = subprocess.Popen(
            command, cwd=ROOT, env=environment, stdout=subprocess.DEVNULL, start_new_session=True
        )
        try:
            yield Watched(port, process.pid, _log_in(port))
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(20)


def _environment(data_dir: Path, **more: str) -> dict[str, str]:
    here = {name: value for name, value in os.environ.items() if name not in ELSEWHERE}
    return here | {"DATA_DIR": str(data_dir), "RATE_LIMITS": "off"} | more


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as free:
        return int(free.getsockname()[1])


def _log_in(port: int) -> str:
    deadline = time.monotonic() + STARTS
    while True:
        try:
            return str(call(port, "POST", "/token", WHO)["access_token"])
        except OSError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.1)
