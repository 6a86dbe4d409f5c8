"""Finding rows where there are many: by words at a cost, by ids and names through an index."""

from typing import Any
from uuid import UUID

from django.core.paginator import Paginator
from django.http import HttpRequest
from django.utils.functional import cached_property

from accounts.models import User
from accounts.names import name_key, normal_email

MOST_NAMESAKES = 100
PAGES_AHEAD = 9
MOST_PAGES = 1_000
LAST = "\U0010ffff"  # sorts after whatever may follow the beginning of a name


class NearPages(Paginator):
    """Counts no further than some pages past the one that is asked for: a full count reads the whole table."""

    def __init__(self, *args: Any, page: int = 1, **more: Any) -> None:
        super().__init__(*args, **more)
        self._most = (min(max(page, 1), MOST_PAGES) + PAGES_AHEAD) * self.per_page

    @cached_property
    def _counted(self) -> int:
        rows: Any = self.object_list
        return len(rows.order_by().prefetch_related(None).values_list("pk", flat=True)[: self._most + 1])

    @cached_property
    def count(self) -> int:
        return min(self._counted, self._most)

    @property
    def has_more(self) -> bool:
        """Whether there are more rows than were counted."""
        return self._counted > self._most


def as_id(term: str) -> UUID | None:
    """The identifier that somebody typed or pasted, None for anything else."""
    try:
        return UUID(term.strip())
    except ValueError:
        return None


def people_called(term: str) -> list[UUID]:
    """Those of this id or e-mail address, or whose names begin so; a hundred at most."""
    if user_id := as_id(term):
        return [user_id]
    key = name_key(term)
    named = User.objects.filter(username_key__gte=key, username_key__lt=key + LAST).values_list("pk", flat=True)
    addressed = User.objects.filter(email=normal_email(term)).values_list("pk", flat=True) if "@" in term else []
    return [*addressed, *named[:MOST_NAMESAKES]] if key else []


def page_asked_for(request: HttpRequest) -> int:
    """The number in `?p=`, 1 for nonsense."""
    asked = request.GET.get("p", "")
    return int(asked) if asked.isascii() and asked.isdigit() and len(asked) < 10 else 1
