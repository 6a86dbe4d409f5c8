"""Events on their way between processes, and what a room does about them.

Whatever comes out of `unpack` is well-formed, whoever sent it: what is not is a ValueError, KeyError or TypeError.
"""

from collections.abc import Sequence
from datetime import datetime
from itertools import pairwise
from typing import Any, TypeAlias
from uuid import UUID

import orjson

from documents import events, permissions
from documents.events import Commented, Committed, Deleted, Renamed, RoleChanged, SessionsClosed, ShownComment
from documents.ot.operation import length_change, parse, validate
from documents.ot.rebase import Entry, entry_fields
from realtime import protocol
from realtime.elsewhere import Here, Person, Telling, WhoIsThere
from realtime.protocol import Range
from realtime.room import Room

LARGEST = 64_000  # characters; a larger one says only up to which version the log has grown
KIND = "document.event"

Event: TypeAlias = events.Event | Telling


class UnknownKind(ValueError):
    """What another release says; it is not for us."""


def act(room: Room, event: Event) -> None:
    """Do in a room what an event asks for."""
    match event:
        case Committed(entries=entries):
            room.deliver(entries) if entries else room.fetch_gap()
        case Renamed(title=title):
            room.tell("document", title=title)
        case Deleted():
            room.close(protocol.NO_DOCUMENT)
        case SessionsClosed():
            room.close(protocol.RESTARTING)
        case RoleChanged(user_id=user_id, role=role):
            take_back(room, user_id, role)
        case Commented(comment=comment):
            if room.comments.is_news(comment):
                room.tell("comment", comment=comment)
        case Here() | WhoIsThere():
            if room.elsewhere is not None:
                room.elsewhere.hear(event)


def take_back(room: Room, user_id: UUID, role: str | None) -> None:
    """Leave somebody no more than a role, at once. What they are given more, the database says: a lock or a narrow
    session may leave less of it."""
    for listener in room.listeners:
        if listener.user_id == user_id and permissions.rank(role) < permissions.rank(listener.role):
            listener.change_role(role)


def pack(event: Event, origin: str) -> dict[str, Any]:
    """A channel-layer message."""
    packed = orjson.dumps(_body(event))
    if len(packed) > LARGEST and isinstance(event, Committed):
        packed = orjson.dumps(_body(Committed(event.document_id, ())))
    return {"type": KIND, "origin": origin, "body": packed.decode()}


def _body(event: Event) -> dict[str, Any]:
    body: dict[str, Any] = {"kind": type(event).__name__, "document_id": event.document_id}
    match event:
        case Committed(entries=entries):
            body["entries"] = [_packed(entry) for entry in entries]
        case Renamed(title=title):
            body["title"] = title
        case RoleChanged(user_id=user_id, role=role):
            body |= {"user_id": user_id, "role": role}
        case Commented(comment=comment):
            body["comment"] = comment
        case Here(version=version, told=told, people=people):
            body |= {"version": version, "told": told, "people": people}
    return body


def unpack(message: dict[str, Any]) -> Event:
    """The event in a channel-layer message."""
    body = orjson.loads(message["body"])
    document_id = UUID(body["document_id"])
    match body["kind"]:
        case "Committed":
            return Committed(document_id, _unpacked_all(body["entries"]))
        case "Renamed":
            return Renamed(document_id, body["title"])
        case "Deleted":
            return Deleted(document_id)
        case "SessionsClosed":
            return SessionsClosed(document_id)
        case "RoleChanged":
            return RoleChanged(document_id, UUID(body["user_id"]), body["role"])
        case "Commented":
            return Commented(document_id, _comment(body["comment"]))
        case "Here":
            return unpack_here(document_id, body)
        case "WhoIsThere":
            return WhoIsThere(document_id)
        case kind:
            raise UnknownKind(f"unknown event {kind}")


def _packed(entry: Entry) -> dict[str, Any]:
    return entry_fields(entry) | {"length": entry.length, "created_at": entry.created_at}


def _unpacked_all(entries: list[dict[str, Any]]) -> tuple[Entry, ...]:
    unpacked = tuple(map(_unpacked, entries))
    if any(later.version != entry.version + 1 for entry, later in pairwise(unpacked)):
        raise ValueError("entries with a hole between them")
    return unpacked


def _unpacked(fields: dict[str, Any]) -> Entry:
    operation, length = parse(fields["operation"]), _whole(fields["length"])
    return Entry(
        version=_whole(fields["version"]),
        client_id=UUID(fields["client_id"]),
        seq=_whole(fields["seq"]),
        author=UUID(fields["author"]) if fields["author"] else None,
        operation=validate(operation, length - length_change(operation)),
        length=length,
        created_at=datetime.fromisoformat(fields["created_at"]),
    )


def _comment(fields: ShownComment) -> ShownComment:
    """Clients go by `id` and `changed_at`; what else there is, is the sender's release's business."""
    UUID(fields["id"])
    if datetime.fromisoformat(fields["changed_at"]).tzinfo is None:
        raise ValueError("a time without a zone")
    return fields


def unpack_here(document_id: UUID, body: dict[str, Any]) -> Here:
    """Who is present in another process; `body` is what `pack` made of it, read again."""
    people = tuple(map(_person, body["people"]))
    return Here(document_id, _whole(body["version"]), _whole(body["told"]), people)


def _person(fields: dict[str, Any]) -> Person:
    return Person(
        client_id=UUID(fields["client_id"]),
        user={key: _text(fields["user"][key]) for key in ("id", "name", "color")},
        selection=None if fields["selection"] is None else tuple(map(_range, _few(fields["selection"]))),
        since=_whole(fields["since"]),
        has_joined=fields["has_joined"] is True,
    )


def _few(ranges: Sequence[Any]) -> Sequence[Any]:
    if len(ranges) > protocol.MAX_RANGES:
        raise ValueError("too many ranges")
    return ranges


def _range(pair: Sequence[Any]) -> Range:
    anchor, head = pair
    return _whole(anchor), _whole(head)


def _whole(value: object) -> int:
    if type(value) is not int or not 0 <= value <= protocol.BIGGEST:
        raise ValueError(f"{value!r} is no number of anything")
    return value


def _text(value: object) -> str:
    if type(value) is not str:
        raise ValueError(f"{value!r} is no text")
    return value
