"""A Redis of the tests' own, on a free loopback port, that dies and comes back empty when told to."""

import os
import signal
import socket
import subprocess
import time
from pathlib import Path

from tests.server import free_port

START_SECONDS = 10.0


class RedisServer:
    """Keeps nothing on disk: whoever starts it again finds it empty."""

    def __init__(self, directory: Path) -> None:
        self.directory, self.port = directory, free_port()
        self.url = f"redis://127.0.0.1:{self.port}/0"
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> "RedisServer":
        """Return when it answers."""
        options = ["--port", str(self.port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"]
        self.process = subprocess.Popen(
            ["redis-server", *options, "--dir", str(self.directory)],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        deadline = time.monotonic() + START_SECONDS
        while self.asked("PING") != b"+PONG\r\n":
            assert self.process.poll() is None and time.monotonic() < deadline, "redis-server did not start"
            time.sleep(0.02)
        return self

    def asked(self, command: str) -> bytes:
        """The first bytes of the answer to a command; none if nobody answers."""
        try:
            with socket.create_connection(("127.0.0.1", self.port), timeout=1) as line:
                line.sendall(f"{command}\r\n".encode())
                return line.recv(4096)
        except OSError:
            return b""

    def count(self) -> int:
        """How many keys it holds."""
        return int(self.asked("DBSIZE").decode().strip(":\r\n"))

    def kill(self) -> None:
        self._signal(signal.SIGKILL)

    def hang(self) -> None:
        """It takes connections and answers nothing."""
        self._signal(signal.SIGSTOP)

    def wake(self) -> None:
        self._signal(signal.SIGCONT)

    def _signal(self, number: int) -> None:
        assert self.process is not None
        os.killpg(self.process.pid, number)
        if number == signal.SIGKILL:
            self.process.wait(10)
