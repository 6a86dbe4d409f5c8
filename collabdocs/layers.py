"""The channel layer between processes: channels-rabbitmq, made to survive its broker.

What the library does well stays: one queue per process, a binding per group, messages that are data (msgpack). Its
rules for trouble are replaced, because a cancelled waiter, a backlog or a full window ended it for good:

- Nobody waits on what others wait on. carehare's futures are shielded: it does not survive one that is cancelled.
- Nobody waits for ever. Who asks while the broker is away, or stuck, gets a ConnectionError, after `patience` at most.
- A message is acknowledged when it arrives. What is not read in time is dropped here, so that a slow reader can fill
  neither this connection's window nor the next one's.
- Each connection has a queue of its own: the old one may be locked by a connection that only the broker believes in.
  A process is known by a routing key that stays, and its groups are bound again.
- Nothing but `close` ends the trying. The log says once that the broker went, and once that it is back.
"""

import asyncio
import logging
import random
import ssl
import uuid
from collections.abc import Callable
from itertools import islice
from typing import Any
from urllib.parse import urlsplit

import carehare
from channels_rabbitmq.core import RabbitmqChannelLayer
from channels_rabbitmq.util import ChannelRecipient, GroupRecipient, Recipient, deserialize_message, serialize_message

from collabdocs import meters
from collabdocs.amqp import PORTS, Line

logger = logging.getLogger(__name__)

SET_UP_PATIENCE = 10.0  # seconds for the handshake, and for each step after it
BINDINGS_AT_ONCE = 100  # each takes one of the connection's 2,047 channels for a moment
FIRST_DELAY, LONGEST_DELAY = 0.2, 3.0  # seconds between two tries

Question = Callable[[Line], "asyncio.Future[None]"]


