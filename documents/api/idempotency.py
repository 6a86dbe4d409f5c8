"""Idempotency-Key on writes: the same key and body are answered again without a second effect.

The first answer is kept for two days. Should the server die between the effect and keeping the answer, the request
given again does the same thing under the same names (made from the row's `write_id`), so that the log and the tables
know it again. With the row the names are forgotten: then the key means a new write.
"""

import hashlib
from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import UUID

import orjson
from django.db import IntegrityError, transaction
from django.utils import timezone
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response

from documents.errors import KeyReused
from documents.models import IdempotentRequest

KEPT_FOR = timedelta(days=2)


def once(request: Request, work: Callable[[UUID | None], Response]) -> Response:
    """Answer `work(write_id)`, or what it was answered before under this key. `write_id` is None without a key."""
    key = request.headers.get("Idempotency-Key")
    if key is None:
        return work(None)
    if not 1 <= len(key) <= 255:
        raise ValidationError({"Idempotency-Key": "must have 1 to 255 characters"})
    name = _digest(str(request.user.pk), key)
    kept = _reserve(name, _digest(request.method or "", request.path, *_body(request)))
    if kept.status is not None:
        return Response(orjson.loads(kept.body), status=kept.status)
    answer = work(kept.write_id)
    if answer.status_code < 400:
        body = answer.rendered_content if answer.is_rendered else orjson.dumps(answer.data, default=str)
        IdempotentRequest.objects.filter(pk=name).update(status=answer.status_code, body=body.decode())
    return answer


def _body(request: Request) -> list[str]:
    """What tells one body from another: the JSON, or the names and the contents of the files."""
    files: list[Any] = [upload for _, uploads in request.FILES.lists() for upload in uploads]
    if not files:
        return [orjson.dumps(request.data).decode()]
    return [part for upload in files for part in (upload.name, _content_digest(upload))]


def _content_digest(upload: Any) -> str:
    content = hashlib.blake2b(digest_size=32)
    for chunk in upload.chunks():
        content.update(chunk)
    upload.seek(0)
    return content.hexdigest()


def forget_old() -> int:
    """Forget answers kept for more than two days; how many."""
    return IdempotentRequest.objects.filter(created_at__lt=timezone.now() - KEPT_FOR).delete()[0]


def _reserve(name: str, fingerprint: str) -> IdempotentRequest:
    try:
        with transaction.atomic():
            return IdempotentRequest.objects.create(key=name, fingerprint=fingerprint)
    except IntegrityError:
        kept = IdempotentRequest.objects.get(pk=name)
    if kept.fingerprint != fingerprint:
        raise KeyReused
    return kept


def _digest(*parts: str) -> str:
    return hashlib.blake2b("\0".join(parts).encode(), digest_size=32).hexdigest()
