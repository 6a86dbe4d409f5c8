"""Django as an ASGI application whose requests each keep to one thread."""

from asgiref.sync import sync_to_async
from django.core.handlers.asgi import ASGIHandler


class OneThread(ASGIHandler):
    """Middleware and view run one inside the other, in the request's thread; what is asynchronous is waited for there.

    Django's own handler carries each hook of each middleware from the event loop to a thread and back, some twenty
    times a request. That costs a quarter of it, and every edit would wait for its turn behind that.
    """

    def load_middleware(self, is_async: bool = False) -> None:
        super().load_middleware(is_async=False)
        chain = self._middleware_chain  # type: ignore[has-type]
        self._middleware_chain = sync_to_async(chain, thread_sensitive=True)
