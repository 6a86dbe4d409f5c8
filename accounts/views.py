"""The REST calls about people."""

from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from rest_framework.generics import GenericAPIView
from rest_framework.permissions import SAFE_METHODS
from rest_framework.request import Request
from rest_framework.response import Response

from accounts import schema, services, throttles
from accounts.errors import SignUpClosed
from accounts.models import User
from accounts.permissions import WholeAccount
from accounts.serializers import ChangeUserSerializer, EraseUserSerializer, SignUpSerializer, UserSerializer


class UsersView(GenericAPIView):
    """Sign up."""

    serializer_class = SignUpSerializer
    authentication_classes = ()
    permission_classes = ()

    @schema.SIGN_UP
    def post(self, request: Request) -> Response:
        if not settings.SIGN_UP_OPEN:
            raise SignUpClosed
        throttles.check_sign_up(request._request)
        given = SignUpSerializer(data=request.data)
        given.is_valid(raise_exception=True)
        user = services.create_user(**{"email": None, **given.validated_data})
        return Response(UserSerializer(user).data, status=201)


class MeView(GenericAPIView):
    """The person who is asking. To change the account takes somebody logged in."""

    serializer_class = ChangeUserSerializer

    def get_permissions(self) -> list[Any]:
        return [*super().get_permissions(), *([] if self.request.method in SAFE_METHODS else [WholeAccount()])]

    @schema.READ_ME
    def get(self, request: Request) -> Response:
        return Response(UserSerializer(_me(request)).data)

    @schema.CHANGE_ME
    def patch(self, request: Request) -> Response:
        given = ChangeUserSerializer(data=request.data)
        given.is_valid(raise_exception=True)
        user, changes = _me(request), given.validated_data
        current = changes.pop("current_password", "")
        if "password" in changes or services.is_new_email(user, changes.get("email", user.email)):
            _require_password(request, user, current)
        return Response(UserSerializer(services.change_user(user, **_blanks_as_text(changes))).data)

    @schema.ERASE_ME
    def delete(self, request: Request) -> Response:
        given = EraseUserSerializer(data=request.data)
        given.is_valid(raise_exception=True)
        user = _me(request)
        _require_password(request, user, given.validated_data["current_password"])
        services.erase_user(user)
        return Response(status=204)


def _me(request: Request) -> User:
    assert isinstance(request.user, User)  # IsAuthenticated has seen to it
    return request.user


def _require_password(request: Request, user: User, given: str) -> None:
    """ValidationError unless this is the current password; each try counts as a log-in."""
    throttles.check_log_in(request._request, user.username)
    if not user.check_password(given):
        raise ValidationError({"current_password": "The current password is needed, and this is not it."})


def _blanks_as_text(changes: dict[str, str | None]) -> dict[str, str]:
    """For `change_user` None leaves as it is; here null, given for the address, removes it."""
    return {name: value or "" for name, value in changes.items()}
