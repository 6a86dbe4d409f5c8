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

from accounts import sockets, throttles, tokens
from accounts.asking import note
from accounts.errors import TooOften
from accounts.services import presence_color
from accounts.tokens import Identity
from collabdocs import meters
from documents import permissions, services
from documents.errors import CorruptLog
from documents.ot.rebase import Entry, Submission, entry_fields
from documents.services import Facts
from realtime import hub as hubs
from realtime import protocol
from realtime.crowd import MOST_BY_ADDRESS, MOST_BY_USER, Places, pace_of
from realtime.pace import Pace
from realtime.presence import Present, is_far, move, within
from realtime.protocol import Authenticate, BadMessage, Join, Message, Ping, Presence, Submit
from realtime.room import Room, Waiting
from realtime.seat import Seat
from realtime.sending import SEND_NOW
from realtime.visits import Visit

logger = logging.getLogger(__name__)

MOST_BAD_MESSAGES = 20
HEAVY = 1 << 14  # characters of a frame that weigh as much as a frame
DEAR = 10  # frames that a message which asks the database weighs as much as
SILENCE = 60.0  # seconds that somebody who was let in may take to join
ADMISSION = 5.0  # seconds that somebody new waits for a turn to be looked up


class Closed(Exception):
    """The socket is to be closed with a code."""

    def __init__(self, code: int) -> None:
        self.code = code


