"""Idempotency-Key on writes: the same key and body are answered again without a second effect.

The first answer is kept for two days, without a document's text, which the log has. Should the server die between
the effect and keeping the answer, the request given again does the same thing under the same names (made from the
row's `write_id`), so that the log and the tables know it again. With the row the names are forgotten: then the key
means a new write.
"""

import hashlib
from collections.abc import Callable
from datetime import timedelta
from typing import Any, cast
from uuid import UUID

import orjson
from django.db import IntegrityError, transaction
from django.utils import timezone
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.models import User
from documents import history, permissions
from documents.errors import KeyReused
from documents.models import IdempotentRequest

KEPT_FOR = timedelta(days=2)
AT_ONCE = 500  # forgotten


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
        return Response(_with_text(cast(User, request.user), orjson.loads(kept.body)), status=kept.status)
    answer = work(kept.write_id)
    if answer.status_code < 400:
        body = orjson.dumps(_without_text(answer.data), default=str).decode()
        IdempotentRequest.objects.filter(pk=name).update(status=answer.status_code, body=body)
    return answer


def _without_text(shown: dict[str, Any]) -> dict[str, Any]:
    """What was answered, small: null stands for a text."""
    return {**shown, "content": None} if "content" in shown else shown


def _with_text(user: User, kept: dict[str, Any]) -> dict[str, Any]:
    """What was answered, with the text that the log has. NotFound for who may not see the document any more, and
    NoSuchVersion where an older backup was restored."""
    if kept.get("content", "") is not None:
        return kept
    document = permissions.get_document(user, UUID(kept["doc_id"]))
    return {**kept, "content": history.text_of(document, kept["version"])}


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
    forgotten = 0
    while some := forget_some():
        forgotten += some
    return forgotten


def forget_some() -> int:
    """Forget the oldest of them, so few that no other write waits long; how many."""
    old = IdempotentRequest.objects.filter(created_at__lt=timezone.now() - KEPT_FOR).order_by("created_at")
    keys = list(old.values_list("pk", flat=True)[:AT_ONCE])
    return IdempotentRequest.objects.filter(pk__in=keys).delete()[0] if keys else 0


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
