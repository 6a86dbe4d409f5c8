"""The page that says who may do what with a document, and changes it."""

from contextlib import suppress
from datetime import timedelta
from uuid import UUID

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone

from accounts import throttles
from accounts.errors import Problem
from accounts.models import User
from documents import permissions, sharing
from documents.api.links import address
from documents.errors import InvalidText, NoSuchLink, NoSuchPerson, NotFound
from documents.models import GIVEN_ROLES, Document, Role
from documents.pages.common import MAY, person_asking, private_page, refusals_told, titled
from documents.pages.sharers import living_link, sharer, who_may_what

NOBODYS_NAME = "There is no “{}” here. Ask them for their user name, or to sign up first."
NOBODYS_ADDRESS = "Nobody here has proved that “{}” is theirs. Ask them for their user name, or to prove it first."
LIFETIMES = {
    "day": ("For a day", timedelta(days=1)),
    "week": ("For a week", timedelta(days=7)),
    "month": ("For a month", timedelta(days=30)),
    "revoked": ("Until it is revoked", None),
}


@private_page("GET", "HEAD", "POST")
def share(request: HttpRequest, document_id: UUID) -> HttpResponse:
    if request.method != "POST":
        return _share_page(request, permissions.get_document(person_asking(request), document_id))
    if request.POST.get("action") == "remove" and request.POST.get("user") == str(person_asking(request).pk):
        return _leave(request, document_id)
    with refusals_told(request):
        document = permissions.get_document(person_asking(request), document_id, may="manage")
        if request.POST.get("action") == "link":
            return _share_page(request, document, new_link=_make_link(request, document))
        try:
            _change_sharing(request, document)
        except NoSuchPerson as problem:
            return _share_page(request, document, problem)
        except (NotFound, NoSuchLink) as problem:  # somebody, or a link, that went meanwhile
            messages.error(request, problem.detail)
    return redirect("document-share", document_id)


def _leave(request: HttpRequest, document_id: UUID) -> HttpResponse:
    with refusals_told(request):
        document = permissions.get_document(person_asking(request), document_id)
        sharing.remove_collaborator(document, user=person_asking(request), actor=person_asking(request))
        messages.success(request, f"You have left “{titled(document)}”.")
        return redirect("document-list")
    return redirect("document-share", document_id)


def _make_link(request: HttpRequest, document: Document) -> str:
    """A new link's address. It stands in this one answer and nowhere else: in no message, no session and no log."""
    if request.POST.get("lifetime") not in LIFETIMES:
        raise InvalidText("Choose how long the link is good for.")
    _, lifetime = LIFETIMES[request.POST["lifetime"]]
    expires_at = timezone.now() + lifetime if lifetime else None
    role = request.POST.get("role", "")
    made = sharing.create_link(document, role=role, expires_at=expires_at, actor=person_asking(request))
    return address(request, made.secret)


def _change_sharing(request: HttpRequest, document: Document) -> None:
    action, role = request.POST.get("action"), request.POST.get("role", "")
    if action == "add":
        throttles.check_user(person_asking(request), throttles.LOOK_UPS_BY_USER)
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
        messages.success(request, _told_of_removal(document, user))
    elif action == "revoke":
        sharing.revoke_link(document, request.POST.get("link", ""))
        messages.success(request, "That link does not work any more, and who came by it is out.")


def _told_of_removal(document: Document, user: User) -> str:
    if not sharing.live_links(document).exists():
        return f"{user.shown_name} can’t open the document any more."
    return f"{user.shown_name} is removed. Who has a link can still come in by it: revoke it, too, to keep them out."


def _give_role(request: HttpRequest, document: Document, user: User, role: str) -> None:
    if role not in GIVEN_ROLES:
        messages.error(request, "Choose what this person may do.")
        return
    sharing.set_role(document, user=user, role=role, actor=person_asking(request))
    messages.success(request, f"{user.shown_name} {MAY[Role(role)].lower()} now.")


def _chosen(request: HttpRequest, document: Document) -> User:
    return permissions.collaborator(document, request.POST.get("user", ""))


def _find_person(name: str) -> User:
    """Somebody with an account, by user name; what holds an @ is an e-mail address, before it is an old name."""
    name = name.strip()
    if not name:
        raise NoSuchPerson("Say who: a user name or an e-mail address.")
    if "@" in name:
        with suppress(NoSuchPerson):
            return permissions.find_person(None, name)
    try:
        return permissions.find_person(name, None)
    except NoSuchPerson:
        is_unproved = "@" in name and settings.SENDS_MAIL
        words = NOBODYS_ADDRESS if is_unproved else NOBODYS_NAME
        raise NoSuchPerson(words.format(name)) from None


def _share_page(
    request: HttpRequest, document: Document, problem: Problem | None = None, new_link: str = ""
) -> HttpResponse:
    me, people = person_asking(request), permissions.collaborators(document)
    manages = permissions.may(document.role, "manage")
    links = list(sharing.live_links(document).select_related("created_by"))
    sharers = [sharer(person, me, manages) for person in people]
    context = {
        "document": document,
        "title": titled(document),
        "people": sharers,
        "heirs": [sharer for sharer in sharers if sharer.can_inherit],
        "links": [living_link(link, me) for link in links] if manages else [],
        "new_link": new_link,
        "has_arrivals": any(person.by_link for person in people),
        "lifetimes": [{"name": name, "says": says} for name, (says, _) in LIFETIMES.items()],
        "sentence": who_may_what(people, me, links),
        "roles": [{"name": str(role), "may": MAY[role]} for role in GIVEN_ROLES],
        "can_manage": manages,
        "can_leave": document.role != Role.OWNER,
        "name": request.POST.get("name", ""),
        "chosen": request.POST.get("role", Role.EDITOR) if problem else Role.EDITOR,
        "problem": problem.detail if problem else "",
    }
    return render(request, "documents/share.html", context, status=problem.status if problem else 200)
