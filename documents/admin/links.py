"""Share links for administrators: where they lead, who made them, and their end. Their secrets nobody knows."""

from collections.abc import Callable
from typing import Any

from django.contrib import admin
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.utils import timezone

from accounts.admin.acting import ActingAdmin, Sure, Verb, act
from accounts.admin.finding import as_id, people_called
from accounts.admin.reading import ReadingAdmin
from documents import sharing
from documents.models import ShareLink


def revoke(link: ShareLink, actor: Any) -> str:
    sharing.revoke_link(link.document, str(link.pk))
    return f"Revoked; it led into document {link.document_id}"


def state(link: ShareLink) -> str:
    if link.ended_at is not None:
        return "ended"
    return "expired" if link.expires_at is not None and link.expires_at <= timezone.now() else "lives"


VERBS = (
    Verb(
        "revoke",
        "Revoke",
        revoke,
        Sure,
        "Nobody gets in by it any more, and who came by it loses what it gave.",
        fits=lambda link: state(link) == "lives",
    ),
)


@admin.register(ShareLink)
class ShareLinkAdmin(ActingAdmin, ReadingAdmin):
    list_display = ("id", "document_title", "role", "maker", "created_at", "expires_at", "state")
    search_fields = ("id",)  # see `find`
    search_help_text = "An id of a link or of its document; the maker's name from its beginning, or e-mail address"
    ordering = ("-created_at",)
    sortable_by = ("created_at", "expires_at")
    prefetched = ("document", "created_by")
    secret_fields = ("digest",)
    fields = readonly_fields = (
        "document",
        "role",
        "maker",
        "state",
        "created_at",
        "expires_at",
        "ended_at",
    )
    verbs = VERBS
    actions: tuple[Callable[..., Any], ...] = tuple(map(act, VERBS))

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        if found := as_id(search_term):
            return queryset.filter(Q(pk=found) | Q(document_id=found)), False
        return self.find(request, queryset, search_term), False

    def find(self, request: HttpRequest, rows: QuerySet[Any], term: str) -> QuerySet[Any]:
        return rows.filter(created_by_id__in=people_called(term)) if term else rows

    @admin.display(description="document")
    def document_title(self, link: ShareLink) -> str:
        return str(link.document)

    @admin.display(description="made by")
    def maker(self, link: ShareLink) -> str:
        return link.created_by.shown_name

    @admin.display(description="state")
    def state(self, link: ShareLink) -> str:
        return state(link)
