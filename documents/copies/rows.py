"""The document's row, as lists show and order it, and the folded words by which it is found."""

from collections.abc import Iterable
from uuid import UUID

from django.db.models import Q

from documents.copies import texts
from documents.models import Document, SearchCopy
from documents.ot.rebase import Entry


def refresh_row(document_id: UUID, entry: Entry) -> None:
    """Bring the list's copy of version and time up to an entry; never back."""
    behind = Document.objects.filter(pk=document_id, version__lt=entry.version)
    if not behind.filter(updated_at__lt=entry.created_at).update(version=entry.version, updated_at=entry.created_at):
        behind.update(version=entry.version)  # renamed since


def refresh_search(documents: Iterable[tuple[UUID, str, int]]) -> None:
    """Bring the search copies of (document, title, version) up to date, where they trail.

    Done when somebody searches: so an edit costs nothing for it, and a document that nobody looks for neither.
    """
    wanted = {document_id: (title, version) for document_id, title, version in documents}
    kept = SearchCopy.objects.filter(pk__in=list(wanted)).values_list("pk", "title", "version")
    known = {pk: (title, version) for pk, title, version in kept}
    for document_id, (title, version) in wanted.items():
        if known.get(document_id) == (fold(title), version):
            continue
        reached, text = texts.text_at(document_id)
        found = {"version": reached, "title": fold(title), "text": fold(text)}
        SearchCopy.objects.update_or_create(pk=document_id, defaults=found)


def found_among(document_ids: Iterable[UUID], words: str) -> list[UUID]:
    """Of these documents, those that have every word in title or text, whatever its case."""
    found = SearchCopy.objects.filter(pk__in=list(document_ids))
    for word in fold(words).split():
        found = found.filter(Q(title__contains=word) | Q(text__contains=word))
    return list(found.values_list("pk", flat=True))


def fold(text: str) -> str:
    """Without regard to case, in any script."""
    return text.casefold()
