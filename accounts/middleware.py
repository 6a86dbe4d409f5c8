"""Who is logged in with a browser: nobody, once the session that the log-in opened is over. And pages for who asks too
often."""

from functools import partial

from asgiref.sync import sync_to_async
from django.contrib.auth.middleware import AuthenticationMiddleware
from django.contrib.auth.models import AnonymousUser
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.deprecation import MiddlewareMixin
from django.utils.functional import SimpleLazyObject

from accounts.asking import note
from accounts.errors import TooOften
from accounts.models import User
from accounts.signals import browser_session


class BrowserSessions(AuthenticationMiddleware):
    """Django's, which would believe a cookie also where its session was revoked: by "sign out everywhere", say."""

    def process_request(self, request: HttpRequest) -> None:
        super().process_request(request)
        user = partial(_while_it_lasts, request, request.user)
        request.user = SimpleLazyObject(user)  # type: ignore[assignment]  # Django's is one, too
        request.auser = sync_to_async(user)


class TooOftenPages(MiddlewareMixin):
    """A page whose view let a TooOften through says so, with 429; the API's views answer theirs themselves."""

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        if not isinstance(error, TooOften):
            return None
        response = render(request, "429.html", status=error.status)
        response["Retry-After"], response["Cache-Control"] = str(error.retry_after), "no-store"
        return response


def _while_it_lasts(request: HttpRequest, user: User | AnonymousUser) -> User | AnonymousUser:
    if not user.is_authenticated:
        return AnonymousUser()
    session = browser_session(request)
    is_over = session is None or not session.is_good or session.expires_at <= timezone.now()
    if session is None or is_over or session.user_id != user.pk:
        request.session.flush()
        return AnonymousUser()
    note(user_id=user.pk)
    return user
