"""What an administrator may do with rows: from a list with many, from a row's own page with that one, by one road.

Each goes through a service, is asked about first where it destroys, and is recorded.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.contrib.admin.models import CHANGE
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse

from accounts.admin import audit
from accounts.errors import Problem

MOST_AT_ONCE = 200  # rows


class Sure(forms.Form):
    """Nothing is asked but whether that was meant."""


@dataclass(frozen=True, slots=True)
class Verb:
    """`run(row, actor, **fields of the form)` does it with one row, and says what it did, for the record.

    With a `form` it is asked first. `permission` names the admin's method, as Django's actions do.
    """

    name: str
    label: str
    run: Callable[..., str]
    form: type[forms.Form] | None = None
    warning: str = ""
    permission: str = "act"
    one_only: bool = False
    flag: int = CHANGE
    fits: Callable[[Any], bool] = lambda row: True


def act(verb: Verb) -> Callable[..., HttpResponse | None]:
    """The verb as one of Django's actions."""

    @admin.action(description=verb.label, permissions=[verb.permission])
    def action(page: "ActingAdmin", request: HttpRequest, chosen: QuerySet[Any]) -> HttpResponse | None:
        return _perform(verb, page, request, list(chosen[: MOST_AT_ONCE + 1]))

    action.__name__ = verb.name
    return action


class ActingAdmin(admin.ModelAdmin):
    """A page whose rows have verbs."""

    change_form_template = "admin/acting.html"
    verbs: tuple[Verb, ...] = ()

    def has_act_permission(self, request: HttpRequest) -> bool:
        return self._has(request, "change")

    def has_destroy_permission(self, request: HttpRequest) -> bool:
        return self._has(request, "delete")

    def _has(self, request: HttpRequest, permission: str) -> bool:
        return request.user.has_perm(f"{self.opts.app_label}.{permission}_{self.opts.model_name}")

    def change_view(self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None) -> Any:
        row = self.get_object(request, object_id)
        offered = self.get_actions(request)
        fitting = [verb for verb in self.verbs if row is not None and verb.name in offered and verb.fits(row)]
        return super().change_view(request, object_id, form_url, {**(extra_context or {}), "verbs": fitting})

    def response_action(self, request: HttpRequest, queryset: QuerySet[Any], *args: Any) -> Any:
        try:
            return super().response_action(request, queryset, *args)
        except ValidationError:  # what was chosen is no id
            self.message_user(request, "There is no such row.", messages.ERROR)
            return None

    def log_addition(self, request: HttpRequest, obj: Any, message: Any) -> Any:
        return audit.record(request.user, obj, message, audit.ADDITION)

    def log_change(self, request: HttpRequest, obj: Any, message: Any) -> Any:
        return audit.record(request.user, obj, message)


def _perform(verb: Verb, page: ActingAdmin, request: HttpRequest, rows: list[Any]) -> HttpResponse | None:
    most = 1 if verb.one_only else MOST_AT_ONCE
    if len(rows) > most:
        page.message_user(request, f"{verb.label}: choose at most {most} at once.", messages.ERROR)
        return None
    given: dict[str, Any] = {}
    if verb.form is not None:
        form = verb.form(request.POST) if "confirmed" in request.POST else verb.form()
        if not form.is_valid():
            return _ask(verb, page, request, rows, form)
        given = form.cleaned_data
    done = [row for row in rows if _does(verb, page, request, row, given)]
    if done:
        page.message_user(request, f"{verb.label}: done with {done[0] if len(done) == 1 else len(done)}.")
    return _back(page, request, rows)


def _does(verb: Verb, page: ActingAdmin, request: HttpRequest, row: Any, given: dict[str, Any]) -> bool:
    """Whether it was done; if not, it is said why not."""
    try:
        if not verb.fits(row):
            raise Problem("It is not in a state for that.")
        said = verb.run(row, request.user, **given)
    except Problem as refusal:
        page.message_user(request, f"{verb.label}: not with {row}. {refusal.detail}", messages.ERROR)
        return False
    audit.record(request.user, row, said, verb.flag)
    return True


def _ask(verb: Verb, page: ActingAdmin, request: HttpRequest, rows: list[Any], form: forms.Form) -> HttpResponse:
    context = page.admin_site.each_context(request) | {
        "title": verb.label,
        "opts": page.opts,
        "verb": verb,
        "rows": rows,
        "form": form,
        "checkbox": ACTION_CHECKBOX_NAME,
        "back": request.POST.get("back", ""),
    }
    return TemplateResponse(request, "admin/ask.html", context)


def _back(page: ActingAdmin, request: HttpRequest, rows: list[Any]) -> HttpResponse | None:
    """To the row's page, if it was done from there and is still there; else, for None, to the list."""
    if request.POST.get("back") != "row" or len(rows) != 1 or page.get_object(request, str(rows[0].pk)) is None:
        return None
    name = f"admin:{page.opts.app_label}_{page.opts.model_name}_change"
    return HttpResponseRedirect(reverse(name, args=[rows[0].pk]))
