"""What becomes of somebody's documents when their account is erased: each has an owner again, or is deleted."""

from typing import Any

from django.dispatch import receiver

from accounts.models import User
from accounts.signals import user_erased
from documents import answers, permissions, sharing, trash
from documents.errors import NotFound, TooMany
from documents.models import Collaborator, Document, Role
from documents.permissions import Person


@receiver(user_erased)
def let_go(user: User, **_: Any) -> None:
    """Hand over what others have a role in, delete the rest, leave what belongs to others, and be named in no answer
    that is kept.

    Stopped half-way, it goes on when it is asked for again. Heirs hear of their new role, and the rooms of what is
    deleted; the loss of one's own roles is not announced, for one's sockets end with the sessions.
    """
    for document in list(Document.objects.filter(owner_id=user.id, deleted_at=None).select_related("owner")):
        if not _hand_over(document, user):
            trash.delete_document(document, actor=user)
    Collaborator.objects.filter(user_id=user.id).delete()
    answers.forget_person(user.id)


def heirs(document: Document) -> list[User]:
    """Who might own a document after its owner, the first the most: by a role of their own before those who came by a
    link, then by how much they may, then by how long they have been here. Guests own nothing."""
    others = [person for person in permissions.collaborators(document)[1:] if person.can_own]
    return [person.user for person in sorted(others, key=_claim)]


def _claim(person: Person) -> tuple[bool, int, Any]:
    return person.by_link, list(Role).index(Role(person.role)), person.user.date_joined


def _hand_over(document: Document, user: User) -> bool:
    """Whether somebody has it now."""
    for heir in heirs(document):
        try:
            sharing.set_role(document, user=heir, role=Role.OWNER, actor=user)
        except TooMany:  # of this heir's
            continue
        except NotFound:  # it was handed over meanwhile
            pass
        return True
    return False
