from django.apps import AppConfig


class CollabDocsConfig(AppConfig):
    name = "collabdocs"
    verbose_name = "CollabDocs"

    def ready(self) -> None:
        """What is imported here is found by `manage.py check`."""
        from collabdocs import checks, reachable  # noqa: F401
