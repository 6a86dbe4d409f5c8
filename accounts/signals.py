"""A browser's log-in owns a session of its own: it opens with the log-in and ends with the log-out.

And what others listen to: `user_erased`, sent with the `user` before anything of theirs is forgotten. What a listener
fails at stops the erasing, which can be asked for again.
"""

from datetime import timedelta
from typing import Any
from uuid import UUID

from django.contrib.auth.signals import user_logged_in, user_logged_out
from django.dispatch import Signal, receiver
from django.http import HttpRequest

from accounts import tokens
from accounts.models import RefreshSession, User

SESSION_KEY = "refresh_session_id"
user_erased = Signal()


@receiver(user_logged_in)
def open_browser_session(request: HttpRequest, user: User, **_: Any) -> None:
    """Also for a browser that is to stay logged in where all sessions have just ended."""
    lifetime = timedelta(seconds=request.session.get_expiry_age())
    request.session[SESSION_KEY] = str(tokens.open_session(user, lifetime).pk)


@receiver(user_logged_out)
def end_browser_session(request: HttpRequest, **_: Any) -> None:
    session = browser_session(request)
    if session is not None:
        session.revoke()


def browser_session(request: HttpRequest) -> RefreshSession | None:
    """The session that this browser's log-in opened, None without one."""
    session_id = request.session.get(SESSION_KEY)
    if session_id is None:
        return None
    return RefreshSession.objects.select_related("user").filter(pk=UUID(session_id)).first()
