"""The application behind a line that is full, or slow."""

import asyncio
import time

from channels.routing import get_default_application


class Line:
    """It takes nothing while it is not open, and has `work` seconds of work with each frame that it takes."""

    def __init__(self, work: float = 0.0) -> None:
        self.work = work
        self.is_open = asyncio.Event()
        self.is_open.set()

    async def __call__(self, scope, receive, send) -> None:
        async def take(event) -> None:
            await self.is_open.wait()
            until = time.perf_counter() + self.work
            while time.perf_counter() < until:
                pass
            await send(event)

        await get_default_application()(scope, receive, take)