class DocumentConsumer(AsyncConsumer):
    """One editing session of one document."""

    hub: hubs.Hub
    identity: Identity
    document_id: UUID
    accepted = False
    room: Room | None = None
    seat: Seat | None = None
    pump: asyncio.Task[None] | None = None
    received = 0.0  # when the frame that is acted on was read, by the perf_counter

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Channels would subscribe every socket to the layer and make a thread hop for every message: rooms subscribe
        instead, and database work has its own threads."""
        self.scope, self.base_send = scope, send
        self.submit_pace, self.talk_pace = Pace(time.monotonic), Pace(time.monotonic)
        self.bad_messages, self.places, self.visit = 0, Places(), Visit()
        self.joins_until = time.monotonic() + SILENCE
        try:
            while True:
                await self.dispatch(await (receive() if self.seat else self.first_words(receive)))
        except StopConsumer:
            pass
        finally:
            self.leave()

    async def first_words(self, receive: Any) -> Any:
        """Who joins nothing keeps no socket, whatever else they say."""
        try:
            async with asyncio.timeout(self.joins_until - time.monotonic()):
                return await receive()
        except TimeoutError:
            await self.close(protocol.TOO_SLOW)

    async def dispatch(self, message: dict[str, Any]) -> None:
        try:
            match message["type"]:
                case "websocket.receive":
                    await self.receive(message)
                case "websocket.connect":
                    await self.connect()
                case "websocket.disconnect":
                    self.visit.close_code = message.get("code") or self.visit.close_code
                    raise StopConsumer
        except Closed as closed:
            await self.close(closed.code)
        except StopConsumer:
            raise
        except CorruptLog as error:  # coming back at once would not help: somebody has to mend it
            logger.error("Document %s can't be opened: %s", self.document_id, error)
            await self.refuse(error.code, CorruptLog.detail)
            await self.close(protocol.FAILED)
        except hubs.Overloaded:
            await self.close(protocol.RESTARTING)
        except Exception:  # nothing of a failure but the close is shown, and never an empty text
            logger.exception("A socket failed")
            await self.close(protocol.RESTARTING)

    # --- Coming and going ---

    async def connect(self) -> None:
        """Refuse strangers before the socket is accepted; tell the others why it closes."""
        self.hub = hubs.current()
        if self.hub.draining:
            await self.send_elsewhere()
        try:
            self.come_near(sockets.address(self.scope))
        except TooOften as refusal:
            await self.send_away(refusal)
        if not sockets.origin_allowed(self.scope) or not (identity := await sockets.identify(self.scope)):
            await self.write({"type": "websocket.close", "code": protocol.NOT_ALLOWED})
            raise StopConsumer
        self.identity = identity
        note(user_id=identity.user_id)
        await self.accept()
        self.come_in(str(identity.user_id))
        try:
            self.document_id = UUID(self.scope["url_route"]["kwargs"]["doc_id"])
        except ValueError:
            raise Closed(protocol.NO_DOCUMENT) from None
        look = partial(permissions.role_in, identity.user_id, self.document_id, identity.scope)
        if await self.hub.read(look, patience=ADMISSION) is None:
            raise Closed(protocol.NO_DOCUMENT)

    async def send_elsewhere(self) -> None:
        """Nobody new is let in any more. A proxy that is told so before the handshake asks another server."""
        if "websocket.http.response" not in self.scope.get("extensions", {}):
            raise Closed(protocol.RESTARTING)
        await self.answer(503, retry_after=1)

    async def send_away(self, refusal: TooOften) -> None:
        """Whoever it is that knocks so often, nothing is looked up for them."""
        if "websocket.http.response" not in self.scope.get("extensions", {}):
            await self.write({"type": "websocket.close", "code": protocol.TOO_FAST})
            raise StopConsumer
        await self.answer(429, retry_after=refusal.retry_after or 1)

    async def answer(self, status: int, *, retry_after: int) -> None:
        """Refuse the handshake in HTTP's words."""
        self.visit.status = status
        headers = [(b"retry-after", str(retry_after).encode())]
        await self.write({"type": "websocket.http.response.start", "status": status, "headers": headers})
        await self.write({"type": "websocket.http.response.body", "body": b""})
        raise StopConsumer

    def come_near(self, address: str) -> None:
        """Raises TooOften for an address that knocks too often, or has too many sockets."""
        throttles.check_alone(throttles.HANDSHAKES_BY_ADDRESS, address)
        self.places.take(address, MOST_BY_ADDRESS)

    def come_in(self, person: str) -> None:
        """Close for a person who opens too often, or has too much open."""
        try:
            throttles.check_alone(throttles.OPENS_BY_USER, person)
            self.places.take(person, MOST_BY_USER)
            self.person_pace = pace_of(person)
        except TooOften:
            raise Closed(protocol.TOO_FAST) from None

    async def accept(self) -> None:
        self.accepted = True
        meters.SOCKETS.inc()
        self.visit.open()
        accepted = {"type": "websocket.accept", "subprotocol": protocol.SUBPROTOCOL, "headers": self.visit.headers}
        await self.write(accepted)

    def leave(self) -> None:
        if self.room and self.seat:
            self.room.leave(self.seat)
        if self.pump:
            self.pump.cancel()
        self.places.close()
        if self.accepted:
            meters.SOCKETS.dec()
        if self.seat and self.seat.closing is not None:
            self.visit.close_code = self.seat.closing
        self.visit.end(self.room.cursor if self.room else None)

    async def close(self, code: int) -> None:
        """Close after what is queued; nothing that comes in later is heard."""
        if self.seat:
            return self.seat.close(code)
        if not self.accepted:  # a close before that would say "refused"
            await self.accept()
        meters.CLOSES.labels(code).inc()
        await self.hang_up(code)

    async def hang_up(self, code: int) -> None:
        """Close, and hear nothing more."""
        self.visit.close_code = code
        await self.write({"type": "websocket.close", "code": code})
        raise StopConsumer

    async def send(self, frame: str) -> None:
        """Answer, in order with what the room sends."""
        if self.seat:
            self.seat.push(frame)
        else:
            await self.write({"type": "websocket.send", "text": frame})

    async def refuse(self, code: str, detail: str, seq: int | None = None) -> None:
        """Say that a message, or the submission `seq`, had no effect."""
        meters.REFUSALS.labels(code).inc()
        if seq is not None:
            meters.REFUSED.inc()
        await self.send(protocol.error(code, detail, seq))

    async def write(self, event: dict[str, Any]) -> None:
        try:
            await self.base_send(event)
        except (OSError, RuntimeError, AssertionError):  # the server's own words that the line is gone
            raise StopConsumer from None

    # --- Frames ---

    async def receive(self, message: dict[str, Any]) -> None:
        if self.seat and self.seat.closing is not None:
            return
        self.received = time.perf_counter()
        try:
            frame = message.get("text")
            await self.act_on(self.parsed(frame), size=len(frame or ""))
        except BadMessage as error:
            await self.complain(error)

    def parsed(self, frame: str | None) -> Message:
        if frame is None:
            raise BadMessage("frames are text")
        if len(frame) > settings.MAX_FRAME_BYTES or (
            not frame.isascii() and len(frame.encode(errors="surrogatepass")) > settings.MAX_FRAME_BYTES
        ):
            raise Closed(protocol.TOO_LARGE)
        return protocol.parse_message(frame)

    async def complain(self, error: BadMessage) -> None:
        await self.refuse(error.code, error.detail, error.seq)
        self.bad_messages += 1
        if self.bad_messages > MOST_BAD_MESSAGES:
            raise Closed(protocol.BAD_MESSAGE)

    async def act_on(self, message: Message, size: int) -> None:
        await self.keep_pace(
            self.submit_pace if isinstance(message, Submit) else self.talk_pace,
            DEAR if isinstance(message, Authenticate | Join) else 1 + size // HEAVY,
        )
        if self.room and self.seat:
            self.room.renew(self.seat)
        if isinstance(message, Ping):
            await self.send(protocol.encode("pong"))
        elif isinstance(message, Authenticate):
            await self.authenticate(message)
        elif isinstance(message, Join):
            await self.join(message)
        elif self.room is None or self.seat is None:
            raise BadMessage("join first", seq=message.seq if isinstance(message, Submit) else None)
        elif isinstance(message, Submit):
            await self.submit(self.room, self.seat, message)
        else:
            self.show_presence(self.room, self.seat, message)

    async def keep_pace(self, pace: Pace, weight: int) -> None:
        """Who sends too fast, here or on all of their sockets, is read more slowly, and closed only when it goes on and
        on."""
        paces = (pace, self.person_pace) if settings.RATE_LIMITS else ()
        pause = max((each.next_pause(weight) for each in paces), default=0)
        if any(each.is_flood for each in paces):
            raise Closed(protocol.TOO_FAST)
        if pause:
            await asyncio.sleep(pause)

    async def authenticate(self, message: Authenticate) -> None:
        """Renew in place; only with a token of the same person that is good for this document."""
        identity = await sockets.verify(message.token)
        is_ours = identity is not None and identity.user_id == self.identity.user_id
        if not identity or not is_ours or not identity.scope.covers(self.document_id):
            raise Closed(protocol.TOKEN_ENDED)
        self.identity = identity
        if self.seat:
            self.seat.session_id, self.seat.expires_at = identity.session_id, identity.expires_at
            self.seat.scope = identity.scope  # its role follows with the next look after the room

    # --- Joining ---

    async def join(self, message: Join) -> None:
        """Tell the client everything up to now, in pages it pulls, then seat it, with nothing falling between."""
        if self.seat:
            raise BadMessage("already joined")
        room = await self.hub.room(self.document_id)
        number = room.next_join(message.client_id)
        with room.kept_open():
            look = partial(admission, self.identity, self.document_id, message.client_id)
            facts = await self.hub.read(look, patience=ADMISSION)
            if message.log is not None and message.log != facts.log:
                detail = "This is another history: an older backup was restored."
                return await self.refuse("log_changed", detail)
            if self.is_foreign(room, facts.client_owner, message.client_id):
                await self.refuse("forbidden", "This client_id belongs to somebody else.")
                raise Closed(protocol.NOT_ALLOWED)
            seat = self.new_seat(message.client_id, facts.role or "")
            with room.telling(seat):
                told = await self.tell_all(room, seat, message.since, facts.log)
            if not self.hub.admits_to(room):
                raise Closed(protocol.RESTARTING)
            if not room.admit(seat, told, number):
                raise Closed(protocol.JOINED_ELSEWHERE)
            self.room, self.seat = room, seat
            self.pump = asyncio.create_task(seat.pump())
        (meters.FRESH if message.since is None else meters.RESUMED).inc()
        meters.JOIN_SECONDS.observe(time.perf_counter() - self.received)

    async def tell_all(self, room: Room, seat: Seat, since: int | None, log: str) -> Sequence[Present]:
        """Bring a client up to the cursor, at its own pace, for as long as it may be told; whom it knows present."""
        reached, told = await self.greet(room, seat, since, log)
        while reached < room.cursor and seat.closing is None:
            page = await room.operations_after(reached)
            await self.write({"type": "websocket.send", "text": protocol.operations(page)})
            reached = page[-1].version
        if seat.closing is not None:
            await self.hang_up(seat.closing)
        return told

    def is_foreign(self, room: Room, owner: UUID | None, client_id: UUID) -> bool:
        seated, present = room.seats.get(client_id), room.presences.get(client_id)
        mine = self.identity.user_id
        return (
            (owner is not None and owner != mine)
            or (seated is not None and seated.user_id != mine)
            or (present is not None and str(present.user["id"]) != str(mine))  # in another process, perhaps
        )

    async def greet(self, room: Room, seat: Seat, since: int | None, log: str) -> tuple[int, Sequence[Present]]:
        """Send `joined`; the version that it brings the client to, and whom it tells of."""
        carried: dict[str, Any]
        if since is None:
            version, text = await room.text()
            carried = {"content": text}
        else:
            entries = await self.operations_since(room, since)
            version = entries[-1].version if entries else since
            carried = {"operations": [entry_fields(entry) for entry in entries]}
            if sha256 := await self.hub.digests.of(room, version):
                carried["sha256"] = sha256
        told = [present for present in room.presences if present.client_id != seat.client_id]
        frame = protocol.encode(
            "joined",
            version=version,
            head=max(version, room.cursor),
            log=log,
            **carried,
            role=seat.role,
            client_id=seat.client_id,
            user=seat.user,
            presence=[present.shown(room.cursor) for present in told],
            limits=size_limits(),
        )
        await self.write({"type": "websocket.send", "text": frame})
        return version, told

    async def operations_since(self, room: Room, since: int) -> Sequence[Entry]:
        await room.reach(since)
        if since > room.cursor:
            raise BadMessage(f"there is no version {since} yet", code="version_unknown")
        return await room.operations_after(since) if since < room.cursor else []

    def new_seat(self, client_id: UUID, role: str) -> Seat:
        user_id = self.identity.user_id
        return Seat(
            self.base_send,
            client_id=client_id,
            user_id=user_id,
            user={"id": user_id, "name": self.identity.username, "color": presence_color(user_id, self.identity.color)},
            role=role,
            session_id=self.identity.session_id,
            expires_at=self.identity.expires_at,
            scope=self.identity.scope,
            send_now=self.scope.get("extensions", {}).get(SEND_NOW),
        )

    # --- Editing ---

    async def submit(self, room: Room, seat: Seat, message: Submit) -> None:
        if self.identity.expires_at < timezone.now():
            raise Closed(protocol.TOKEN_ENDED)
        if not permissions.may(seat.role, "edit"):
            return await self.refuse("forbidden", "You may read this document only.", message.seq)
        self.visit.operations += 1
        submission = Submission(
            client_id=seat.client_id,
            seq=message.seq,
            base_version=message.base_version,
            operation=message.operation,
            author=seat.user_id,
        )
        await self.hub.submit(room, Waiting(seat, submission, self.received))

    def show_presence(self, room: Room, seat: Seat, message: Presence) -> None:
        """Keep selections in the room's text: moved over what the client had not seen, dropped if that is long ago."""
        between = room.known_since(message.base_version)
        if between is None or is_far(message.selection, between):
            return
        selection = move(message.selection, between, owner=seat.client_id)
        if not within(selection, room.length):
            raise BadMessage("a position beyond the text")
        room.show(seat, selection)


def admission(identity: Identity, document_id: UUID, client_id: UUID) -> Facts:
    """What joining needs to know, of a person whose token still holds and who may see the document."""
    if identity.expires_at < timezone.now() or tokens.revoked_sessions([identity.session_id]):
        raise Closed(protocol.TOKEN_ENDED)
    facts = services.facts_for(identity.user_id, document_id, client_id, identity.scope)
    if facts.role is None:
        raise Closed(protocol.NO_DOCUMENT)
    return facts


def size_limits() -> dict[str, int]:
    """What a client needs to know of sizes: code points, components, bytes."""
    return {
        "text": settings.MAX_TEXT_LENGTH,
        "inserted": settings.MAX_INSERTED_LENGTH,
        "components": settings.MAX_COMPONENTS,
        "frame": settings.MAX_FRAME_BYTES,
        "history": settings.MAX_BASE_AGE,
    }
