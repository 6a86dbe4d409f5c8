"""Sessions and API tokens for administrators: whose they are, what they are good for, and their end."""

from collections.abc import Callable
from typing import Any

from django.contrib import admin
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.utils import timezone

from accounts.admin.acting import ActingAdmin, Sure, Verb, act
from accounts.admin.finding import people_called
from accounts.admin.reading import ReadingAdmin
from accounts.models import ApiToken, RefreshSession
from accounts.scopes import Scope
from accounts.tokens import FOR_EVER

MOST_SESSIONS = 1_000  # among which the tokens of somebody's are looked for


def revoke_session(session: RefreshSession, actor: Any) -> str:
    session.revoke()
    return "Revoked"


def revoke_token(token: ApiToken, actor: Any) -> str:
    return revoke_session(token.session, actor)


def state(session: RefreshSession) -> str:
    if session.revoked_at is not None:
        return "revoked"
    if not session.is_good:
        return "its user is disabled"
    return "expired" if session.expires_at <= timezone.now() else "good"


def good_for(scope: Scope) -> str:
    """What a session may, in words."""
    verbs = "reading" if scope.is_read_only else "everything"
    return verbs if scope.document_id is None else f"{verbs} in document {scope.document_id}"


def may_end(session: RefreshSession) -> bool:
    return session.revoked_at is None


SESSION_VERBS = (Verb("revoke", "Revoke: end tokens, browsers and sockets", revoke_session, fits=may_end),)
TOKEN_VERBS = (
    Verb(
        "revoke",
        "Revoke",
        revoke_token,
        Sure,
        "The program that has this token gets in no more, and nothing brings the token back.",
        fits=lambda token: may_end(token.session),
    ),
)


@admin.register(RefreshSession)
class SessionAdmin(ActingAdmin, ReadingAdmin):
    """Look at log-ins, and revoke them. What API tokens stand for has a page of its own."""

    list_display = ("id", "owner", "created_at", "expires_at", "state")
    search_fields = ("id",)  # see `find`
    search_help_text = "Whose: the beginning of a name, an e-mail address; or an id"
    ordering = ("-expires_at",)
    sortable_by = ("expires_at",)
    prefetched = ("user",)
    secret_fields = ("token_id",)
    fields = readonly_fields = ("owner", "good_for", "state", "created_at", "expires_at", "revoked_at")
    verbs = SESSION_VERBS
    actions: tuple[Callable[..., Any], ...] = tuple(map(act, SESSION_VERBS))

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        return super().get_queryset(request).exclude(token_id="")

    def find(self, request: HttpRequest, rows: QuerySet[Any], term: str) -> QuerySet[Any]:
        return rows.filter(user_id__in=people_called(term)) if term else rows

    @admin.display(description="user")
    def owner(self, session: RefreshSession) -> str:
        return session.user.shown_name

    @admin.display(description="state")
    def state(self, session: RefreshSession) -> str:
        return state(session)

    @admin.display(description="good for")
    def good_for(self, session: RefreshSession) -> str:
        return good_for(session.scope)


@admin.register(ApiToken)
class TokenAdmin(ActingAdmin, ReadingAdmin):
    """Look at the tokens that people made for programs, and revoke them. What is kept of their secrets is not shown."""

    list_display = ("name", "owner", "good_for", "created_at", "last_used_at", "expires", "state")
    search_fields = ("name",)
    search_help_text = "What it is called; whose: the beginning of a name, an e-mail address; or an id"
    ordering = ("-created_at",)
    sortable_by = ("created_at",)
    prefetched = ("session__user",)
    secret_fields = ("digest", "session")
    fields = readonly_fields = ("name", "owner", "good_for", "state", "created_at", "last_used_at", "expires")
    verbs = TOKEN_VERBS
    actions: tuple[Callable[..., Any], ...] = tuple(map(act, TOKEN_VERBS))

    def find(self, request: HttpRequest, rows: QuerySet[Any], term: str) -> QuerySet[Any]:
        if not term:
            return rows
        theirs = RefreshSession.objects.filter(user_id__in=people_called(term), token_id="")
        sessions = list(theirs.order_by("-expires_at").values_list("pk", flat=True)[:MOST_SESSIONS])
        return rows.filter(Q(name__icontains=term) | Q(session_id__in=sessions))

    @admin.display(description="owner")
    def owner(self, token: ApiToken) -> str:
        return token.session.user.shown_name

    @admin.display(description="good for")
    def good_for(self, token: ApiToken) -> str:
        return good_for(token.session.scope)

    @admin.display(description="expires")
    def expires(self, token: ApiToken) -> Any:
        return "never" if token.session.expires_at >= FOR_EVER else token.session.expires_at

    @admin.display(description="state")
    def state(self, token: ApiToken) -> str:
        return state(token.session)
