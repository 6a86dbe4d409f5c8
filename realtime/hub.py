"""All rooms of one process: opens and closes them, carries announcements between them and other processes, and looks
every two seconds for what nobody announced.

The channel layer carries hints. One channel per process hears the groups of its open documents; what is lost on
the way is found by the look into the log.
"""

import asyncio
import logging
import uuid
from collections.abc import Callable
from concurrent.futures import Executor, ThreadPoolExecutor
from functools import partial
from typing import Any, TypeVar
from uuid import UUID
from weakref import WeakKeyDictionary

from channels.layers import BaseChannelLayer, InMemoryChannelLayer, get_channel_layer
from django.db import close_old_connections, connection

from documents import events, history, services
from realtime import announcements, protocol, upkeep
from realtime.commits import CommitLane
from realtime.room import Room, Waiting

logger = logging.getLogger(__name__)

T = TypeVar("T")
TICK = 2.0  # seconds
IDLE_ROOM = 30.0  # seconds an empty room is kept
LONG_REBASE = 500  # entries
LAYER_PATIENCE = 5.0  # seconds for one message
OUTBOX = 10_000  # announcements kept for a slow broker; beyond it they are dropped, and found in the log


class Hub:
    """One per event loop. `layer` is None where this process is alone."""

    def __init__(self, layer: BaseChannelLayer | None) -> None:
        self.name = uuid.uuid4().hex
        self.rooms: dict[UUID, Room] = {}
        self.draining = False
        self._layer = layer
        self._channel_name: str | None = None
        self._loop = asyncio.get_running_loop()
        self._opening: dict[UUID, asyncio.Task[Room]] = {}
        self._commits: Executor = ThreadPoolExecutor(1, "commits")
        self._reads: Executor = ThreadPoolExecutor(2, "reads")
        self._lane = CommitLane(self._commits)
        self._outbox: asyncio.Queue[tuple[UUID, dict[str, Any]]] = asyncio.Queue(OUTBOX)
        events.announced.connect(self._hear, weak=False)
        self._tasks = [self._loop.create_task(work) for work in self._chores()]

    async def room(self, document_id: UUID) -> Room:
        """The document's room, opened if need be. Raises what reading its log raises."""
        if room := self.rooms.get(document_id):
            return room
        opening = self._opening.get(document_id)
        if opening is None:
            opening = self._opening[document_id] = self._loop.create_task(self._open(document_id))
            opening.add_done_callback(lambda _: self._opening.pop(document_id, None))
        return await asyncio.shield(opening)

    async def submit(self, room: Room, waiting: Waiting) -> None:
        """Hand a submission to the next batch. A long way to the head is gone before, outside the batch."""
        if room.cursor - waiting.submission.base_version > LONG_REBASE:
            nearer = await self.read(partial(services.bring_nearer, room.document_id, waiting.submission))
            waiting = Waiting(waiting.seat, nearer)
        self._lane.submit(room, waiting)

    async def read(self, work: Callable[[], T]) -> T:
        """Run database work beside the loop, and beside the commits."""
        return await self._loop.run_in_executor(self._reads, partial(_with_fresh_connection, work))

    async def drain(self) -> None:
        """Finish what is under way, close every socket 1012, let go of everything."""
        self.draining = True
        events.announced.disconnect(self._hear)
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._lane.drained()
        await self.read(partial(services.keep_copies, upkeep.dirty(self.rooms.values())))
        for room in self.rooms.values():
            room.close(protocol.RESTARTING)
        for executor in (self._commits, self._reads):
            executor.submit(connection.close)
            executor.shutdown(wait=False)

    # --- Announcements ---

    def _hear(self, event: events.Event, **_: Any) -> None:
        """An event of this process, from whatever thread."""
        self._loop.call_soon_threadsafe(self._pass_on, event)

    def _pass_on(self, event: events.Event) -> None:
        self.act_on(event)
        if self._layer is not None:
            try:
                self._outbox.put_nowait((event.document_id, announcements.pack(event, self.name)))
            except asyncio.QueueFull:
                logger.warning("The broker is slow: an announcement was dropped")

    def act_on(self, event: events.Event) -> None:
        """Tell the document's room, if it is open here."""
        if room := self.rooms.get(event.document_id):
            announcements.act(room, event)

    async def _publish(self, layer: BaseChannelLayer) -> None:
        while True:
            document_id, message = await self._outbox.get()
            try:
                await asyncio.wait_for(layer.group_send(_group(document_id), message), LAYER_PATIENCE)
            except Exception:  # a broker may fail in any way; the log heals it
                logger.warning("An announcement was lost", exc_info=True)

    async def _listen(self, layer: BaseChannelLayer, channel: str) -> None:
        while True:
            try:
                message = await layer.receive(channel)
                if message.get("origin") != self.name:
                    self.act_on(announcements.unpack(message))
            except Exception:
                logger.warning("An announcement could not be read", exc_info=True)
                await asyncio.sleep(1)

    # --- Rooms ---

    async def _open(self, document_id: UUID) -> Room:
        """Subscribe first, then read the log: nothing falls between."""
        if self._layer is not None:
            await self._layer.group_add(_group(document_id), await self._channel())
        log = await self.read(partial(services.open_log, document_id))
        room = self.rooms[document_id] = Room(document_id, log, self.read)
        return room

    async def _close_idle(self) -> None:
        for room in list(self.rooms.values()):
            if room.is_idle(IDLE_ROOM):
                del self.rooms[room.document_id]
                if self._layer is not None:
                    await self._layer.group_discard(_group(room.document_id), await self._channel())

    async def _channel(self) -> str:
        assert self._layer is not None
        if self._channel_name is None:
            self._channel_name = await self._layer.new_channel("hub")
        return self._channel_name

    # --- Chores ---

    def _chores(self) -> list[Any]:
        chores = [self._tick_for_ever()]
        if self._layer is not None:
            chores += [self._publish(self._layer), self._subscribe(self._layer)]
        return chores

    async def _subscribe(self, layer: BaseChannelLayer) -> None:
        await self._listen(layer, await self._channel())

    async def _tick_for_ever(self) -> None:
        while True:
            await asyncio.sleep(TICK)
            try:
                await self.tick()
            except Exception:  # the next tick tries again, whatever failed
                logger.exception("A look after the rooms failed")

    async def tick(self) -> None:
        """What is looked after every two seconds."""
        rooms = list(self.rooms.values())
        for room in rooms:
            upkeep.forget_the_gone(room)
        for document_id in await self.read(partial(history.outgrown, upkeep.cursors(rooms))):
            self.rooms[document_id].fetch_gap()
        await upkeep.end_sessions(rooms, self.read)
        await self.read(partial(services.keep_copies, upkeep.dirty(rooms)))
        await upkeep.send_checksums(rooms)
        await self._close_idle()


_hubs: WeakKeyDictionary[asyncio.AbstractEventLoop, Hub] = WeakKeyDictionary()


def current() -> Hub:
    """The hub of the running event loop, made at the first call."""
    loop = asyncio.get_running_loop()
    if loop not in _hubs:
        layer = get_channel_layer()
        _hubs[loop] = Hub(None if isinstance(layer, InMemoryChannelLayer) else layer)
    return _hubs[loop]


async def drain() -> None:
    """Drain the running loop's hub, if it has one."""
    hub = _hubs.pop(asyncio.get_running_loop(), None)
    if hub is not None:
        await hub.drain()


def _with_fresh_connection(work: Callable[[], T]) -> T:
    close_old_connections()
    return work()


def _group(document_id: UUID) -> str:
    return f"document.{document_id.hex}"
