"""The base of pages that show rows and change nothing but by their actions."""

from collections.abc import Sequence
from typing import Any

from django.contrib import admin
from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.http import HttpRequest

from accounts.admin.finding import NearPages, as_id, page_asked_for


class QuickAdmin(admin.ModelAdmin):
    """Lists that are as quick with a hundred thousand rows: no full count, no join, no facet."""

    show_full_result_count = False
    show_facets = admin.ShowFacets.NEVER
    list_per_page = 50
    prefetched: Sequence[str] = ()  # read in one query for the whole page
    id_field = "pk"
    secret_fields: Sequence[str] = ()  # nobody may ask for rows by these, and so guess them

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        return super().get_queryset(request).prefetch_related(*self.prefetched)

    def get_paginator(self, request: HttpRequest, queryset: Any, per_page: int, *args: Any, **more: Any) -> Paginator:
        return NearPages(queryset, per_page, *args, page=page_asked_for(request), **more)

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        """By an id, exactly that row; by anything else, as `find` finds."""
        row_id = as_id(search_term)
        exact = queryset.filter(**{self.id_field: row_id}) if row_id else None
        return self.find(request, queryset, search_term) if exact is None else exact, False

    def find(self, request: HttpRequest, rows: QuerySet[Any], term: str) -> QuerySet[Any]:
        """By words in `search_fields`, which are fields of the row itself."""
        return super().get_search_results(request, rows, term)[0]

    def lookup_allowed(self, lookup: str, value: str, request: HttpRequest | None = None) -> bool:
        is_secret = lookup.partition("__")[0] in self.secret_fields
        return not is_secret and super().lookup_allowed(lookup, value, request)  # type: ignore[arg-type]


class ReadingAdmin(QuickAdmin):
    """Nothing is added, edited or deleted: a form would write a row over what services did to it meanwhile."""

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False
