"""What a session of a narrow scope may not ask for, whatever its person may."""

from typing import TYPE_CHECKING

from rest_framework.permissions import SAFE_METHODS, BasePermission
from rest_framework.request import Request

from accounts.scopes import Scope

if TYPE_CHECKING:  # importing it reads the settings, which name a class below
    from rest_framework.views import APIView


class WithinScope(BasePermission):
    """A session for reading only changes nothing, wherever it asks."""

    message = "This token is for reading only."

    def has_permission(self, request: Request, view: "APIView") -> bool:
        return request.method in SAFE_METHODS or not _scope(request).is_read_only


class WholeAccount(BasePermission):
    """The account itself, and whatever would give away more than a scope gives, takes somebody logged in."""

    message = "This takes somebody logged in: no API token, and no guest."

    def has_permission(self, request: Request, view: "APIView") -> bool:
        return _scope(request).is_whole


def _scope(request: Request) -> Scope:
    """That of whoever asks; IsAuthenticated stands before, and leaves nobody without one."""
    scope: Scope = request.user.scope  # type: ignore[union-attr]
    return scope
