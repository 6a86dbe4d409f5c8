"""The pages people see: thin, private, and complete without a script.

A document that the reader may not know of is a 404; what a service refuses becomes a message on the page it
came from; a text that can't be loaded is an error page, never an empty sheet.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import wraps
from typing import Concatenate, ParamSpec, TypeAlias, cast
from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.timesince import timesince
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_http_methods

from accounts.errors import Problem
from accounts.models import User
from documents import history, permissions, services
from documents.errors import NoSuchPerson, NotFound
from documents.models import Document, Role
from documents.permissions import Person

PER_PAGE = 20
UNTITLED = "Untitled"
MAY = {Role.OWNER: "Owner", Role.EDITOR: "Can edit", Role.COMMENTER: "Can comment", Role.VIEWER: "Can read"}
GIVEN_ROLES = (
    Role.EDITOR,
    Role.COMMENTER,
    Role.VIEWER,
)  # given by adding or changing; owner only by handing over

P = ParamSpec("P")
View: TypeAlias = Callable[Concatenate[HttpRequest, P], HttpResponse]


def private_page(*methods: str) -> Callable[[View[P]], View[P]]:
    """A page for somebody logged in, stored nowhere; what it refuses becomes an error page."""

    def decorate(view: View[P]) -> View[P]:
        @wraps(view)
        def answer(request: HttpRequest, *args: P.args, **kwargs: P.kwargs) -> HttpResponse:
            try:
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
    return render(request, "500.html", status=problem.status)


@contextmanager
def _refusals_told(request: HttpRequest) -> Iterator[None]:
    """What is refused becomes a message; only a document that is not there stays an error."""
    try:
        yield
    except Problem as problem:
        if problem.status == 404:
            raise
        messages.error(request, problem.detail)


def _user(request: HttpRequest) -> User:
    return cast(User, request.user)


def _titled(document: Document) -> str:
    return document.title or UNTITLED


# --- The list -----------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One document as the list shows it to one user."""

    document: Document
    title: str
    standing: str
    edited: str
    can_rename: bool
    can_delete: bool


@private_page("GET", "HEAD")
def document_list(request: HttpRequest) -> HttpResponse:
    visible = permissions.visible_documents(_user(request)).order_by("-updated_at", "pk")
    page = Paginator(visible, PER_PAGE).get_page(request.GET.get("page"))
    roles = permissions.roles_among(_user(request), list(page.object_list))
    # Whose role was taken a moment ago has no row.
    rows = [_row(document, roles[document.id]) for document in page.object_list if document.id in roles]
    return render(request, "documents/list.html", {"page": page, "rows": rows})


def _row(document: Document, role: str) -> Row:
    mine = role == Role.OWNER
    return Row(
        document=document,
        title=_titled(document),
        standing="Owned by you" if mine else f"Shared by {document.owner.username}, {MAY[Role(role)].lower()}",
        edited=_ago(document),
        can_rename=permissions.may(role, "edit"),
        can_delete=permissions.may(role, "manage"),
    )


def _ago(document: Document) -> str:
    seconds = (timezone.now() - document.updated_at).total_seconds()
    return "just now" if seconds < 60 else f"{timesince(document.updated_at, depth=1)} ago"


def _back_to_list(request: HttpRequest) -> HttpResponse:
    page = request.POST.get("page", "")
    later = page.isascii() and page.isdigit() and page != "1"
    return redirect(reverse("document-list") + (f"?page={page[:9]}" if later else ""))


@private_page("POST")
def create(request: HttpRequest) -> HttpResponse:
    with _refusals_told(request):
        document = services.create_document(owner=_user(request), title=request.POST.get("title", ""))
        return redirect("document-editor", document.id)
    return _back_to_list(request)


@private_page("POST")
def rename(request: HttpRequest, document_id: UUID) -> HttpResponse:
    with _refusals_told(request):
        document = permissions.get_document(_user(request), document_id, may="edit")
        services.rename_document(document, title=request.POST.get("title", ""), actor=_user(request))
    return _back_to_list(request)


@private_page("POST")
def delete(request: HttpRequest, document_id: UUID) -> HttpResponse:
    with _refusals_told(request):
        document = permissions.get_document(_user(request), document_id, may="manage")
        services.delete_document(document, actor=_user(request))
        messages.success(request, f"“{_titled(document)}” is deleted.")
    return _back_to_list(request)


# --- The editor ---------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Opened:
    """A document as a page was given it: this version is the version of this page's text."""

    id: UUID
    title: str
    version: int


@private_page("GET", "HEAD")
def editor(request: HttpRequest, document_id: UUID) -> HttpResponse:
    document = permissions.get_document(_user(request), document_id)
    version, text = history.current_text(document.id)
    context = {
        "document": Opened(document.id, document.title, version),
        "text": text,
        "role": document.role,
        "log": services.log_identity(),
        "can_edit": permissions.may(document.role, "edit"),
    }
    return render(request, "documents/editor.html", context)


# --- Sharing ------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Sharer:
    """One person on the page that says who may do what, as one reader sees them."""

    user: User
    name: str
    role: str
    may: str
    is_me: bool
    changeable: bool
    removable: bool


