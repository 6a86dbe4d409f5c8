"""Find a document, read it, see whose it is and who is there, and do with it what an administrator may."""

from collections.abc import Callable, Iterable
from typing import Any

from django.contrib import admin
from django.db.models import Model, Q, QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.formats import localize
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.timezone import localtime

from accounts.admin.acting import ActingAdmin, act
from accounts.admin.finding import people_called
from accounts.admin.reading import ReadingAdmin
from documents import permissions
from documents.admin import live, texts
from documents.admin.links import state as link_state
from documents.admin.verbs import VERBS
from documents.models import Document, ShareLink

MOST_LINKS = 100


class State(admin.SimpleListFilter):
    title = parameter_name = "state"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("live", "Live"), ("locked", "Locked"), ("trash", "In the trash"), ("purging", "Being purged")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Document]) -> QuerySet[Document]:
        match self.value():
            case "live":
                return queryset.filter(deleted_at=None)
            case "locked":
                return queryset.exclude(locked_at=None)
            case "trash":
                return queryset.filter(purged_at=None).exclude(deleted_at=None)
            case "purging":
                return queryset.exclude(purged_at=None)
        return queryset


@admin.register(Document)
class DocumentAdmin(ActingAdmin, ReadingAdmin):
    list_display = ("shown", "state", "owner_name", "version", "updated")
    list_filter = (State,)
    search_fields = ("title",)
    search_help_text = "Words of a title; the owner's name from its beginning, or e-mail address; or an id"
    ordering = ("-updated_at",)
    sortable_by = ("updated",)
    prefetched = ("owner",)
    fieldsets = (
        (None, {"fields": ("id", "shown", "owner", "state", "created_at", "updated_at", "deleted_at", "locked_at")}),
        ("Text", {"fields": ("head", "size", "text")}),
        ("People", {"fields": ("people", "links", "sessions")}),
    )
    verbs = VERBS
    actions: tuple[Callable[..., Any], ...] = tuple(map(act, VERBS))

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        return [name for _, fieldset in self.fieldsets for name in fieldset["fields"]]

    def find(self, request: HttpRequest, rows: QuerySet[Any], term: str) -> QuerySet[Any]:
        """By titles that hold every word, or by owners; not by texts, which takes a look at each."""
        if not term:
            return rows
        titled = Q()
        for word in term.split():
            titled &= Q(title__icontains=word)
        return rows.filter(titled | Q(owner_id__in=people_called(term)))

    # --- What it is ---

    @admin.display(description="title", ordering="title")
    def shown(self, document: Document) -> str:
        return str(document)

    @admin.display(description="owner")
    def owner_name(self, document: Document) -> str:
        return document.owner.shown_name

    @admin.display(description="state")
    def state(self, document: Document) -> str:
        if document.purged_at is not None:
            return "being purged"
        base = "live" if document.deleted_at is None else "in the trash"
        return base if document.locked_at is None else f"{base}, locked"

    @admin.display(description="updated", ordering="updated_at")
    def updated(self, document: Document) -> str:
        return f"{localtime(document.updated_at):%Y-%m-%d %H:%M}"

    # --- Its text ---

    @admin.display(description="operations, and so version")
    def head(self, document: Document) -> str:
        head = texts.head(document.id)
        return "not readable" if head is None else str(head)

    @admin.display(description="size")
    def size(self, document: Document) -> str:
        return _reading(document).size

    @admin.display(description="text (read only)")
    def text(self, document: Document) -> SafeString:
        reading = _reading(document)
        note = format_html("<p>{}</p>", reading.note) if reading.note else ""
        return format_html("{}<pre>{}</pre>", note, reading.shown) if reading.text else format_html("{}", note)

    # --- Its people ---

    @admin.display(description="who may what")
    def people(self, document: Document) -> SafeString:
        everybody = permissions.collaborators(document)
        return _list((_link(p.user, p.user.shown_name), f"{p.role}{' by a link' * p.by_link}") for p in everybody)

    @admin.display(description="share links")
    def links(self, document: Document) -> SafeString | str:
        found = ShareLink.objects.filter(document_id=document.id).order_by("-created_at")
        lines = [
            (_link(link, f"{link.role}, {link_state(link)}"), f"made by {link.created_by.shown_name}")
            for link in found.prefetch_related("created_by")[:MOST_LINKS]
        ]
        return _list(lines) if lines else "none"

    @admin.display(description="open now")
    def sessions(self, document: Document) -> SafeString:
        seen = live.who_is_there(document.id)
        lines = [(person.name, f"since {localize(localtime(person.since))}, {person.where}") for person in seen.people]
        scope = "In editors, in all processes" if seen.is_all else "In editors, as far as this process knows"
        return format_html("<p>{}: {}</p>{}", scope, len(lines) or "nobody", _list(lines))


def _reading(document: Any) -> texts.Reading:
    """Read once for a page."""
    if not hasattr(document, "reading"):
        document.reading = texts.read(document.id)
    reading: texts.Reading = document.reading
    return reading


def _link(row: Model, words: str) -> SafeString:
    url = reverse(f"admin:{row._meta.app_label}_{row._meta.model_name}_change", args=[row.pk])
    return format_html('<a href="{}">{}</a>', url, words)


def _list(lines: Iterable[tuple[str, str]]) -> SafeString:
    return format_html("<ul>{}</ul>", format_html_join("", "<li>{}: {}</li>", lines))