class RabbitmqLayer(RabbitmqChannelLayer):
    """`patience`, `local_expiry`, `expiry` and `heartbeat` are seconds; capacities count messages.

    Over capacity, and while the broker is away, messages are lost: whoever listens reads the log now and then.
    """

    def __init__(
        self,
        host: str,
        *,
        patience: float = 2.0,
        heartbeat: int = 10,
        local_capacity: int = 2_000,
        remote_capacity: int = 5_000,
        local_expiry: float = 5.0,
        expiry: float = 10.0,
        groups_exchange: str = "collabdocs",
        ssl_context: ssl.SSLContext | None = None,
    ) -> None:
        if urlsplit(host).scheme not in PORTS:
            raise ValueError("The URL of RabbitMQ begins with amqp:// or amqps://")
        super().__init__(
            host, local_capacity, remote_capacity, expiry, local_expiry, None, ssl_context, groups_exchange
        )
        self._loop = asyncio.get_running_loop()
        self._patience, self._heartbeat = patience, heartbeat
        self._line: Line | None = None
        self._is_back = asyncio.Event()
        self._away_since = self._loop.time()
        self._is_well = True  # as far as the log was told
        self._asked: dict[asyncio.Future[None], float] = {}  # what the broker owes an answer to, and since when
        self._membership = asyncio.Lock()  # a binding and its end must not overtake each other
        self._reconnect_forever_task = self._loop.create_task(self._reconnect_forever())

    @property
    def is_connected(self) -> bool:
        """There is a broker, and it answers."""
        return self._line is not None and not self._line.is_closed and not self._is_stuck()

    @property
    def is_trying(self) -> bool:
        """Its task lives, which holds the line and makes a new one when it goes."""
        return not self._reconnect_forever_task.done()

    async def close(self) -> None:
        """Let go of the broker. Who still receives gets StopConsumer."""
        self._want_close = True
        self._multi_queue.close()
        if (line := self._line) is not None:
            for end in (line.hang_up, line.abandon):  # cancelled in its listening, carehare would leave a task behind
                end()
                await asyncio.wait({self._reconnect_forever_task}, timeout=1)
        self._reconnect_forever_task.cancel()
        await asyncio.wait({self._reconnect_forever_task})

    # --- What is asked of the layer. All but `receive` may raise ConnectionError. ---

    async def receive(self, channel: str) -> dict[str, Any]:
        """The next message to a channel of this process, or to one of its groups, however long it takes."""
        self.require_valid_channel_name(channel)
        message: dict[str, Any] = await self._multi_queue.get(channel)
        return message

    async def send(self, channel: str, message: dict[str, Any]) -> None:
        self.require_valid_channel_name(channel)
        await self._publish(channel.split("!")[0], ChannelRecipient(channel), message)

    async def group_send(self, group: str, message: dict[str, Any]) -> None:
        self.require_valid_group_name(group)
        await self._publish(group, GroupRecipient(group), message)

    async def group_add(self, group: str, channel: str) -> None:
        """Who gets an error is not in the group."""
        self.require_valid_group_name(group)
        await self._reach()
        async with self._membership:
            self._multi_queue.group_add(group, channel)
            try:
                await self._ask(lambda line: line.queue_bind(self._queue, self.groups_exchange, routing_key=group))
            except BaseException:  # cancelled, too
                self._multi_queue.group_discard(group, channel)
                raise

    async def group_discard(self, group: str, channel: str) -> None:
        """Who gets an error is no longer in the group all the same; only the broker may not know."""
        self.require_valid_group_name(group)
        async with self._membership:
            left = self._multi_queue.group_discard(group, channel)
            if left == 0 and self._line is not None:
                await self._ask(lambda line: line.queue_unbind(self._queue, self.groups_exchange, routing_key=group))

    async def _publish(self, key: str, recipient: Recipient, message: dict[str, Any]) -> None:
        body = serialize_message(recipient, message)
        await self._reach()
        await self._ask(lambda line: line.publish(body, exchange_name=self.groups_exchange, routing_key=key))

    # --- Asking the broker ---

    async def _reach(self) -> None:
        """Wait for a broker that has just gone: `patience` in all, however many wait, and however late they come."""
        try:
            async with asyncio.timeout_at(self._away_since + self._patience):
                while self._line is None:
                    await self._is_back.wait()
        except TimeoutError:
            raise ConnectionError("RabbitMQ is away") from None

    async def _ask(self, question: Question) -> None:
        """Return when the broker has done it. A broker that is stuck is asked nothing more until it has answered."""
        line = self._line
        if line is None or line.is_closed or self._is_stuck():
            raise ConnectionError("RabbitMQ is away or stuck")
        try:
            asked = question(line)
            self._asked[asked] = self._loop.time()
            asked.add_done_callback(self._hear_answer)
            async with asyncio.timeout(self._patience):
                await asyncio.shield(asked)
        except TimeoutError:
            self._tell(False, "it does not answer")
            raise ConnectionError("RabbitMQ does not answer") from None
        except (carehare.ConnectionClosed, carehare.ServerSentNack) as error:
            raise ConnectionError(f"RabbitMQ did not take it: {error!r}") from None
        except carehare.ChannelClosedByServer as error:  # somebody took away our queue or exchange: make them again
            line.abandon()
            raise ConnectionError(str(error)) from None

    def _is_stuck(self) -> bool:
        """It owes an answer for longer than `patience`: as in a memory alarm, when it reads from no publisher."""
        oldest = next(iter(self._asked.values()), None)
        return oldest is not None and self._loop.time() - oldest > self._patience

    def _hear_answer(self, asked: "asyncio.Future[None]") -> None:
        is_owed = self._asked.pop(asked, None) is not None
        if is_owed and not self._asked and not asked.cancelled() and asked.exception() is None:
            self._tell(True)

    # --- Lines come and go ---

    async def _reconnect_forever(self) -> None:
        delay = FIRST_DELAY
        while not self._want_close:
            line = Line(self.host, heartbeat=self._heartbeat, ssl=self.ssl_context)
            try:
                consumer = await self._set_up(line)
                delay = FIRST_DELAY
                self._come(line)
                await self._hear(consumer)
            except Exception as error:  # whatever it is, another try is the only way on
                self._tell(False, line.why_closed() or error)
            finally:
                self._go(line)
            await asyncio.sleep(delay * random.uniform(0.5, 1))
            delay = min(2 * delay, LONGEST_DELAY)

    async def _set_up(self, line: Line) -> Any:
        """A new queue, bound to all that this process hears, and its consumer."""
        async with asyncio.timeout(SET_UP_PATIENCE):
            await line.connect()
        self._queue = f"{self._queue_name}.{uuid.uuid4().hex}"
        limits = {
            "x-max-length": self.remote_capacity,
            "x-overflow": "drop-head",
            "x-message-ttl": int(self.expiry * 1000),
        }
        await _done(line.exchange_declare(self.groups_exchange))
        await _done(line.queue_declare(self._queue, exclusive=True, arguments=limits))
        keys = iter([self._queue_name, *self._multi_queue._local_groups])
        while some := list(islice(keys, BINDINGS_AT_ONCE)):
            await _done(*(line.queue_bind(self._queue, self.groups_exchange, routing_key=key) for key in some))
        return line.acking_consumer(self._queue, prefetch_count=self.local_capacity)

    async def _hear(self, consumer: Any) -> None:
        """Take messages until the line closes, which raises."""
        while True:
            body, tag = await consumer.next_delivery()
            consumer.ack(tag)
            try:
                self._take(*deserialize_message(body))
            except Exception:  # anybody may publish nonsense
                meters.UNREADABLE.inc()
                logger.warning("A message could not be read", exc_info=True)

    def _take(self, recipient: Recipient, message: dict[str, Any]) -> None:
        unread, now = self._multi_queue, self._loop.time()
        if unread.n >= unread.capacity:
            unread._drop_all_older_than(now - self.local_expiry)
        if unread.n < unread.capacity:
            unread.put_nowait(recipient, message, now, lambda: None)
        else:
            meters.DROPPED.inc()

    def _come(self, line: Line) -> None:
        self._line = line
        self._is_back.set()
        self._tell(True)

    def _go(self, line: Line) -> None:
        line.abandon()
        self._asked.clear()  # nothing that was asked on it is owed any more
        if self._line is not None:
            self._line, self._away_since = None, self._loop.time()
            self._is_back.clear()

    def _tell(self, is_well: bool, why: object = "") -> None:
        """Write it down if it is new."""
        if is_well != self._is_well and not self._want_close:
            self._is_well = is_well
            if is_well:
                logger.warning("RabbitMQ is back")  # whoever reads that it went reads this, too
            else:
                logger.warning("RabbitMQ is away, edits go on without it: %s", why or type(why).__name__)


async def _done(*asked: "asyncio.Future[None]") -> None:
    async with asyncio.timeout(SET_UP_PATIENCE):
        await asyncio.gather(*map(asyncio.shield, asked))
