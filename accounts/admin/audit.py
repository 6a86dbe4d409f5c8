"""What administrators did: in Django's log of the admin, and a line each in the server's.

Neither holds anything that an erasure or a purge would have to look for: rows are named by their ids.
"""

import json
import logging
from typing import Any

from django.contrib import admin
from django.contrib.admin.models import ADDITION, CHANGE, DELETION, LogEntry
from django.contrib.contenttypes.models import ContentType
from django.db.models import Model

from accounts.admin.reading import ReadingAdmin
from accounts.models import User

__all__ = ["ADDITION", "CHANGE", "DELETION", "AuditAdmin", "record"]

logger = logging.getLogger("collabdocs.audit")


def record(actor: Any, row: Model, said: str | list[Any], flag: int = CHANGE) -> LogEntry:
    """Keep that `actor` did something with a row; `said` is words, or the fields of a form as Django lists them."""
    entry = LogEntry.objects.create(
        user_id=actor.pk,
        content_type_id=ContentType.objects.get_for_model(row).pk,
        object_id=str(row.pk),
        object_repr=f"{row._meta.verbose_name} {row.pk}",
        action_flag=flag,
        change_message=said if isinstance(said, str) else json.dumps(said),
    )
    logger.info("user %s, %s: %s", actor.pk, entry.object_repr, entry.get_change_message() or entry)
    return entry


@admin.register(LogEntry)
class AuditAdmin(ReadingAdmin):
    """Everything that administrators did, the newest first; also with what is gone."""

    list_display = ("action_time", "who", "object_repr", "said")
    list_display_links = ("action_time",)
    search_fields = ("object_id",)
    search_help_text = "The id of a document, a user, …"
    id_field = "object_id"
    prefetched = ("user",)
    fields = readonly_fields = ("action_time", "who", "object_repr", "said")

    @admin.display(description="administrator")
    def who(self, entry: LogEntry) -> str:
        actor: User = entry.user
        return actor.shown_name

    @admin.display(description="what was done")
    def said(self, entry: LogEntry) -> str:
        return entry.get_change_message() or str(entry)
