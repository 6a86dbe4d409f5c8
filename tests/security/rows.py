"""All that the database holds, to be compared; but for copies of the log, which any reader may have made."""

from typing import Any

from django.apps import apps

COPIES = {"documents.Checkpoint", "documents.BlameCheckpoint", "documents.Revision", "documents.SearchCopy"}


def rows() -> dict[str, list[tuple[Any, ...]]]:
    """The rows of each table, by its model."""
    return {
        model._meta.label: sorted(model._default_manager.values_list(), key=repr)
        for model in apps.get_models()
        if model._meta.managed and model._meta.label not in COPIES
    }
