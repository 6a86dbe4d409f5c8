"""Events on their way between processes, and what a room does about them."""

from datetime import datetime
from typing import Any
from uuid import UUID

import orjson

from documents.events import Committed, Deleted, Event, Renamed, RoleChanged
from documents.ot.rebase import Entry, entry_fields
from realtime import protocol
from realtime.room import Room

LARGEST = 64_000  # characters; a larger one says only up to which version the log has grown
KIND = "document.event"


def act(room: Room, event: Event) -> None:
    """Do in a room what an event asks for."""
    match event:
        case Committed(entries=entries):
            room.deliver(entries) if entries else room.fetch_gap()
        case Renamed(title=title):
            room.tell("document", title=title)
        case Deleted():
            room.close(protocol.NO_DOCUMENT)
        case RoleChanged(user_id=user_id, role=role):
            for listener in room.listeners:
                if listener.user_id == user_id:
                    listener.change_role(role)


def pack(event: Event, origin: str) -> dict[str, Any]:
    """A channel-layer message."""
    body: dict[str, Any] = {"kind": type(event).__name__, "document_id": event.document_id}
    match event:
        case Committed(entries=entries):
            body["entries"] = [_packed(entry) for entry in entries]
        case Renamed(title=title):
            body["title"] = title
        case RoleChanged(user_id=user_id, role=role):
            body |= {"user_id": user_id, "role": role}
    packed = orjson.dumps(body)
    if len(packed) > LARGEST and "entries" in body:
        packed = orjson.dumps(body | {"entries": []})
    return {"type": KIND, "origin": origin, "body": packed.decode()}


def unpack(message: dict[str, Any]) -> Event:
    """The event in a channel-layer message; ValueError or KeyError if there is none."""
    body = orjson.loads(message["body"])
    document_id = UUID(body["document_id"])
    match body["kind"]:
        case "Committed":
            return Committed(document_id, tuple(_unpacked(fields) for fields in body["entries"]))
        case "Renamed":
            return Renamed(document_id, body["title"])
        case "Deleted":
            return Deleted(document_id)
        case "RoleChanged":
            return RoleChanged(document_id, UUID(body["user_id"]), body["role"])
        case kind:
            raise ValueError(f"unknown event {kind}")


def _packed(entry: Entry) -> dict[str, Any]:
    return entry_fields(entry) | {"length": entry.length, "created_at": entry.created_at}


def _unpacked(fields: dict[str, Any]) -> Entry:
    return Entry(
        version=fields["version"],
        client_id=UUID(fields["client_id"]),
        seq=fields["seq"],
        author=UUID(fields["author"]) if fields["author"] else None,
        operation=tuple(fields["operation"]),
        length=fields["length"],
        created_at=datetime.fromisoformat(fields["created_at"]),
    )
