"""Pages for browsers: signing up, logging in and out, and a token for the editor's socket."""

from typing import Any

from django.conf import settings
from django.contrib.auth import login
from django.contrib.auth.views import LoginView, LogoutView, RedirectURLMixin
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.utils.decorators import method_decorator
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.generic import FormView
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts import services, sessions, tokens
from accounts.authentication import CookieAuthentication
from accounts.forms import CountedForm, LogInForm, SignUpForm
from accounts.signals import browser_session

BACKEND = "django.contrib.auth.backends.ModelBackend"


def home(request: HttpRequest) -> HttpResponseBase:
    """What this is; who is logged in goes straight to the documents."""
    if request.user.is_authenticated:
        return redirect(settings.LOGIN_REDIRECT_URL)
    return render(request, "home.html", sign_up_facts())


def sign_up_facts() -> dict[str, bool]:
    """What pages for strangers need to know."""
    return {"sign_up_open": settings.SIGN_UP_OPEN}


class CountedFormView(FormView):
    """Answers 429 with the form when it was sent too often."""

    def get_form_kwargs(self) -> dict[str, Any]:
        return {**super().get_form_kwargs(), "request": self.request}

    def form_invalid(self, form: CountedForm) -> HttpResponse:
        response = super().form_invalid(form)
        if form.too_often is not None:
            response.status_code = 429
            response["Retry-After"] = str(form.too_often.retry_after)
        return response


class WayIn(RedirectURLMixin, CountedFormView):
    """For strangers and guests. `next` leads only to our own pages."""

    next_page = settings.LOGIN_REDIRECT_URL

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(**kwargs) | sign_up_facts()


class LogIn(WayIn, LoginView):
    form_class = LogInForm
    template_name = "accounts/login.html"

    def setup(self, request: HttpRequest, *args: Any, **kwargs: Any) -> None:
        super().setup(request, *args, **kwargs)
        self.redirect_authenticated_user = sessions.is_known(request)

    def form_valid(self, form: LogInForm) -> HttpResponse:
        sessions.forget_guest(self.request)
        return super().form_valid(form)


class LogOut(LogoutView):
    next_page = settings.LOGOUT_REDIRECT_URL


@method_decorator([sensitive_post_parameters(), never_cache], name="dispatch")
class SignUp(WayIn):
    """Who has signed up is logged in."""

    form_class = SignUpForm
    template_name = "accounts/sign_up.html"

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if sessions.is_known(request):
            return HttpResponseRedirect(self.get_success_url())
        if not settings.SIGN_UP_OPEN:
            return redirect(settings.LOGIN_URL)
        return super().dispatch(request, *args, **kwargs)

    def form_valid(self, form: CountedForm) -> HttpResponse:
        try:
            user = services.create_user(**form.cleaned_data)
        except ValidationError as refusal:
            form.add_error(None, refusal)
            return self.form_invalid(form)
        sessions.forget_guest(self.request)
        login(self.request, user, BACKEND)
        return HttpResponseRedirect(self.get_success_url())

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return {self.redirect_field_name: self.get_redirect_url(), **super().get_context_data(**kwargs)}


class SessionToken(APIView):
    """A short access token for the page's own script, of the session that the browser's log-in owns."""

    authentication_classes = (CookieAuthentication,)

    @extend_schema(exclude=True)
    def post(self, request: Request) -> Response:
        session = browser_session(request._request)
        assert session is not None  # `BrowserSessions` has seen to it
        access = tokens.access_token(session)
        answer = {"access_token": access.token, "token_type": "bearer", "expires_in": access.expires_in}
        return Response(answer, headers={"Cache-Control": "no-store"})
