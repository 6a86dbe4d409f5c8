"""`manage.py clear_sessions`: forget refresh sessions that can't be used any more. Run it daily."""

from typing import Any

from django.core.management.base import BaseCommand
from django.utils import timezone

from accounts.models import RefreshSession


class Command(BaseCommand):
    help = "Deletes refresh sessions that have expired."

    def handle(self, *args: Any, **options: Any) -> None:
        number, _ = RefreshSession.objects.filter(expires_at__lt=timezone.now()).delete()
        self.stdout.write(f"{number} sessions forgotten")
