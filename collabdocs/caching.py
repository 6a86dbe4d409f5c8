"""What the API answers is its caller's alone: no cache between, and no browser's, may keep it."""

from collections.abc import Awaitable, Callable
from typing import cast

from asgiref.sync import iscoroutinefunction, markcoroutinefunction
from django.http import HttpRequest, HttpResponseBase
from django.utils.cache import patch_cache_control

Next = Callable[[HttpRequest], HttpResponseBase | Awaitable[HttpResponseBase]]


class PrivateAnswers:
    """Middleware: `Cache-Control: private, no-store` on every answer under /api/ that says nothing of its own."""

    sync_capable = async_capable = True

    def __init__(self, get_response: Next) -> None:
        self.get_response = get_response
        self._is_async = iscoroutinefunction(get_response)
        if self._is_async:
            markcoroutinefunction(self)

    def __call__(self, request: HttpRequest) -> HttpResponseBase | Awaitable[HttpResponseBase]:
        if self._is_async:
            return self._awaited(request)
        return _kept_private(request, cast(HttpResponseBase, self.get_response(request)))

    async def _awaited(self, request: HttpRequest) -> HttpResponseBase:
        return _kept_private(request, await cast(Awaitable[HttpResponseBase], self.get_response(request)))


def _kept_private(request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
    if request.path.startswith("/api/") and not response.has_header("Cache-Control"):
        patch_cache_control(response, private=True, no_store=True)
    return response
