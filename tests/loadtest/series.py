"""`PYTHONPATH=clients/python python -m tests.loadtest.series embedded|cluster 100 300 …`: for docs/performance.md.

Each run, one of Locust and one of asyncio for each number of users, has a system of its own on this machine, with empty
data: in the embedded mode one process on SQLite; in the cluster mode two behind nginx, with RabbitMQ, Redis and the
emulated MongoDB, which is slower than a real one. The figures go where `python -m loadtest` writes them.
"""

import argparse
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from tests.faults.rig import may_open_many
from tests.mongo.server import EmulatedMongo
from tests.packaging.nginx import Nginx
from tests.rabbit import RabbitServer
from tests.redis_server import RedisServer
from tests.server import ROOT, Server, make_template

EMBEDDED, CLUSTER = "embedded", "cluster"
PROCESSES = 2
ACCOUNTS = 8  # to make one takes two password hashes
SECRET = "for these measurements alone, and long enough to sign with"
MODULES = {"locust": "loadtest", "fine": "loadtest.fine"}
UNUSUAL = 600.0  # seconds, after which something is stuck


@contextmanager
def standing(mode: str) -> Iterator[tuple[str, list[int]]]:
    """Where it listens, and its processes that do not listen there."""
    with tempfile.TemporaryDirectory(prefix="loadtest-system-") as name, ExitStack() as stack:
        directory = Path(name)
        if mode == EMBEDDED:
            yield _server(directory, {}, stack).url, []
            return
        env = _services(directory, stack) | {"PROCESSES": str(PROCESSES), "SECRET_KEY": SECRET, "BEHIND_PROXY": "true"}
        servers = [_server(directory, env, stack) for _ in range(PROCESSES)]
        nginx = Nginx.before(directory / "nginx", [server.port for server in servers])
        stack.callback(nginx.stop)
        yield nginx.start().url, [server.process.pid for server in servers if server.process]


def _services(directory: Path, stack: ExitStack) -> dict[str, str]:
    """The variables that name them."""
    mongo = EmulatedMongo()
    stack.callback(mongo.stop)
    mongo.start()
    for place in ("rabbit", "redis"):
        (directory / place).mkdir()
    rabbit = RabbitServer(directory / "rabbit")
    stack.callback(rabbit.close)
    redis = RedisServer(directory / "redis")
    stack.callback(redis.kill)
    return {"DATABASE_URL": mongo.url, "RABBITMQ_URL": rabbit.start().url, "REDIS_URL": redis.start().url}


def _server(directory: Path, env: dict[str, str], stack: ExitStack) -> Server:
    data = directory / "data"
    server = Server(data if data.exists() else make_template(data, **env), **env)
    stack.callback(server.stop)
    return server.start()


def measured(mode: str, kind: str, users: int, seconds: int) -> int:
    """The exit code of one run."""
    with standing(mode) as (url, pids):
        asked = [
            "--host",
            url,
            "--users",
            str(users),
            "--seconds",
            str(seconds),
            "--name",
            f"{kind}-{mode}-{users}",
            "--accounts",
            str(ACCOUNTS),
        ]
        watched = ["--pids", *map(str, pids)] if pids else []
        command = [sys.executable, "-m", MODULES[kind], *asked, "--spawn-rate", "50", *watched]
        env = os.environ | {"PYTHONPATH": os.pathsep.join([str(ROOT), str(ROOT / "clients/python")])}
        return subprocess.run(command, cwd=ROOT, env=env, timeout=UNUSUAL).returncode


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.loadtest.series")
    parser.add_argument("mode", choices=[EMBEDDED, CLUSTER])
    parser.add_argument("users", type=int, nargs="+")
    parser.add_argument("--seconds", type=int, default=40)
    parser.add_argument("--kinds", nargs="+", choices=list(MODULES), default=list(MODULES))
    asked = parser.parse_args()
    may_open_many()
    return max(measured(asked.mode, kind, users, asked.seconds) for users in asked.users for kind in asked.kinds)


if __name__ == "__main__":
    sys.exit(main())
