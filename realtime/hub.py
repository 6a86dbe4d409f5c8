"""All rooms of one process: opens and closes them, carries announcements between them and other processes, and looks
every two seconds for what nobody announced."""

import asyncio
import logging
import math
import time
from collections.abc import Awaitable, Callable, Sequence
from concurrent.futures import Executor, ThreadPoolExecutor
from contextlib import suppress
from dataclasses import replace
from functools import partial
from typing import Any, TypeVar
from uuid import UUID
from weakref import WeakKeyDictionary

from channels.layers import BaseChannelLayer, InMemoryChannelLayer, get_channel_layer
from django.conf import settings
from django.db import close_old_connections, connection

from accounts.asking import carried, serve_nobody
from collabdocs import meters
from documents import events, services
from realtime import announcements, protocol, upkeep
from realtime.digests import Digests
from realtime.draining import close_in_turn, within
from realtime.elsewhere import Elsewhere, Telling, WhoIsThere
from realtime.lanes import Lanes
from realtime.memory import Memory
from realtime.presence import Present
from realtime.restores import Restores
from realtime.room import Read, Room, Waiting
from realtime.wire import Wire

logger = logging.getLogger(__name__)

T = TypeVar("T")
TICK = 2.0  # seconds
READERS = {"sqlite": 2, "mongodb": 8}  # threads; a database elsewhere is mostly waited for
IDLE_ROOM = 30.0  # seconds an empty room is kept
FAREWELL = 1.0  # seconds that draining waits for closed sockets to go
ANSWER_PATIENCE = 1.0  # seconds that another thread waits for this one
SETTLING = 2.0  # seconds that draining waits for each thing that may be stuck


class Overloaded(Exception):
    """Too many had asked before. Who waited so long may be gone, and what is done for those only delays the others."""


async def _nothing() -> None:
    pass


