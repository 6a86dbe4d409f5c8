"""Where a server enters: HTTP goes to Django, `/ws/` to the rooms; how it is (`health.py`) is told before both."""

import os
from typing import Any

import django
from channels.routing import ProtocolTypeRouter, URLRouter
from django.conf import settings

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "collabdocs.settings")
django.setup(set_prefix=False)

from collabdocs import start  # noqa: E402  (what follows needs Django set up)
from collabdocs.access import Access  # noqa: E402
from collabdocs.body_limit import BodyLimit, Receive, Send  # noqa: E402
from collabdocs.health import Health  # noqa: E402
from collabdocs.one_thread import OneThread  # noqa: E402
from collabdocs.turns import Turns  # noqa: E402
from realtime import hub  # noqa: E402
from realtime.routing import websocket_urlpatterns  # noqa: E402

start.begin()

http = Health(BodyLimit(Turns(OneThread()), settings.MAX_BODY_BYTES))
routes = Access(ProtocolTypeRouter({"http": http, "websocket": URLRouter(websocket_urlpatterns)}))


async def application(scope: Any, receive: Receive, send: Send) -> None:
    """The first call of any kind makes the hub: what a process writes by HTTP is announced to the others, too."""
    hub.current()
    await routes(scope, receive, send)
