"""Reading who is asking from an HTTP request."""

from rest_framework.authentication import BaseAuthentication, SessionAuthentication
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.request import Request

from accounts import tokens
from accounts.asking import note
from accounts.errors import InvalidToken
from accounts.models import User
from accounts.tokens import Identity

CHALLENGE = "Bearer"


class BearerAuthentication(BaseAuthentication):
    """`Authorization: Bearer <access token>`; `request.auth` is the Identity. Other schemes are not ours."""

    def authenticate(self, request: Request) -> tuple[User, Identity] | None:
        header = request.META.get("HTTP_AUTHORIZATION", "")
        if not is_bearer(header):
            return None
        try:
            user, identity = tokens.authenticate(bearer_token(header))
        except InvalidToken as refusal:
            raise AuthenticationFailed(refusal.detail, code=refusal.code) from None
        note(user_id=user.pk)
        return user, identity

    def authenticate_header(self, request: Request) -> str:
        return CHALLENGE


class CookieAuthentication(SessionAuthentication):
    """The browser's log-in, with CSRF checked; without one the answer is 401, not 403."""

    def authenticate_header(self, request: Request) -> str:
        return CHALLENGE


def is_bearer(header: str) -> bool:
    """Whether an Authorization header speaks of a bearer token, good or bad."""
    return header.split(" ", 1)[0].lower() == "bearer"


def bearer_token(header: str) -> str:
    """What stands behind `Bearer`; empty where nothing does."""
    return header.partition(" ")[2].strip()
