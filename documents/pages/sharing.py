"""The page that says who may do what with a document, and changes it."""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render

from accounts.errors import Problem
from accounts.models import User
from documents import permissions, sharing
from documents.errors import NoSuchPerson, NotFound
from documents.models import Document, Role
from documents.pages.common import MAY, person_asking, private_page, refusals_told, titled
from documents.permissions import Person

GIVEN_ROLES = (Role.EDITOR, Role.COMMENTER, Role.VIEWER)  # by adding or changing; owner only by handing over


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
        return _share_page(request, permissions.get_document(person_asking(request), document_id))
    if request.POST.get("action") == "remove" and request.POST.get("user") == str(person_asking(request).pk):
        return _leave(request, document_id)
    with refusals_told(request):
        document = permissions.get_document(person_asking(request), document_id, may="manage")
        try:
            _change_sharing(request, document)
        except NoSuchPerson as problem:
            return _share_page(request, document, problem)
        except NotFound as problem:  # somebody who was removed meanwhile
            messages.error(request, problem.detail)
    return redirect("document-share", document_id)


def _leave(request: HttpRequest, document_id: UUID) -> HttpResponse:
    with refusals_told(request):
        document = permissions.get_document(person_asking(request), document_id)
        sharing.remove_collaborator(document, user=person_asking(request), actor=person_asking(request))
        messages.success(request, f"You have left “{titled(document)}”.")
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
        sharing.set_role(document, user=user, role=Role.OWNER, actor=person_asking(request))
        messages.success(request, f"{user.shown_name} owns the document now. You can still edit it.")
    elif action == "remove":
        user = _chosen(request, document)
        sharing.remove_collaborator(document, user=user, actor=person_asking(request))
        messages.success(request, f"{user.shown_name} can’t open the document any more.")


def _give_role(request: HttpRequest, document: Document, user: User, role: str) -> None:
    if role not in GIVEN_ROLES:
        messages.error(request, "Choose what this person may do.")
        return
    sharing.set_role(document, user=user, role=role, actor=person_asking(request))
    messages.success(request, f"{user.shown_name} {MAY[Role(role)].lower()} now.")


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
    me, people = person_asking(request), permissions.collaborators(document)
    manages = permissions.may(document.role, "manage")
    sharers = [_sharer(person, me, manages) for person in people]
    context = {
        "document": document,
        "title": titled(document),
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
        name=person.user.shown_name,
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
    others = [user.shown_name for user in those if user.pk != me.pk]
    if len(others) > 3:
        return [*named, f"{len(others)} other people" if named else f"{len(others)} people"]
    return [*named, *others]


def _joined(names: Sequence[str]) -> str:
    return " and ".join(filter(None, [", ".join(names[:-1]), names[-1]]))
