"""One small story, told in the examples of the schema: alice writes a sentence, bob adds a word."""

from accounts.schema import ALICE

DOC_ID = "0d9c7c1e-58b2-4f0a-8d3e-3a7c2b9f6e10"
CLIENT_ID = "b7f0a4de-1c35-4a8e-9a61-57d0c0a1e2f3"
BOB = {"id": "a2b9d1f4-6e07-4d55-8c2f-9f0b7e3c4d21", "username": "bob"}
BEFORE, AFTER = "The cat sat.\n", "The black cat sat.\n"
MORNING, NOON = "2026-11-23T08:00:00Z", "2026-11-23T12:00:00Z"
OPERATION = [4, "black "]

SUMMARY = {
    "doc_id": DOC_ID,
    "title": "A story",
    "version": 2,
    "role": "owner",
    "abilities": {"view": True, "comment": True, "edit": True, "manage": True},
    "locked": False,
    "owner": ALICE,
    "created_at": MORNING,
    "updated_at": NOON,
}
DELETED = {key: SUMMARY[key] for key in SUMMARY if key not in ("role", "abilities")} | {"deleted_at": NOON}
DOCUMENT = {**SUMMARY, "content": AFTER}
FIRST_DOCUMENT = {**DOCUMENT, "content": BEFORE, "version": 1, "updated_at": MORNING}

COMMITTED = {"version": 2, "operation": OPERATION}
SUBMISSION = {"client_id": CLIENT_ID, "seq": 1, "base_version": 1, "operation": OPERATION}
ENTRY = {**COMMITTED, "client_id": CLIENT_ID, "seq": 1, "author": BOB["id"], "created_at": NOON}
HISTORY_ENTRY = {**ENTRY, "author": BOB, "inserted": 6, "deleted": 0}
REVISION = {
    "from_version": 2,
    "to_version": 2,
    "author": BOB,
    "started_at": NOON,
    "ended_at": NOON,
    "inserted": 6,
    "deleted": 0,
    "names": [{"version": 2, "name": "Ready"}],
}
VERSION = {"version": 1, "content": BEFORE, "created_at": MORNING, "author": ALICE}
NAMED = {"version": 1, "name": "First draft", "author": ALICE, "created_at": NOON}
DIFF = {
    "from": 1,
    "to": 2,
    "operation": OPERATION,
    "unified": "--- version 1\n+++ version 2\n@@ -1 +1 @@\n-The cat sat.\n+The black cat sat.\n",
}
BLAME = {
    "version": 2,
    "runs": [
        {"length": 4, "author": ALICE, "version": 1, "created_at": MORNING},
        {"length": 6, "author": BOB, "version": 2, "created_at": NOON},
        {"length": 9, "author": ALICE, "version": 1, "created_at": MORNING},
    ],
}
HTML = "<p>The black cat sat.</p>\n"
IMPORT = {
    "created": [{"doc_id": DOC_ID, "title": "A story", "version": 1, "file": "story.md"}],
    "skipped": [{"file": "photo.md", "code": "unreadable_file", "detail": "This file can't be read as a text."}],
}
PERSON = {"user": BOB, "role": "editor"}
SECRET = "tV3pR8x0nq5y2LmC7wZaK1sD4fGhJ6bE"
LINK = {
    "id": "5e1b7c02-9d4f-4c55-b0a3-6f2e8d1c7a90",
    "role": "commenter",
    "expires_at": NOON,
    "created_at": MORNING,
    "created_by": ALICE,
}
MADE_LINK = {**LINK, "secret": SECRET, "url": f"https://docs.example.org/shared#{SECRET}"}
EVENTS = (
    "id: 2\nevent: operation\ndata: "
    f'{{"version":2,"client_id":"{CLIENT_ID}","seq":1,"author":"{BOB["id"]}","operation":[4,"black "]}}\n\n'
)


def page(item: object) -> dict[str, object]:
    """A page of one."""
    return {"count": 1, "next": None, "previous": None, "results": [item]}
