"""What an administrator may do with documents. Their text is changed by restoring a version alone, which is an
operation like any."""

from typing import Any

from django import forms

from accounts.admin.acting import Sure, Verb
from accounts.admin.audit import DELETION
from accounts.admin.finding import as_id
from accounts.errors import Problem
from accounts.models import User
from documents import history, services, sharing, trash
from documents.errors import NoSuchPerson
from documents.models import GIVEN_CHOICES, Document, Role
from documents.ot.rebase import Refused

NOBODY = ("", "no role: they are removed")


def person(given: str) -> User:
    """Somebody by id, e-mail address or name: what holds an @ is an address, before it is an old name. NoSuchPerson."""
    user_id = as_id(given)
    by_id = User.objects.filter(pk=user_id, erased_at=None).first() if user_id else None
    by_email = User.objects.by_known_email(given) if "@" in given else None
    found = by_id or by_email or User.objects.by_name(given)
    if found is None:
        raise NoSuchPerson
    return found


class WhichVersion(forms.Form):
    version = forms.IntegerField(min_value=0, help_text="as its history counts them; 0 is the empty text")


class WhichPerson(forms.Form):
    who = forms.CharField(label="To whom", max_length=254, help_text="A name, an e-mail address, or an id")


class WhichRole(WhichPerson):
    who = forms.CharField(label="Who", max_length=254, help_text="A name, an e-mail address, or an id")
    role = forms.ChoiceField(choices=[*GIVEN_CHOICES, NOBODY], required=False)


class ForGood(forms.Form):
    sure = forms.BooleanField(label="Nobody can bring it back, and I know that")


def lock(document: Document, actor: User) -> str:
    sharing.lock(document)
    return "Locked"


def unlock(document: Document, actor: User) -> str:
    sharing.unlock(document)
    return "Unlocked"


def close_sessions(document: Document, actor: User) -> str:
    sharing.close_sessions(document)
    return "Closed its sessions"


def restore(document: Document, actor: User, *, version: int) -> str:
    """By a new operation of the administrator's, merged with what people type meanwhile."""
    document.head = history.head(document.id)
    try:
        entry = services.restore_version(document, version, author=actor)
    except Refused as refusal:
        raise Problem(str(refusal)) from None
    return f"Restored version {version} as version {entry.version}" if entry else f"Its text is version {version}'s"


def transfer(document: Document, actor: User, *, who: str) -> str:
    return set_role(document, actor, who=who, role=Role.OWNER)


def set_role(document: Document, actor: User, *, who: str, role: str) -> str:
    """Give somebody a role, or none; only who can log in is given one."""
    user = person(who)
    if not role:
        sharing.remove_collaborator(document, user=user, actor=actor)
        return f"Removed user {user.pk}"
    if not user.is_active:
        raise NoSuchPerson
    sharing.set_role(document, user=user, role=role, actor=actor)
    return f"Made user {user.pk} {role}"


def delete(document: Document, actor: User) -> str:
    trash.delete_document(document, actor=actor)
    return "Moved to the trash"


def bring_back(document: Document, actor: User) -> str:
    trash.bring_back(document, actor=actor)
    return "Brought back"


def purge(document: Document, actor: User, **sure: Any) -> str:
    trash.purge(document)
    return "Purged"


def lives(document: Document) -> bool:
    return document.deleted_at is None


def is_in_trash(document: Document) -> bool:
    return document.deleted_at is not None and document.purged_at is None


VERBS = (
    Verb("lock", "Lock", lock, fits=lambda document: document.locked_at is None),
    Verb("unlock", "Unlock", unlock, fits=lambda document: document.locked_at is not None),
    Verb(
        "close_sessions",
        "Close its sessions",
        close_sessions,
        Sure,
        "Everybody's connection is closed, in every process. Editors come back by themselves, if they still may, and "
        "lose nothing.",
        fits=lives,
    ),
    Verb(
        "restore",
        "Restore a version",
        restore,
        WhichVersion,
        "The text becomes what it was, by a new version of yours. Nothing is lost from its history.",
        one_only=True,
        fits=lives,
    ),
    Verb(
        "transfer",
        "Transfer to a user",
        transfer,
        WhichPerson,
        "They become the owner; who was it becomes an editor.",
    ),
    Verb("set_role", "Change somebody's role", set_role, WhichRole),
    Verb("trash", "Move to the trash", delete, Sure, "Nobody sees it until it is brought back.", fits=lives),
    Verb("bring_back", "Bring back", bring_back, fits=is_in_trash),
    Verb(
        "purge",
        "Purge",
        purge,
        ForGood,
        "The document, its history, its people and links are deleted for good.",
        permission="destroy",
        flag=DELETION,
        fits=lambda document: not lives(document),
    ),
)
