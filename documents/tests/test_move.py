"""Moving an installation from one database to another: all of it arrives, whatever happens on the way.

Here from one SQLite file to another; tests/test_move.py goes to MongoDB and back, by the command.
MOVE_SEED=7 asks for another installation; the seed is printed.
"""

import hashlib
import os
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from random import Random
from typing import Any

import pytest
from django.apps import apps
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Group, Permission
from django.contrib.contenttypes.models import ContentType
from django.core.management import CommandError, call_command
from django.db import OperationalError, connection, connections
from hypothesis import given
from hypothesis import strategies as st

from accounts import tokens
from accounts.models import User
from documents import services, sharing
from documents.copies import blame, revisions, texts
from documents.models import Collaborator, Document, LogIdentity, Operation, SearchCopy
from documents.moving import identity, log, move, tables
from documents.moving.identity import CantMove, State
from documents.moving.tables import SOURCE, batched
from documents.tests import installation
from documents.tests.installation import PASSWORD, contents
from documents.tests.writers import assert_sound

pytestmark = pytest.mark.django_db(transaction=True)

KEPT_BY_A_FLUSH = {"django_migrations", "django_content_type", "auth_permission"}


@pytest.fixture
def rng() -> Random:
    seed = int(os.environ.get("MOVE_SEED") or Random().randrange(2**32))
    print(f"MOVE_SEED={seed}")
    return Random(seed)


class Files:
    """Two databases: what is made in this process's own becomes the source, and it is a fresh target then."""

    def __init__(self, directory: Path) -> None:
        self.source = directory / "a source.sqlite3"
        self.target = Path(connection.settings_dict["NAME"])

    def take_away(self) -> None:
        """What there is becomes the source, and the target is as `migrate` leaves it."""
        services.log_identity()
        with sqlite3.connect(self.source) as copy:
            connection.connection.backup(copy)
        copy.close()
        with connection.constraint_checks_disabled(), connection.cursor() as cursor:
            for table in set(connection.introspection.table_names()) - KEPT_BY_A_FLUSH:
                cursor.execute(f"DELETE FROM {table}")
        LogIdentity.objects.create()

    @contextmanager
    def changing_source(self) -> Iterator[sqlite3.Connection]:
        with sqlite3.connect(self.source) as changed:
            yield changed
        changed.close()

    def assert_same(self) -> None:
        assert contents(self.target) == contents(self.source)


@pytest.fixture
def files(tmp_path: Path, transactional_db: None) -> Iterator[Files]:
    if connection.vendor != "sqlite":
        pytest.skip("from file to file")
    connection.ensure_connection()
    files = Files(tmp_path)
    connections[SOURCE] = connection.copy(SOURCE)
    connections[SOURCE].settings_dict |= {"NAME": f"{files.source.as_uri()}?mode=ro", "OPTIONS": {"timeout": 20}}
    yield files
    connections[SOURCE].close()
    del connections[SOURCE]


@pytest.fixture
def made(files: Files, rng: Random) -> Files:
    """A random installation to be moved."""
    installation.make(rng)
    files.take_away()
    return files


@pytest.fixture
def lines() -> list[str]:
    """What was told."""
    return []


@pytest.fixture
def moves(lines: list[str]) -> Callable[[], bool]:
    return lambda: move.move(lines.append)


# --- All of it --------------------------------------------------------------------------------------------------


def test_everything_arrives(files, rng, moves, lines):
    installation.make(rng)
    history = services.log_identity()
    token = tokens.start_session(User.objects.by_name("ann")).access_token
    files.take_away()
    before = contents(files.source)
    assert services.log_identity() != history
    assert moves(), lines
    assert contents(files.target) == before
    assert services.log_identity() == history, "a client merges what it still holds"
    assert User.objects.by_name("ANN").check_password(PASSWORD)
    assert tokens.verify_access(token).username == "Ann", "nobody is logged out"
    for document in Document.objects.all():
        head = len(assert_sound(document.id))
        assert texts.text_at(document.id)[0] == head
        assert sum(run.length for run in blame.runs_at(document.id, head)) == len(texts.text_at(document.id)[1])
        assert not head or revisions.catch_up(document.id, head).to_version == head


def test_the_source_is_only_read(made, moves):
    before = hashlib.sha256(made.source.read_bytes()).digest()
    assert moves()
    assert hashlib.sha256(made.source.read_bytes()).digest() == before
    with pytest.raises(OperationalError, match="readonly"):
        User.objects.using(SOURCE).update(username="x")


def test_no_table_is_forgotten():
    """A new one is carried, unless it says why not."""
    known = {table.model for table in tables.carried()} | {*tables.MADE_AGAIN, LogIdentity}
    by_name = {Group, Permission, ContentType}
    assert set(apps.get_models()) - known == by_name | {LogEntry}


