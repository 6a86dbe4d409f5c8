"""Proving that an e-mail address is one's own: by a link in a letter, opened by who is logged in.

Only then others find the person by it. The link alone does nothing: who has somebody else's address at their account
could have them open it. It works for an hour, and not after the address has changed or is proved.
"""

from functools import partial
from typing import cast

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.base_user import AbstractBaseUser
from django.contrib.auth.decorators import login_required
from django.contrib.auth.tokens import PasswordResetTokenGenerator
from django.core.mail import send_mail
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.template.loader import render_to_string
from django.urls import reverse
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_http_methods

from accounts import mails, services, sessions, throttles
from accounts.links import NAMELESS, is_nameless, own_origin
from accounts.models import User


class Proofs(PasswordResetTokenGenerator):
    """Tokens that fit one person with one address, which is not proved yet."""

    key_salt = "accounts.proving"

    def _make_hash_value(self, user: AbstractBaseUser, timestamp: int) -> str:
        assert isinstance(user, User)
        return f"{user.pk} {user.email} {user.email_proved_at} {timestamp}"


proofs = Proofs()


def lacks_proof(user: User) -> bool:
    """Whether a letter would help. Where none is sent, no address can be proved, and each is believed."""
    return settings.SENDS_MAIL and bool(user.email) and user.email_proved_at is None


def ask_for_letter(request: HttpRequest) -> HttpResponse:
    """The account page's button. Raises TooOften."""
    user = cast(User, request.user)
    if is_nameless():
        messages.error(request, NAMELESS)
    elif lacks_proof(user):
        throttles.check_proof(user, user.email or "")
        mails.post(partial(send_letter, user, own_origin(request)))
        messages.success(request, f"A letter is on its way to {user.email}. Open its link within an hour.")
    return redirect("account")


def send_letter(user: User, origin: str) -> None:
    link = origin + reverse("prove-email", args=[proofs.make_token(user)])
    words = render_to_string("accounts/prove_email_mail.txt", {"name": mails.greeted(user.username), "link": link})
    send_mail("Your e-mail address at CollabDocs", words, None, [user.email or ""])


@cache_control(private=True, no_store=True)
@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def prove_email(request: HttpRequest, token: str) -> HttpResponse:
    """Where the link leads. To open it changes nothing: its button does."""
    if not sessions.is_known(request):
        raise Http404
    user = cast(User, request.user)
    works = bool(user.email) and proofs.check_token(user, token)
    if not works or request.method != "POST":
        return render(request, "accounts/prove_email.html", {"works": works, "email": user.email})
    services.prove_email(user)
    messages.success(request, "The address is proved to be yours. Others can share documents with it.")
    return redirect("account")
