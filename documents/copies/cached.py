"""What is made of a text at one version, kept in Django's cache: the text itself, and what it renders to.

A key names document and version, so an entry never changes and none is ever stale: whoever reads has asked the log
for the head before. A cache that fails or forgets costs time and nothing else.
"""

import logging
from collections.abc import Callable
from uuid import UUID

from django.core.cache import caches
from redis.exceptions import RedisError

from collabdocs import meters
from documents.copies import texts

logger = logging.getLogger(__name__)

SECONDS = 3600  # an entry is kept
TROUBLE = (OSError, RedisError, ValueError)  # ValueError: what lies there is not what we put there
FAILED = object()  # what a cache answers that fails


def text(document_id: UUID, version: int) -> str:
    """The text at a version."""
    return kept("text", document_id, version, lambda: texts.text_at(document_id, version)[1])


def kept(kind: str, document_id: UUID, version: int, make: Callable[[], str]) -> str:
    """What the cache has of this kind for a version, or else what `make` makes."""
    key = _key(kind, document_id, version)
    found = _ask(lambda: caches["texts"].get(key))
    _count(kind, found)
    if isinstance(found, str):
        return found
    made = make()
    _ask(lambda: caches["texts"].set(key, made, SECONDS))
    return made


def drop(document_id: UUID, version: int) -> None:
    """Forget the text of a version that is not the head any more; what it renders to ends by itself."""
    _ask(lambda: caches["texts"].delete(_key("text", document_id, version)))


def forget_all() -> None:
    """Forget everything: after an older backup was restored, a version may mean another text."""
    caches["texts"].clear()


def _key(kind: str, document_id: UUID, version: int) -> str:
    return f"{kind}:{document_id.hex}:{version}"


def _count(kind: str, found: object) -> None:
    """Kinds end in a number, of an edition or a version, which is no label."""
    outcome = "hit" if isinstance(found, str) else "miss" if found is None else "failed"
    meters.CACHE.labels(kind.rstrip("0123456789"), outcome).inc()


def _ask(work: Callable[[], object]) -> object:
    """What the cache answers; FAILED when it fails, of which it tells the log itself."""
    try:
        return work()
    except TROUBLE as error:
        logger.debug("The cache failed: %r", error)
        return FAILED
