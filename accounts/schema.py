"""How the API describes itself: the words all operations are described in, and the operations of accounts.

What every operation may refuse (no token, too often, an outage, …) is not said here again and again:
`collabdocs.schema` adds it. It also turns each status that is given without a body into a problem.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from drf_spectacular.extensions import OpenApiAuthenticationExtension
from drf_spectacular.openapi import AutoSchema
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiExample, OpenApiParameter, OpenApiResponse, extend_schema

from accounts import serializers


class BearerScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    target_class = "accounts.authentication.BearerAuthentication"
    name = "bearer"

    def get_security_definition(self, auto_schema: Any) -> dict[str, Any]:
        flow = {"tokenUrl": "/api/token", "refreshUrl": "/api/token", "scopes": {}}
        return {
            "type": "oauth2",
            "description": "Your user name and password; client_id and client_secret stay empty.",
            "flows": {"password": flow},
        }


class BodyOfDelete(AutoSchema):
    """Describes the body of a DELETE, which drf-spectacular leaves out."""

    def _get_request_body(self, direction: Any = "request") -> Any:
        self.method = "POST"
        try:
            return super()._get_request_body(direction)  # type: ignore[no-untyped-call]
        finally:
            self.method = "DELETE"


def without_trailing_slashes(endpoints: list[tuple[str, str, str, Any]]) -> list[tuple[str, str, str, Any]]:
    """For PREPROCESSING_HOOKS: a pattern that ends in `/?` is shown without its slash."""
    return [(path.rstrip("/"), *rest) for path, *rest in endpoints]


# --- The words ------------------------------------------------------------------------------------------------


def operation(
    name: str,
    summary: str,
    description: str = "",
    *,
    answers: Mapping[Any, Any],
    takes: Mapping[str, Any] | None = None,
    refuses: Sequence[int] = (),
    parameters: Sequence[OpenApiParameter] = (),
    **more: Any,
) -> Callable[[Any], Any]:
    """A decorator that describes one operation.

    `takes` are named examples of the body, whose shape is that of the view's serializer; `refuses` are the
    statuses of problems beyond those that every operation of its kind may answer.
    """
    return extend_schema(
        operation_id=name,
        summary=summary,
        description=description or summary,
        responses={**answers, **dict.fromkeys(refuses)},
        examples=[OpenApiExample(title, value=body, request_only=True) for title, body in (takes or {}).items()],
        parameters=list(parameters),
        **more,
    )


def with_body(describe: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """The same for a DELETE, whose body would be left out."""

    def described(method: Any) -> Any:
        method.kwargs = {"schema": BodyOfDelete}
        return describe(method)

    return described


def answer(shape: Any, example: Any, description: str) -> OpenApiResponse:
    """A successful answer; for a list, `example` is one item of it."""
    return OpenApiResponse(shape, description, [OpenApiExample("Answer", value=example)])


# --- The operations of accounts -------------------------------------------------------------------------------

ALICE = {"id": "6f1c2a52-3f0e-4c8b-9d53-0d1a7a4b8c11", "username": "alice"}
ME = {**ALICE, "email": "alice@example.org", "color": "#2e9e4f"}
NEW_ME = ME | {"color": None}
PASSWORD = "correct horse battery staple"
TOKENS = {
    "access_token": "eyJhbGciOiJIUzI1NiIs.eyJzdWIiOiI2ZjFjMmE1Mi0z.Rk9E0Lr1",
    "token_type": "bearer",
    "expires_in": 300,
    "refresh_token": "eyJhbGciOiJIUzI1NiIs.eyJqdGkiOiI5ZTg2NDFjZC02.pQ8t3vYk",
}
REFUSED = answer(
    serializers.OAuthErrorSerializer,
    {"error": "invalid_grant", "error_description": "The name or the password is wrong."},
    "Refused, in OAuth's own words: `invalid_request`, `invalid_grant` or `unsupported_grant_type`.",
)

SIGN_UP = operation(
    "sign_up",
    "Sign up",
    "Makes a new person. An installation may be closed to strangers (`sign_up_closed`).",
    request=serializers.SignUpSerializer,
    takes={"A new person": {"username": "alice", "email": "alice@example.org", "password": PASSWORD}},
    answers={201: answer(serializers.UserSerializer, NEW_ME, "Who has signed up.")},
    refuses=[403],
    tags=["people"],
)
READ_ME = operation(
    "read_me",
    "Who am I",
    "The person that the token belongs to.",
    answers={200: answer(serializers.UserSerializer, ME, "You.")},
    tags=["people"],
)
CHANGE_ME = operation(
    "change_me",
    "Change my name, address, colour or password",
    "What is left out stays as it is. A new password, and another address or none, need the current password. A new "
    "password ends every session, those of API tokens too. An address, and the choice of a colour, is removed by "
    "`null`.",
    request=serializers.ChangeUserSerializer,
    takes={
        "Another address": {"email": "alice@example.net", "current_password": PASSWORD},
        "Another colour": {"color": "#7a6cf0"},
        "A new password": {"password": "another horse battery staple", "current_password": PASSWORD},
    },
    answers={200: answer(serializers.UserSerializer, ME, "You, as you are now.")},
    tags=["people"],
)
ERASE_ME = with_body(
    operation(
        "erase_me",
        "Erase me",
        "Removes your name and your address, and needs your current password. Documents of yours that nobody else sees "
        "go to the trash; a shared one goes to whoever may do most in it. What you wrote in other people's documents "
        "stays, without your name. This can't be undone.",
        request=serializers.EraseUserSerializer,
        takes={"Yes, me": {"current_password": PASSWORD}},
        answers={204: OpenApiResponse(None, "You are erased, and every session has ended.")},
        tags=["people"],
    )
)
TOKEN = operation(
    "get_token",
    "Log in, or stay logged in",
    "OAuth 2 (RFC 6749): the `password` and the `refresh_token` grant, as a form or as JSON. Without `grant_type` it "
    "is `password`. A refresh token is good once; use the one in the answer next. `client_id` and `client_secret` "
    "are not needed, and ignored.",
    request=serializers.GrantSerializer,
    takes={
        "By a password": {"grant_type": "password", "username": "alice", "password": PASSWORD},
        "By a refresh token": {"grant_type": "refresh_token", "refresh_token": TOKENS["refresh_token"]},
    },
    answers={200: answer(serializers.TokenSerializer, TOKENS, "Tokens; never stored by caches."), 400: REFUSED},
    tags=["tokens"],
)
REVOKE = operation(
    "revoke_token",
    "Log out",
    "RFC 7009: ends the session that an access or a refresh token belongs to, with its open sockets. The answer is "
    "the same for what is no token at all.",
    request=serializers.RevokeSerializer,
    takes={"A token": {"token": TOKENS["refresh_token"]}},
    answers={200: OpenApiResponse(None, "That token is good for nothing now."), 400: REFUSED},
    tags=["tokens"],
)

# --- API tokens and sessions ----------------------------------------------------------------------------------

API_TOKEN = {
    "id": "4c0b2f6e-9a1d-4f7c-8e35-6d2a9b1c7f40",
    "name": "Nightly backup",
    "scope": "read",
    "doc_id": None,
    "created_at": "2026-11-23T08:00:00Z",
    "last_used_at": None,
    "expires_at": "2027-11-23T08:00:00Z",
}
TOKEN_ID = OpenApiParameter("token_id", OpenApiTypes.UUID, OpenApiParameter.PATH, description="Which token.")
LIST_API_TOKENS = operation(
    "list_api_tokens",
    "Your API tokens",
    "Those that are good for something, the newest first.",
    answers={200: answer(serializers.ApiTokenSerializer(many=True), API_TOKEN, "All of them.")},
    refuses=[403],
    tags=["tokens"],
)
MAKE_API_TOKEN = operation(
    "make_api_token",
    "Make an API token",
    "For a program: it is used like an access token. It may be for reading only, or for one document; it never is good "
    "for the account itself. The token is shown this once.",
    request=serializers.MakeApiTokenSerializer,
    takes={"For a backup": {"name": "Nightly backup", "scope": "read", "expires_at": "2027-11-23T08:00:00Z"}},
    answers={
        201: answer(
            serializers.MadeApiTokenSerializer, API_TOKEN | {"token": "collabdocs_3Kx9…"}, "It, and its secret."
        )
    },
    refuses=[409],
    tags=["tokens"],
)
REVOKE_API_TOKEN = operation(
    "revoke_api_token",
    "Revoke an API token",
    "It is good for nothing any more, and its sockets close within seconds.",
    parameters=[TOKEN_ID],
    answers={204: OpenApiResponse(None, "It is revoked.")},
    tags=["tokens"],
)
SIGN_OUT_EVERYWHERE = operation(
    "sign_out_everywhere",
    "Sign out everywhere",
    "Ends every session of yours, with its tokens and sockets: browsers, programs, API tokens, and the one that asks.",
    answers={204: OpenApiResponse(None, "You are logged in nowhere.")},
    tags=["tokens"],
)
