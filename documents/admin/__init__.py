"""Documents and their share links for administrators. A text is shown, never edited here: there is one road for edits.

`live` is where whoever knows who has a document open says so.
"""

from documents.admin import documents, links, live

__all__ = ["documents", "links", "live"]
