"""What is let grow, how far, and what is measured at each point of the way."""

import asyncio
import statistics
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

from bench.growth.members import Member, flood, open_once, sit, type_by_chance
from bench.growth.template import Watched
from bench.rooms import crowd

OPENINGS = 30
RATE = 20.0  # operations a second, among readers
CHORES = 2.5  # seconds in which a server looks after its rooms at least once: copies and checksums are in the bill
STEP, SOCKETS = 100, 500
MIDDLE, SHORT = 10_000, 1_000  # code points of a text where something else grows


@dataclass(frozen=True, slots=True)
class Point:
    """`x` is what grows; the others say what was there before."""

    x: int
    length: int
    entries: int = 1
    documents: int = 1


Measure: TypeAlias = Callable[[Watched, Point, float], Coroutine[Any, Any, dict[str, float]]]


@dataclass(frozen=True, slots=True)
class Curve:
    name: str
    points: Sequence[Point]
    measure: Measure


async def edits(server: Watched, point: Point, seconds: float) -> dict[str, float]:
    """Opening the document, and then one who types in its middle without a pause, and one who reads."""
    await _warm(server)
    return await _openings(server) | await _flood(server, point.length // 2, seconds)


async def readers(server: Watched, point: Point, seconds: float) -> dict[str, float]:
    """So many sockets in one document; people among them type at a steady rate."""
    await _warm(server)
    members = [Member() for _ in range(point.x)]
    await sit(server, 0, *members)
    cpu = server.cpu_seconds()
    await type_by_chance(members, RATE, 2 * seconds)  # there is little of it to measure
    return _edited(server.cpu_seconds() - cpu, members, 2 * seconds)


async def sockets(server: Watched, point: Point, seconds: float) -> dict[str, float]:
    """So many idle sockets, in one document or each in one of its own."""
    await _warm(server)
    await asyncio.sleep(CHORES)
    empty, found = server.memory(), {}
    for seated in range(0, SOCKETS, STEP):
        cpu, upto = server.cpu_seconds(), seated + STEP
        for n in range(seated, upto):
            await sit(server, n % point.documents, Member())
        found[f"CPU ms/join, {upto}"] = 1e3 * (server.cpu_seconds() - cpu) / STEP
        found[f"KiB/socket, {upto}"] = (server.memory() - empty) / upto / 1024
    cpu = server.cpu_seconds()
    await asyncio.sleep(seconds)
    return found | {"idle CPU ms/s": 1e3 * (server.cpu_seconds() - cpu) / seconds}


CURVES = (
    Curve("text", [Point(length, length) for length in (1_000, 10_000, 100_000, 1_000_000)], edits),
    Curve("history", [Point(entries, MIDDLE, entries) for entries in (1, 1_000, 20_000, 100_000, 260_000)], edits),
    Curve("readers", [Point(readers, SHORT) for readers in (1, 10, 50, 200, 500)], readers),
    Curve("sockets", [Point(documents, SHORT, documents=documents) for documents in (1, SOCKETS)], sockets),
)


async def _warm(server: Watched) -> None:
    """What every server does once, it has done: a document is opened, and written to."""
    [typist] = await crowd(server, 1)
    await flood(typist, 0.3)


async def _openings(server: Watched) -> dict[str, float]:
    """The first opening finds the document in the database alone; the others find its room open."""
    first, cpu = await open_once(server, 0), server.cpu_seconds()
    opened = [await open_once(server, 0) for _ in range(OPENINGS)]
    return {
        "first opening ms": 1e3 * first.seconds,
        "opening p50 ms": 1e3 * statistics.median(opening.seconds for opening in opened),
        "opening CPU ms": 1e3 * (server.cpu_seconds() - cpu) / OPENINGS,
        "opening bytes": first.size,
    }


async def _flood(server: Watched, place: int, seconds: float) -> dict[str, float]:
    members = [Member(place=place), Member()]
    await sit(server, 0, *members)
    cpu = server.cpu_seconds()
    await flood(members[0], seconds)
    await asyncio.sleep(CHORES)
    return _edited(server.cpu_seconds() - cpu, members, seconds)


def _edited(cpu: float, members: Sequence[Member], seconds: float) -> dict[str, float]:
    latencies = [latency for member in members for latency in member.latencies]
    assert latencies, "nothing was acknowledged: see what the server says"
    delivered, frames = (sum(getattr(member, name) for member in members) for name in ("delivered", "frames"))
    return {
        "operations/s": len(latencies) / seconds,
        "CPU µs/operation": 1e6 * cpu / len(latencies),
        "CPU µs/delivery": 1e6 * cpu / delivered,
        "operations/frame": delivered / frames,
        "p50 ms": 1e3 * statistics.median(latencies),
    }
