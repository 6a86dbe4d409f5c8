"""Pages for who has forgotten their password: a mail with a link, and a new password."""

from typing import Any

from django.contrib import messages
from django.contrib.auth.views import PasswordResetConfirmView
from django.core.exceptions import ValidationError
from django.http import HttpResponse
from django.urls import reverse_lazy
from django.utils.decorators import method_decorator
from django.views.decorators.cache import never_cache
from django.views.generic import TemplateView

from accounts.models import User
from accounts.pages import CountedFormView
from accounts.reset_forms import NewPasswordForm, ResetForm


@method_decorator(never_cache, name="dispatch")
class AskForReset(CountedFormView):
    form_class = ResetForm
    template_name = "accounts/password_reset.html"
    success_url = reverse_lazy("password-reset-sent")

    def form_valid(self, form: ResetForm) -> HttpResponse:
        form.save()
        return super().form_valid(form)


class ResetSent(TemplateView):
    template_name = "accounts/password_reset_sent.html"


class NewPassword(PasswordResetConfirmView):
    """The link's page. Who was there sets a password, once, and logs in with it."""

    form_class = NewPasswordForm  # type: ignore[assignment]
    template_name = "accounts/password_reset_confirm.html"
    success_url = reverse_lazy("login")

    def get_user(self, uidb64: str) -> User | None:
        user: User | None = super().get_user(uidb64)
        return user if user is not None and user.is_active else None

    def form_valid(self, form: Any) -> HttpResponse:
        try:
            response = super().form_valid(form)
        except ValidationError as refusal:
            form.add_error(None, refusal)
            return self.form_invalid(form)
        messages.success(self.request, "Your password is changed, and you are signed out everywhere. Log in with it.")
        return response
