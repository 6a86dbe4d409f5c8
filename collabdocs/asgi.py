"""Where a server enters: HTTP goes to Django, `/ws/` to the rooms."""

import os

from channels.routing import ProtocolTypeRouter, URLRouter
from django.conf import settings
from django.core.asgi import get_asgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "collabdocs.settings")
http = get_asgi_application()

from collabdocs.body_limit import BodyLimit  # noqa: E402  (what follows needs Django set up)
from realtime.routing import websocket_urlpatterns  # noqa: E402

application = ProtocolTypeRouter(
    {"http": BodyLimit(http, settings.MAX_BODY_BYTES), "websocket": URLRouter(websocket_urlpatterns)}
)
