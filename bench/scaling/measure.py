"""What the model's coefficients come from: `python -m bench.scaling.measure` prints what `costs.json` has of servers.

About three minutes. Each crowd types on a server of its own; what it cost stands beside what it made the server do.
"""

import asyncio
import json
import sys
import time
import urllib.request
from collections.abc import Callable
from pathlib import Path

from bench.rooms import Typist, crowd
from bench.server import Server, running

SECONDS = 5.0
CROWDS = {  # by name: documents, sockets in each, of them typing, operations a second of each typist
    "10 in one": (1, 10, 10, 5.0),
    "100 in one": (1, 100, 10, 5.0),
    "200 in one": (1, 200, 20, 5.0),
    "200 typing": (1, 200, 100, 3.0),
    "50 pairs": (50, 2, 2, 2.0),
    "20 tens": (20, 10, 10, 1.0),
}
IDLE = ((800, 1), (1, 800), (200, 1), (1, 200))  # documents, sockets in each
IDLE_SECONDS = 20.0
Figures = dict[str, float]


async def typed(server: Server, documents: int, sockets: int, typing: int, rate: float) -> Figures:
    """What the server did and used while a crowd typed."""
    rooms = [await crowd(server, sockets) for _ in range(documents)]
    heard = [_counted(typist) for room in rooms for typist in room]
    typists = [typist for room in rooms for typist in room[:typing]]
    cpu, writes, before = server.cpu_seconds(), _writes(server), sum(count() for count in heard)
    started = time.perf_counter()
    await asyncio.gather(
        *(_types(typist, started + number / rate / len(typists), rate) for number, typist in enumerate(typists))
    )
    await asyncio.sleep(0.3)
    return {
        "seconds": SECONDS + 0.3,
        "operations": sum(typist.acknowledged for typist in typists),
        "commits": _writes(server) - writes,
        "frames": sum(count() for count in heard) - before,
        "cpu_seconds": round(server.cpu_seconds() - cpu, 3),
    }


async def joined(server: Server, documents: int, sockets: int) -> Figures:
    """What it is to come, and then to sit there and say nothing."""
    memory, cpu = _resident(server), server.cpu_seconds()
    rooms = [await crowd(server, sockets) for _ in range(documents)]
    came = server.cpu_seconds() - cpu
    await asyncio.sleep(3)
    cpu, grown = server.cpu_seconds(), _resident(server) - memory
    await asyncio.sleep(IDLE_SECONDS)
    return {
        "rooms": documents,
        "sockets": sum(map(len, rooms)),
        "meetings": sum(len(room) * (len(room) - 1) // 2 for room in rooms),
        "bytes": grown,
        "joins_cpu_seconds": round(came, 3),
        "seconds": IDLE_SECONDS,
        "cpu_seconds": round(server.cpu_seconds() - cpu, 3),
    }


async def _types(typist: Typist, start: float, rate: float) -> None:
    for number in range(round(SECONDS * rate)):
        await asyncio.sleep(max(0, start + number / rate - time.perf_counter()))
        typist.type()


def _counted(typist: Typist) -> Callable[[], int]:
    """How many frames came to it so far."""
    frames, wire = 0, typist.wire
    assert wire is not None
    hear = wire.on_frame

    def count(payload: bytes) -> None:
        nonlocal frames
        frames += 1
        hear(payload)

    wire.on_frame = count
    return lambda: frames


def _writes(server: Server) -> int:
    """Commits so far, each of which may be for many rooms."""
    with urllib.request.urlopen(f"http://127.0.0.1:{server.port}/metrics", timeout=10) as answer:
        lines = answer.read().decode().splitlines()
    return int(float(next(line.split()[1] for line in lines if line.startswith("collabdocs_batch_operations_count"))))


def _resident(server: Server) -> int:
    lines = Path(f"/proc/{server.pid}/status").read_text().splitlines()
    return 1024 * int(next(line.split()[1] for line in lines if line.startswith("VmRSS")))


def main() -> None:
    found: dict[str, Figures] = {}
    for name, given in CROWDS.items():
        with running("uvicorn") as server:
            found[name] = asyncio.run(typed(server, *given))
        print(name, found[name], file=sys.stderr)
    for documents, sockets in IDLE:
        with running("uvicorn") as server:
            found[f"idle: {documents} × {sockets}"] = asyncio.run(joined(server, documents, sockets))
    json.dump(found, sys.stdout, indent=2)


if __name__ == "__main__":
    main()
