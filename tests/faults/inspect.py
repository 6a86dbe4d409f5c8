"""`python -m tests.faults.inspect ID…`: what the database itself holds of documents, as JSON.

For each id: `log`, every entry as the API would answer it; `faults`, what `verify_documents` would say; `row`, the
version in the document's row; `copy`, that of its newest text copy (0 for none).
"""

import json
import os
import sys
from uuid import UUID

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "collabdocs.settings")
django.setup()

from documents import logtable  # noqa: E402  (needs Django set up)
from documents.copies import texts  # noqa: E402
from documents.copies.verify import faults  # noqa: E402
from documents.models import Document  # noqa: E402

found = {}
for name in sys.argv[1:]:
    document_id = UUID(name)
    newest = logtable.newest(document_id)
    entries = logtable.entries(document_id, after=0, upto=newest.version) if newest else []
    log = [
        {"version": e.version, "client_id": str(e.client_id), "seq": e.seq, "operation": e.operation} for e in entries
    ]
    found[name] = {
        "log": log,
        "faults": [fault.what for fault in faults(document_id)],
        "row": Document.objects.get(pk=document_id).version,
        "copy": max(texts.copied_versions(document_id), default=0),
    }
json.dump(found, sys.stdout)
