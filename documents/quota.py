"""How much one person may have. Counted before, so of many who come at once a few more may get in."""

from django.conf import settings

from accounts.models import User
from documents.errors import TooMany
from documents.models import Document


def require_room(owner: User) -> None:
    """TooMany for who owns as many documents as one may, those in the trash included."""
    if Document.objects.filter(owner=owner).count() >= settings.MAX_DOCUMENTS:
        raise TooMany(f"One person owns at most {settings.MAX_DOCUMENTS} documents, the trash included.")
