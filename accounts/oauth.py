"""OAuth 2's token endpoint: the password and refresh_token grants of RFC 6749, the revocation of RFC 7009."""

from collections.abc import Mapping
from typing import Any

from django.http import HttpRequest, QueryDict
from rest_framework.exceptions import ParseError, ValidationError
from rest_framework.generics import GenericAPIView
from rest_framework.parsers import FormParser
from rest_framework.request import Request
from rest_framework.response import Response

from accounts import schema, throttles, tokens
from accounts.errors import InvalidToken
from accounts.serializers import GrantSerializer, RevokeSerializer
from accounts.services import check_password
from accounts.tokens import TokenPair


class OAuthError(Exception):
    """A refusal in OAuth's own words."""

    def __init__(self, error: str, description: str) -> None:
        super().__init__(error)
        self.body = {"error": error, "error_description": description}


class OAuthView(GenericAPIView):
    """Takes a form or JSON, asks for no other authentication, speaks OAuth's errors, is never stored."""

    authentication_classes = ()
    permission_classes = ()
    throttle_classes = ()
    parser_classes = [*GenericAPIView.parser_classes, FormParser]

    def handle_exception(self, exc: Exception) -> Response:
        if isinstance(exc, ParseError | ValidationError):
            exc = OAuthError("invalid_request", "The request can't be read.")
        if isinstance(exc, OAuthError):
            return Response(exc.body, status=400)
        return super().handle_exception(exc)

    def finalize_response(self, request: Request, response: Any, *args: Any, **kwargs: Any) -> Any:
        response = super().finalize_response(request, response, *args, **kwargs)
        response["Cache-Control"], response["Pragma"] = "no-store", "no-cache"
        return response


class TokenView(OAuthView):
    """Trade a name and a password, or a refresh token, for tokens."""

    serializer_class = GrantSerializer

    @schema.TOKEN
    def post(self, request: Request) -> Response:
        match _parameter(request, "grant_type", "password"):
            case "password":
                return Response(token_answer(_by_password(request)))
            case "refresh_token":
                return Response(token_answer(_by_refresh_token(request)))
        raise OAuthError("unsupported_grant_type", "Use password or refresh_token.")


class RevokeView(OAuthView):
    """End the session that a token belongs to. The answer is the same for what is no token at all."""

    serializer_class = RevokeSerializer

    @schema.REVOKE
    def post(self, request: Request) -> Response:
        tokens.revoke(_parameter(request, "token"))
        return Response(status=200)


def token_answer(pair: TokenPair) -> dict[str, str | int]:
    """The successful answer of RFC 6749, section 5.1; `expires_in` in seconds."""
    return {
        "access_token": pair.access_token,
        "token_type": "bearer",
        "expires_in": pair.expires_in,
        "refresh_token": pair.refresh_token,
    }


def _by_password(request: Request) -> TokenPair:
    username, password = _parameter(request, "username"), _parameter(request, "password")
    http: HttpRequest = request._request
    throttles.check_log_in(http, username)
    user = check_password(http, username=username, password=password)
    if user is None:
        raise OAuthError("invalid_grant", "The name or the password is wrong.")
    return tokens.start_session(user)


def _by_refresh_token(request: Request) -> TokenPair:
    token = _parameter(request, "refresh_token")
    throttles.check_log_in(request._request, None)
    try:
        return tokens.rotate(token)
    except InvalidToken as refusal:
        raise OAuthError("invalid_grant", refusal.detail) from None


def _parameter(request: Request, name: str, default: str | None = None) -> str:
    """The parameter, given once, as text, and not empty: RFC 6749 takes an empty one for one left out."""
    data: object = request.data
    if not isinstance(data, Mapping):
        raise OAuthError("invalid_request", "Send a form or a JSON object.")
    if isinstance(data, QueryDict) and len(data.getlist(name)) > 1:
        raise OAuthError("invalid_request", f"{name} is given more than once.")
    value = data.get(name)
    if value is None or value == "":
        value = default
    if not isinstance(value, str):
        raise OAuthError("invalid_request", f"{name} is missing, or is no text.")
    return value
