"""Middleware that only adds to answers, and waits for nothing."""

from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable
from typing import cast

from asgiref.sync import iscoroutinefunction, markcoroutinefunction
from django.http import HttpRequest, HttpResponseBase
from django.utils.cache import patch_cache_control

Next = Callable[[HttpRequest], HttpResponseBase | Awaitable[HttpResponseBase]]
# Nothing of ours asks for these, so nothing that got into a page may. Writing to the clipboard is the share page's.
DEVICES = ("camera", "display-capture", "geolocation", "hid", "microphone", "midi", "payment", "serial", "usb")


class Finishing(ABC):
    """Works where views wait and where they don't, without a thread of its own."""

    sync_capable = async_capable = True

    def __init__(self, get_response: Next) -> None:
        self.get_response = get_response
        self._is_async = iscoroutinefunction(get_response)
        if self._is_async:
            markcoroutinefunction(self)

    def __call__(self, request: HttpRequest) -> HttpResponseBase | Awaitable[HttpResponseBase]:
        if self._is_async:
            return self._awaited(request)
        return self.finish(request, cast(HttpResponseBase, self.get_response(request)))

    async def _awaited(self, request: HttpRequest) -> HttpResponseBase:
        return self.finish(request, await cast(Awaitable[HttpResponseBase], self.get_response(request)))

    @abstractmethod
    def finish(self, request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
        """The answer, with what it lacked."""


class PrivateAnswers(Finishing):
    """What the API answers is its caller's alone: no cache, and no browser's, may keep it unless it says so."""

    def finish(self, request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
        if request.path.startswith("/api/") and not response.has_header("Cache-Control"):
            patch_cache_control(response, private=True, no_store=True)
        return response


class NoDevices(Finishing):
    """No page of ours, and nothing that got into one, may use the reader's camera, microphone or place."""

    def finish(self, request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
        response.headers["Permissions-Policy"] = POLICY
        return response


POLICY = ", ".join(f"{device}=()" for device in DEVICES)
