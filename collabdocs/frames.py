"""uvicorn's WebSocket, with a short way for what is the same for many sockets.

The library builds each frame anew for each line, and an `async` call carries it there. But the bytes of a text frame
from a server are the same for every line (RFC 6455, 5.1: servers do not mask), so they are made once for an event that
many are sent; and where a line has nothing to wait for, they are written.
"""

from typing import Any

from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from websockets.frames import Frame, Opcode
from websockets.http11 import Request

from realtime.sending import SEND_NOW

FRAME = "collabdocs.frame"  # where an event keeps its bytes


class SharedFrames(WebSocketsSansIOProtocol):
    """Offers the application to send at once."""

    takes_more = True  # the line, without keeping it here

    def pause_writing(self) -> None:
        super().pause_writing()
        self.takes_more = False

    def resume_writing(self) -> None:
        super().resume_writing()
        self.takes_more = True

    def handle_connect(self, event: Request) -> None:
        super().handle_connect(event)
        if self.response.status_code == 101 and not self.conn.extensions:  # which would change the bytes
            # The application has begun, and has not had its turn yet.
            self.scope["extensions"][SEND_NOW] = self.send_now  # type: ignore[assignment]

    def send_now(self, event: dict[str, Any]) -> bool:
        """Send a `websocket.send` event of text. False, and nothing is sent, where one must wait, or may not."""
        if not self.takes_more or self.close_sent or self.transport.is_closing():
            return False
        frame = event.get(FRAME)
        if frame is None:
            frame = event[FRAME] = Frame(Opcode.TEXT, event["text"].encode()).serialize(mask=False)
        self.transport.write(frame)
        return True
