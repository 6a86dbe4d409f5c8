"""What all pages of documents share: thin, private, and complete without a script.

A document that the reader may not know of is a 404; what a service refuses becomes a message on the page it
came from; a text that can't be loaded is an error page, never an empty sheet.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from typing import Concatenate, ParamSpec, TypeAlias, cast

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_http_methods

from accounts.errors import Problem
from accounts.models import User
from accounts.user_throttles import check_page
from documents.models import Document, Role
from documents.ot.rebase import Refused

UNTITLED = "Untitled"
MAY = {Role.OWNER: "Owner", Role.EDITOR: "Can edit", Role.COMMENTER: "Can comment", Role.VIEWER: "Can read"}

P = ParamSpec("P")
View: TypeAlias = Callable[Concatenate[HttpRequest, P], HttpResponse]


def private_page(*methods: str) -> Callable[[View[P]], View[P]]:
    """A page for somebody logged in, stored nowhere; what it refuses becomes an error page."""

    def decorate(view: View[P]) -> View[P]:
        @wraps(view)
        def answer(request: HttpRequest, *args: P.args, **kwargs: P.kwargs) -> HttpResponse:
            try:
                check_page(request)
                return view(request, *args, **kwargs)
            except Problem as problem:
                return _error_page(request, problem)

        logged_in = login_required(require_http_methods(methods)(answer))
        return cast(View[P], cache_control(private=True, no_store=True)(logged_in))

    return decorate


def _error_page(request: HttpRequest, problem: Problem) -> HttpResponse:
    if problem.status == 404:
        raise Http404(problem.detail) from problem
    if problem.status == 403:
        raise PermissionDenied(problem.detail) from problem
    if problem.status == 429:
        answer = render(request, "429.html", status=429)
        answer["Retry-After"] = str(problem.retry_after)
        return answer
    return render(request, "500.html", status=problem.status)


@contextmanager
def refusals_told(request: HttpRequest) -> Iterator[None]:
    """What is refused becomes a message; only a document that is not there stays an error."""
    try:
        yield
    except Problem as problem:
        if problem.status == 404:
            raise
        messages.error(request, problem.detail)
    except Refused as refusal:  # by the log
        messages.error(request, f"This can’t be done: {refusal.detail}")


def person_asking(request: HttpRequest) -> User:
    return cast(User, request.user)


def titled(document: Document) -> str:
    return document.title or UNTITLED
