"""Whoever asks, beyond who they are: in which session."""

from datetime import datetime
from uuid import UUID

from rest_framework.request import Request

from accounts.errors import InvalidToken
from accounts.signals import browser_session
from accounts.tokens import Identity


def session_of(request: Request) -> tuple[UUID, datetime]:
    """The session that the caller's token or cookie belongs to, and until when it may be believed (UTC)."""
    if isinstance(request.auth, Identity):
        return request.auth.session_id, request.auth.expires_at
    session = browser_session(request._request)
    if session is None or not session.is_good:
        raise InvalidToken
    return session.pk, session.expires_at
