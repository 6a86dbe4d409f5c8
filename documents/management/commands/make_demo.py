import os
import secrets
import uuid
from typing import Any

from django.core.management.base import BaseCommand

from accounts.models import User
from accounts.services import create_user
from documents import services

NAME = "demo"
DOCUMENT = uuid.UUID("00000000-0000-4000-8000-00000000de30")
TITLE = "Welcome to CollabDocs"
TEXT = """\
# Welcome to CollabDocs

Open this page in a **second browser** and type in both: every letter arrives at once, and nothing is lost.

- *History* has every version, with who wrote what, and brings any of them back.
- *Share* lets others in: to edit, to comment or only to read.

> Pull the plug while you type. What was shown as saved is there; what was not is sent when the line is back.

1. Make a document of your own.
2. Write into it from a program: `/api/docs` shows how.

| sign | meaning |
|---|---|
| `**bold**` | **bold** |
| `# Title` | a heading |
"""


class Command(BaseCommand):
    help = (
        "Make the user `demo` with a document to try things in; what is there already stays as it is. "
        "The password is DEMO_PASSWORD's, else one is made and shown, once."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        demo = User.objects.by_name(NAME) or self._sign_up()
        services.create_document(owner=demo, title=TITLE, content=TEXT, document_id=DOCUMENT)
        self.stdout.write(f"Log in as {NAME} and open /documents/{DOCUMENT}/")

    def _sign_up(self) -> User:
        given = os.environ.get("DEMO_PASSWORD", "")
        password = given or secrets.token_urlsafe(12)
        demo = create_user(username=NAME, email=None, password=password)
        self.stdout.write(f"The password of {NAME} is " + ("DEMO_PASSWORD's." if given else password))
        return demo
