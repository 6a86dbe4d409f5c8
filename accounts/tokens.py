"""Tokens: signed by simplejwt, kept in families by RefreshSession.

A session's newest refresh token is the only good one; `rotate` trades it for the next by one conditional
update, so of two that come at once one wins. Any other refresh token of the session that comes in was copied
or replayed: the family ends, and its access tokens and sockets with it. An access token names its session and
is checked against it at each use, in one query. Times allow for SIMPLE_JWT["LEEWAY"] seconds between clocks.

An API token is no such token but a random secret, which stands for a session of its own: it is good wherever an access
token is, and ends as they end.
"""

import hashlib
import secrets
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple, Self
from uuid import UUID, uuid4

import rest_framework_simplejwt.backends  # noqa: F401  # which it would load with the first token, and keep it waiting
from django.conf import settings
from django.utils import timezone
from rest_framework_simplejwt.exceptions import TokenError
from rest_framework_simplejwt.tokens import Token

from accounts.errors import InvalidToken
from accounts.models import ApiToken, RefreshSession, User
from accounts.scopes import WHOLE, Scope

API_TOKEN_PREFIX = "collabdocs_"  # so that what looks through code for secrets finds one
FOR_EVER = datetime(9999, 12, 31, tzinfo=UTC)
USED_EVERY = timedelta(hours=1)  # how exactly it is kept when an API token was used last
MAX_TOKEN_LENGTH = 4096  # characters; ours have about 350


@dataclass(frozen=True, slots=True)
class Identity:
    """Who is asking, as an access token said, and until when it may be believed (UTC)."""

    user_id: UUID
    username: str
    session_id: UUID
    expires_at: datetime
    scope: Scope = WHOLE
    color: str = ""


@dataclass(frozen=True, slots=True)
class TokenPair:
    """What a client gets at log-in; `expires_in` is the access token's, in seconds."""

    access_token: str
    refresh_token: str
    expires_in: int


class AccessToken(NamedTuple):
    """A signed access token and the seconds until it expires."""

    token: str
    expires_in: int


class _Claims(Token):
    """The signed claims: `sub` (user), `sid` (session), `jti`, `token_type`, `iat`, `exp`, `iss`, `aud`."""

    @classmethod
    def for_session(cls, session: RefreshSession) -> Self:
        claims = cls()
        claims["sub"], claims["sid"] = str(session.user_id), str(session.pk)
        return claims


class _Access(_Claims):
    token_type = "access"
    lifetime = settings.ACCESS_TOKEN_LIFETIME


class _Refresh(_Claims):
    token_type = "refresh"
    lifetime = settings.REFRESH_TOKEN_LIFETIME


def start_session(user: User) -> TokenPair:
    """Begin a family of tokens for somebody who has just proved who they are."""
    return _pair(open_session(user, settings.REFRESH_TOKEN_LIFETIME))


def open_session(user: User, lifetime: timedelta) -> RefreshSession:
    """A session without a refresh token in anybody's hands, as a browser's log-in has it."""
    expires_at = timezone.now() + lifetime
    return RefreshSession.objects.create(user=user, token_id=uuid4().hex, expires_at=expires_at)


def access_token(session: RefreshSession) -> AccessToken:
    """A new access token of this session."""
    token = str(_Access.for_session(session))
    return AccessToken(token, int(settings.ACCESS_TOKEN_LIFETIME.total_seconds()))


def create_api_token(user: User, name: str, scope: Scope, expires_at: datetime | None) -> tuple[ApiToken, str]:
    """A token for a program, and its secret, which nobody can tell again."""
    session = RefreshSession.objects.create(
        user=user,
        token_id="",
        expires_at=expires_at or FOR_EVER,
        is_read_only=scope.is_read_only,
        document_id=scope.document_id,
    )
    secret = API_TOKEN_PREFIX + secrets.token_urlsafe(32)
    made = ApiToken.objects.create(session=session, name=name, digest=digest(secret))
    return ApiToken.objects.select_related("session").get(pk=made.pk), secret  # with times as the database keeps them