@private_page("GET", "HEAD", "POST")
def share(request: HttpRequest, document_id: UUID) -> HttpResponse:
    if request.method != "POST":
        return _share_page(request, permissions.get_document(_user(request), document_id))
    if request.POST.get("action") == "remove" and request.POST.get("user") == str(_user(request).pk):
        return _leave(request, document_id)
    with _refusals_told(request):
        document = permissions.get_document(_user(request), document_id, may="manage")
        try:
            _change_sharing(request, document)
        except NoSuchPerson as problem:
            return _share_page(request, document, problem)
        except NotFound as problem:  # somebody who was removed meanwhile
            messages.error(request, problem.detail)
    return redirect("document-share", document_id)


def _leave(request: HttpRequest, document_id: UUID) -> HttpResponse:
    with _refusals_told(request):
        document = permissions.get_document(_user(request), document_id)
        services.remove_collaborator(document, user=_user(request), actor=_user(request))
        messages.success(request, f"You have left “{_titled(document)}”.")
        return redirect("document-list")
    return redirect("document-share", document_id)


def _change_sharing(request: HttpRequest, document: Document) -> None:
    action, role = request.POST.get("action"), request.POST.get("role", "")
    if action == "add":
        _give_role(request, document, _find_person(request.POST.get("name", "")), role)
    elif action == "change":
        _give_role(request, document, _chosen(request, document), role)
    elif action == "transfer":
        user = _chosen(request, document)
        services.set_role(document, user=user, role=Role.OWNER, actor=_user(request))
        messages.success(request, f"{user.username} owns the document now. You can still edit it.")
    elif action == "remove":
        user = _chosen(request, document)
        services.remove_collaborator(document, user=user, actor=_user(request))
        messages.success(request, f"{user.username} can’t open the document any more.")


def _give_role(request: HttpRequest, document: Document, user: User, role: str) -> None:
    if role not in GIVEN_ROLES:
        messages.error(request, "Choose what this person may do.")
        return
    services.set_role(document, user=user, role=role, actor=_user(request))
    messages.success(request, f"{user.username} {MAY[Role(role)].lower()} now.")


def _chosen(request: HttpRequest, document: Document) -> User:
    return permissions.collaborator(document, request.POST.get("user", ""))


def _find_person(name: str) -> User:
    """Somebody with an account, by user name or else by e-mail."""
    name = name.strip()
    if not name:
        raise NoSuchPerson("Say who: a user name or an e-mail address.")
    try:
        return permissions.find_person(name, None)
    except NoSuchPerson:
        if "@" in name:
            with suppress(NoSuchPerson):
                return permissions.find_person(None, name)
        raise NoSuchPerson(f"There is no “{name}” here. Ask them for their user name, or to sign up first.") from None


def _share_page(request: HttpRequest, document: Document, problem: Problem | None = None) -> HttpResponse:
    me, people = _user(request), permissions.collaborators(document)
    manages = permissions.may(document.role, "manage")
    sharers = [_sharer(person, me, manages) for person in people]
    context = {
        "document": document,
        "title": _titled(document),
        "people": sharers,
        "heirs": [sharer for sharer in sharers if sharer.role != Role.OWNER],
        "sentence": who_may_what(people, me),
        "roles": [{"name": str(role), "may": MAY[role]} for role in GIVEN_ROLES],
        "can_manage": manages,
        "can_leave": document.role != Role.OWNER,
        "name": request.POST.get("name", ""),
        "chosen": request.POST.get("role", Role.EDITOR),
        "problem": problem.detail if problem else "",
    }
    return render(request, "documents/share.html", context, status=problem.status if problem else 200)


def _sharer(person: Person, me: User, manages: bool) -> Sharer:
    is_me, is_owner = person.user.pk == me.pk, person.role == Role.OWNER
    return Sharer(
        user=person.user,
        name=person.user.username,
        role=person.role,
        may=MAY[Role(person.role)],
        is_me=is_me,
        changeable=manages and not is_owner,
        removable=not is_owner and (manages or is_me),
    )


def who_may_what(people: Sequence[Person], me: User) -> str:
    """The sharing of a document in a plain sentence or two, as `me` reads it."""
    names = {role: _names(people, role, me) for role in MAY}
    if len(people) == 1:
        return "Only you can see this document."
    abilities = [f"{_joined(names[role])} {MAY[role].lower()}" for role in GIVEN_ROLES if names[role]]
    owner = names[Role.OWNER][0]
    owns = "You own" if owner == "you" else f"{owner} owns"
    return f"{owns} this document; {', '.join(abilities)}. Nobody else can see it."


def _names(people: Sequence[Person], role: str, me: User) -> list[str]:
    """At most three names, or how many there are; the reader is "you" and comes first."""
    those = [person.user for person in people if person.role == role]
    named = ["you"] * any(user.pk == me.pk for user in those)
    others = [user.username for user in those if user.pk != me.pk]
    if len(others) > 3:
        return [*named, f"{len(others)} other people" if named else f"{len(others)} people"]
    return [*named, *others]


def _joined(names: Sequence[str]) -> str:
    return " and ".join(filter(None, [", ".join(names[:-1]), names[-1]]))