@given(st.lists(st.text(max_size=50), max_size=40), st.integers(1, 9), st.integers(1, 200))
def test_batches_are_neither_long_nor_heavy(words, many, much):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(tables, "MANY", many)
        patch.setattr(tables, "MUCH", much)
        batches = list(batched((n, word) for n, word in enumerate(words)))
    assert [row for batch in batches for row in batch] == list(enumerate(words))
    for batch in batches:
        assert 1 <= len(batch) <= many
        assert sum(len(word) for _, word in batch[:-1]) <= much


# --- Stopped and run again --------------------------------------------------------------------------------------


class Stopped(Exception):
    """As by kill -9: what was not committed is not there."""


@contextmanager
def stopping_after(queries: int) -> Iterator[None]:
    """Before the target is asked so many times."""
    left = iter(range(queries))

    def execute(run: Callable, *arguments: Any) -> Any:
        if next(left, None) is None:
            raise Stopped
        return run(*arguments)

    with connection.execute_wrapper(execute):
        yield


def test_stopped_anywhere_and_run_again(made, moves, lines, rng, monkeypatch):
    """Until it gets through; each attempt goes on where the last was."""
    monkeypatch.setattr(tables, "MANY", 3)
    history = identity._name()
    for stops in count():
        try:
            with stopping_after(rng.randint(1, 120 + 60 * stops)):
                assert moves(), lines
            break
        except Stopped:
            assert identity.state() is not State.OTHER
            if identity.state() is not State.DONE:
                assert services.log_identity() != str(history)
    assert stops
    made.assert_same()


@pytest.mark.parametrize("landed", [0, 1, 2])
def test_some_rows_of_a_batch_landed(made, moves, monkeypatch, landed):
    """A database without transactions keeps the first ones."""
    monkeypatch.setattr(tables, "MANY", 3)
    insert = log._insert

    def some(rows):
        insert(rows[:landed])
        raise Stopped

    for _ in range(4):
        monkeypatch.setattr(log, "_insert", some)
        with pytest.raises(Stopped):
            moves()
        monkeypatch.setattr(log, "_insert", insert)
    assert Operation.objects.count() == 4 * landed
    assert LogIdentity.objects.get().pk == identity._marker()
    assert moves()
    made.assert_same()


def test_the_source_was_used_again_between_two_runs(files, rng, moves, lines, monkeypatch):
    """Whoever goes back to the source for another day finds that day, too, in the target: edits, names that changed
    hands, somebody who left and came back, somebody who is gone."""
    installation.make(rng)
    ann, ben = User.objects.by_name("Ann"), User.objects.by_name("Ben")
    document = services.create_document(owner=ann, title="Old")
    sharing.set_role(document, user=ben, role="editor", actor=ann)
    files.take_away()
    monkeypatch.setattr(log, "carry", lambda advance: (_ for _ in ()).throw(Stopped))
    with pytest.raises(Stopped):
        moves()
    monkeypatch.undo()
    with files.changing_source() as source:
        for user, name in ((ann, "temporarily"), (ben, "Ann"), (ann, "Ben")):
            named = (name, name.casefold(), user.id.hex)
            source.execute("UPDATE accounts_user SET username = ?, username_key = ? WHERE _id = ?", named)
        source.execute("UPDATE documents_collaborator SET _id = ? WHERE document_id = ?", ("f" * 32, document.id.hex))
        source.execute("UPDATE documents_document SET title = 'New' WHERE _id = ?", (document.id.hex,))
        source.execute("DELETE FROM django_session")
        source.execute("DELETE FROM accounts_user_groups")
        source.execute("DELETE FROM auth_group_permissions")
        source.execute("DELETE FROM auth_group WHERE name = 'helpers'")
    assert moves(), lines
    files.assert_same()
    assert User.objects.by_name("Ann") == ben
    assert Group.objects.get().name == "nobody"


def test_once_it_is_done_nothing_is_written(made, moves, lines):
    """The target is in use then."""
    assert moves()
    ann = User.objects.by_name("Ann")
    written = services.create_document(owner=ann, content="new")
    after = contents(made.target)
    lines.clear()
    assert not moves()
    assert contents(made.target) == after
    assert f"documents.document {written.id}: is not in the source" in lines


# --- Who is refused ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("others", ["user", "entry"])
def test_a_target_with_somebody_elses_data(made, moves, others):
    if others == "user":
        User.objects.create_user("stranger")
    else:
        Operation.objects.bulk_create(Operation.objects.using(SOURCE).all()[:1])
    before = contents(made.target)
    with pytest.raises(CantMove, match="must be empty"):
        moves()
    assert contents(made.target) == before


def test_a_source_of_another_release(made, moves):
    with made.changing_source() as source:
        source.execute("DELETE FROM django_migrations WHERE app = 'documents' AND name LIKE '0004%'")
    before = contents(made.target)
    with pytest.raises(CantMove, match="not of this release"):
        moves()
    assert contents(made.target) == before


