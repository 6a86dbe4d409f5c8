"""Handing what was committed to the sockets of a room, and how long it took since it was received."""

import time
from collections.abc import Mapping, Sequence
from uuid import UUID

from collabdocs import meters
from documents.ot.rebase import Entry
from realtime import protocol
from realtime.seat import Seat


def hand_out(news: Sequence[Entry], seats: Mapping[UUID, Seat]) -> None:
    """One frame for every seat, those first whose submissions it acknowledges: they wait for it to go on."""
    event = {"type": "websocket.send", "text": protocol.operations(news)}
    authors, receipts = _acknowledged(news, seats)
    for seat in authors:
        seat.push_event(event)
    acknowledged = time.perf_counter()
    for seat in seats.values():
        if seat not in authors:
            seat.push_event(event)
    seen = time.perf_counter()
    for received in receipts:
        meters.ACKNOWLEDGE_SECONDS.observe(acknowledged - received)
        meters.SEEN_SECONDS.observe(seen - received)


def _acknowledged(news: Sequence[Entry], seats: Mapping[UUID, Seat]) -> tuple[set[Seat], list[float]]:
    """Who waits for one of these, and when each of what they wait for was received."""
    authors: set[Seat] = set()
    receipts: list[float] = []
    for entry in news:
        seat = seats.get(entry.client_id)
        if seat is not None and (received := seat.receipts.pop(entry.seq, None)) is not None:
            authors.add(seat)
            receipts.append(received)
    return authors, receipts
