"""Whoever writes on the broker, in the cache or in a session runs nothing of ours (S42): all of it is data, and a
message is taken for what its words say, never for the name of a method."""

import asyncio
import json
import uuid
from typing import Any

import pytest
from channels.layers import InMemoryChannelLayer
from django.conf import settings

from collabdocs.caches import shared_cache
from documents.events import Renamed
from realtime import announcements
from realtime.announcements import UnknownKind, unpack
from realtime.consumers import DocumentConsumer
from realtime.wire import Wire

DOCUMENT = uuid.UUID(int=7)
TYPES: list[Any] = ["close", "drain", "act_on", "leave", "websocket.close", "websocket_connect", "__init__", "_listen"]


def test_nothing_is_pickled() -> None:
    assert settings.SESSION_SERIALIZER == "django.contrib.sessions.serializers.JSONSerializer"
    for name in settings.CACHES:
        options = shared_cache("redis://cache:6379/0", name)["OPTIONS"]
        assert options["SERIALIZER"] == "django_redis.serializers.json.JSONSerializer"


@pytest.mark.parametrize("method", TYPES)
def test_no_word_of_a_message_names_a_method(method: str) -> None:
    """Channels makes a method's name of a message's `type`; ours looks a kind up in a table, whatever the `type`."""
    with pytest.raises(UnknownKind):
        unpack({"type": method, "body": json.dumps({"kind": method, "document_id": str(DOCUMENT)})})


def crafted(kind: Any) -> list[dict[str, Any]]:
    nonsense = ["{", "[]", json.dumps({"kind": "Renamed"}), json.dumps({"kind": ["x"], "document_id": str(DOCUMENT)})]
    return [{"type": kind, "origin": ["evil"]}, *({"type": kind, "origin": "evil", "body": body} for body in nonsense)]


@pytest.mark.parametrize("kind", [*TYPES, "websocket.receive", "websocket.disconnect", "", None, 7], ids=repr)
async def test_a_crafted_message_ends_nothing(kind: Any) -> None:
    """It goes to every process: each hears what comes after it."""
    layer = InMemoryChannelLayer()
    heard: asyncio.Queue[announcements.Event] = asyncio.Queue()
    wire, good = Wire(layer, heard.put_nowait), Renamed(DOCUMENT, "fine")
    await wire.subscribe(DOCUMENT)
    for message in (*crafted(kind), announcements.pack(good, "another process")):
        await layer.group_send(f"document.{DOCUMENT.hex}", message)
    async with asyncio.timeout(10):
        assert await heard.get() == good
    assert heard.empty()
    await wire.close()


@pytest.mark.parametrize("kind", [*TYPES, "authenticate", "submit", "send"], ids=repr)
async def test_a_socket_does_what_its_server_says_and_no_more(kind: str) -> None:
    """An event with another `type` than the three of a socket's life is passed over."""
    consumer = DocumentConsumer()
    assert await consumer.dispatch({"type": kind, "code": 1, "text": "x"}) is None  # type: ignore[func-returns-value]
