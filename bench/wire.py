"""A WebSocket client thin enough to measure a server with: no library between the socket and the frame."""

import asyncio
import base64
import os
import struct
from collections.abc import Callable

OnFrame = Callable[[bytes], None]


class Wire(asyncio.Protocol):
    """One socket. `on_frame` gets the payload of every text frame."""

    def __init__(self, on_frame: OnFrame) -> None:
        self.on_frame = on_frame
        self.opened: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.closed = False
        self._received = b""

    @classmethod
    async def open(cls, port: int, path: str, token: str, on_frame: OnFrame) -> "Wire":
        loop = asyncio.get_running_loop()
        _, wire = await loop.create_connection(lambda: cls(on_frame), "127.0.0.1", port)
        key = base64.b64encode(os.urandom(16)).decode()
        wire.transport.write(
            f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            f"Sec-WebSocket-Key: {key}\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Protocol: collabdocs.v1\r\n"
            f"Authorization: Bearer {token}\r\n\r\n".encode()
        )
        await wire.opened
        return wire

    def send(self, text: bytes) -> None:
        size = len(text)
        if size < 126:
            header = struct.pack("!BB", 0x81, 0x80 | size)
        elif size < 65536:
            header = struct.pack("!BBH", 0x81, 0x80 | 126, size)
        else:
            header = struct.pack("!BBQ", 0x81, 0x80 | 127, size)
        self.transport.write(header + b"\0\0\0\0" + text)  # a mask of zeros leaves the text as it is

    def close(self) -> None:
        self.transport.close()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport

    def connection_lost(self, error: Exception | None) -> None:
        self.closed = True
        if not self.opened.done():
            self.opened.set_exception(ConnectionError("refused"))

    def data_received(self, data: bytes) -> None:
        self._received += data
        if not self.opened.done():
            head, end, rest = self._received.partition(b"\r\n\r\n")
            if not end:
                return
            if b" 101 " not in head.split(b"\r\n")[0]:
                self.opened.set_exception(ConnectionError(head.split(b"\r\n")[0].decode()))
                return
            self._received = rest
            self.opened.set_result(None)
        self._read_frames()

    def _read_frames(self) -> None:
        data, at = self._received, 0
        while len(data) - at >= 2:
            opcode, size, start = data[at] & 0x0F, data[at + 1] & 0x7F, at + 2
            if size == 126:
                size, start = int.from_bytes(data[at + 2 : at + 4], "big"), at + 4
            elif size == 127:
                size, start = int.from_bytes(data[at + 2 : at + 10], "big"), at + 10
            if len(data) < start + size:
                break
            payload, at = data[start : start + size], start + size
            if opcode == 1:
                self.on_frame(payload)
            elif opcode == 9:
                self.transport.write(b"\x8a\x80\0\0\0\0")
        self._received = data[at:]
