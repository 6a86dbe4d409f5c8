"""Pages of a list: `{count, next, previous, results}`, asked for by `skip` and `limit`."""

from rest_framework.exceptions import ValidationError
from rest_framework.pagination import LimitOffsetPagination
from rest_framework.request import Request

MAX_LIMIT = 200


class SkipLimitPagination(LimitOffsetPagination):
    """`skip` >= 0 and `limit` 1..200 (default 20); nonsense is refused, not silently bent."""

    default_limit = 20
    max_limit = MAX_LIMIT
    offset_query_param = "skip"

    def get_limit(self, request: Request) -> int:
        return _whole(request, "limit", 1, MAX_LIMIT, self.default_limit)

    def get_offset(self, request: Request) -> int:
        return _whole(request, self.offset_query_param, 0, 2**53 - 1, 0)


def _whole(request: Request, name: str, lowest: int, highest: int, default: int) -> int:
    given = request.query_params.get(name)
    if given is None:
        return default
    if given.isascii() and given.isdigit() and len(given) < 17 and lowest <= int(given) <= highest:
        return int(given)
    raise ValidationError({name: f"must be a whole number from {lowest} to {highest}"})
