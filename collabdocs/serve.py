"""`python -m collabdocs.serve`: run the server that SERVER names, until SIGTERM or SIGINT, and drain it then.

HOST (127.0.0.1)  PORT (8000)  SERVER (uvicorn or daphne)
"""

import gc
import logging
import os
import socket
import sys
from functools import partial
from types import FrameType

import uvicorn
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

from collabdocs import stopping
from collabdocs.environment import Environment
from collabdocs.frames import SharedFrames
from collabdocs.heads import BoundedHeads

APPLICATION = "collabdocs.asgi:application"
SWITCH = 0.0005  # seconds that a busy thread may keep the interpreter while the event loop waits for it; 0.005 is usual
ROOMIER = 4  # times the protocol's limit is taken in, so that a frame a little too large gets the protocol's answer

env = Environment()


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "collabdocs.settings")
    try:
        host, port, server = env.str("HOST", "127.0.0.1"), env.int("PORT", 8000), env.str("SERVER", "uvicorn")
        if server not in SERVERS:
            raise ImproperlyConfigured(f"SERVER is one of {', '.join(SERVERS)}, not {server}")
        import collabdocs.asgi  # noqa: F401  # refuses what is unsafe, and tells what is in use
    except ImproperlyConfigured as error:
        sys.exit(f"CollabDocs does not start.\n{error}")
    sys.setswitchinterval(SWITCH)
    gc.set_threshold(10_000, 10, 10)  # an answer of 100,000 members took twice as long, for nothing that was garbage
    print(f"CollabDocs is at http://{host}:{port} ({server})", flush=True)
    SERVERS[server](host, port)


class DrainingServer(uvicorn.Server):
    """Commits what is in flight and closes sockets as "restarting" before it stops."""

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """Stopping when asked to is a success: uvicorn would die of the signal afterwards."""
        stopping.begin()
        self.should_exit = True

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        from realtime import hub

        await hub.drain(partial(super().shutdown, sockets))


def serve_by_uvicorn(host: str, port: int) -> None:
    config = uvicorn.Config(
        APPLICATION,
        host=host,
        port=port,
        loop="uvloop",
        http=BoundedHeads,
        proxy_headers=False,  # it would believe anybody on this machine; BEHIND_PROXY says who is believed
        ws=SharedFrames,  # of the protocols that uvicorn has, it carries about four times the frames of the others
        ws_max_size=ROOMIER * settings.MAX_FRAME_BYTES,
        ws_per_message_deflate=False,  # costs more than it saves on frames of a hundred bytes
        lifespan="off",
        log_config=None,  # its lines go where all go
        log_level="warning",  # below, they quote frames
        access_log=False,  # `access.py` tells of requests
        timeout_graceful_shutdown=stopping.REQUESTS_FINISH,
        timeout_keep_alive=settings.KEEP_ALIVE_SECONDS,
        server_header=False,
    )
    logging.getLogger("uvicorn.error").addFilter(_without_clients_mistakes)
    DrainingServer(config).run()


def _without_clients_mistakes(record: logging.LogRecord) -> bool:
    """A frame that is no UTF-8 closes its socket (1007); it is no failure of ours, and gets no traceback."""
    return not record.getMessage().startswith("Invalid UTF-8 sequence")


def serve_by_daphne(host: str, port: int) -> None:
    from daphne.endpoints import build_endpoint_description_strings
    from daphne.ws_protocol import WebSocketProtocol

    from collabdocs.asgi import application
    from collabdocs.daphne import DrainingDaphne

    def close(self: WebSocketProtocol, code: int = 1000) -> None:
        self.sendCloseFrame(code=code)

    WebSocketProtocol.serverClose = close  # autobahn's own check lets no application send 1012
    DrainingDaphne(
        application,
        endpoints=build_endpoint_description_strings(host=host, port=port),
        websocket_max_message_size=ROOMIER * settings.MAX_FRAME_BYTES,
        websocket_max_frame_size=ROOMIER * settings.MAX_FRAME_BYTES,
        application_close_timeout=stopping.REQUESTS_FINISH,
        server_name=None,
    ).run()


SERVERS = {"uvicorn": serve_by_uvicorn, "daphne": serve_by_daphne}

if __name__ == "__main__":
    main()
