"""Who may do what with a document, in words: its people, its links, and both in a plain sentence."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.utils import dateformat

from accounts.models import User
from accounts.names import SOMEBODY
from accounts.services import public_user
from documents.models import GIVEN_ROLES, Role, ShareLink
from documents.pages.common import MAY
from documents.pages.people import ago
from documents.permissions import Person


@dataclass(frozen=True, slots=True, kw_only=True)
class Sharer:
    """One person on the page that says who may do what, as one reader sees them."""

    user: User
    name: str
    role: str
    may: str
    by_link: bool
    is_me: bool
    changeable: bool
    removable: bool
    can_inherit: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class LivingLink:
    """A link that lets people in, as one who manages the document sees it. Nobody sees its secret again."""

    id: UUID
    may: str
    made_by: str
    made: str
    created_at: datetime
    expires: str
    expires_at: datetime | None


def sharer(person: Person, me: User, manages: bool) -> Sharer:
    is_me, is_owner = person.user.pk == me.pk, person.role == Role.OWNER
    return Sharer(
        user=person.user,
        name=person.user.shown_name,
        role=person.role,
        may=MAY[Role(person.role)],
        by_link=person.by_link,
        is_me=is_me,
        changeable=manages and not is_owner,
        removable=not is_owner and (manages or is_me),
        can_inherit=not is_owner and person.can_own,
    )


def living_link(link: ShareLink, me: User) -> LivingLink:
    maker = public_user(link.created_by)
    return LivingLink(
        id=link.id,
        may=MAY[Role(link.role)],
        made_by="you" if link.created_by_id == me.pk else maker["username"] if maker else SOMEBODY.lower(),
        made=ago(link.created_at),
        created_at=link.created_at,
        expires=moment(link.expires_at) if link.expires_at else "",
        expires_at=link.expires_at,
    )


def moment(when: datetime) -> str:
    return dateformat.format(when, "j F Y, H:i e")


# --- In a sentence --------------------------------------------------------------------------------------------


def who_may_what(people: Sequence[Person], me: User, links: Iterable[ShareLink] = ()) -> str:
    """The sharing of a document in a few plain sentences, as `me` reads them."""
    by_links = _who_has_a_link(links)
    if len(people) == 1 and not by_links:
        return "Only you can see this document."
    return " ".join([f"{_who_is_named(people, me)}.", *by_links, "Nobody else can see it."])


def _who_is_named(people: Sequence[Person], me: User) -> str:
    names = {role: _names(people, role, me) for role in MAY}
    abilities = [f"{_joined(names[role])} {MAY[role].lower()}" for role in GIVEN_ROLES if names[role]]
    owner = names[Role.OWNER][0]
    owns = f"{'You own' if owner == 'you' else f'{owner} owns'} this document"
    return f"{owns}; {', '.join(abilities)}" if abilities else owns


def _who_has_a_link(links: Iterable[ShareLink]) -> list[str]:
    """A sentence for each role that links give, the one that lasts longest speaking for all of its role."""
    ends: dict[str, list[datetime | None]] = {}
    for link in links:
        ends.setdefault(link.role, []).append(link.expires_at)
    given = [(MAY[role].lower(), _last(ends[role])) for role in GIVEN_ROLES if role in ends]
    whose = ["Anyone with a link", *["Anyone with another link"] * len(given)]
    return [f"{who} {may}{until}." for who, (may, until) in zip(whose, given, strict=False)]


def _last(ends: Sequence[datetime | None]) -> str:
    known = [end for end in ends if end is not None]
    return f", until {moment(max(known))}" if len(known) == len(ends) else ""


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
