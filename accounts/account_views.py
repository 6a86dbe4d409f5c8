"""The REST calls about a person's API tokens and sessions. All take somebody logged in: no token makes tokens."""

from typing import Any, cast
from uuid import UUID

from rest_framework.generics import GenericAPIView
from rest_framework.permissions import IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response

from accounts import api_tokens, schema
from accounts.errors import NoSuchToken
from accounts.models import User
from accounts.permissions import WholeAccount
from accounts.scopes import Scope
from accounts.serializers import ApiTokenSerializer, MakeApiTokenSerializer


class OwnAccountView(GenericAPIView):
    permission_classes = (IsAuthenticated, WholeAccount)
    pagination_class = None

    @property
    def user(self) -> User:
        return cast(User, self.request.user)


class ApiTokensView(OwnAccountView):
    """See and make tokens for programs."""

    serializer_class = MakeApiTokenSerializer

    @schema.LIST_API_TOKENS
    def get(self, request: Request) -> Response:
        return Response(ApiTokenSerializer(api_tokens.live_tokens(self.user), many=True).data)

    @schema.MAKE_API_TOKEN
    def post(self, request: Request) -> Response:
        given = MakeApiTokenSerializer(data=request.data)
        given.is_valid(raise_exception=True)
        made, secret = api_tokens.make_token(self.user, **_wish(given.validated_data))
        shown = dict(ApiTokenSerializer(made).data) | {"token": secret}
        return Response(shown, status=201, headers={"Cache-Control": "no-store"})


class ApiTokenView(OwnAccountView):
    """One of them."""

    @schema.REVOKE_API_TOKEN
    def delete(self, request: Request, token_id: str) -> Response:
        try:
            api_tokens.revoke_token(self.user, UUID(token_id))
        except ValueError:  # no UUID
            raise NoSuchToken from None
        return Response(status=204)


class SessionsView(OwnAccountView):
    """All of one's sessions."""

    @schema.SIGN_OUT_EVERYWHERE
    def delete(self, request: Request) -> Response:
        self.user.end_sessions()
        return Response(status=204)


def _wish(given: dict[str, Any]) -> dict[str, Any]:
    scope = Scope(given["scope"] == "read", given["doc_id"])
    return {"name": given["name"], "scope": scope, "expires_at": given["expires_at"]}
