"""MongoDB's messages: a header of four integers, then a body. Only the kinds that today's drivers send."""

import asyncio
import struct
from dataclasses import dataclass
from typing import Any

import bson
from bson.codec_options import CodecOptions, DatetimeConversion

HEADER = struct.Struct("<iiii")  # bytes in all, own number, number of the message it answers, kind
REPLY_HEAD = struct.Struct("<iqii")  # flags, cursor, position, how many documents
REPLY, QUERY, MSG = 1, 2004, 2013
CHECKSUM = 1  # of a MSG's flags: four bytes of it at the end
OPTIONS: CodecOptions[dict[str, Any]] = CodecOptions(datetime_conversion=DatetimeConversion.DATETIME_AUTO)


@dataclass(frozen=True, slots=True)
class Message:
    """A command, or the answer to one."""

    number: int
    kind: int
    body: dict[str, Any]


async def read(reader: asyncio.StreamReader) -> Message | None:
    """The next message; None when the line is closed."""
    try:
        size, number, _, kind = HEADER.unpack(await reader.readexactly(HEADER.size))
        data = await reader.readexactly(size - HEADER.size)
    except (asyncio.IncompleteReadError, ConnectionError):
        return None
    return Message(number, kind, _parse_query(data) if kind == QUERY else _parse_msg(data))


def command(number: int, body: dict[str, Any]) -> bytes:
    return _framed(number, 0, MSG, bytes(5) + bson.encode(body))


def answer(to: Message, body: dict[str, Any]) -> bytes:
    """An answer of the kind that was asked for."""
    if to.kind == QUERY:
        return _framed(0, to.number, REPLY, REPLY_HEAD.pack(8, 0, 0, 1) + bson.encode(body))
    return _framed(0, to.number, MSG, bytes(5) + bson.encode(body))


def _framed(number: int, to: int, kind: int, data: bytes) -> bytes:
    return HEADER.pack(HEADER.size + len(data), number, to, kind) + data


def _parse_query(data: bytes) -> dict[str, Any]:
    start = data.index(b"\0", 4) + 1 + 8  # flags, collection; skip, limit
    (size,) = struct.unpack_from("<i", data, start)
    return bson.decode(data[start : start + size], OPTIONS)


def _parse_msg(data: bytes) -> dict[str, Any]:
    """A document, and lists that lie beside it because they are long (the documents of an insert)."""
    (flags,) = struct.unpack_from("<I", data)
    end = len(data) - (4 if flags & CHECKSUM else 0)
    body: dict[str, Any] = {}
    lists: dict[str, Any] = {}
    at = 4
    while at < end:
        (size,) = struct.unpack_from("<i", data, at + 1)
        section = data[at + 1 : at + 1 + size]
        if data[at] == 0:
            body = bson.decode(section, OPTIONS)
        else:
            name, documents = section[4:].split(b"\0", 1)
            lists[name.decode()] = bson.decode_all(documents, OPTIONS)
        at += 1 + size
    return body | lists
