"""The admin's pages for people and sessions. Nobody is deleted here: an account is erased, its row stays."""

from django.contrib import admin
from django.contrib.auth.admin import UserAdmin
from django.db.models import QuerySet
from django.http import HttpRequest

from accounts.forms import AdminLogInForm
from accounts.models import RefreshSession, User
from accounts.services import erase_user

admin.site.login_form = AdminLogInForm


@admin.register(User)
class PeopleAdmin(UserAdmin):
    """Find, change, deactivate and erase people. An erased one can only be looked at."""

    list_display = ("username", "email", "is_active", "is_staff", "date_joined", "erased_at")
    list_filter = ("is_active", "is_staff", "is_superuser")
    search_fields = ("username", "email")
    readonly_fields = ("last_login", "date_joined", "erased_at")
    actions = ("erase",)

    def has_change_permission(self, request: HttpRequest, obj: User | None = None) -> bool:
        is_erased = obj is not None and obj.erased_at is not None
        return super().has_change_permission(request, obj) and not is_erased

    def has_delete_permission(self, request: HttpRequest, obj: User | None = None) -> bool:
        return False

    def has_erase_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("accounts.delete_user")

    @admin.action(description="Erase: remove name, address and password", permissions=["erase"])
    def erase(self, request: HttpRequest, queryset: QuerySet[User]) -> None:
        for user in queryset.filter(erased_at=None):
            erase_user(user)


@admin.register(RefreshSession)
class SessionAdmin(admin.ModelAdmin):
    """Look at sessions, and revoke them."""

    list_display = ("id", "user", "created_at", "expires_at", "revoked_at")
    list_select_related = ("user",)
    search_fields = ("user__username",)
    fields = ("user", "created_at", "expires_at", "revoked_at")
    actions = ("revoke",)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: RefreshSession | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: RefreshSession | None = None) -> bool:
        return False

    def has_revoke_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("accounts.change_refreshsession")

    @admin.action(description="Revoke: end tokens, browsers and sockets", permissions=["revoke"])
    def revoke(self, request: HttpRequest, queryset: QuerySet[RefreshSession]) -> None:
        for session in queryset:
            session.revoke()
