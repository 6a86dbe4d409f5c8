"""The socket's address."""

from channels.consumer import AsyncConsumer
from django.urls import re_path

from realtime.consumers import DocumentConsumer


class NothingHere(AsyncConsumer):
    """Any other address is refused before it is accepted."""

    async def __call__(self, scope: object, receive: object, send: object) -> None:
        await send({"type": "websocket.close", "code": 4404})  # type: ignore[operator]


websocket_urlpatterns = [
    re_path(r"^ws/(?P<doc_id>[^/]{1,64})/?$", DocumentConsumer.as_asgi()),
    re_path(r"", NothingHere.as_asgi()),
]
