"""What a process tells the others of its documents, and hears from them, over the channel layer.

The layer carries hints. It may lose, double, delay or refuse them, or be away for long: nobody waits for it longer
than a moment, and what it loses is found in the log.
"""

import asyncio
import logging
import uuid
from collections.abc import Callable, Iterable
from typing import Any
from uuid import UUID

from channels.layers import BaseChannelLayer

from collabdocs import meters
from realtime import announcements
from realtime.announcements import Event, UnknownKind

logger = logging.getLogger(__name__)

PATIENCE = 5.0  # seconds for sending one message
SUBSCRIBE_PATIENCE = 1.0  # seconds that opening a document waits for the broker
OUTBOX = 10_000  # announcements kept for a slow broker; beyond it they are dropped
BUSY = 100  # announcements that wait, beyond which nobody speaks of presence
NO_ANSWER = (ConnectionError, TimeoutError)  # the layer says once that its broker is away, not at each message


class Wire:
    """One per hub: one channel of the layer, which hears the groups of the open documents."""

    def __init__(self, layer: BaseChannelLayer, act_on: Callable[[Event], None]) -> None:
        self._layer, self._act_on = layer, act_on
        self._name = uuid.uuid4().hex
        self._channel: str | None = None
        self._channel_lock = asyncio.Lock()
        self._heard: set[UUID] = set()
        self._outbox: asyncio.Queue[tuple[UUID, dict[str, Any]]] = asyncio.Queue(OUTBOX)
        self._tasks = [asyncio.create_task(work) for work in (self._publish(), self._listen())]

    @property
    def waiting(self) -> int:
        """Announcements that the broker has not got yet."""
        return self._outbox.qsize()

    def tell(self, event: Event) -> None:
        """Announce an event to the others, without waiting."""
        try:
            self._outbox.put_nowait((event.document_id, announcements.pack(event, self._name)))
        except asyncio.QueueFull:
            meters.DROPPED.inc()
            logger.warning("The broker is slow: an announcement was dropped")

    def mention(self, event: Event) -> None:
        """Announce what the next one of its kind makes up for: not while much else waits."""
        if self._outbox.qsize() < BUSY:
            self.tell(event)

    async def follow(self, is_open: Callable[[UUID], bool], documents: Iterable[UUID]) -> None:
        """Hear these documents, and no more those that are not open; what the broker does not answer waits."""
        for document_id in documents:
            if not await self.subscribe(document_id):
                return
        for document_id in list(self._heard):
            if not is_open(document_id):
                self._heard.discard(document_id)
                await self._ask(self._layer.group_discard, document_id)

    async def subscribe(self, document_id: UUID) -> bool:
        """Hear a document. False if the broker does not answer in time: `follow` will ask again."""
        if document_id not in self._heard:
            if not await self._ask(self._layer.group_add, document_id):
                return False
            self._heard.add(document_id)
        return True

    async def close(self) -> None:
        """Send what was told so far, if that takes no more than a moment, and stop."""
        try:
            await asyncio.wait_for(self._outbox.join(), SUBSCRIBE_PATIENCE)
        except TimeoutError:
            logger.warning("The broker is slow: announcements were dropped")
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _ask(self, change: Callable[[str, str], Any], document_id: UUID) -> bool:
        try:
            async with asyncio.timeout(SUBSCRIBE_PATIENCE):
                await change(_group(document_id), await self._own_channel())
        except NO_ANSWER as error:
            logger.debug("The broker did not answer: %r", error)
            return False
        except Exception:  # a broker may fail in any way
            logger.warning("The broker did not answer", exc_info=True)
            return False
        return True

    async def _publish(self) -> None:
        while True:
            document_id, message = await self._outbox.get()
            outcome = meters.LOST
            try:
                await asyncio.wait_for(self._layer.group_send(_group(document_id), message), PATIENCE)
                outcome = meters.SENT
            except NO_ANSWER as error:
                logger.debug("An announcement was lost: %r", error)
            except Exception:  # the same
                logger.warning("An announcement was lost", exc_info=True)
            outcome.inc()
            self._outbox.task_done()

    async def _listen(self) -> None:
        while True:
            try:
                message = await self._layer.receive(await self._own_channel())
            except Exception:  # the same
                logger.warning("The broker could not be heard", exc_info=True)
                await asyncio.sleep(1)
            else:
                self._take(message)

    def _take(self, message: dict[str, Any]) -> None:
        if message.get("origin") == self._name:
            return
        outcome = meters.UNREADABLE
        try:
            self._act_on(announcements.unpack(message))
            outcome = meters.HEARD
        except UnknownKind as error:
            logger.debug("An announcement of another release: %s", error)
        except Exception:  # nonsense must not end the listening
            logger.warning("An announcement could not be read", exc_info=True)
        outcome.inc()

    async def _own_channel(self) -> str:
        async with self._channel_lock:  # whoever comes first makes it, and there is one
            if self._channel is None:
                self._channel = await self._layer.new_channel("hub")
        return self._channel


def _group(document_id: UUID) -> str:
    return f"document.{document_id.hex}"
