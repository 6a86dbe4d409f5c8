"""Who is logged in with a browser: nobody, once the session that the log-in opened is over."""

from functools import partial

from asgiref.sync import sync_to_async
from django.contrib.auth.middleware import AuthenticationMiddleware
from django.contrib.auth.models import AnonymousUser
from django.http import HttpRequest
from django.utils.functional import SimpleLazyObject

from accounts.models import User
from accounts.signals import browser_session


class BrowserSessions(AuthenticationMiddleware):
    """Django's, which would believe a cookie also where its session was revoked: by "sign out everywhere", say."""

    def process_request(self, request: HttpRequest) -> None:
        super().process_request(request)
        user = partial(_while_it_lasts, request, request.user)
        request.user = SimpleLazyObject(user)  # type: ignore[assignment]  # Django's is one, too
        request.auser = sync_to_async(user)


def _while_it_lasts(request: HttpRequest, user: User | AnonymousUser) -> User | AnonymousUser:
    if not user.is_authenticated:
        return AnonymousUser()
    session = browser_session(request)
    if session is None or not session.is_good or session.user_id != user.pk:
        request.session.flush()
        return AnonymousUser()
    return user
