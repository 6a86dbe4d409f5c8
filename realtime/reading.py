"""Reading a log in pages that are never large."""

from uuid import UUID

from documents import history
from documents.ot.operation import inserted_length
from documents.ot.rebase import Entry

FIRST_STEP = 16  # entries
MUCH_TEXT = 500_000  # code points; an entry alone may hold more


def page_after(document_id: UUID, version: int, limit: int) -> list[Entry]:
    """The next entries after a version, at most `limit`; fewer where they hold much text, none at the head.

    How much text an entry holds is known when it is read: the steps double, so that little is read in vain.
    """
    page: list[Entry] = []
    text = 0
    while len(page) < limit:
        step = min(max(FIRST_STEP, len(page)), limit - len(page))
        found = history.operations_since(document_id, version + len(page), step)
        for entry in found:
            page.append(entry)
            text += inserted_length(entry.operation)
            if text >= MUCH_TEXT:
                return page
        if len(found) < step:
            break
    return page
