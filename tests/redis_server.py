"""A Redis of the tests' own, on a free loopback port, that dies, hangs, fills up and comes back empty when told to."""

import asyncio
import contextlib
import os
import signal
import socket
import subprocess
import time
from pathlib import Path
from typing import Any

import pytest

from collabdocs import redis as guarded
from collabdocs.caches import shared_cache
from tests.proxy import Proxy
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

    def fill(self) -> None:
        """It takes nothing more."""
        assert self.asked("CONFIG SET maxmemory-policy noeviction maxmemory 1mb") == b"+OK\r\n"

    def empty(self) -> None:
        """It takes everything again, and has forgotten all."""
        assert self.asked("CONFIG SET maxmemory 0") == self.asked("FLUSHALL") == b"+OK\r\n"

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


def use(url: str, settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let Django's caches lie in a Redis of which their guard knows nothing yet."""
    monkeypatch.setattr(guarded, "guard", guarded.Guard())
    settings.REDIS_URL = url
    settings.CACHES = {name: shared_cache(url, name) for name in ("default", "texts")}


class SlowLine(Proxy):
    """A line to a Redis, each of whose answers comes `delay` seconds late. Its address is `url`."""

    def __init__(self, redis: RedisServer, delay: float) -> None:
        super().__init__(redis)
        self.delay = delay

    async def __aenter__(self) -> "SlowLine":
        await super().__aenter__()
        self.url = f"{self.url.replace('http', 'redis')}/0"
        return self

    async def _relay(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, gate: asyncio.Event | None = None
    ) -> None:
        with contextlib.suppress(OSError):
            while data := await reader.read(1 << 16):
                await asyncio.sleep(0 if gate is None else self.delay)
                writer.write(data)
                await writer.drain()
        writer.transport.abort()
