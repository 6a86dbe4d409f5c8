"""`python -m tests.faults.forget`: take all logs and copies out of the database, when a run is judged.

The emulated MongoDB looks at all it holds for a range of keys, and would be slower with each run.
"""

import os

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "collabdocs.settings")
django.setup()

from documents.models import BlameCheckpoint, Checkpoint, Operation, Revision  # noqa: E402  (needs Django set up)

for model in (Operation, Checkpoint, BlameCheckpoint, Revision):
    model.objects.all().delete()
