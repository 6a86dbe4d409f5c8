from typing import Any

from django.apps import AppConfig
from django.db import DEFAULT_DB_ALIAS, connections
from django.db.models.signals import post_migrate


class DocumentsConfig(AppConfig):
    name = "documents"

    def ready(self) -> None:
        from documents import leaving  # noqa: F401

        post_migrate.connect(_name_history, sender=self)


def _name_history(using: str, **_: Any) -> None:
    """Whoever makes the tables names the history in them, before several processes can come first at once."""
    from documents import services
    from documents.models import LogIdentity

    has_table = LogIdentity._meta.db_table in connections[using].introspection.table_names()
    if using == DEFAULT_DB_ALIAS and has_table:
        services.log_identity()
