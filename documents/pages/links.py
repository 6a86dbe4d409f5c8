"""The page that a share link opens. Its secret stands behind the `#`, so the page's script sends it on."""

from django.contrib.auth import login
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from accounts import sessions, throttles
from accounts.errors import Problem
from accounts.models import User
from accounts.names import MAX_GUEST_NAME_LENGTH, normal_name
from accounts.pages import BACKEND, sign_up_facts
from documents import sharing
from documents.models import ShareLink


@never_cache
@sensitive_post_parameters("secret")
@require_http_methods(["GET", "HEAD", "POST"])
def shared(request: HttpRequest) -> HttpResponse:
    """Come in as oneself, or say a name and come in as a guest."""
    if request.method != "POST":
        return _page(request)
    try:
        throttles.check_redeem(request)
        link = sharing.find_link(request.POST.get("secret", ""))
        _come_in(request, link)
    except Problem as problem:
        return _refused(request, problem)
    except ValidationError as refusal:
        return _page(request, status=400, name_problem=" ".join(refusal.messages))
    return redirect("document-editor", link.document_id)


def _come_in(request: HttpRequest, link: ShareLink) -> None:
    """A guest of another document becomes another guest."""
    user = request.user
    if isinstance(user, User) and user.scope.covers(link.document_id):
        sharing.redeem(link, user)
    else:
        guest = sharing.let_guest_in(link, _name_given(request))
        sessions.forget_guest(request)
        login(request, guest, BACKEND)


def _name_given(request: HttpRequest) -> str:
    name = normal_name(request.POST.get("name", ""))
    if not name:
        raise ValidationError("Say what others are to call you.")
    if len(name) > MAX_GUEST_NAME_LENGTH:
        raise ValidationError(f"At most {MAX_GUEST_NAME_LENGTH} characters.")
    return name


def _refused(request: HttpRequest, problem: Problem) -> HttpResponse:
    answer = _page(request, problem.status, problem=problem.detail)
    if problem.retry_after is not None:
        answer["Retry-After"] = str(problem.retry_after)
    return answer


def _page(request: HttpRequest, status: int = 200, *, problem: str = "", name_problem: str = "") -> HttpResponse:
    """The secret is not in it: the browser's tab has that."""
    user = request.user
    known = user.first_name if isinstance(user, User) and user.is_guest else ""
    context = {
        "problem": problem,
        "name_problem": name_problem,
        "name": request.POST.get("name", known),
        "longest_name": MAX_GUEST_NAME_LENGTH,
        "way_back": request.path,  # after a log-in; the tab still has the secret
        **sign_up_facts(),
    }
    answer = render(request, "documents/shared.html", context, status=status)
    answer["X-Robots-Tag"] = "noindex"
    return answer
