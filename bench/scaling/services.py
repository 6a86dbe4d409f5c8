"""What announcements, bindings and presence cost: `python -m bench.scaling.services` prints what `costs.json` has of
RabbitMQ and Redis, each one of its own, of the versions that are installed here. About half a minute."""

import asyncio
import json
import os
import subprocess
import sys
import tempfile
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from redis import Redis

from collabdocs.layers import RabbitmqLayer
from tests.rabbit import RabbitServer
from tests.redis_server import RedisServer

TICKS = os.sysconf("SC_CLK_TCK")
BINDINGS, ANNOUNCEMENTS, AT_ONCE = 5_000, 5_000, 50
FIELDS, QUESTIONS = 5_000, 40
MESSAGE = {"type": "document.event", "origin": "0" * 32, "body": "x" * 330}  # as one keystroke's


async def broker(directory: Path) -> dict[str, float]:
    """Microseconds of CPU in the broker and here, for each announcement to two queues and for each binding."""
    server = RabbitServer(directory).start()
    layers = [RabbitmqLayer(server.url, patience=20.0) for _ in range(2)]
    try:
        return await _bound(server, layers) | await _announced(server, layers)
    finally:
        for layer in layers:
            await layer.close()
        server.close()


async def _bound(server: RabbitServer, layers: list[RabbitmqLayer]) -> dict[str, float]:
    channel = await layers[0].new_channel("hub")
    await layers[0].group_add("first", channel)  # the connection stands
    memory, cpu, started = _resident(server), _cpu(server.process), time.perf_counter()
    for some in range(0, BINDINGS, AT_ONCE):
        groups = (f"document.{uuid.uuid4().hex}" for _ in range(some, some + AT_ONCE))
        await asyncio.gather(*(layers[0].group_add(group, channel) for group in groups))
    return {
        "binding_seconds": (time.perf_counter() - started) / BINDINGS,
        "binding_broker_cpu_seconds": (_cpu(server.process) - cpu) / BINDINGS,
        "binding_broker_bytes": (_resident(server) - memory) / BINDINGS,
    }


async def _announced(server: RabbitServer, layers: list[RabbitmqLayer]) -> dict[str, float]:
    """One publishes, and both hear it: so an own announcement comes back, as it does to a server process."""
    channels = [await layer.new_channel("hub") for layer in layers]
    for layer, channel in zip(layers, channels, strict=True):
        await layer.group_add("document.all", channel)
    cpu, own, started = _cpu(server.process), time.process_time(), time.perf_counter()
    hearing = [asyncio.create_task(_hear(*each)) for each in zip(layers, channels, strict=True)]
    for _ in range(ANNOUNCEMENTS // AT_ONCE):
        await asyncio.gather(*(layers[0].group_send("document.all", MESSAGE) for _ in range(AT_ONCE)))
    await asyncio.wait_for(asyncio.gather(*hearing), 20)
    seconds = time.perf_counter() - started
    return {
        "announcements_per_second": ANNOUNCEMENTS / seconds,
        "announcement_broker_cpu_seconds": (_cpu(server.process) - cpu) / ANNOUNCEMENTS,
        "announcement_own_cpu_seconds": (time.process_time() - own) / ANNOUNCEMENTS,
    }


async def _hear(layer: RabbitmqLayer, channel: str) -> None:
    for _ in range(ANNOUNCEMENTS):
        await layer.receive(channel)


def presence(directory: Path) -> dict[str, float]:
    """Seconds of CPU for each document that a process asks another one's hash for, there and here."""
    with _redis(directory) as (server, client):
        key, asked = "collabdocs:presence:one", [str(uuid.uuid4()) for _ in range(FIELDS)]
        client.hset(key, mapping={str(uuid.uuid4()): b"x" * 250 for _ in range(FIELDS)})
        cpu, own = _cpu(server.process), time.process_time()
        for _ in range(QUESTIONS):
            client.hmget(key, asked)
        fields = FIELDS * QUESTIONS
        return {
            "presence_redis_cpu_seconds": (_cpu(server.process) - cpu) / fields,
            "presence_own_cpu_seconds": (time.process_time() - own) / fields,
        }


@contextmanager
def _redis(directory: Path) -> Iterator[tuple[RedisServer, Redis]]:
    server = RedisServer(directory).start()
    try:
        yield server, Redis.from_url(server.url)
    finally:
        server.kill()


def _members(process: "subprocess.Popen[bytes] | None") -> list[Path]:
    """The processes of its session: a shell before it may have begun it."""
    assert process is not None
    found = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            if int(stat.read_text().rpartition(")")[2].split()[3]) == process.pid:
                found.append(stat.parent)
        except OSError:
            continue
    return found


def _cpu(process: "subprocess.Popen[bytes] | None") -> float:
    fields = [(member / "stat").read_text().rpartition(")")[2].split() for member in _members(process)]
    return sum(int(each[11]) + int(each[12]) for each in fields) / TICKS


def _resident(server: RabbitServer) -> int:
    sizes = [(member / "statm").read_text().split()[1] for member in _members(server.process)]
    return sum(map(int, sizes)) * os.sysconf("SC_PAGE_SIZE")


def main() -> None:
    with tempfile.TemporaryDirectory() as of_rabbit, tempfile.TemporaryDirectory() as of_redis:
        figures = asyncio.run(broker(Path(of_rabbit))) | presence(Path(of_redis))
    json.dump({name: float(f"{value:.3g}") for name, value in figures.items()}, sys.stdout, indent=2)


if __name__ == "__main__":
    main()
