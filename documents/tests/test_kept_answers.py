"""An answer that is kept for an Idempotency-Key names nobody who was erased since, and is still the answer."""

import orjson
import pytest

from accounts import services as accounts
from documents import answers, history, services
from documents.models import Comment, Document, IdempotentRequest
from documents.tests.rest import DOCUMENTS, url

pytestmark = pytest.mark.django_db


@pytest.fixture
def writes(document):
    """All that is kept: (method, path, body)."""
    return [
        ("put", url(document), {"content": "the dog", "title": "Dog"}),
        ("patch", url(document), {"title": "Cat"}),
        ("post", url(document, "restore"), {"version": 1}),
        ("post", url(document, "comments"), {"body": "Good.", "range": [0, 3], "version": 1}),
        ("post", DOCUMENTS, {"title": "Another", "content": "one"}),
    ]


def told(ask, user, writes) -> list:
    found = [ask(user, *write, idempotency_key=str(number)) for number, write in enumerate(writes)]
    assert all(answer.status_code in (200, 201) for answer in found), [answer.content for answer in found]
    return [answer.json() for answer in found]


def test_it_works(ask, alice, bob, document, writes):
    first = told(ask, bob, writes)
    assert [answer["owner"]["username"] for answer in first[:3]] == ["alice"] * 3
    services.rename_document(Document.objects.get(pk=document.id), title="Since then", actor=bob)
    head = history.head(document.id)
    accounts.erase_user(alice)
    assert told(ask, bob, writes) == [answer | {"owner": None} for answer in first[:3]] + first[3:]
    assert history.head(document.id) == head and Document.objects.get(pk=document.id).title == "Since then"
    assert Comment.objects.count() == 1 and Document.objects.count() == 2, "nothing was done twice"


def test_no_row_names_them(ask, alice, bob, document, writes, monkeypatch):
    monkeypatch.setattr(answers, "MANY", 2)
    for user in (alice, bob):
        told(ask, user, writes)
    before = IdempotentRequest.objects.filter(body__contains="bob").count()
    accounts.erase_user(alice)
    assert IdempotentRequest.objects.count() == 10 and before == 2
    assert not any(IdempotentRequest.objects.filter(body__contains=who).exists() for who in ("alice", str(alice.id)))
    assert IdempotentRequest.objects.filter(body__contains="bob").count() == before, "who is there still is"


def test_a_write_under_way_is_left_alone(ask, alice, bob, document, writes):
    """It has no answer yet, and is known again by its name."""
    [first] = told(ask, bob, writes[:1])
    IdempotentRequest.objects.update(status=None, body="")
    accounts.erase_user(alice)
    [again] = told(ask, bob, writes[:1])
    assert again["version"] == first["version"] and again["owner"]["username"] == "bob"


def test_some_are_looked_through_at_a_time(alice, monkeypatch, django_assert_max_num_queries):
    monkeypatch.setattr(answers, "MANY", 100)
    rows = [IdempotentRequest(key=f"{n:064}", fingerprint="", status=200, body='{"owner":null}') for n in range(1000)]
    body = orjson.dumps({"title": alice.id, "owner": {"id": alice.id, "username": "alice"}}).decode()
    rows += [IdempotentRequest(key="f" * 64, fingerprint="", status=200, body=body)]
    IdempotentRequest.objects.bulk_create(rows)
    with django_assert_max_num_queries(12 + 11 + 3):  # keys; who names them; one change, in a transaction
        answers.forget_person(alice.id)
    kept = IdempotentRequest.objects.get(pk="f" * 64)
    assert orjson.loads(kept.body) == {"title": str(alice.id), "owner": None}