class Hub:
    """One per event loop. `layer` is None where this process is alone."""

    def __init__(self, layer: BaseChannelLayer | None) -> None:
        self.rooms: dict[UUID, Room] = {}
        self.draining = False
        self._loop = asyncio.get_running_loop()
        self._opening: dict[UUID, asyncio.Task[Room]] = {}
        self._early: dict[UUID, list[announcements.Event]] = {}  # what was heard of rooms that are being opened
        self._reading = 0  # pieces of database work that wait for a thread, or have one
        self._reads: Executor = ThreadPoolExecutor(READERS[connection.vendor], "reads")
        self._watches: Executor = ThreadPoolExecutor(1, "watch")
        self._lanes = Lanes()
        self._restores, self.digests = Restores(self.read), Digests(self.read)
        self._layer = layer
        self._wire = None if layer is None else Wire(layer, self._hear_of)
        self._memory = Memory() if settings.REDIS_URL else None
        events.announced.connect(self._hear, weak=False)
        self._asking: set[asyncio.Task[None]] = set()
        self._ticking = [self._loop.create_task(self._for_ever(look)) for look in (self.watch, self.look_after)]

    async def room(self, document_id: UUID) -> Room:
        """The document's room, opened if need be. Raises what reading its log raises."""
        if room := self.rooms.get(document_id):
            return room
        opening = self._opening.get(document_id)
        if opening is None:
            opening = self._opening[document_id] = self._loop.create_task(self._open(document_id))
            opening.add_done_callback(lambda _: self._opening.pop(document_id, None))
        return await asyncio.shield(opening)

    def admits_to(self, room: Room) -> bool:
        """Whether who was told everything may sit down there: not while draining, nor in a room that was closed."""
        return not self.draining and self.rooms.get(room.document_id) is room

    async def submit(self, room: Room, waiting: Waiting) -> None:
        """Hand a submission to the next batch. A long way to the head is gone before, outside the batch."""
        if room.cursor - waiting.submission.base_version > services.LONG_REBASE:
            nearer = await self.read(partial(services.bring_nearer, room.document_id, waiting.submission))
            waiting = replace(waiting, submission=nearer)
        self._lanes.submit(room, waiting)

    async def read(self, work: Callable[[], T], *, patience: float = math.inf) -> T:
        """Run database work beside the loop, and beside the commits.

        Raises Overloaded where its turn does not come within `patience` seconds.
        """
        self._reading += 1
        try:
            return await self._loop.run_in_executor(self._reads, carried(_in_turn), work, time.monotonic() + patience)
        finally:
            self._reading -= 1

    async def _read_apart(self, work: Callable[[], T]) -> T:
        """For what must bite soon: it stands in no line behind joins, copies and long rebases."""
        return await self._loop.run_in_executor(self._watches, _on_a_kept_connection, work)

    async def drain(self, finish_requests: Callable[[], Awaitable[None]] = _nothing) -> None:
        """Let nobody in, close who is here in turn, let what is under way and announced leave, let go of everything.

        Every wait is bounded: what is stuck is left as it is, and its outcome unknown, which clients are made for.
        """
        self.draining = True
        listeners = [listener for room in self.rooms.values() for listener in room.listeners]
        await close_in_turn(listeners, self._lanes.answered, settings.DRAIN_SECONDS)
        await self._everybody_left()
        await finish_requests()
        await within(SETTLING, self._lanes.drained())
        self._lanes.stop()
        for ticking in self._ticking:
            ticking.cancel()
        await asyncio.gather(*self._ticking, return_exceptions=True)
        await within(SETTLING, upkeep.keep_copies(list(self.rooms.values()), self.read))
        events.announced.disconnect(self._hear)
        await self._hang_up()
        for executor in (self._lanes.executor, self._reads, self._watches):
            executor.submit(connection.close)
            executor.shutdown(wait=False)

    async def _hang_up(self) -> None:
        """Send what is still to be announced, and leave the broker, which else keeps our queue until it finds out."""
        for room in self.rooms.values():
            if room.elsewhere is not None:
                room.elsewhere.tell_now()
        if self._memory is not None:
            await self._memory.close()
        if self._wire is not None:
            await self._wire.close()
        if close := getattr(self._layer, "close", None):
            await within(SETTLING, close())

    async def _everybody_left(self) -> None:
        """Wait a moment for the closes to reach their clients: daphne stops at once when drained."""
        deadline = time.monotonic() + FAREWELL
        while any(room.listeners for room in self.rooms.values()) and time.monotonic() < deadline:  # noqa: ASYNC110
            await asyncio.sleep(0.01)

    # --- Announcements ---

    def _hear(self, event: events.Event, **_: Any) -> None:
        """An event of this process, from whatever thread."""
        self._loop.call_soon_threadsafe(self._pass_on, event)

    def _pass_on(self, event: events.Event) -> None:
        self.act_on(event)
        if isinstance(event, events.RoleChanged):
            self._ask_for_roles(event.document_id)
        if self._wire is not None:
            self._wire.tell(event)

    def _hear_of(self, event: announcements.Event) -> None:
        """What another process says, or said long ago: who may do what, the database says, and not the broker."""
        if isinstance(event, events.RoleChanged | events.Deleted):
            self._ask_for_roles(event.document_id)
        else:
            self.act_on(event)

    def _ask_for_roles(self, document_id: UUID) -> None:
        if room := self.rooms.get(document_id):
            asking = self._loop.create_task(self._check_roles(room))
            self._asking.add(asking)
            asking.add_done_callback(self._asking.discard)

    async def _check_roles(self, room: Room) -> None:
        try:
            await upkeep.check_roles([room], self._read_apart)
        except Exception as error:  # the next look asks again
            logger.debug("The roles in document %s can't be read: %r", room.document_id, error)

    def act_on(self, event: announcements.Event) -> None:
        """Tell the document's room, if it is open here, or as soon as it is."""
        if room := self.rooms.get(event.document_id):
            announcements.act(room, event)
        elif event.document_id in self._early:
            self._early[event.document_id].append(event)

    # --- Rooms ---

    async def _open(self, document_id: UUID) -> Room:
        """Subscribe first, then read the log, then hear what was announced meanwhile: nothing falls between."""
        early = self._early[document_id] = []
        serve_nobody()  # what begins here goes on when whoever came first has left
        try:
            if self._wire is not None:
                await self._wire.subscribe(document_id)
            log = await self.read(partial(services.open_log, document_id))
        finally:
            del self._early[document_id]
        room = self.rooms[document_id] = Room(document_id, log, self.read)
        if self._wire is not None or self._memory is not None:
            room.elsewhere = Elsewhere(room, self._mention)
            self._mention(WhoIsThere(document_id))
        for event in early:
            announcements.act(room, event)
        return room

    def _mention(self, telling: Telling) -> None:
        if self._wire is not None:
            self._wire.mention(telling)

    def _is_open(self, document_id: UUID) -> bool:
        return document_id in self.rooms or document_id in self._opening

    def _close_idle(self) -> None:
        for room in list(self.rooms.values()):
            if room.is_idle(IDLE_ROOM):
                del self.rooms[room.document_id]

    async def _leave_gone_histories(self, rooms: Sequence[Room], _: Read) -> None:
        """Whoever comes back opens the room anew, on the log as it is now."""
        for room in await self._restores.outlived(rooms):
            if room.listeners:  # a document that was purged has lost its log, too, and its listeners before
                logger.warning("A backup was restored: document %s is opened anew", room.document_id)
            if self.rooms.get(room.document_id) is room:
                del self.rooms[room.document_id]
            room.close(protocol.RESTARTING)

    # --- Chores ---

    async def _for_ever(self, look: Callable[[], Awaitable[None]]) -> None:
        while True:
            await asyncio.sleep(TICK)
            await look()

    async def tick(self) -> None:
        """All that else happens every two seconds, once."""
        await self.watch()
        await self.look_after()

    async def watch(self) -> None:
        """Who may still be here, and do what? However long the other chores take, this is asked."""
        await self._look(upkeep.WATCH, self._read_apart)

    async def look_after(self) -> None:
        """The chores: what may be late."""
        await self._look((self._leave_gone_histories, *upkeep.LOOKS), self.read)
        self._close_idle()
        if self._wire is not None:
            await self._wire.follow(self._is_open, list(self.rooms))
        if self._memory is not None:
            self._memory.look(self.rooms)

    async def _look(self, looks: Sequence[upkeep.Look], read: Read) -> None:
        """One after another. One that fails keeps none of the others from happening."""
        rooms = list(self.rooms.values())
        for look in looks:
            name, started = look.__name__.lstrip("_"), time.perf_counter()
            failures = meters.FAILED_LOOKS.labels(name)
            try:
                await look(rooms, read)
            except Exception:  # the next time tries again, whatever failed
                failures.inc()
                logger.exception("A look after the rooms failed")
            meters.LOOK_SECONDS.labels(name).observe(time.perf_counter() - started)

    # --- How much there is ---

    @property
    def waiting_reads(self) -> int:
        """Pieces of database work that wait for a thread."""
        return max(0, self._reading - READERS[connection.vendor])

    @property
    def waiting_announcements(self) -> int:
        return 0 if self._wire is None else self._wire.waiting

    @property
    def is_broker_up(self) -> bool | None:
        """None where this process is alone."""
        return None if self._layer is None else bool(getattr(self._layer, "is_connected", True))


