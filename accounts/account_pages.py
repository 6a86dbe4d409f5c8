"""The page where people look after their account: one form for each section, all sent to the one address."""

from collections.abc import Callable
from typing import Any, TypeAlias, cast
from uuid import UUID

from django.contrib import messages
from django.contrib.auth import logout, update_session_auth_hash
from django.contrib.auth.decorators import login_required
from django.core.exceptions import BadRequest
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import cache_control
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from accounts import api_tokens, proving, sessions
from accounts.errors import NoSuchToken, TooOften
from accounts.models import User
from accounts.settings_forms import EraseForm, PasswordForm, ProfileForm, SettingsForm, TokenForm
from accounts.signals import browser_session, open_browser_session
from accounts.user_throttles import check_page

SHOWN_SESSIONS = 50
FORMS: dict[str, type[SettingsForm]] = {
    "profile": ProfileForm,
    "password": PasswordForm,
    "token": TokenForm,
    "erase": EraseForm,
}
Action: TypeAlias = Callable[[HttpRequest], HttpResponse]


@sensitive_post_parameters()
@cache_control(private=True, no_store=True)
@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def account(request: HttpRequest) -> HttpResponse:
    """The page, or what one of its forms asks for. Guests have no account."""
    if not sessions.is_known(request):
        raise Http404
    try:
        check_page(request)
    except TooOften as refusal:
        return _refused(render(request, "429.html"), refusal)
    if request.method != "POST":
        return _page(request)
    action = ACTIONS.get(request.POST.get("action", ""))
    if action is None:
        raise BadRequest("No such action.")
    return action(request)


def _page(request: HttpRequest, made: TokenForm | None = None, **filled: SettingsForm) -> HttpResponse:
    """With the forms that were refused as they were filled in, the others as they begin; and the token just `made`."""
    user = _person(request)
    live = sessions.live_sessions(user)
    forms = {f"{name}_form": filled.get(name) or kind(request) for name, kind in FORMS.items()}
    context: dict[str, Any] = {
        "sessions": live[:SHOWN_SESSIONS],
        "more_sessions": max(0, live.count() - SHOWN_SESSIONS),
        "this_session": browser_session(request),
        "made": made,
        "lacks_proof": proving.lacks_proof(user),
        "tokens": [(token, api_tokens.expiry(token)) for token in api_tokens.live_tokens(user)],
    }
    response = render(request, "accounts/account.html", context | forms)
    for refusal in filter(None, (form.too_often for form in filled.values())):
        _refused(response, refusal)
    return response


def _refused(response: HttpResponse, refusal: TooOften) -> HttpResponse:
    response.status_code, response["Retry-After"] = refusal.status, str(refusal.retry_after)
    return response


# --- What the forms ask for -----------------------------------------------------------------------------------


def change_profile(request: HttpRequest) -> HttpResponse:
    form = ProfileForm(request, request.POST)
    return _done(request, "Your profile is saved.") if form.saved() else _page(request, profile=form)


def change_password(request: HttpRequest) -> HttpResponse:
    """Every session ends; this browser gets a new one."""
    form = PasswordForm(request, request.POST)
    if not form.saved():
        return _page(request, password=form)
    update_session_auth_hash(request, form.user)
    open_browser_session(request, form.user)
    return _done(request, "Your password is changed. You are signed out everywhere else.")


def sign_out_everywhere(request: HttpRequest) -> HttpResponse:
    stay = "stay" in request.POST
    sessions.sign_out_everywhere(request, _person(request), stay=stay)
    if stay:
        return _done(request, "You are signed out everywhere but here.")
    messages.success(request, "You are signed out everywhere.")
    return redirect("login")


def end_session(request: HttpRequest) -> HttpResponse:
    sessions.end_session(request, _person(request), _id(request))
    return _done(request, "That session has ended.") if request.user.is_authenticated else redirect("login")


def make_token(request: HttpRequest) -> HttpResponse:
    """Shows its secret in the answer itself: it is kept nowhere in between."""
    form = TokenForm(request, request.POST)
    if not form.saved():
        return _page(request, token=form)
    return _page(request, made=form)


def revoke_token(request: HttpRequest) -> HttpResponse:
    try:
        api_tokens.revoke_token(_person(request), _id(request))
    except NoSuchToken:  # it was over already, which is what was asked for
        pass
    return _done(request, "The token is revoked.")


def erase(request: HttpRequest) -> HttpResponse:
    form = EraseForm(request, request.POST)
    if not form.saved():
        return _page(request, erase=form)
    logout(request)
    messages.success(request, "Your account is deleted.")
    return redirect("home")


ACTIONS: dict[str, Action] = {
    ProfileForm.action: change_profile,
    PasswordForm.action: change_password,
    "sign-out-everywhere": sign_out_everywhere,
    "end-session": end_session,
    "prove-email": proving.ask_for_letter,
    TokenForm.action: make_token,
    "revoke-token": revoke_token,
    EraseForm.action: erase,
}


def _person(request: HttpRequest) -> User:
    return cast(User, request.user)


def _id(request: HttpRequest) -> UUID:
    try:
        return UUID(request.POST.get("id", ""))
    except ValueError:
        raise BadRequest("No such thing.") from None


def _done(request: HttpRequest, words: str) -> HttpResponse:
    messages.success(request, words)
    return redirect("account")
