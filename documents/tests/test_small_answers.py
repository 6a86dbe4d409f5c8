"""What is kept of an answer for its Idempotency-Key is small: the text is read back from the log."""

from datetime import timedelta

import pytest
from django.utils import timezone

from documents import services, sharing, trash
from documents.api import idempotency
from documents.models import Document, IdempotentRequest, Operation
from documents.tests.rest import DOCUMENTS, refusal, url
from documents.tests.writers import Writer

pytestmark = pytest.mark.django_db

LONG = "ä\n\x07" * 333_333  # code points; each \x07 is six in JSON
SMALL = 4_096  # bytes

WRITES = [("post", {"content": LONG}), ("put", {"content": LONG}), ("patch", {"title": "x"})]


def kept() -> str:
    return IdempotentRequest.objects.get().body


@pytest.mark.parametrize(("method", "body"), WRITES, ids=["post", "put", "patch"])
def test_the_text_is_not_kept_twice(ask, alice, method, body):
    document = services.create_document(owner=alice, title="t" * 200, content="x" if method == "put" else LONG)
    where = DOCUMENTS if method == "post" else url(document)
    first = ask(alice, method, where, body, idempotency_key="k")
    assert len(kept().encode()) < SMALL
    again = ask(alice, method, where, body, idempotency_key="k")
    assert (again.status_code, again.json(), again["ETag"]) == (first.status_code, first.json(), first["ETag"])
    assert first.json()["content"] == LONG


def test_the_text_of_then_is_answered(ask, bob, document):
    services.submit(document.id, Writer().writes("see ", base=1))
    first = ask(bob, "post", url(document, "restore"), {"version": 1}, idempotency_key="k")
    assert "the cat" not in kept()
    services.submit(document.id, Writer().writes("so: ", base=3))
    again = ask(bob, "post", url(document, "restore"), {"version": 1}, idempotency_key="k")
    assert again.json() == first.json() and again.json()["content"] == "the cat"


def test_an_empty_text_is_a_text(ask, alice):
    first = ask(alice, "post", DOCUMENTS, {"title": "x"}, idempotency_key="k")
    assert ask(alice, "post", DOCUMENTS, {"title": "x"}, idempotency_key="k").json() == first.json()
    assert first.json()["content"] == ""


def test_what_an_earlier_release_has_kept_is_answered_as_it_is(ask, alice):
    first = ask(alice, "post", DOCUMENTS, {"content": "abc"}, idempotency_key="k").json()
    IdempotentRequest.objects.update(body=kept().replace('"content":null', '"content":"as kept"'))
    again = ask(alice, "post", DOCUMENTS, {"content": "abc"}, idempotency_key="k").json()
    assert again == first | {"content": "as kept"}


def test_the_text_is_for_those_who_may_still_see_it(ask, alice, bob):
    made = ask(alice, "post", DOCUMENTS, {"content": "abc"}, idempotency_key="k").json()["doc_id"]
    document = Document.objects.get(pk=made)
    sharing.set_role(document, user=bob, role="owner", actor=alice)
    sharing.remove_collaborator(document, user=alice, actor=bob)
    again = ask(alice, "post", DOCUMENTS, {"content": "abc"}, idempotency_key="k")
    assert refusal(again) == (404, "not_found")


def test_a_document_that_is_deleted_is_not_there(ask, alice):
    made = ask(alice, "post", DOCUMENTS, {"content": "abc"}, idempotency_key="k").json()["doc_id"]
    trash.delete_document(Document.objects.get(pk=made), actor=alice)
    assert refusal(ask(alice, "post", DOCUMENTS, {"content": "abc"}, idempotency_key="k")) == (404, "not_found")


def test_a_version_that_a_backup_does_not_have_is_none(ask, alice, document):
    ask(alice, "put", url(document), {"content": "later"}, idempotency_key="k")
    Operation.objects.filter(version=2).delete()
    assert refusal(ask(alice, "put", url(document), {"content": "later"}, idempotency_key="k")) == (404, "not_found")


def test_old_ones_are_forgotten_some_at_a_time(db, monkeypatch):
    monkeypatch.setattr(idempotency, "AT_ONCE", 2)
    for n in range(4):
        IdempotentRequest.objects.create(key=str(n), fingerprint="", status=201, body="{}")
    old = timezone.now() - idempotency.KEPT_FOR - timedelta(seconds=1)
    IdempotentRequest.objects.exclude(key="3").update(created_at=old)
    assert [idempotency.forget_some() for _ in range(3)] == [2, 1, 0]
    assert IdempotentRequest.objects.get().key == "3"