def test_a_source_that_is_not_there(files, moves):
    with pytest.raises(CantMove, match="can't be read"):
        moves()
    assert not files.source.exists()


def test_a_server_that_still_runs_on_the_source_is_noticed(made, moves, lines, monkeypatch):
    is_same = move._is_same

    def edited_after(say):
        found = is_same(say)
        with made.changing_source() as source:
            last = source.execute("SELECT max(_id) FROM documents_operation").fetchone()[0]
            copied = "SELECT ?, version + 1, client_id, seq + 1, author_id, '[]', length, created_at"
            next_key = f"{last[:32]}:{int(last[33:]) + 1:012d}"
            source.execute(
                f"INSERT INTO documents_operation {copied} FROM documents_operation WHERE _id = ?", (next_key, last)
            )
        return found

    monkeypatch.setattr(move, "_is_same", edited_after)
    with pytest.raises(CantMove, match="Stop its server"):
        moves()
    assert identity.state() is State.UNDER_WAY
    monkeypatch.undo()
    assert moves(), lines
    made.assert_same()


# --- What the comparison finds ----------------------------------------------------------------------------------


def alter_an_operation(rng):
    entry = rng.choice(Operation.objects.all())
    Operation.objects.filter(pk=entry.pk).update(seq=entry.seq + 1)
    return f"documents.operation {entry.pk}: differs"


def cut_a_log(rng):
    entry = rng.choice(Operation.objects.all())
    Operation.objects.filter(pk=entry.pk).delete()
    return f"documents.operation {entry.pk}: is missing"


def lengthen_a_log(rng):
    key = f"{Document.objects.first().id.hex}:{10**6:012d}"
    entry = Operation.objects.first()
    entry.pk = key
    entry.save(force_insert=True)
    return f"documents.operation {key}: is not in the source"


def promote_somebody(rng):
    given = rng.choice(Collaborator.objects.all())
    Collaborator.objects.filter(pk=given.pk).update(role="owner")
    return f"documents.collaborator {given.pk}: differs"


def alter_a_password(rng):
    user = rng.choice(User.objects.all())
    User.objects.filter(pk=user.pk).update(password="x")
    return f"accounts.user {user.pk}: differs"


def alter_a_copy(rng):
    copy = rng.choice(SearchCopy.objects.all())
    SearchCopy.objects.filter(pk=copy.pk).update(text=copy.text + "x")
    return f"documents.searchcopy {copy.pk}: differs"


def take_a_right(rng):
    user = User.objects.exclude(groups=None).get()
    user.groups.clear()
    return f"right member {user.pk.hex} helpers: is missing"


def give_a_right(rng):
    Group.objects.get(name="nobody").permissions.add(Permission.objects.get(codename="delete_document"))
    return "right group may nobody documents document delete_document: is not in the source"


@pytest.mark.parametrize(
    "harm",
    [
        alter_an_operation,
        cut_a_log,
        lengthen_a_log,
        promote_somebody,
        alter_a_password,
        alter_a_copy,
        take_a_right,
        give_a_right,
    ],
)
def test_a_difference_is_found_and_named(made, moves, lines, rng, monkeypatch, harm):
    """Whatever went wrong, the target does not get the source's name."""
    is_same, expected = move._is_same, []

    def harmed_before(say):
        expected.append(harm(rng))
        return is_same(say)

    monkeypatch.setattr(move, "_is_same", harmed_before)
    assert not moves()
    assert set(expected) <= set(lines)
    assert [line for line in lines if line.endswith(" differences")] == ["1 differences"]
    assert identity.state() is State.UNDER_WAY


def test_damage_in_the_source_is_carried_and_told(made, moves, lines):
    """A log that was broken there is the same here, and the others are moved."""
    with made.changing_source() as source:
        key = source.execute("SELECT max(_id) FROM documents_operation").fetchone()[0]
        source.execute("UPDATE documents_operation SET length = length + 1 WHERE _id = ?", (key,))
    assert not moves()
    assert [line for line in lines if "so it is in the source" in line]
    assert identity.state() is State.DONE
    made.assert_same()


# --- The command ------------------------------------------------------------------------------------------------


def test_it_starts_again_in_a_process_made_for_the_target(monkeypatch):
    started = []
    monkeypatch.setattr(os, "execve", lambda *arguments: started.append(arguments) or exit())
    with pytest.raises(SystemExit):
        call_command("move_documents", "--from", "sqlite:////a", "--to", "mongodb://b/c")
    [(_, _, environment)] = started
    assert (environment["SOURCE_DATABASE_URL"], environment["DATABASE_URL"]) == ("sqlite:////a", "mongodb://b/c")


@pytest.mark.parametrize("words", [[], ["--from", "sqlite:////a", "--to", "sqlite:////a"]])
def test_it_wants_two_databases(words):
    with pytest.raises(CommandError):
        call_command("move_documents", *words)
