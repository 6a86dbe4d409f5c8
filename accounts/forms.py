"""The forms of the log-in and sign-up pages. Both count their attempts."""

from collections.abc import Callable
from typing import Any

from django import forms
from django.contrib.admin.forms import AdminAuthenticationForm
from django.contrib.auth.forms import AuthenticationForm, UsernameField
from django.http import HttpRequest

from accounts import throttles
from accounts.errors import TooOften
from accounts.names import MAX_NAME_LENGTH
from accounts.passwords import MAX_PASSWORD_LENGTH


class CountedForm(forms.Form):
    """A form that may be sent only so often."""

    too_often: TooOften | None = None

    def count(self, check: Callable[[], None]) -> None:
        """Run a check of `accounts.throttles`; a refusal becomes an error of the form."""
        try:
            check()
        except TooOften as refusal:
            self.too_often = refusal
            raise forms.ValidationError(refusal.detail, code=refusal.code) from None


def password_field(autocomplete: str, label: str = "Password", **more: Any) -> forms.CharField:
    """A password field; what is too long to be one is refused before it is hashed."""
    widget = forms.PasswordInput(attrs={"autocomplete": autocomplete})
    return forms.CharField(label=label, strip=False, max_length=MAX_PASSWORD_LENGTH, widget=widget, **more)


class LogInForm(CountedForm, AuthenticationForm):
    """A name and a password."""

    username = UsernameField(label="User name", widget=forms.TextInput(attrs={"autofocus": True}))
    password = password_field("current-password")
    error_messages = AuthenticationForm.error_messages | {
        "invalid_login": "There is nobody here with this name and this password."
    }

    def clean(self) -> dict[str, Any]:
        assert self.request is not None
        request, name = self.request, self.cleaned_data.get("username")
        self.count(lambda: throttles.check_log_in(request, name))
        return super().clean()


class AdminLogInForm(LogInForm, AdminAuthenticationForm):
    """The same for the admin's own log-in page."""


class SignUpForm(CountedForm):
    """A name, a password, and an address if one likes."""

    username = forms.CharField(
        label="User name",
        max_length=MAX_NAME_LENGTH,
        widget=forms.TextInput(attrs={"autocomplete": "username", "autofocus": True}),
    )
    email = forms.EmailField(
        label="E-mail (optional)", required=False, widget=forms.EmailInput(attrs={"autocomplete": "email"})
    )
    password = password_field("new-password")

    def __init__(self, *args: Any, request: HttpRequest, **kwargs: Any) -> None:
        self.request = request
        super().__init__(*args, **kwargs)

    def clean(self) -> dict[str, Any]:
        self.count(lambda: throttles.check_sign_up(self.request))
        return self.cleaned_data
