"""A document that is open here: its text follows everybody's edits, and survives bad lines."""

import asyncio
import contextlib
import logging
import time
import uuid
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Sequence
from types import TracebackType
from typing import Self

import httpx
from websockets.exceptions import ConnectionClosed, InvalidHandshake, InvalidStatus

from .errors import CollabDocsError, NotAllowed, from_close
from .line import Backoff, Line, Tap
from .ot.session import VersionsMissing
from .replica import Change, Replica
from .tokens import Access, Tokens

logger = logging.getLogger(__name__)

TOKEN_ENDED = 4401
REFUSED_HANDSHAKES = (401, 403)


class Document:
    """Opened by `async with client.open(doc_id) as document`.

    An edit shows in `text` at once and is saved in the background; while the line is down edits are kept, and sent
    when it is back. Leaving the `async with` block waits until everything is saved. Positions and lengths count code
    points of `text` as it is at the call: between a look at `text` and an edit made from it, don't await.
    """

    def __init__(
        self,
        address: str,
        tokens: Tokens,
        *,
        client_id: str | None = None,
        backoff: Backoff | None = None,
        answer_seconds: float = 10.0,
        ping_seconds: float = 8.0,
        silence_seconds: float = 18.0,
        tap: Tap | None = None,
    ) -> None:
        self._address, self._tokens, self._tap = address, tokens, tap
        self._backoff, self._answer_seconds = backoff or Backoff(), answer_seconds
        self._ping_seconds, self._silence_seconds = ping_seconds, silence_seconds
        self._replica = Replica(client_id or str(uuid.uuid4()))
        self._line: Line | None = None
        self._may_connect = asyncio.Event()
        self._may_connect.set()
        self._refused_token: str | None = None
        self._failures_in_a_row = 0
        self._is_leaving = False
        self._failure: BaseException | None = None
        self._watchers: set[asyncio.Queue[Change | None]] = set()
        self._stirred: asyncio.Future[None] | None = None
        self._life: asyncio.Task[None] | None = None

    # --- The text ---

    @property
    def text(self) -> str:
        """The text as it is here, own unsaved edits included."""
        return self._replica.text

    @property
    def version(self) -> int:
        """The last version taken in: the number of operations committed then."""
        return self._replica.version

    @property
    def role(self) -> str | None:
        """`owner`, `editor`, `commenter` or `viewer`."""
        return self._replica.role

    @property
    def client_id(self) -> str:
        """Names this editing session in the document's history."""
        return self._replica.client_id

    @property
    def is_connected(self) -> bool:
        return self._line is not None

    @property
    def is_saved(self) -> bool:
        """Whether everything done here was acknowledged."""
        return self._replica.is_saved

    async def insert(self, position: int, text: str) -> None:
        """Put `text` in before the code point at `position` (0 … len(document.text))."""
        await self.replace(position, 0, text)

    async def delete(self, position: int, length: int) -> None:
        """Take `length` code points out, from `position` on."""
        await self.replace(position, length, "")

    async def replace(self, position: int, length: int, text: str) -> None:
        """Put `text` in the place of `length` code points from `position` on."""
        if position < 0 or length < 0:
            raise ValueError("positions and lengths count code points from the start")
        await self.edit((position, text, -length))

    async def edit(self, operation: Sequence[int | str]) -> None:
        """Apply an operation to `text`: n retains n code points, a string inserts it, -n deletes n.

        Raises InvalidOperation when it does not fit the text, or inserts CR, NUL or a lone surrogate.
        """
        self._raise_failure()
        self._replica.edit(operation)
        self._stir()

    async def saved(self) -> None:
        """Return when everything is acknowledged; raises Refused when an edit was refused (it has left `text`)."""
        await self.until(lambda: self.is_saved or bool(self._replica.refusals))
        if self._replica.refusals:
            raise self._replica.refusals.pop(0)

    async def until(self, is_so: Callable[[], bool]) -> None:
        """Return when `is_so()`; it is asked after every message and edit. Raises what ended the document."""
        while not is_so():
            self._raise_failure()
            await self._next_stir()

    def watch(self) -> AsyncIterator[Change]:
        """What the server changes in `text` from this call on: others' edits, and own ones that were refused."""
        queue: asyncio.Queue[Change | None] = asyncio.Queue()
        self._watchers.add(queue)
        return self._changes(queue)

    async def _changes(self, queue: asyncio.Queue[Change | None]) -> AsyncGenerator[Change]:
        try:
            while (change := await queue.get()) is not None:
                yield change
            self._raise_failure()
        finally:
            self._watchers.discard(queue)

    # --- For tests of bad lines ---

    def cut(self, *, stay_down: bool = False) -> None:
        """Drop the connection without a word. It is made again at once, or at `mend()` with `stay_down`."""
        if stay_down:
            self._may_connect.clear()
        if self._line is not None:
            self._line.cut()

    def mend(self) -> None:
        """Let the connection be made again."""
        self._may_connect.set()

    # --- Coming and going ---

    async def __aenter__(self) -> Self:
        self._life = asyncio.create_task(self._live())
        try:
            await self.until(lambda: self._replica.has_joined)
        except BaseException:
            await self._leave()
            raise
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            if kind is None:
                await self.saved()
        finally:
            await self._leave()

    async def _leave(self) -> None:
        self._is_leaving = True
        if self._life is not None:
            self._life.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._life

    async def _live(self) -> None:
        """Keep a line to the server until the document is left, or cannot be kept open."""
        try:
            while True:
                await self._may_connect.wait()
                await self._connect_and_talk()
                if self._is_leaving:  # a task group that fails while it is cancelled tells the failure only
                    return
                self._stir()
                await asyncio.sleep(self._backoff.delay(self._failures_in_a_row))
                self._failures_in_a_row += 1
        except Exception as error:
            self._failure = error
        finally:
            for queue in self._watchers:
                queue.put_nowait(None)
            self._stir()

    async def _connect_and_talk(self) -> None:
        """Return when the line was lost; raise what makes another try useless."""
        access: Access | None = None
        try:
            access = await self._tokens.access(refused=self._refused_token)
            line = await Line.open(self._address, access.token, self._tap)
            await self._talk(line, access)
        except ConnectionClosed as closed:
            self._judge_close(closed.rcvd.code if closed.rcvd else None, access)
        except InvalidStatus as refusal:
            self._judge_status(refusal.response.status_code, access)
        except (OSError, TimeoutError, InvalidHandshake, VersionsMissing, httpx.TransportError) as error:
            logger.info("No line to %s: %s", self._address, error)
        except CollabDocsError as error:
            if error.status is None or (error.status < 500 and error.status != 429):
                raise
            logger.info("No token now: %s", error)

    def _judge_close(self, code: int | None, access: Access | None) -> None:
        if code is not None and (error := from_close(code)):
            raise error
        if code == TOKEN_ENDED and access is not None:
            self._refuse_token(access, "the session is over")
        logger.info("The line was closed: %s", code)

    def _judge_status(self, status: int, access: Access | None) -> None:
        if status in REFUSED_HANDSHAKES and access is not None:
            self._refuse_token(access, "the server does not let this client in")

    def _refuse_token(self, access: Access, detail: str) -> None:
        """Ask for another token; when a fresh one is refused as well, it is not the token."""
        if self._refused_token is not None and self._refused_token != access.token:
            raise NotAllowed(detail)
        self._refused_token = access.token

    # --- While connected ---

    async def _talk(self, line: Line, access: Access) -> None:
        try:
            async with asyncio.TaskGroup() as tasks:
                for work in (self._read(line), self._write(line), self._ping(line), self._listen(line)):
                    tasks.create_task(work)
                tasks.create_task(self._renew(line, access))
        except BaseExceptionGroup as group:
            raise group.exceptions[0] from None
        finally:
            self._line = None
            self._stir()
            with contextlib.suppress(Exception):
                await line.close()

    async def _read(self, line: Line) -> None:
        await line.send(self._replica.join())
        while True:
            message = await line.receive()
            changes = self._replica.receive(message)
            if message.get("type") == "joined":
                self._line, self._failures_in_a_row, self._refused_token = line, 0, None
            for change in changes:
                for queue in self._watchers:
                    queue.put_nowait(change)
            self._stir()

    async def _write(self, line: Line) -> None:
        """Send what is to be sent; say it again when no answer comes."""
        asked_at = 0.0
        while True:
            while submission := self._replica.next_submission():
                await line.send(submission)
                asked_at = time.monotonic()
            left = asked_at + self._answer_seconds - time.monotonic()
            if self._replica.is_waiting and left <= 0:
                self._replica.resend()
                continue
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(left if self._replica.is_waiting else None):
                    await self._next_stir()

    async def _ping(self, line: Line) -> None:
        while True:
            await asyncio.sleep(self._ping_seconds)
            await line.send({"type": "ping"})

    async def _listen(self, line: Line) -> None:
        """Give up a line on which nothing comes any more: the other end may be gone without a word."""
        while (left := self._silence_seconds - line.silence) > 0:  # noqa: ASYNC110  (nobody tells of silence)
            await asyncio.sleep(left)
        line.cut()
        raise TimeoutError(f"nothing was heard for {self._silence_seconds} seconds")

    async def _renew(self, line: Line, access: Access) -> None:
        """Show the next token before this one ends."""
        while True:
            await asyncio.sleep(max(access.seconds_left, 0.05))
            try:
                renewed = await self._tokens.access()
            except (httpx.TransportError, CollabDocsError) as error:
                logger.info("No new token yet: %s", error)
                await asyncio.sleep(1)
                continue
            if renewed.token == access.token:  # there is no refresh token
                return
            access = renewed
            await line.send({"type": "authenticate", "token": access.token})

    # --- Waiting ---

    def _stir(self) -> None:
        if self._stirred is not None and not self._stirred.done():
            self._stirred.set_result(None)
        self._stirred = None

    async def _next_stir(self) -> None:
        if self._stirred is None:
            self._stirred = asyncio.get_running_loop().create_future()
        await asyncio.shield(self._stirred)

    def _raise_failure(self) -> None:
        if self._failure is not None:
            raise self._failure
