"""Answers that are kept for an Idempotency-Key, and the people whom they name."""

from collections.abc import Iterator
from typing import Any
from uuid import UUID

import orjson
from django.db import transaction

from documents.models import IdempotentRequest

MANY = 200  # looked through at once: others write in between


def forget_person(user_id: UUID) -> None:
    """Nobody stands where kept answers name this person, as in answers that are made from now on.

    The answers stay: to do the write again might do it twice, where a title or a lock has changed since.
    """
    for keys in _batches():
        if named := list(IdempotentRequest.objects.filter(pk__in=keys, body__contains=str(user_id)).only("body")):
            _rewrite(named, str(user_id))


def _rewrite(named: list[IdempotentRequest], user_id: str) -> None:
    with transaction.atomic():  # one commit for all
        for kept in named:
            body = orjson.dumps(_without(orjson.loads(kept.body), user_id)).decode()
            IdempotentRequest.objects.filter(pk=kept.pk).update(body=body)


def _batches() -> Iterator[list[str]]:
    """The keys of all rows, in order."""
    last = ""
    while keys := list(
        IdempotentRequest.objects.filter(pk__gt=last).order_by("pk").values_list("pk", flat=True)[:MANY]
    ):
        yield keys
        last = keys[-1]


def _without(value: Any, user_id: str) -> Any:
    """The same JSON with null for this person."""
    if isinstance(value, list):
        return [_without(item, user_id) for item in value]
    if not isinstance(value, dict):
        return value
    if value.get("id") == user_id:
        return None
    return {name: _without(item, user_id) for name, item in value.items()}
