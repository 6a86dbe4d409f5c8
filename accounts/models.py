"""Who can be asking: people, and the sessions their refresh tokens live in."""

import uuid
from collections.abc import Collection, Iterable
from functools import cached_property
from typing import Any, ClassVar

from django.conf import settings
from django.contrib.auth.models import AbstractUser
from django.contrib.auth.models import UserManager as DjangoUserManager
from django.core.exceptions import ValidationError
from django.db import models
from django.utils import timezone

from accounts.names import (
    GUEST_SUFFIX,
    MAX_KEY_LENGTH,
    MAX_NAME_LENGTH,
    SOMEBODY,
    name_key,
    normal_email,
    normal_name,
    validate_name,
)
from accounts.scopes import Scope


class UserManager(DjangoUserManager["User"]):
    """Finds people however their name or address is spelt."""

    def get_by_natural_key(self, username: str | None) -> "User":
        return self.get(username_key=name_key(username or ""))

    def by_name(self, username: str) -> "User | None":
        """The person of this name, None for nobody. Erased people have no name, and guests none that finds them."""
        if len(username) > MAX_KEY_LENGTH:  # to bring megabytes to normal form takes long
            return None
        return self.filter(username_key=name_key(username), erased_at=None, guest_of=None).first()

    def by_email(self, email: str) -> "User | None":
        """The person with this address, None for nobody."""
        address = normal_email(email[:MAX_KEY_LENGTH])
        return self.filter(email=address, erased_at=None).first() if address else None

    def by_known_email(self, email: str) -> "User | None":
        """The person who has proved that this address is theirs. Where no mail is sent, nobody can, and whoever says so
        is believed."""
        user = self.by_email(email)
        is_known = user is not None and (user.email_proved_at is not None or not settings.SENDS_MAIL)
        return user if is_known else None


class User(AbstractUser):
    """A person or a program with an account. An erased one keeps its row, so its text keeps an author id.

    `username` is shown, `username_key` is compared; both, and the address, are brought to normal form by
    `save`. A new password, and the loss of any, ends every session. A guest has no account: one document, no way back
    in, and as `first_name` what they call themselves.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False, db_column="_id")
    username = models.CharField(
        max_length=MAX_NAME_LENGTH,
        unique=True,
        validators=[validate_name],
        error_messages={"unique": "This name is taken."},
        help_text="1 to 150 characters. Upper and lower case are the same name.",
    )
    username_key = models.CharField(max_length=MAX_KEY_LENGTH, unique=True, editable=False)
    email = models.EmailField("e-mail address", null=True, blank=True, unique=True)  # type: ignore[assignment]
    color = models.CharField(max_length=7, blank=True, default="", db_default="", help_text="own choice, `#rrggbb`")
    guest_of = models.UUIDField(null=True, editable=False, help_text="the one document that a guest was let into")
    email_proved_at = models.DateTimeField(
        null=True, blank=True, editable=False, help_text="when a letter to it was answered"
    )
    erased_at = models.DateTimeField(null=True, blank=True, editable=False)
    _password: str | None  # Django's: a new password that `save` is about to store
    _loses_password = False  # what `save` is about to store

    objects: ClassVar[UserManager] = UserManager()

    class Meta:
        # MongoDB's unique index is not used for look-ups: its plain twin is.
        indexes = [
            models.Index(fields=["username"], name="user_by_username"),
            models.Index(fields=["username_key"], name="user_by_username_key"),
            models.Index(fields=["email"], name="user_by_email"),
        ]

    @property
    def is_guest(self) -> bool:
        return self.guest_of is not None

    @property
    def shown_name(self) -> str:
        """How others see this person; nobody sees who an erased one was."""
        if self.erased_at is not None:
            return SOMEBODY
        return f"{self.first_name}{GUEST_SUFFIX}" if self.is_guest else self.username

    @cached_property
    def scope(self) -> Scope:
        """What of this person's rights counts in this request: authentication sets what the session is good for."""
        return Scope(document_id=self.guest_of)

    def clean_fields(self, exclude: Collection[str] | None = None) -> None:
        self.normalise()
        super().clean_fields(exclude=exclude)

    def clean(self) -> None:
        self.normalise()
        others = User.objects.exclude(pk=self.pk)
        errors = {}
        if others.filter(username_key=self.username_key).exists():
            errors["username"] = ValidationError("This name is taken.", code="taken")
        elif "@" in self.username and self._has_new_name():  # who shares with that address must not share with them
            errors["username"] = ValidationError("A name can't hold an @, as an e-mail address does.", code="invalid")
        if self.email and others.filter(email=self.email).exists():
            errors["email"] = ValidationError("This address is taken.", code="taken")
        if errors:
            raise ValidationError(errors)

    def _has_new_name(self) -> bool:
        return not User.objects.filter(pk=self.pk, username_key=self.username_key).exists()

    def normalise(self) -> None:
        """Bring the name and the address to the form that is stored and compared."""
        self.username = normal_name(self.username or "")  # a form leaves None where it refused
        self.username_key = name_key(self.username)
        self.email = normal_email(self.email)

    def set_unusable_password(self) -> None:
        super().set_unusable_password()
        self._loses_password = True

    def save(self, *args: Any, update_fields: Iterable[str] | None = None, **kwargs: Any) -> None:
        self.normalise()
        if update_fields is not None and "username" in update_fields:
            update_fields = {*update_fields, "username_key"}
        ends_sessions = (self._password is not None or self._loses_password) and not self._state.adding
        super().save(*args, update_fields=update_fields, **kwargs)
        self._loses_password = False
        if ends_sessions:
            self.end_sessions()

    def end_sessions(self) -> None:
        """Revoke every session, and with them their tokens and sockets."""
        self.refresh_sessions.filter(revoked_at=None).update(revoked_at=timezone.now())


