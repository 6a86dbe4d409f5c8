"""A person's own log-ins, by browsers and by programs: seen and ended."""

from uuid import UUID

from django.contrib.auth import logout
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone

from accounts.models import RefreshSession, User
from accounts.signals import browser_session, open_browser_session


def live_sessions(user: User) -> QuerySet[RefreshSession]:
    """Those that let somebody in, the newest first. What API tokens stand for is not among them."""
    found = user.refresh_sessions.filter(revoked_at=None, expires_at__gt=timezone.now()).exclude(token_id="")
    return found.order_by("-created_at", "pk")


def end_session(request: HttpRequest, user: User, session_id: UUID) -> None:
    """End one of the user's own; this browser's is a log-out. Another's, or one that is over, stays as it is."""
    session = live_sessions(user).filter(pk=session_id).first()
    own = browser_session(request)
    if session is not None:
        session.revoke()
    if session is not None and session == own:
        logout(request)


def sign_out_everywhere(request: HttpRequest, user: User, *, stay: bool) -> None:
    """End every session, those of API tokens too; to `stay`, this browser gets a new one."""
    user.end_sessions()
    if stay:
        open_browser_session(request, user)
    else:
        logout(request)


def is_known(request: HttpRequest) -> bool:
    """Whether somebody with an account is logged in: a guest is not."""
    return isinstance(request.user, User) and not request.user.is_guest


def forget_guest(request: HttpRequest) -> None:
    """End a guest's session before somebody logs in over it: nobody else would."""
    if request.user.is_authenticated and not is_known(request):
        logout(request)
