"""What happens to accounts: signing up, changing, erasing, and how others are shown."""

from typing import TypedDict
from uuid import UUID

from django.contrib.auth import authenticate
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.http import HttpRequest
from django.utils import timezone

from accounts import mails, throttles
from accounts.models import ApiToken, User
from accounts.names import ERASED_PREFIX, GUEST_PREFIX, MAX_NAME_LENGTH, normal_email, normal_name, validate_name
from accounts.passwords import MAX_PASSWORD_LENGTH
from accounts.signals import user_erased

# Each has a contrast of at least 3:1 on both papers, #ffffff and #1e2024.
PRESENCE_COLORS = (
    "#d94848", "#c9651b", "#a67c00", "#6b8e23", "#2e9e4f", "#0f9488",
    "#1d8fb8", "#3f7fe0", "#7a6cf0", "#a855d6", "#cf4aa0", "#8a7763",
)  # fmt: skip


class PublicUser(TypedDict):
    """What everybody may know of a person."""

    id: str
    username: str


def public_user(user: User | None) -> PublicUser | None:
    """How a person is shown to others; None for nobody and for an erased one."""
    if user is None or user.erased_at is not None:
        return None
    return {"id": str(user.id), "username": user.shown_name}


def presence_color(user_id: UUID, chosen: str = "") -> str:
    """The person's colour, `#rrggbb`: the one of the twelve that they chose, or one that is the same for ever."""
    return chosen if chosen in PRESENCE_COLORS else PRESENCE_COLORS[user_id.int % len(PRESENCE_COLORS)]


def check_password(request: HttpRequest | None, *, username: str, password: str) -> User | None:
    """The active user of this name and password, or None: alike in answer and time for an unknown name."""
    if len(username) > MAX_NAME_LENGTH or len(password) > MAX_PASSWORD_LENGTH:
        return None
    user = authenticate(request, username=username, password=password)
    return user if isinstance(user, User) else None


def create_user(*, username: str, email: str | None, password: str) -> User:
    """Sign somebody up. Raises Django's ValidationError with the fields at fault."""
    user = User(username=username, email=email)
    _set_password(user, password)
    _save(user)
    return user


def create_guest(name: str, document_id: UUID) -> User:
    """Somebody without an account, for one document. Raises Django's ValidationError for a name that is none."""
    name = normal_name(name)
    try:
        validate_name(name)
    except ValidationError as error:
        raise ValidationError({"name": error.error_list}) from None
    user = User(first_name=name[:MAX_NAME_LENGTH], guest_of=document_id)
    user.username = f"{GUEST_PREFIX}{user.id}"
    user.set_unusable_password()
    user.save()
    return user


def forget_guests(document_id: UUID) -> None:
    """Delete the guests of a document that is no more: nothing is left that names them."""
    User.objects.filter(guest_of=document_id).delete()


def change_user(
    user: User,
    *,
    username: str | None = None,
    email: str | None = None,
    password: str | None = None,
    color: str | None = None,
) -> User:
    """Change what is given (an empty address removes it, an empty colour leaves the choice to us); a new password ends
    every session of the user.

    Raises Django's ValidationError with the fields at fault, and TooOften for too many names or addresses.
    """
    given = {"username": username, "email": email, "password": password, "color": color}
    changed = [field for field, value in given.items() if value is not None]
    old_name, old_email = user.username, user.email
    user.username = user.username if username is None else username
    user.email = user.email if email is None else email
    user.color = user.color if color is None else _known_color(color)
    user.normalise()
    if (user.username, user.email) != (old_name, old_email):
        _count_change(user, old_email if user.email != old_email else None)
    if password is not None:
        _set_password(user, password)
    if user.email != old_email:
        user.email_proved_at = None
        changed.append("email_proved_at")
    _save(user, changed)
    if old_email and user.email != old_email:
        mails.tell_of_new_email(user.username, old_email, user.email)
    return user


def prove_email(user: User) -> None:
    """Note that the person's letters arrive, if they still have that address."""
    User.objects.filter(pk=user.pk, email=user.email).update(email_proved_at=timezone.now())


def is_new_email(user: User, email: str | None) -> bool:
    """Whether this is another address than theirs, or none where they have one. It is the way back in, so to change it
    takes the current password."""
    return normal_email(email) != user.email


def erase_user(user: User) -> None:
    """Remove the person and keep the row: no name, no address, no way in; what they wrote has no author.

    Who listens lets go of them first. Then one update, so that nothing half erased is left behind where there are no
    transactions.
    """
    user_erased.send(sender=User, user=user)
    user.username = user.username_key = f"{ERASED_PREFIX}{user.id}"
    user.email = user.email_proved_at = None
    user.first_name = user.last_name = user.color = ""
    user.is_active = user.is_staff = user.is_superuser = False
    user.last_login = None
    user.erased_at = timezone.now()
    user.set_unusable_password()
    user.save()
    ApiToken.objects.filter(session__in=list(user.refresh_sessions.values_list("pk", flat=True))).delete()
    user.groups.clear()
    user.user_permissions.clear()


def _count_change(user: User, told: str | None) -> None:
    """Any try tells whether a name or an address is taken; one that is let through may send a letter to `told`."""
    throttles.check_user(user, throttles.LOOK_UPS_BY_USER)
    user.full_clean(validate_unique=False)
    throttles.check_change(user, told)


def _known_color(color: str) -> str:
    if color and color not in PRESENCE_COLORS:
        raise ValidationError({"color": ValidationError("This is none of the colours.", code="invalid")})
    return color


def _set_password(user: User, password: str) -> None:
    try:
        validate_password(password, user)
    except ValidationError as error:
        raise ValidationError({"password": error.error_list}) from None
    user.set_password(password)


def _save(user: User, fields: list[str] | None = None) -> None:
    """Validate and store. Who loses a race for a name hears the same as who came late."""
    user.full_clean(validate_unique=False)  # `clean` looks for twins, in words for people
    try:
        with transaction.atomic():
            user.save(update_fields=fields)
    except IntegrityError:
        user.clean()
        raise
