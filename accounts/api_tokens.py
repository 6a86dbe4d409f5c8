"""The tokens that a person made for programs: seen, made and ended."""

from datetime import datetime
from uuid import UUID

from django.db.models import QuerySet
from django.utils import timezone

from accounts import tokens
from accounts.errors import NoSuchToken, TooMany
from accounts.models import ApiToken, RefreshSession, User
from accounts.scopes import Scope

MAX_TOKENS = 50  # of one person, at a time


def live_tokens(user: User) -> QuerySet[ApiToken]:
    """Those that let somebody in, the newest first."""
    live = RefreshSession.objects.filter(user=user, revoked_at=None, expires_at__gt=timezone.now(), token_id="")
    found = ApiToken.objects.filter(session__in=list(live.values_list("pk", flat=True)))
    return found.select_related("session").order_by("-created_at", "pk")


def make_token(user: User, *, name: str, scope: Scope, expires_at: datetime | None) -> tuple[ApiToken, str]:
    """A token and its secret, which nobody can tell again. TooMany where there are enough."""
    if live_tokens(user).count() >= MAX_TOKENS:
        raise TooMany(f"One person has at most {MAX_TOKENS} API tokens. Revoke one that nothing uses.")
    return tokens.create_api_token(user, name, scope, expires_at)


def revoke_token(user: User, token_id: UUID) -> None:
    """End one, and its sockets. NoSuchToken for none that lives, and for somebody else's."""
    token = live_tokens(user).filter(pk=token_id).first()
    if token is None:
        raise NoSuchToken
    token.session.revoke()


def expiry(token: ApiToken) -> datetime | None:
    """When it ends by itself, None for never."""
    expires_at = token.session.expires_at
    return None if expires_at.year == tokens.FOR_EVER.year else expires_at
