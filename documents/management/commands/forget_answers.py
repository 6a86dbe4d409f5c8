from typing import Any

from django.core.management.base import BaseCommand

from documents.api import idempotency


class Command(BaseCommand):
    help = "Forget what requests with an Idempotency-Key were answered over two days ago, as a running server does."

    def handle(self, *args: Any, **options: Any) -> None:
        self.stdout.write(f"{idempotency.forget_old()} forgotten")
