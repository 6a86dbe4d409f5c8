"""A MongoDB that does what it is asked, and whose answer never arrives."""

import struct
from random import Random

from tests.faults.relay import Relay

REQUEST_ID, RESPONSE_TO = 4, 8  # offsets in a message's head, in bytes


def lose_answers(relay: Relay, rng: Random, share: float = 0.35) -> None:
    """So many of the answers to inserts into a log are cut off, after the server has done what it was asked."""
    awaited: set[int] = set()

    def note(data: bytes) -> bool:
        if b"insert\0" in data and b"documents_operation\0" in data and rng.random() < share:
            awaited.add(struct.unpack_from("<i", data, REQUEST_ID)[0])
        return False

    def is_lost(data: bytes) -> bool:
        return len(data) >= 16 and struct.unpack_from("<i", data, RESPONSE_TO)[0] in awaited

    relay.to.swallow, relay.back.swallow = note, is_lost