def rotate(refresh_token: str) -> TokenPair:
    """Trade the family's newest refresh token for the next pair; a reused one ends the family.

    Raises InvalidToken.
    """
    claims = _read(refresh_token, _Refresh)
    session = _session(claims)
    expires_at = timezone.now() + settings.REFRESH_TOKEN_LIFETIME
    next_id = uuid4().hex
    newest = RefreshSession.objects.filter(pk=session.pk, token_id=claims["jti"], revoked_at=None)
    if newest.update(token_id=next_id, expires_at=expires_at) != 1:
        session.revoke()
        raise InvalidToken
    session.token_id = next_id
    return _pair(session)


def revoke(token: str) -> None:
    """End the session that a token of any kind belongs to; what is no good token changes nothing."""
    if token.startswith(API_TOKEN_PREFIX):
        with suppress(InvalidToken):
            _api_session(token).revoke()
        return
    for kind in (_Refresh, _Access):
        try:
            _session(_read(token, kind)).revoke()
        except InvalidToken:
            continue


def verify_access(token: str) -> Identity:
    """Who an access token stands for, now. Raises InvalidToken."""
    return authenticate(token)[1]


def authenticate(token: str) -> tuple[User, Identity]:
    """The user and the identity of an access or an API token, in one query. Raises InvalidToken."""
    if token.startswith(API_TOKEN_PREFIX):
        session = _api_session(token)
        return _known(session, session.expires_at)
    claims = _read(token, _Access)
    return _known(_session(claims), datetime.fromtimestamp(claims["exp"], UTC))


def revoked_sessions(session_ids: Iterable[UUID]) -> set[UUID]:
    """Those among the sessions that are over: revoked, purged, or their user inactive or erased."""
    asked = set(session_ids)
    rows = dict(RefreshSession.objects.filter(pk__in=asked, revoked_at=None).values_list("pk", "user_id"))
    users = User.objects.filter(pk__in=set(rows.values()), is_active=True, erased_at=None)
    active = set(users.values_list("pk", flat=True))
    return {session for session in asked if rows.get(session) not in active}


def _known(session: RefreshSession, expires_at: datetime) -> tuple[User, Identity]:
    user = session.user
    user.scope = session.scope
    return user, Identity(user.pk, user.shown_name, session.pk, expires_at, user.scope, user.color)


def _api_session(secret: str) -> RefreshSession:
    """The live session that an API token stands for; notes that it was used."""
    found = ApiToken.objects.select_related("session__user").filter(digest=digest(secret)).first()
    now = timezone.now()
    if found is None or not found.session.is_good or found.session.expires_at <= now:
        raise InvalidToken
    if found.last_used_at is None or found.last_used_at < now - USED_EVERY:
        ApiToken.objects.filter(pk=found.pk).update(last_used_at=now)
    return found.session


def digest(secret: str) -> str:
    """What is kept of a secret, a token's or a link's, that is too long to be guessed: no salt, and no slow hash, is
    needed."""
    return hashlib.sha256(secret.encode()).hexdigest()


def _pair(session: RefreshSession) -> TokenPair:
    refresh = _Refresh.for_session(session)
    refresh["jti"] = session.token_id
    access = access_token(session)
    return TokenPair(access.token, str(refresh), access.expires_in)


def _read(token: str, kind: type[_Claims]) -> _Claims:
    """The claims of a token of this kind whose signature, times, issuer and audience hold."""
    if not token.isascii() or len(token) > MAX_TOKEN_LENGTH:
        raise InvalidToken
    try:
        return kind(token)  # type: ignore[arg-type]
    except (TokenError, ValueError, OverflowError, TypeError):
        raise InvalidToken from None


def _session(claims: _Claims) -> RefreshSession:
    """The live session that the claims name."""
    ids: dict[str, Any] = {"pk": _uuid(claims.get("sid")), "user_id": _uuid(claims.get("sub"))}
    session = RefreshSession.objects.select_related("user").filter(**ids).first()
    if session is None or not session.is_good:
        raise InvalidToken
    return session


def _uuid(text: object) -> UUID:
    try:
        return UUID(str(text))
    except ValueError:
        raise InvalidToken from None
