"""What the headers of a request say about versions: ETag, If-Match, If-None-Match, Prefer."""

import hashlib
import re
from typing import Any

from rest_framework.exceptions import ValidationError
from rest_framework.request import Request

from documents.ot.operation import MAX_LENGTH

ETAG = re.compile(r'(?:W/)?"(\d{1,16})(?:-[0-9a-f]+)?"')


def etag(shown: dict[str, Any]) -> str:
    """`"<version>-<opaque>"`, which changes with anything the answer shows."""
    facts = repr([shown[key] for key in sorted(shown) if key != "content"])
    return f'"{shown["version"]}-{hashlib.blake2b(facts.encode(), digest_size=8).hexdigest()}"'


def base_version(request: Request, given: int | None) -> int | None:
    """The version a write was made from: in the body, or by If-Match; None if it says neither."""
    header = request.headers.get("If-Match")
    if header is None or header.strip() == "*":
        return given
    match = ETAG.fullmatch(header.strip())
    if match is None or int(match[1]) > MAX_LENGTH:
        raise ValidationError({"If-Match": 'must be an ETag of this document, or "<version>"'})
    if given is not None and given != int(match[1]):
        raise ValidationError({"version": "differs from If-Match"})
    return int(match[1])


def is_strict(request: Request) -> bool:
    """`Prefer: handling=strict`: refuse a stale base instead of merging."""
    preferences = request.headers.get("Prefer", "").lower().replace(" ", "")
    return "handling=strict" in re.split("[,;]", preferences)


def not_modified(request: Request, tag: str) -> bool:
    header = request.headers.get("If-None-Match", "")
    return header.strip() == "*" or tag in [part.strip().removeprefix("W/") for part in header.split(",")]
