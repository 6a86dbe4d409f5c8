"""People for administrators: found, told from guests, disabled, signed out, erased. No password is shown."""

from collections.abc import Callable
from typing import Any

from django.contrib import admin
from django.contrib.admin.utils import unquote
from django.contrib.auth.admin import UserAdmin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.html import format_html
from django.utils.safestring import SafeString

from accounts import services
from accounts.admin.acting import ActingAdmin, Sure, Verb, act
from accounts.admin.finding import as_id
from accounts.admin.reading import QuickAdmin
from accounts.errors import Problem
from accounts.models import User

POWERS = ("is_staff", "is_superuser", "groups", "user_permissions")


class Kind(admin.SimpleListFilter):
    """People with an account, guests, and those who are erased."""

    title = parameter_name = "kind"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("people", "People"), ("guests", "Guests"), ("erased", "Erased")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[User]) -> QuerySet[User]:
        match self.value():
            case "people":
                return queryset.filter(guest_of=None, erased_at=None)
            case "guests":
                return queryset.exclude(guest_of=None)
            case "erased":
                return queryset.exclude(erased_at=None)
        return queryset


def disable(user: User, actor: User) -> str:
    """Nobody gets in as this person until they are enabled; sockets are closed by the next look after them."""
    require_power(user, actor)
    User.objects.filter(pk=user.pk).update(is_active=False)
    user.end_sessions()
    return "Disabled"


def enable(user: User, actor: User) -> str:
    require_power(user, actor)
    User.objects.filter(pk=user.pk, erased_at=None).update(is_active=True)
    return "Enabled"


def sign_out(user: User, actor: User) -> str:
    require_power(user, actor, but_themselves=True)
    user.end_sessions()
    return "Signed out everywhere"


def erase(user: User, actor: User) -> str:
    require_power(user, actor)
    services.erase_user(user)
    return "Erased"


def require_power(user: User, actor: User, *, but_themselves: bool = False) -> None:
    """Problem where administrators would lock themselves out, or lesser ones would end others of the staff."""
    if user.pk == actor.pk and not but_themselves:
        raise Problem("That is you.")
    if not _has_power_over(actor, user):
        raise Problem("Only a superuser may do that with others of the staff.")


def is_there(user: User) -> bool:
    return user.erased_at is None


VERBS = (
    Verb(
        "disable",
        "Disable",
        disable,
        Sure,
        "They can't log in any more, and all their sessions and tokens end. What they wrote stays.",
        fits=lambda user: is_there(user) and user.is_active,
    ),
    Verb("enable", "Enable", enable, fits=lambda user: is_there(user) and not user.is_active),
    Verb("sign_out", "Sign out everywhere", sign_out, Sure, "All their sessions and API tokens end.", fits=is_there),
    Verb(
        "erase",
        "Erase",
        erase,
        Sure,
        "Name, address and password are removed for good. What they wrote stays, and has no author any more.",
        permission="destroy",
        fits=is_there,
    ),
)


@admin.register(User)
class PeopleAdmin(ActingAdmin, QuickAdmin, UserAdmin):
    """Find, change, disable and erase people. Guests, and those who are erased, can only be looked at."""

    list_display = ("shown", "email", "kind", "is_active", "is_staff", "date_joined")
    list_display_links = ("shown",)
    list_filter = (Kind, "is_active", "is_staff", "is_superuser")
    search_fields = ("username", "email", "first_name")
    search_help_text = "A name, an e-mail address, or an id"
    sortable_by = ("shown", "email")
    fieldsets = (
        (None, {"fields": ("shown", "kind", "username", "email", "password_state")}),
        ("What they may", {"fields": ("is_active", *POWERS)}),
        ("Dates", {"fields": ("last_login", "date_joined", "email_proved_at", "erased_at")}),
    )
    readonly_fields = ("shown", "kind", "password_state", "last_login", "date_joined", "email_proved_at", "erased_at")
    verbs = VERBS
    actions: tuple[Callable[..., Any], ...] = tuple(map(act, VERBS))

    def has_change_permission(self, request: HttpRequest, obj: User | None = None) -> bool:
        return super().has_change_permission(request, obj) and (obj is None or _may_edit(request.user, obj))

    def has_delete_permission(self, request: HttpRequest, obj: User | None = None) -> bool:
        return False

    def get_readonly_fields(self, request: HttpRequest, obj: User | None = None) -> Any:
        """Who may edit people may not make a superuser, nor lock themselves out."""
        fixed = super().get_readonly_fields(request, obj)
        if obj is not None and obj.pk == request.user.pk:
            return (*fixed, "is_active", *POWERS)
        return fixed if getattr(request.user, "is_superuser", False) else (*fixed, *POWERS)

    def save_model(self, request: HttpRequest, obj: User, form: Any, change: bool) -> None:
        """Only what was changed is written: the person may have been erased meanwhile."""
        if not change:
            return super().save_model(request, obj, form, change)
        changed = set(form.changed_data) & {field.name for field in obj._meta.concrete_fields}
        if "email" in changed:
            obj.email_proved_at = None
            changed.add("email_proved_at")
        obj.save(update_fields=changed)
        if "is_active" in changed and not obj.is_active:
            obj.end_sessions()

    def user_change_password(self, request: HttpRequest, id: str, form_url: str = "") -> HttpResponse:
        """One's own is changed on the account page, which asks for the current one, and leaves one signed in."""
        if as_id(unquote(id)) == request.user.pk:
            return redirect("account")
        return super().user_change_password(request, id, form_url)

    @admin.display(description="name", ordering="username")
    def shown(self, user: User) -> str:
        return "(erased)" if user.erased_at else user.shown_name

    @admin.display(description="kind")
    def kind(self, user: User) -> str:
        if user.erased_at:
            return "erased"
        return f"guest of document {user.guest_of}" if user.is_guest else "person"

    @admin.display(description="password")
    def password_state(self, user: User) -> SafeString | str:
        if not _is_person(user):
            return "none"
        state = "is set" if user.has_usable_password() else "none"
        return format_html('{} (<a href="../password/">set another</a>)', state)


def _is_person(user: User) -> bool:
    return user.erased_at is None and not user.is_guest


def _may_edit(actor: Any, user: User) -> bool:
    return _is_person(user) and _has_power_over(actor, user)


def _has_power_over(actor: Any, user: User) -> bool:
    """Who sets the password or the address of others of the staff could do all that those may."""
    return actor.is_superuser or user.pk == actor.pk or not (user.is_staff or user.is_superuser)
