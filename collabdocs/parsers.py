"""JSON from outside, parsed at the door: what passes here breaks no reader later."""

from collections.abc import Iterator, Mapping
from typing import Any

import orjson
from django.conf import settings
from rest_framework.exceptions import ErrorDetail, ParseError, ValidationError
from rest_framework.parsers import BaseParser

from accounts.errors import TooLarge
from collabdocs.renderers import JSONRenderer

MAX_DEPTH = 32  # nested lists and objects


class StrictJSONParser(BaseParser):
    """UTF-8 JSON as RFC 8259 has it: no NaN, no lone surrogate; at most 32 levels and no NUL in any string.

    Raises ParseError for what is no such JSON, ValidationError for a NUL (naming the member, as a CharField
    would), TooLarge for more than settings.MAX_BODY_BYTES.
    """

    media_type = "application/json"
    renderer_class = JSONRenderer

    def parse(self, stream: Any, media_type: str | None = None, parser_context: Mapping[str, Any] | None = None) -> Any:
        body = stream.read(settings.MAX_BODY_BYTES + 1)
        if len(body) > settings.MAX_BODY_BYTES:
            raise TooLarge
        return loads(body)


def loads(body: bytes) -> Any:
    """Parse one JSON text by the rules of StrictJSONParser."""
    try:
        value = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise ParseError(f"This is no JSON: {error}") from None
    # Few bodies can hold what the walk looks for: a NUL comes only by its escape, depth only by brackets.
    if b"\\u0000" in body or body.count(b"[") + body.count(b"{") > MAX_DEPTH:
        _check(value)
    return value


def _check(value: Any) -> None:
    members = value.items() if isinstance(value, dict) else [("", value)]
    for name, member in members:
        if "\0" in name or any("\0" in text for text in _strings(member)):
            problem = ErrorDetail("NUL characters can't stand here.", code="null_characters_not_allowed")
            raise ValidationError({name.replace("\0", "") or "non_field_errors": [problem]})


def _strings(value: Any) -> Iterator[str]:
    """Every key and string in there, found level by level: a recursion would end where an attacker likes."""
    level = [value]
    for _ in range(MAX_DEPTH):
        deeper: list[Any] = []
        for item in level:
            if isinstance(item, str):
                yield item
            elif isinstance(item, dict):
                yield from item
                deeper.extend(item.values())
            elif isinstance(item, list):
                deeper.extend(item)
        level = deeper
    if level:
        raise ParseError(f"This is nested deeper than {MAX_DEPTH} levels.")
