"""The forms of somebody who has forgotten their password."""

from functools import partial
from typing import Any

from django import forms
from django.contrib.auth.tokens import default_token_generator
from django.core.exceptions import ValidationError
from django.core.mail import send_mail
from django.http import HttpRequest
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.encoding import force_bytes
from django.utils.http import urlsafe_base64_encode

from accounts import mails, services, throttles
from accounts.forms import CountedForm, password_field
from accounts.links import NAMELESS, is_nameless, own_origin
from accounts.models import User


class ResetForm(CountedForm):
    """An address, to which a way back in is sent if somebody has it. The answer is the same if nobody has."""

    email = forms.EmailField(
        label="E-mail", widget=forms.EmailInput(attrs={"autocomplete": "email", "autofocus": True})
    )

    def __init__(self, *args: Any, request: HttpRequest, **kwargs: Any) -> None:
        self.request = request
        super().__init__(*args, **kwargs)

    def clean_email(self) -> str:
        email: str = self.cleaned_data["email"]
        self.count(lambda: throttles.check_reset(self.request, email))
        if is_nameless():
            raise ValidationError(NAMELESS, code="nameless")
        return email

    def save(self) -> None:
        user = User.objects.by_email(self.cleaned_data["email"])
        if user is not None and user.is_active and user.has_usable_password():
            mails.post(partial(send_way_back, user, own_origin(self.request)))


class NewPasswordForm(forms.Form):
    password = password_field("new-password", "New password")

    def __init__(self, user: User, *args: Any, **kwargs: Any) -> None:
        self.user = user
        super().__init__(*args, **kwargs)

    def save(self) -> User:
        """Raises Django's ValidationError. Who got the letter has proved that its address is theirs."""
        user = services.change_user(self.user, password=self.cleaned_data["password"])
        services.prove_email(user)
        return user


def send_way_back(user: User, origin: str) -> None:
    """Send a link by which a new password can be set, once, within an hour, and not after any other change of it."""
    person = urlsafe_base64_encode(force_bytes(user.pk))
    path = reverse("password-reset-confirm", args=[person, default_token_generator.make_token(user)])
    facts = {"name": mails.greeted(user.username), "link": origin + path}
    words = render_to_string("accounts/password_reset_mail.txt", facts)
    send_mail("Your password for CollabDocs", words, None, [user.email or ""])
