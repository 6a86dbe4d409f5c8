"""How the API describes itself: the words all operations are described in, and the operations of accounts.

What every operation may refuse (no token, too often, an outage, …) is not said here again and again:
`collabdocs.schema` adds it. It also turns each status that is given without a body into a problem.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from drf_spectacular.extensions import OpenApiAuthenticationExtension
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


def answer(shape: Any, example: Any, description: str) -> OpenApiResponse:
    """A successful answer; for a list, `example` is one item of it."""
    return OpenApiResponse(shape, description, [OpenApiExample("Answer", value=example)])


# --- The operations of accounts -------------------------------------------------------------------------------

ALICE = {"id": "6f1c2a52-3f0e-4c8b-9d53-0d1a7a4b8c11", "username": "alice"}
ME = {**ALICE, "email": "alice@example.org"}
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
    answers={201: answer(serializers.UserSerializer, ME, "Who has signed up.")},
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
    "Change my name, address or password",
    "What is left out stays as it is. A new password needs the current one, and ends every session; an address "
    "is removed by `null`.",
    request=serializers.ChangeUserSerializer,
    takes={
        "Another address": {"email": "alice@example.net"},
        "A new password": {"password": "another horse battery staple", "current_password": PASSWORD},
    },
    answers={200: answer(serializers.UserSerializer, ME, "You, as you are now.")},
    tags=["people"],
)
ERASE_ME = operation(
    "erase_me",
    "Erase me",
    "Removes your name, your address and what only you can see. What you wrote in other people's documents stays, "
    "without your name. This can't be undone.",
    answers={204: OpenApiResponse(None, "You are erased, and every session has ended.")},
    tags=["people"],
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
