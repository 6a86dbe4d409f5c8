"""Two processes' worth of hubs in one test process, and a channel layer between them that fails as told."""

import random
import threading
from contextvars import ContextVar

from channels.layers import InMemoryChannelLayer
from channels.routing import get_default_application

from realtime.hub import Hub
from realtime.lanes import Lanes

where: ContextVar[Hub] = ContextVar("where")


class Process(Hub):
    """A hub that hears only what its own threads announce: the other is told by the layer alone."""

    def __init__(self, layer, name: str) -> None:
        super().__init__(layer)
        self.name = name
        self._lanes.executor.shutdown()
        self._lanes = Lanes(f"{name}-commits")

    def _hear(self, event, **_):
        if threading.current_thread().name.startswith(f"{self.name}-"):
            super()._hear(event)

    async def serve(self, scope, receive, send):
        where.set(self)
        await get_default_application()(scope, receive, send)


class Layer(InMemoryChannelLayer):
    """Counts what is committed and told of presence, and loses, doubles, holds back or refuses as told."""

    def __init__(self, *, seed=0, lose=0.0, double=0.0, hold=0.0, refuse=0.0, **more) -> None:
        super().__init__(**{"capacity": 1000, **more})
        self.rng = random.Random(seed)
        self.lose, self.double, self.hold, self.refuse = lose, double, hold, refuse
        self.held, self.sent, self.told = [], 0, 0

    async def close(self):
        """It is the other process's, too."""

    async def group_send(self, group, message):
        self.sent += _is(message, "Committed")
        self.told += _is(message, "Here")
        if self.rng.random() < self.refuse:
            raise OSError("the broker is away")
        if self.rng.random() < self.hold:
            self.held.append((group, message))
            return
        for _ in range(0 if self.rng.random() < self.lose else 2 if self.rng.random() < self.double else 1):
            await super().group_send(group, message)
        while self.held and self.rng.random() < 0.5:
            await super().group_send(*self.held.pop(self.rng.randrange(len(self.held))))


def _is(message, kind: str) -> bool:
    return f'"kind":"{kind}"' in message.get("body", "")
