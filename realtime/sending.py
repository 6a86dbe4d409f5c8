"""How a socket's frames are handed to the server. Knows nothing else, so that the server can know it before all."""

from collections.abc import Callable, Coroutine
from typing import Any, TypeAlias

Send: TypeAlias = Callable[[dict[str, Any]], Coroutine[Any, Any, None]]
SendNow: TypeAlias = Callable[[dict[str, Any]], bool]  # False where there is something to wait for

SEND_NOW = "collabdocs.send_now"  # an extension of the ASGI scope: a server's short way (`collabdocs/frames.py`)
