"""Documents for administrators. The text is shown, never edited here: there is one road for edits."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest

from documents import history
from documents.models import Collaborator, Document


class CollaboratorInline(admin.TabularInline):
    model = Collaborator
    extra = 0
    fields = readonly_fields = ("user", "role")
    can_delete = False

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


@admin.register(Document)
class DocumentAdmin(admin.ModelAdmin):
    """Find a document, read it, see whose it is."""

    list_display = ("title", "owner", "version", "updated_at", "deleted_at")
    list_filter = ("deleted_at",)
    list_select_related = ("owner",)
    search_fields = ("title", "owner__username")
    show_full_result_count = False
    fields = readonly_fields = ("id", "title", "owner", "head", "text", "created_at", "updated_at", "deleted_at")
    inlines = (CollaboratorInline,)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    @admin.display(description="version")
    def head(self, document: Document) -> int:
        return history.head(document.id)

    @admin.display(description="text (read only)")
    def text(self, document: Document) -> str:
        return history.current_text(document.id)[1]
