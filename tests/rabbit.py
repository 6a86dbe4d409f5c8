"""A RabbitMQ of the tests' own, on free loopback ports, that suffers whatever a test wants it to suffer."""

import os
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.server import free_port

BINARIES = Path(
    "/usr/lib/rabbitmq/bin"
)  # not those on the PATH: they turn into another user and forget the environment
START_SECONDS = 90.0
PROTOCOL_HEADER = b"AMQP\x00\x00\x09\x01"


def is_installed() -> bool:
    return (BINARIES / "rabbitmq-server").exists()


class RabbitServer:
    """Always the same ports; its queues and exchanges die with it, for ours are not durable."""

    def __init__(self, directory: Path) -> None:
        self.directory, self.port = directory, free_port()
        self.url = f"amqp://guest:guest@127.0.0.1:{self.port}"
        self.env = os.environ | _environment(directory, self.port)
        self.names: subprocess.Popen[bytes] | None = None  # Erlang's name server
        self.process: subprocess.Popen[bytes] | None = None

    # --- Its life ---

    def start(self) -> "RabbitServer":
        """Return when it answers."""
        if self.names is None:
            address = ["-port", self.env["ERL_EPMD_PORT"], "-address", "127.0.0.1"]
            self.names = self._run(["epmd", *address])
        self.process = self._run([str(BINARIES / "rabbitmq-server")])
        deadline = time.monotonic() + START_SECONDS
        while not self.answers():
            assert self.process.poll() is None and time.monotonic() < deadline, f"it did not start:\n{self.log()}"
            time.sleep(0.05)
        return self

    def kill(self) -> None:
        """kill -9: it says goodbye to nobody."""
        if self.process is not None and self.process.poll() is None:
            self._signal(signal.SIGKILL)
            self.process.wait(10)

    def close(self) -> None:
        """The end of it, in whatever state it is."""
        self.kill()
        if self.names is not None:
            self.names.kill()
            self.names.wait(10)

    # --- What it suffers ---

    def restart(self) -> None:
        """Stop it politely, and start it again."""
        assert self.process is not None
        self.control("stop")
        self.process.wait(30)
        self.start()

    def close_all_connections(self) -> None:
        self.control("close_all_connections", "said the test")

    @contextmanager
    def memory_alarm(self) -> Iterator[None]:
        """Meanwhile it takes nothing from any connection that publishes."""
        self.control("set_vm_memory_high_watermark", "0.0001")
        try:
            yield
        finally:
            self.control("set_vm_memory_high_watermark", "0.4")

    @contextmanager
    def pause(self) -> Iterator[None]:
        """Meanwhile it takes connections and answers nothing."""
        self._signal(signal.SIGSTOP)
        try:
            yield
        finally:
            self._signal(signal.SIGCONT)

    # --- What it says ---

    def control(self, *command: str) -> str:
        """What `rabbitmqctl` says to a command. It takes seconds."""
        asked = [str(BINARIES / "rabbitmqctl"), "-q", *command]
        return subprocess.run(asked, env=self.env, check=True, capture_output=True, text=True, timeout=60).stdout

    def answers(self) -> bool:
        try:
            with socket.create_connection(("127.0.0.1", self.port), timeout=1) as line:
                line.sendall(PROTOCOL_HEADER)
                return bool(line.recv(1))
        except OSError:
            return False

    def log(self) -> str:
        return (self.directory / "out.log").read_text(errors="replace")[-4000:]

    def _run(self, command: list[str]) -> subprocess.Popen[bytes]:
        with (self.directory / "out.log").open("ab") as out:
            return subprocess.Popen(
                command, env=self.env, stdin=subprocess.DEVNULL, stdout=out, stderr=out, start_new_session=True
            )

    def _signal(self, number: int) -> None:
        assert self.process is not None
        os.killpg(self.process.pid, number)


needs_rabbit = pytest.mark.skipif(
    not is_installed() and not os.environ.get("CI"), reason="LEFT OUT: rabbitmq-server is not installed"
)


@pytest.fixture(scope="module")
def broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RabbitServer]:
    """One for all tests of a file, in whatever state the last one left it."""
    server = RabbitServer(tmp_path_factory.mktemp("rabbit"))
    try:
        yield server.start()
    finally:
        server.close()


@pytest.fixture
def rabbit(broker: RabbitServer) -> RabbitServer:
    """It lives when a test begins."""
    return broker if broker.answers() else broker.start()


def _environment(directory: Path, port: int) -> dict[str, str]:
    """Its own home, data, ports and node, all on the loopback."""
    settings = {
        "NODENAME": "tests@localhost",
        "NODE_IP_ADDRESS": "127.0.0.1",
        "NODE_PORT": str(port),
        "DIST_PORT": str(free_port()),
        "CTL_DIST_PORT_MIN": (control := str(free_port())),
        "CTL_DIST_PORT_MAX": control,
        "MNESIA_BASE": str(directory / "mnesia"),
        "LOG_BASE": str(directory / "log"),
        "ENABLED_PLUGINS_FILE": str(directory / "enabled_plugins"),
        "CONF_ENV_FILE": str(directory / "none"),
        "SERVER_ADDITIONAL_ERL_ARGS": "+sbwt none -kernel inet_dist_use_interface {127,0,0,1}",
    }
    own = {"HOME": str(directory), "ERL_EPMD_ADDRESS": "127.0.0.1", "ERL_EPMD_PORT": str(free_port())}
    return own | {f"RABBITMQ_{name}": value for name, value in settings.items()}
