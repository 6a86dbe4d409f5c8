"""Deleting by the API: into the trash, out of it, and for good, so that nothing is left in any table."""

import json
from datetime import timedelta
from uuid import uuid4

import pytest
from django.apps import apps
from django.core.management import CommandError, call_command
from django.db import DatabaseError
from django.utils import timezone

from documents import history, logtable, services, sharing, trash
from documents.copies import blame, revisions, texts
from documents.errors import NotFound
from documents.models import Comment, Document, Operation
from documents.tests.rest import DOCUMENTS, refusal, url

pytestmark = pytest.mark.django_db

TRASH = "/api/trash"


@pytest.fixture
def deleted(alice, document):
    trash.delete_document(document, actor=alice)
    return document


def in_trash(document, *rest):
    return "/".join([TRASH, str(document.id), *rest])


def is_as_old_as(document, **age):
    Document.objects.filter(pk=document.pk).update(deleted_at=timezone.now() - timedelta(**age))


def purges(capsys, *arguments):
    call_command("purge_trash", *arguments)
    return capsys.readouterr().out


# --- The API ---


def test_it_works(ask, alice, bob, document):
    ask(alice, "delete", url(document))
    [listed] = ask(alice, "get", TRASH).json()["results"]
    assert (listed["doc_id"], listed["title"]) == (str(document.id), "A story") and listed["deleted_at"]
    back = ask(alice, "post", in_trash(document, "restore"))
    assert back.status_code == 200 and back.json()["content"] == "the cat"
    assert ask(bob, "get", url(document)).json()["role"] == "editor"
    assert ask(alice, "get", TRASH).json()["count"] == 0


def test_what_is_locked_is_left_to_administrators(ask, capsys, alice, deleted):
    sharing.lock(deleted)
    is_as_old_as(deleted, days=31)
    assert ask(alice, "get", TRASH).json()["results"][0]["locked"] is True
    for method, rest in (("delete", ()), ("post", ("restore",))):
        assert refusal(ask(alice, method, in_trash(deleted, *rest))) == (403, "forbidden")
    assert "0 purged" in purges(capsys)
    sharing.unlock(deleted)
    assert ask(alice, "post", in_trash(deleted, "restore")).json()["locked"] is False


def test_for_good(ask, alice, deleted):
    assert ask(alice, "delete", in_trash(deleted)).status_code == 204
    assert refusal(ask(alice, "delete", in_trash(deleted))) == (404, "not_found")
    assert refusal(ask(alice, "post", in_trash(deleted, "restore"))) == (404, "not_found")


@pytest.mark.parametrize(("method", "rest"), [("delete", []), ("post", ["restore"])])
@pytest.mark.parametrize("who", ["bob", "mallory"])
def test_the_trash_of_others_is_not_there(who, method, rest, ask, users, deleted):
    user = users[who]
    assert ask(user, "get", TRASH).json()["count"] == 0
    hidden = ask(user, method, in_trash(deleted, *rest))
    missing = ask(user, method, in_trash(Document(id=uuid4()), *rest))
    assert refusal(hidden) == (404, "not_found") and hidden.json() == missing.json()
    assert refusal(ask(None, method, in_trash(deleted, *rest))) == (401, "not_authenticated")
    assert Document.objects.get().deleted_at is not None


def test_what_is_not_deleted_is_not_in_the_trash(ask, alice, document):
    for method, rest in (("delete", []), ("post", ["restore"])):
        assert refusal(ask(alice, method, in_trash(document, *rest))) == (404, "not_found")
    assert history.current_text(document.id) == (1, "the cat")


# --- The command ---


def test_it_takes_what_is_due_and_nothing_else(capsys, alice, document):
    other, young = (services.create_document(owner=alice, content=text) for text in ("other", "young"))
    for each, days in ((document, 31), (young, 29)):
        trash.delete_document(each, actor=alice)
        is_as_old_as(each, days=days)
    assert "1 purged" in purges(capsys)
    assert set(Document.objects.values_list("pk", flat=True)) == {other.id, young.id}
    assert history.current_text(other.id) == (1, "other")
    trash.bring_back(young, actor=alice)
    assert history.current_text(young.id) == (1, "young")


@pytest.mark.parametrize(("days", "left"), [("0", 0), ("2", 0), ("4", 1)])
def test_days_may_be_chosen(days, left, capsys, deleted):
    is_as_old_as(deleted, days=3)
    purges(capsys, "--days", days)
    assert Document.objects.count() == left


@pytest.mark.parametrize("days", ["-1", "99999999999"])
def test_nonsense_days_purge_nothing(days, deleted):
    is_as_old_as(deleted, days=400)
    with pytest.raises(CommandError):
        call_command("purge_trash", f"--days={days}")
    assert Document.objects.exists()


