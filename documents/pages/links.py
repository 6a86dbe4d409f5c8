"""The page that a share link opens. Its secret stands behind the `#`, so the page's script sends it on."""

from django.contrib.auth import login
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from accounts import throttles
from accounts.errors import Problem
from accounts.models import User
from accounts.names import MAX_GUEST_NAME_LENGTH
from accounts.pages import BACKEND
from documents import sharing
from documents.models import ShareLink


@never_cache
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
        return _page(request, problem.detail, problem.status)
    except ValidationError as refusal:
        return _page(request, " ".join(refusal.messages), 400)
    return redirect("document-editor", link.document_id)


def _come_in(request: HttpRequest, link: ShareLink) -> None:
    """A guest of another document becomes another guest."""
    user = request.user
    if isinstance(user, User) and user.scope.covers(link.document_id):
        sharing.redeem(link, user)
    else:
        login(request, sharing.let_guest_in(link, request.POST.get("name", "")), BACKEND)


def _page(request: HttpRequest, problem: str = "", status: int = 200) -> HttpResponse:
    context = {"problem": problem, "name": request.POST.get("name", ""), "longest_name": MAX_GUEST_NAME_LENGTH}
    return render(request, "documents/shared.html", context, status=status)
