"""One WebSocket on gevent, as messages."""

import struct
from collections.abc import Mapping
from typing import Any

import orjson
from collabdocs_client import NotAllowed
from collabdocs_client.errors import from_close
from websocket import ABNF, WebSocketBadStatusException, WebSocketException, create_connection

SUBPROTOCOL = "collabdocs.v1"
SILENCE_SECONDS = 18.0  # after which a line is given up
NO_CODE = 1005
REFUSED_HANDSHAKES = (401, 403)


class LineLost(Exception):
    """The line is gone; another one may be good."""


class Line:
    """An open socket. `receive` raises LineLost when it is gone, and what a close code means when another is no use."""

    def __init__(self, address: str, token: str) -> None:
        """Raises LineLost when there is none to be had now, NotAllowed when the server wants none."""
        try:
            self._socket = create_connection(
                address,
                timeout=SILENCE_SECONDS,
                header=[f"Authorization: Bearer {token}"],
                subprotocols=[SUBPROTOCOL],
                suppress_origin=True,
                skip_utf8_validation=True,
            )
        except WebSocketBadStatusException as refusal:
            if refusal.status_code in REFUSED_HANDSHAKES:
                raise NotAllowed("the server does not let this client in") from None
            raise LineLost from refusal
        except (WebSocketException, OSError) as error:
            raise LineLost from error

    def send(self, message: Mapping[str, Any]) -> None:
        """If it can't be sent, whoever receives finds out."""
        try:
            self._socket.send(orjson.dumps(message), ABNF.OPCODE_TEXT)
        except (WebSocketException, OSError):
            self.cut()

    def receive(self) -> dict[str, Any]:
        try:
            opcode, data = self._socket.recv_data()
        except (WebSocketException, OSError) as error:
            raise LineLost from error
        if opcode == ABNF.OPCODE_CLOSE:
            code = struct.unpack("!H", data[:2])[0] if len(data) >= 2 else NO_CODE
            raise from_close(code) or LineLost(f"closed {code}")
        message: dict[str, Any] = orjson.loads(data)
        return message

    def cut(self) -> None:
        self._socket.shutdown()  # type: ignore[no-untyped-call]