def test_what_comes_back_meanwhile_stays(capsys, monkeypatch, alice, deleted):
    is_as_old_as(deleted, days=31)
    due = trash.due(timedelta(days=30))
    monkeypatch.setattr(trash, "due", lambda older_than: due)
    trash.bring_back(deleted, actor=alice)
    assert "not in the trash any more" in purges(capsys)
    assert history.current_text(deleted.id) == (1, "the cat")


# --- What a purge forgets ---


def every_trace(document):
    """Every row of every table that names the document: in a column, in a key's beginning, or inside a text."""
    names = (str(document.id), document.id.hex)
    return [
        (model.__name__, row)
        for model in apps.get_models()
        for row in model._default_manager.values_list()
        if any(name in str(value) for name in names for value in row)
    ]


@pytest.fixture
def _copies_are_made_early(monkeypatch):
    for module, name, value in [
        *[(texts, "LONGEST_TAIL", 2), (texts, "LOOK_EVERY", 2), (texts, "HEAVY", 1)],
        *[(blame, "EVERY", 4), (revisions, "EVERY", 4)],
    ]:
        monkeypatch.setattr(module, name, value)


def leads_a_full_life(ask, alice, document):
    """Leaves something in every table that a document fills; comments too."""
    for number in range(9):
        assert ask(alice, "put", url(document), {"content": f"the cat {number}"}).status_code == 200
    assert ask(alice, "get", f"{DOCUMENTS}?search=cat").json()["count"] == 1
    assert ask(alice, "post", url(document, "versions", "2", "name"), {"name": "Draft"}).status_code in (200, 201)
    now, place = timezone.now(), {"start": 0, "end": 3, "version": 1, "quote": "the"}
    Comment.objects.create(document_id=document.id, body="Why?", created_at=now, changed_at=now, **place)
    for look in ("blame", "revisions", "versions/3", "html"):
        assert ask(alice, "get", url(document, look)).status_code == 200
    made = sharing.create_link(document, role="editor", expires_at=None, actor=alice)
    sharing.let_guest_in(made.link, "Dora")


FILLED = {"Document", "Operation", "Checkpoint", "BlameCheckpoint", "Revision", "NamedVersion", "SearchCopy"}


@pytest.mark.usefixtures("_copies_are_made_early")
def test_nothing_is_left_in_any_table(ask, alice, document):
    leads_a_full_life(ask, alice, document)
    assert FILLED | {"ShareLink", "Collaborator", "Comment"} <= {name for name, _ in every_trace(document)}
    trash.delete_document(document, actor=alice)
    trash.purge(document)
    assert every_trace(document) == []


def test_the_text_of_others_is_untouched(ask, alice, deleted):
    other = ask(alice, "post", DOCUMENTS, {"content": "another"}).json()["doc_id"]
    trash.purge(deleted)
    assert ask(alice, "get", f"{DOCUMENTS}/{other}").json()["content"] == "another"


STEPS = [(logtable, "forget"), (trash.SearchCopy.objects, "filter")]


@pytest.mark.parametrize(("where", "step"), STEPS, ids=["before the log", "before the copies"])
def test_a_purge_that_stops_half_way_is_finished_by_the_next(where, step, capsys, monkeypatch, ask, alice, deleted):
    def stop(*_, **__):
        raise DatabaseError("the disk is full")

    with monkeypatch.context() as patched:
        patched.setattr(where, step, stop)
        is_as_old_as(deleted, days=31)
        with pytest.raises(SystemExit):
            call_command("purge_trash")
        assert f"{deleted.id} is not purged: the disk is full" in capsys.readouterr().out
    assert ask(alice, "get", TRASH).json()["count"] == 0
    with pytest.raises(NotFound):
        trash.bring_back(deleted, actor=alice)
    is_as_old_as(deleted, hours=1)
    assert "1 purged" in purges(capsys)
    assert not Document.objects.exists() and not Operation.objects.exists()


def test_one_that_fails_does_not_hold_up_the_others(capsys, monkeypatch, alice, deleted):
    second = services.create_document(owner=alice, content="second")
    trash.delete_document(second, actor=alice)
    forget = logtable.forget

    def fails_for_one(document_id):
        if document_id == deleted.id:
            raise DatabaseError("it is damaged")
        forget(document_id)

    monkeypatch.setattr(logtable, "forget", fails_for_one)
    with pytest.raises(SystemExit):
        call_command("purge_trash", "--days=0")
    assert list(Document.objects.values_list("pk", flat=True)) == [deleted.id]
    assert "1 purged" in capsys.readouterr().out


def test_the_answers_kept_for_a_key_end_by_themselves(ask, alice):
    """The one copy that a purge leaves, for two days at most: what a retried request is answered."""
    made = ask(alice, "post", DOCUMENTS, {"content": "x"}, idempotency_key='"one"').json()
    document = Document.objects.get(pk=made["doc_id"])
    trash.delete_document(document, actor=alice)
    trash.purge(document)
    assert {name for name, _ in every_trace(document)} <= {"IdempotentRequest"}
    assert json.loads(json.dumps(made))["content"] == "x"
