"""`python -m tests.faults.poison KIND ID VERSION`: damages a document straight in the database.

| kind | what |
|---|---|
| unfit | the entry of that version does not apply |
| surrogate | the entry of that version holds half of a surrogate pair, which is no text |
| copy | a text copy of that version says something else than the log |

Prints what was in that entry before (nothing for a copy); `heal ID VERSION OPERATION` puts it back.
"""

import os
import sys
import zlib
from uuid import UUID

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "collabdocs.settings")
django.setup()

from documents import logtable  # noqa: E402  (needs Django set up)
from documents.copies import texts  # noqa: E402
from documents.models import Checkpoint, Operation  # noqa: E402

UNFIT, SURROGATE = "[987654321]", '["\\ud800"]'
FALSE_TEXT = "This was never written."


def change(document_id: UUID, version: int, operation: str) -> str:
    """Put an operation into an entry; what was there."""
    rows = Operation.objects.filter(key=logtable.log_key(document_id, version))
    before: str = rows.values_list("operation", flat=True)[0]
    assert rows.update(operation=operation) == 1
    return before


def falsify(document_id: UUID, version: int) -> str:
    """Make the newest copy a false one."""
    texts.drop(document_id, texts.copied_versions(document_id))
    data = zlib.compress(FALSE_TEXT.encode())
    Checkpoint.objects.create(key=logtable.log_key(document_id, version), version=version, base=None, data=data)
    return ""


kind, name, number, *more = sys.argv[1:]
match kind:
    case "copy":
        print(falsify(UUID(name), int(number)))
    case "heal":
        print(change(UUID(name), int(number), *more))
    case _:
        print(change(UUID(name), int(number), {"unfit": UNFIT, "surrogate": SURROGATE}[kind]))
