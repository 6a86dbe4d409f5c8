"""How much one person may have, and may cost. Counted before, so of many who come at once a few more may get in."""

from uuid import UUID

import orjson
from django.conf import settings

from accounts import throttles
from accounts.models import User
from documents import differences
from documents.errors import TooMany
from documents.models import Document
from documents.ot.operation import Operation

SMALL = 4_096  # bytes of an operation: so few are bounded by how often one may write


def require_room(owner: User) -> None:
    """TooMany for who owns as many documents as one may, those in the trash included."""
    if Document.objects.filter(owner=owner).count() >= settings.MAX_DOCUMENTS:
        raise TooMany(f"One person owns at most {settings.MAX_DOCUMENTS} documents, the trash included.")


def require_pause(owner: User) -> None:
    """TooOften for who has just written as much as one may in a minute."""
    throttles.check_weight(throttles.WRITTEN_BY_USER, str(owner.pk), 0)


def count_written(author_id: UUID | None, operation: Operation) -> None:
    """Count what a request adds to a log, which nobody takes out again. TooOften for who has just written very much."""
    weight = len(orjson.dumps(operation))
    if author_id is not None and weight > SMALL:
        throttles.check_weight(throttles.WRITTEN_BY_USER, str(author_id), weight)


def count_compared(author: User | None, old: str, new: str) -> None:
    """Count a difference of long texts, which costs as much as any read. TooOften for who asks for many."""
    if author is not None and differences.is_long(old, new):
        throttles.check_user(author, throttles.WORK_BY_USER)