class RefreshSession(models.Model):
    """One log-in, and the family of refresh tokens that grew from it; or what an API token stands for.

    Only the newest token of a family is good: an older one that comes back was copied, and ends the family.
    Access tokens name their session, so revoking it ends them and their sockets too.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False, db_column="_id")
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="refresh_sessions")
    token_id = models.CharField(max_length=32, editable=False)
    created_at = models.DateTimeField(auto_now_add=True)
    expires_at = models.DateTimeField(db_index=True)
    revoked_at = models.DateTimeField(null=True, blank=True)
    is_read_only = models.BooleanField(default=False, db_default=False)
    document_id = models.UUIDField(null=True, blank=True, help_text="the one document that it is good for")

    def __str__(self) -> str:
        return f"session {self.pk}"

    @property
    def is_good(self) -> bool:
        """Whether its tokens count: not revoked, and its user neither inactive nor erased."""
        return self.revoked_at is None and self.user.is_active and self.user.erased_at is None

    @property
    def scope(self) -> Scope:
        is_program = self.token_id == ""  # no refresh token is ever traded for it
        return Scope(bool(self.is_read_only), self.document_id or self.user.guest_of, is_program)

    def revoke(self) -> None:
        """End it; ending it twice keeps the first time."""
        RefreshSession.objects.filter(pk=self.pk, revoked_at=None).update(revoked_at=timezone.now())


class ApiToken(models.Model):
    """A token that a person made for a program, under a name. Only a digest of it is kept; its session says what it
    may, and ends it."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False, db_column="_id")
    session = models.OneToOneField(RefreshSession, on_delete=models.CASCADE, related_name="api_token")
    name = models.CharField(max_length=100)
    digest = models.CharField(max_length=64, unique=True, editable=False)
    created_at = models.DateTimeField(auto_now_add=True)
    last_used_at = models.DateTimeField(null=True, blank=True, help_text="within the hour")

    class Meta:
        indexes = [
            models.Index(fields=["digest"], name="api_token_by_digest"),
            models.Index(fields=["session"], name="api_token_by_session"),
        ]

    def __str__(self) -> str:
        return self.name