_hubs: WeakKeyDictionary[asyncio.AbstractEventLoop, Hub] = WeakKeyDictionary()


def current() -> Hub:
    """The hub of the running event loop, made at the first call."""
    loop = asyncio.get_running_loop()
    if loop not in _hubs:
        layer = get_channel_layer()
        _hubs[loop] = Hub(None if isinstance(layer, InMemoryChannelLayer) else layer)
    return _hubs[loop]


def everyone() -> list[Hub]:
    """The hubs of all running event loops, of which a server has one. For any thread."""
    return [hub for loop, hub in list(_hubs.items()) if loop.is_running()]


def who_is_present(document_id: UUID) -> list[Present]:
    """Everybody in a document whom the rooms of this process know of. For threads beside its event loops.

    A loop that does not answer within a second is taken to know of nobody.
    """

    async def ask(hub: Hub) -> list[Present]:
        room = hub.rooms.get(document_id)
        return [] if room is None else list(room.presences)

    found: list[Present] = []
    for loop, hub in list(_hubs.items()):
        if loop.is_running():
            with suppress(TimeoutError):
                found += asyncio.run_coroutine_threadsafe(ask(hub), loop).result(ANSWER_PATIENCE)
    return found


async def drain(finish_requests: Callable[[], Awaitable[None]] = _nothing) -> None:
    """Drain the running loop's hub, if it has one. It stays the loop's hub: who comes now finds it draining.

    `finish_requests` is what the server does about HTTP, when the sockets are closed: until then a proxy may not have
    noticed yet that others are to be asked.
    """
    hub = _hubs.get(asyncio.get_running_loop())
    if hub is None or hub.draining:
        await finish_requests()
    else:
        await hub.drain(finish_requests)


def _in_turn(work: Callable[[], T], deadline: float) -> T:
    if time.monotonic() > deadline:
        raise Overloaded
    return _on_a_kept_connection(work)


def _on_a_kept_connection(work: Callable[[], T]) -> T:
    """Opening one costs more than most reads; after a failure the next work gets a new one."""
    try:
        return work()
    except Exception:
        close_old_connections()
        raise
