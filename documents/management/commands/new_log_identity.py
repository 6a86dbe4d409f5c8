from typing import Any

from django.core.management.base import BaseCommand

from documents import services


class Command(BaseCommand):
    help = (
        "Give this installation's history a new name, after an older backup was restored: clients that know more "
        "than the backup then offer their pending text for copying instead of merging it into another history."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        self.stdout.write(services.new_log_identity())
