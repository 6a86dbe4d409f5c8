"""The document's row, as lists show and order it, and the folded words by which it is found."""

import logging
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from uuid import UUID

from django.db.models import Q

from documents.copies import texts
from documents.errors import CorruptLog
from documents.models import Document, SearchCopy
from documents.ot.rebase import Entry

logger = logging.getLogger(__name__)

MOST_REFRESHED = 1_000  # documents brought up to date by one search
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
    for ids in _chunks([document.document_id for document in documents]):
        for pk, title, version in SearchCopy.objects.filter(pk__in=ids).values_list("pk", "title", "version"):
            known[pk] = (title, version)
    trailing = [each for each in documents if known.get(each.document_id) != (fold(each.title), each.version)]
    for each in trailing[:MOST_REFRESHED]:
        try:
            _refresh(each)
        except CorruptLog as error:  # one document's damage is not the others'
            logger.warning("Document %s can't be searched: %s", each.document_id, error)


def _refresh(searched: Searched) -> None:
    version, text = texts.text_at(searched.document_id)
    columns = {"version": min(version, searched.version), "title": fold(searched.title), "text": fold(text)}
    SearchCopy.objects.update_or_create(pk=searched.document_id, defaults=columns)


def found_among(document_ids: Sequence[UUID], words: str) -> list[UUID]:
    """Of these documents, those that have every word in title or text, whatever its case."""
    wanted = Q()
    for word in fold(words).split():
        wanted &= Q(title__contains=word) | Q(text__contains=word)
    found: list[UUID] = []
    for ids in _chunks(document_ids):
        found += SearchCopy.objects.filter(wanted, pk__in=ids).values_list("pk", flat=True)
    return found


def fold(text: str) -> str:
    """Without regard to case, in any script."""
    return text.casefold()


def _chunks(ids: Sequence[UUID]) -> Iterable[Sequence[UUID]]:
    return (ids[start : start + CHUNK] for start in range(0, len(ids), CHUNK))
