"""How the API of documents describes itself: one decorator for each viewset, the shapes of answers, and examples."""

from documents.api.schema.comments import COMMENTS
from documents.api.schema.documents import DOCUMENTS, PEOPLE
from documents.api.schema.files import EXPORT_ME, FILES
from documents.api.schema.history import HISTORY
from documents.api.schema.links import LINKS, REDEEM, TRASH
from documents.api.schema.operations import EventsView, with_operation

__all__ = [
    "COMMENTS",
    "DOCUMENTS",
    "EXPORT_ME",
    "FILES",
    "HISTORY",
    "LINKS",
    "PEOPLE",
    "REDEEM",
    "TRASH",
    "EventsView",
    "with_operation",
]
