"""Every address of the URL conf, filled in: what is added later is walked too."""

import re
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple
from uuid import uuid4

from django.urls import URLPattern, URLResolver, get_resolver

GROUP = re.compile(r"\(\?P<(\w+)>((?:[^()]|\([^()]*\))*)\)")
CONVERTER = re.compile(r"<(?:\w+:)?(\w+)>")


class Address(NamedTuple):
    """Where it is, and how the URL conf calls it."""

    path: str
    name: str


def addresses(**known: Any) -> list[Address]:
    """`addresses(doc_id=…, accounts_user=…)`: the parts that are known by name, and of whom the admin's pages tell;
    of others, one that leads to nothing."""
    return [Address(_filled(pattern, known), name) for pattern, name in _patterns(get_resolver())]


def _patterns(resolver: URLResolver, before: str = "/") -> Iterator[tuple[str, str]]:
    for each in resolver.url_patterns:
        path = before + str(each.pattern)
        if isinstance(each, URLResolver):
            yield from _patterns(each, path)
        else:
            yield path, _name(each)


def _name(pattern: URLPattern) -> str:
    return pattern.name or str(pattern.lookup_str)


def _filled(pattern: str, known: Mapping[str, Any]) -> str:
    model = "_".join(pattern.split("/")[2:4])

    def value(match: re.Match[str]) -> str:
        name, allowed = (*match.groups(), ".*")[:2]
        name = model if name == "object_id" else name
        tries = [str(known[name])] if name in known else [str(uuid4()), "1", "x"]
        return next((each for each in tries if re.fullmatch(allowed, each)), tries[-1])

    path = CONVERTER.sub(value, GROUP.sub(value, pattern.replace("(?:", "(")))
    return re.sub(r"[$^]|\\Z|/\?|\?(?=$)", "", path).replace("\\", "")
