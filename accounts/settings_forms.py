"""The forms of the account page, one for each section that asks for something."""

import re
from copy import copy
from datetime import datetime, timedelta
from typing import ClassVar, cast
from uuid import UUID

from django import forms
from django.core.exceptions import ValidationError
from django.http import HttpRequest, QueryDict
from django.utils import timezone

from accounts import api_tokens, services, throttles
from accounts.errors import TooMany, TooOften
from accounts.forms import CountedForm, password_field
from accounts.models import User
from accounts.names import MAX_NAME_LENGTH
from accounts.scopes import Scope

COLOR_NAMES = (
    "Red", "Orange", "Ochre", "Olive", "Green", "Teal",
    "Sky", "Blue", "Violet", "Purple", "Pink", "Brown",
)  # fmt: skip
COLORS = [("", "Automatic"), *zip(services.PRESENCE_COLORS, COLOR_NAMES, strict=True)]
SCOPES = [("read", "Read"), ("write", "Read and write")]
DOCUMENT_ID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)
MAX_DAYS = 3650


class SettingsForm(CountedForm):
    """One section. `saved` asks the services; what they refuse stands beside its field."""

    action: ClassVar[str]

    def __init__(self, request: HttpRequest, data: QueryDict | None = None) -> None:
        self.request = request
        self.user = cast(User, copy(request.user))  # a change that is refused must not show elsewhere
        super().__init__(data, auto_id=f"{self.action}-%s")

    def saved(self) -> bool:
        """Whether all was well, and is done."""
        if self.is_valid():
            try:
                self.save()
            except ValidationError as refusal:
                self.add_error(None, refusal)
            except TooOften as refusal:
                self.too_often = refusal
                self.add_error(None, refusal.detail)
            except TooMany as refusal:
                self.add_error(None, refusal.detail)
        for name in [name for name in self.errors if name in self.fields][:1]:  # the page is long: it opens there
            self.fields[name].widget.attrs["autofocus"] = True
        return not self.errors

    def save(self) -> None:
        raise NotImplementedError

    def prove(self, password: str) -> None:
        """ValidationError unless this is the current password; each try counts as a log-in."""
        self.count(lambda: throttles.check_log_in(self.request, self.user.username))
        if not self.user.check_password(password):
            raise ValidationError("This is not your current password.", code="wrong_password")


class ProvenForm(SettingsForm):
    """Asks for the current password, too."""

    current_password = password_field("current-password", "Current password")

    def clean_current_password(self) -> str:
        current: str = self.cleaned_data["current_password"]
        self.prove(current)
        return current


class ProfileForm(SettingsForm):
    action = "profile"
    username = forms.CharField(
        label="User name", max_length=MAX_NAME_LENGTH, widget=forms.TextInput(attrs={"autocomplete": "username"})
    )
    email = forms.EmailField(
        label="E-mail (optional)",
        required=False,
        help_text="Others can share documents with it, and it is the way back in when you forget your password.",
        widget=forms.EmailInput(attrs={"autocomplete": "email"}),
    )
    current_password = password_field(
        "current-password", "Current password", required=False, help_text="Only asked for when the e-mail changes."
    )
    color = forms.ChoiceField(label="Colour", choices=COLORS, required=False, widget=forms.RadioSelect)

    def __init__(self, request: HttpRequest, data: QueryDict | None = None) -> None:
        super().__init__(request, data)
        self.initial = {name: getattr(self.user, name) for name in ("username", "email", "color")}

    def clean_current_password(self) -> str:
        current: str = self.cleaned_data["current_password"]
        if services.is_new_email(self.user, self.cleaned_data.get("email", self.user.email)):
            if not current:
                raise ValidationError("The e-mail changes: this takes your current password.", code="required")
            self.prove(current)
        return current

    def save(self) -> None:
        given = {name: self.cleaned_data[name] for name in self.initial}
        services.change_user(self.user, **given)


class PasswordForm(ProvenForm):
    action = "password"
    password = password_field("new-password", "New password")

    def save(self) -> None:
        services.change_user(self.user, password=self.cleaned_data["password"])


class TokenForm(SettingsForm):
    action = "make-token"
    name = forms.CharField(
        label="Name", max_length=100, widget=forms.TextInput(attrs={"autocomplete": "off"}), help_text="What it is for."
    )
    scope = forms.ChoiceField(label="It may", choices=SCOPES, initial="read")
    document = forms.CharField(
        label="Only this document (optional)",
        required=False,
        max_length=2000,
        help_text="Its address, or its id. Left empty: all your documents.",
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
    )
    days = forms.IntegerField(
        label="Good for days (optional)",
        required=False,
        min_value=1,
        max_value=MAX_DAYS,
        help_text="Left empty: until you revoke it.",
    )
    secret = ""  # once it is made

    def clean_document(self) -> UUID | None:
        given: str = self.cleaned_data["document"]
        found = DOCUMENT_ID.search(given)
        if given and not found:
            raise ValidationError("This is no address of a document.", code="invalid")
        return UUID(found[0]) if found else None

    def save(self) -> None:
        scope = Scope(self.cleaned_data["scope"] == "read", self.cleaned_data["document"])
        name, expires_at = self.cleaned_data["name"], self._expires_at()
        _, self.secret = api_tokens.make_token(self.user, name=name, scope=scope, expires_at=expires_at)

    def _expires_at(self) -> datetime | None:
        days: int | None = self.cleaned_data["days"]
        return None if days is None else timezone.now() + timedelta(days=days)


class EraseForm(ProvenForm):
    action = "erase"

    def save(self) -> None:
        services.erase_user(self.user)
