"""A socket's shell: reads a frame, lets the protocol say what it means, asks the room, and writes the answer."""

import asyncio
import logging
import time
from collections.abc import Sequence
from functools import partial
from typing import Any
from uuid import UUID

from channels.consumer import AsyncConsumer
from channels.exceptions import StopConsumer
from django.conf import settings
from django.utils import timezone

from accounts import sockets
from accounts.services import presence_color
from accounts.tokens import Identity
from documents import permissions, services
from documents.ot.rebase import Entry, Submission
from realtime import hub as hubs
from realtime import protocol
from realtime.pace import Pace
from realtime.presence import move, within
from realtime.protocol import Authenticate, BadMessage, Join, Message, Ping, Presence, Submit
from realtime.room import Room, Waiting
from realtime.seat import Seat

logger = logging.getLogger(__name__)

MOST_BAD_MESSAGES = 20


class Closed(Exception):
    """The socket is to be closed with a code."""

    def __init__(self, code: int) -> None:
        self.code = code


class DocumentConsumer(AsyncConsumer):
    """One editing session of one document."""

    identity: Identity
    document_id: UUID
    room: Room | None = None
    seat: Seat | None = None
    pump: asyncio.Task[None] | None = None

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Channels would subscribe every socket to the layer and make a thread hop for every message: rooms subscribe
        instead, and database work has its own threads."""
        self.scope, self.base_send = scope, send
        self.pace, self.bad_messages = Pace(time.monotonic), 0
        try:
            while True:
                await self.dispatch(await receive())
        except StopConsumer:
            pass
        finally:
            self.leave()

    async def dispatch(self, message: dict[str, Any]) -> None:
        match message["type"]:
            case "websocket.receive":
                await self.receive(message)
            case "websocket.connect":
                await self.connect()
            case "websocket.disconnect":
                raise StopConsumer

    # --- Coming and going ---

    async def connect(self) -> None:
        """Refuse strangers before the socket is accepted; tell the others why it closes."""
        if not sockets.origin_allowed(self.scope) or not (identity := await sockets.identify(self.scope)):
            return await self.close(protocol.NOT_ALLOWED)
        self.identity = identity
        await self.base_send({"type": "websocket.accept", "subprotocol": protocol.SUBPROTOCOL})
        if hubs.current().draining:
            return await self.close(protocol.RESTARTING)
        try:
            self.document_id = UUID(self.scope["url_route"]["kwargs"]["doc_id"])
        except ValueError:
            return await self.close(protocol.NO_DOCUMENT)
        if await hubs.current().read(partial(permissions.role_in, identity.user_id, self.document_id)) is None:
            await self.close(protocol.NO_DOCUMENT)

    def leave(self) -> None:
        if self.room and self.seat:
            self.room.leave(self.seat)
        if self.pump:
            self.pump.cancel()

    async def close(self, code: int) -> None:
        """Close after what is queued."""
        if self.seat:
            self.seat.close(code)
        else:
            await self.base_send({"type": "websocket.close", "code": code})

    async def send(self, frame: str) -> None:
        """Answer, in order with what the room sends."""
        if self.pump and self.seat:
            self.seat.push(frame)
        else:
            await self.base_send({"type": "websocket.send", "text": frame})

    # --- Frames ---

    async def receive(self, message: dict[str, Any]) -> None:
        try:
            await self.act_on(self.parsed(message.get("text")))
        except BadMessage as error:
            await self.complain(error)
        except Closed as closed:
            await self.close(closed.code)
        except (OSError, RuntimeError):  # the server's own word that the line is gone
            raise StopConsumer from None
        except Exception:  # nothing of a failure but the close is shown, and never an empty text
            logger.exception("A socket failed")
            await self.close(protocol.RESTARTING)

    def parsed(self, frame: str | None) -> Message:
        if frame is None:
            raise BadMessage("frames are text")
        if len(frame) > settings.MAX_FRAME_BYTES or (
            not frame.isascii() and len(frame.encode(errors="surrogatepass")) > settings.MAX_FRAME_BYTES
        ):
            raise Closed(protocol.TOO_LARGE)
        return protocol.parse_message(frame)

    async def complain(self, error: BadMessage) -> None:
        await self.send(protocol.error(error.code, error.detail, error.seq))
        self.bad_messages += 1
        if self.bad_messages > MOST_BAD_MESSAGES:
            await self.close(protocol.BAD_MESSAGE)

    async def act_on(self, message: Message) -> None:
        if isinstance(message, Ping):
            await self.ping()
        elif isinstance(message, Authenticate):
            await self.authenticate(message)
        elif isinstance(message, Join):
            await self.join(message)
        elif self.room is None or self.seat is None:
            raise BadMessage("join first")
        elif isinstance(message, Submit):
            await self.submit(self.room, self.seat, message)
        else:
            self.show_presence(self.room, self.seat, message)

    async def ping(self) -> None:
        if self.room and self.seat:
            self.room.presences.renew(self.seat.client_id)
        await self.send(protocol.encode("pong"))

    async def authenticate(self, message: Authenticate) -> None:
        """Renew in place; only with a token of the same person."""
        identity = await sockets.verify(message.token)
        if identity is None or identity.user_id != self.identity.user_id:
            raise Closed(protocol.TOKEN_ENDED)
        self.identity = identity
        if self.seat:
            self.seat.session_id, self.seat.expires_at = identity.session_id, identity.expires_at

    # --- Joining ---

    async def join(self, message: Join) -> None:
        """Tell the client everything up to now, in pages it pulls, then seat it, with nothing falling between."""
        if self.seat:
            raise BadMessage("already joined")
        hub = hubs.current()
        room = await hub.room(self.document_id)
        facts = await hub.read(partial(services.facts_for, self.identity.user_id, self.document_id, message.client_id))
        if facts.role is None:
            raise Closed(protocol.NO_DOCUMENT)
        if message.log is not None and message.log != facts.log:
            return await self.send(
                protocol.error("log_changed", "This is another history: an older backup was restored.")
            )
        if self.is_foreign(room, facts.client_owner, message.client_id):
            await self.send(protocol.error("forbidden", "This client_id belongs to somebody else."))
            raise Closed(protocol.NOT_ALLOWED)
        seat = self.new_seat(message.client_id, facts.role)
        reached = await self.greet(room, seat, message.since, facts.log)
        while reached < room.cursor:
            page = await room.operations_after(reached)
            await self.base_send({"type": "websocket.send", "text": protocol.operations(page)})
            reached = page[-1].version
        self.room, self.seat = room, seat
        room.admit(seat)
        self.pump = asyncio.create_task(seat.pump())

    def is_foreign(self, room: Room, owner: UUID | None, client_id: UUID) -> bool:
        seated = room.seats.get(client_id)
        mine = self.identity.user_id
        return (owner is not None and owner != mine) or (seated is not None and seated.user_id != mine)

    async def greet(self, room: Room, seat: Seat, since: int | None, log: str) -> int:
        """Send `joined`; the version that it brings the client to."""
        carried: dict[str, Any]
        if since is None:
            version, text = await room.text()
            carried = {"content": text}
        else:
            entries = await self.operations_since(room, since)
            version = entries[-1].version if entries else since
            carried = {"operations": [protocol.entry_fields(entry) for entry in entries]}
        frame = protocol.encode(
            "joined",
            version=version,
            head=max(version, room.cursor),
            log=log,
            **carried,
            role=seat.role,
            client_id=seat.client_id,
            user=seat.user,
            presence=room.present(),
            limits=size_limits(),
        )
        await self.base_send({"type": "websocket.send", "text": frame})
        return version

    async def operations_since(self, room: Room, since: int) -> Sequence[Entry]:
        if since > room.cursor:
            await room.catch_up()
        if since > room.cursor:
            raise BadMessage(f"there is no version {since} yet", code="version_unknown")
        return await room.operations_after(since) if since < room.cursor else []

    def new_seat(self, client_id: UUID, role: str) -> Seat:
        user_id = self.identity.user_id
        return Seat(
            self.base_send,
            client_id=client_id,
            user_id=user_id,
            user={"id": user_id, "name": self.identity.username, "color": presence_color(user_id)},
            role=role,
            session_id=self.identity.session_id,
            expires_at=self.identity.expires_at,
        )

    # --- Editing ---

    async def submit(self, room: Room, seat: Seat, message: Submit) -> None:
        if self.identity.expires_at < timezone.now():
            raise Closed(protocol.TOKEN_ENDED)
        if not permissions.may(seat.role, "edit"):
            return seat.push(protocol.error("forbidden", "You may read this document only.", message.seq))
        await self.keep_pace()
        submission = Submission(
            client_id=seat.client_id,
            seq=message.seq,
            base_version=message.base_version,
            operation=message.operation,
            author=seat.user_id,
        )
        await hubs.current().submit(room, Waiting(seat, submission))

    async def keep_pace(self) -> None:
        """Who submits too fast is read more slowly, and closed only when it goes on and on."""
        pause = self.pace.next_pause() if settings.RATE_LIMITS else 0
        if self.pace.is_flood:
            raise Closed(protocol.TOO_FAST)
        if pause:
            await asyncio.sleep(pause)

    def show_presence(self, room: Room, seat: Seat, message: Presence) -> None:
        """Keep selections in the room's text: moved over what the client had not seen, dropped if that is long ago."""
        between = room.known_since(message.base_version)
        if between is None:
            return
        selection = move(message.selection, between)
        if not within(selection, room.length):
            raise BadMessage("a position beyond the text")
        room.show(seat, selection)


def size_limits() -> dict[str, int]:
    """What a client needs to know of sizes: code points, components, bytes."""
    return {
        "text": settings.MAX_TEXT_LENGTH,
        "inserted": settings.MAX_INSERTED_LENGTH,
        "components": settings.MAX_COMPONENTS,
        "frame": settings.MAX_FRAME_BYTES,
        "history": settings.MAX_BASE_AGE,
    }
