"""A whole installation at random: people, documents with a past, rights, sessions; and a look at it from outside.

`python -m documents.tests.installation SEED [ENTRIES]` makes one in the database of DATABASE_URL, which is migrated.
"""

import os
import sqlite3
import sys
from collections import defaultdict
from datetime import timedelta
from pathlib import Path
from random import Random
from typing import Any
from uuid import UUID

import django

PIECES = ["cat", "Straße ", "👍🏽", "naïve\n", "日本", " ", "'; --", "$where", "\u2028"]
PASSWORD = "correct horse battery staple"
PEOPLE = ("Ann", "Ben", "Éva", "Zoë", "Gone")

Contents = dict[str, list[tuple]]


def make(rng: Random, documents: int = 6) -> None:
    """In the database of this process; the same dice make the same, but for times and identifiers."""
    from accounts import services as accounts
    from accounts import tokens
    from accounts.models import User

    people = [User.objects.create_user(name, f"{name}@example.org", PASSWORD) for name in PEOPLE]
    for person in people:
        tokens.start_session(person)
    for _ in range(documents):
        make_document(rng, people)
    give_rights(people)
    leave_traces(rng)
    accounts.erase_user(people[-1])


def make_document(rng: Random, people: list, entries: int = 30) -> Any:
    """With a past of at most so many entries: typing of all, whole texts, shares, names, copies; deleted perhaps."""
    from documents import permissions, services, sharing, trash
    from documents.copies import texts

    owner, *others = rng.sample(people, 3)
    document = services.create_document(owner=owner, title=rng.choice(PIECES).strip(), content=rng.choice(PIECES))
    sharing.set_role(document, user=others[0], role="editor", actor=owner)
    sharing.set_role(document, user=others[1], role=rng.choice(["viewer", "commenter"]), actor=owner)
    comment(document, owner)
    edit(rng, document, people, rng.randint(0, entries))
    services.name_version(permissions.get_document(owner, document.id), 1, "the first", actor=owner)
    services.rename_document(document, title=rng.choice(PIECES), actor=owner)
    texts.checkpoint(document.id, 1)
    if rng.random() < 0.3:
        trash.delete_document(document, actor=owner)
    return document


def comment(document: Any, owner: Any) -> None:
    """A thread with an answer, resolved; and one that its author has deleted."""
    from documents import comments, permissions

    document = permissions.get_document(owner, document.id)
    first = comments.add(document, author=owner, body="Which? 👍🏽", stretch=(0, 1))
    comments.add(document, author=owner, body="This one", parent_id=UUID(first["id"]))
    comments.change(document, first["id"], actor=owner, is_resolved=True)
    other = comments.add(document, author=owner, body="Never mind", stretch=(1, 1))
    comments.delete(document, other["id"], actor=owner)


def edit(rng: Random, document: Any, people: list, count: int) -> None:
    """So many entries more."""
    from documents import services
    from documents.tests.writers import Writer

    writers = [Writer(person.id) for person in people]
    log = services.open_log(document.id)
    for base in range(log.head, log.head + count):
        at = rng.randint(0, log.length)
        operation = ([at] if at else []) + [rng.choice(PIECES)]
        services.commit([(log, [rng.choice(writers).writes(*operation, base=base)])])
    services.keep_copies([(document.id, 0, log.newest)])


def give_rights(people: list) -> None:
    from django.contrib.auth.models import Group, Permission

    helpers = Group.objects.create(name="helpers")
    helpers.permissions.add(Permission.objects.get(codename="change_user"))
    Group.objects.create(name="nobody")
    people[0].groups.add(helpers)
    people[1].user_permissions.add(Permission.objects.get(codename="view_document"))
    people[2].is_staff = people[2].is_superuser = True
    people[2].save()


def leave_traces(rng: Random) -> None:
    """What running leaves: a browser's session, an answer to an Idempotency-Key, what was searched through."""
    from django.contrib.sessions.backends.db import SessionStore

    from documents.copies.rows import Searched, refresh_search
    from documents.models import Document, IdempotentRequest

    browser = SessionStore()
    browser["cart"] = rng.choice(PIECES)
    browser.set_expiry(timedelta(days=3))
    browser.save()
    IdempotentRequest.objects.create(key="k" * 64, fingerprint="f" * 64, status=201, body='{"title": "👍"}')
    refresh_search([Searched(each.id, each.title, each.version) for each in Document.objects.all()])


# --- From outside: SQLite's files, read without Django ----------------------------------------------------------

COUNTED = {  # tables whose keys a database counts, by the names that their rows go by
    "auth_group": "SELECT name FROM auth_group",
    "auth_group_permissions": "SELECT g.name, p.codename FROM auth_group_permissions l"
    " JOIN auth_group g ON g.id = l.group_id JOIN auth_permission p ON p.id = l.permission_id",
    "accounts_user_groups": "SELECT l.user_id, g.name FROM accounts_user_groups l"
    " JOIN auth_group g ON g.id = l.group_id",
    "accounts_user_user_permissions": "SELECT l.user_id, p.codename FROM accounts_user_user_permissions l"
    " JOIN auth_permission p ON p.id = l.permission_id",
}
NOT_CARRIED = {"django_migrations", "django_content_type", "auth_permission", "django_admin_log", "sqlite_sequence"}
MADE_AGAIN = {"documents_blamecheckpoint", "documents_revision"}


def contents(file: Path, *, milliseconds: bool = False) -> Contents:
    """All rows of all tables that are carried, sorted; with times cut to `milliseconds`, as MongoDB keeps them."""
    with sqlite3.connect(file) as database:
        tables = {name for (name,) in database.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
        found: Contents = defaultdict(list)
        for table in tables - NOT_CARRIED - MADE_AGAIN:
            rows = database.execute(COUNTED.get(table, f'SELECT * FROM "{table}"')).fetchall()
            found[table] = sorted((tuple(map(_cut, row)) if milliseconds else row for row in rows), key=repr)
    database.close()
    return found


def _cut(value: object) -> object:
    """A time as SQLite has it, `2026-11-23 12:00:00.123456`, without what is finer than a millisecond."""
    if isinstance(value, str) and len(value) == 26 and value[10] == " " and value[19] == ".":
        return f"{value[:23]}000".removesuffix(".000000")  # of a full second it writes no fraction
    return value


if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "collabdocs.settings")
    django.setup()
    make(Random(int(sys.argv[1])), *map(int, sys.argv[2:]))
