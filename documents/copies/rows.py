"""The document's row, as lists show and order it, and the folded words by which it is found."""

import logging
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TypeVar
from uuid import UUID

from django.db import transaction
from django.db.models import Q

from documents.copies import texts
from documents.errors import CorruptLog
from documents.models import Document, SearchCopy
from documents.ot.rebase import Entry

T = TypeVar("T")
logger = logging.getLogger(__name__)

MOST_REFRESHED = 5_000  # documents brought up to date by one search
BATCH = 50  # of them, written at once
CHUNK = 5_000  # identifiers in one query


@dataclass(frozen=True, slots=True)
class Searched:
    """What a search copy must agree with."""

    document_id: UUID
    title: str
    version: int


def refresh_row(document_id: UUID, entry: Entry) -> None:
    """Bring the list's copy of version and time up to an entry; never back."""
    behind = Document.objects.filter(pk=document_id, version__lt=entry.version)
    if not behind.filter(updated_at__lt=entry.created_at).update(version=entry.version, updated_at=entry.created_at):
        behind.update(version=entry.version)  # renamed since


def refresh_search(documents: Sequence[Searched]) -> None:
    """Bring search copies that trail up to date; of very many, the first ones now and the rest at the next search.

    It is done when somebody searches: so an edit costs nothing for it, and a document that nobody looks for neither.
    """
    known: dict[UUID, tuple[str, int]] = {}
    for ids in _chunks([document.document_id for document in documents], CHUNK):
        for pk, title, version in SearchCopy.objects.filter(pk__in=ids).values_list("pk", "title", "version"):
            known[pk] = (title, version)
    trailing = [each for each in documents if known.get(each.document_id) != (fold(each.title), each.version)]
    for some in _chunks(trailing[:MOST_REFRESHED], BATCH):
        copies = [copy for each in some if (copy := _search_copy(each))]
        with transaction.atomic():  # one sync to disk for all
            for copy in copies:
                SearchCopy.objects.update_or_create(pk=copy.document_id, defaults=_columns(copy))


def _search_copy(searched: Searched) -> SearchCopy | None:
    try:
        version, text = texts.text_at(searched.document_id)
    except CorruptLog as error:  # one document's damage is not the others'
        logger.warning("Document %s can't be searched: %s", searched.document_id, error)
        return None
    known = min(version, searched.version)
    return SearchCopy(document_id=searched.document_id, version=known, title=fold(searched.title), text=fold(text))


def _columns(copy: SearchCopy) -> dict[str, object]:
    return {"version": copy.version, "title": copy.title, "text": copy.text}


def found_among(document_ids: Sequence[UUID], words: str) -> list[UUID]:
    """Of these documents, those that have every word in title or text, whatever its case."""
    wanted = Q()
    for word in fold(words).split():
        wanted &= Q(title__contains=word) | Q(text__contains=word)
    found: list[UUID] = []
    for ids in _chunks(document_ids, CHUNK):
        found += SearchCopy.objects.filter(wanted, pk__in=ids).values_list("pk", flat=True)
    return found


def fold(text: str) -> str:
    """Without regard to case, in any script."""
    return text.casefold()


def _chunks(items: Sequence[T], size: int) -> Iterable[Sequence[T]]:
    return (items[start : start + size] for start in range(0, len(items), size))
