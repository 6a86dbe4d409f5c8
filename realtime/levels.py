"""What a process has open and waiting just now, for whoever scrapes it: read from the scraping thread, when it asks.

The event loop goes on meanwhile, so each collection is copied in one step before it is looked through.
"""

from collections.abc import Iterator

from collabdocs import meters
from realtime import hub as hubs
from realtime import protocol
from realtime.room import Room


def _rooms() -> Iterator[Room]:
    for hub in hubs.everyone():
        yield from list(hub.rooms.values())


def _waiting_frames() -> int:
    return sum(seat.waiting_frames for room in _rooms() for seat in list(room.seats.values()))


def _is_broker_up() -> bool | None:
    answers = [up for hub in hubs.everyone() if (up := hub.is_broker_up) is not None]
    return all(answers) if answers else None


meters.ROOMS.source = lambda: sum(1 for _ in _rooms())
meters.WAITING_SUBMISSIONS.source = lambda: sum(len(room.inbox) + room.committing for room in _rooms())
meters.WAITING_FRAMES.source = _waiting_frames
meters.WAITING_READS.source = lambda: sum(hub.waiting_reads for hub in hubs.everyone())
meters.WAITING_ANNOUNCEMENTS.source = lambda: sum(hub.waiting_announcements for hub in hubs.everyone())
meters.BROKER_UP.source = _is_broker_up
meters.DRAINING.source = lambda: any(hub.draining for hub in hubs.everyone())

for code in protocol.CLOSE_CODES:  # counted from nought, so that the first one shows, too
    meters.CLOSES.labels(code)
