"""The log folded for people: one line for each run of one author."""

import threading
from datetime import datetime
from itertools import pairwise

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts import services as accounts
from documents import logtable, services
from documents.copies import revisions
from documents.models import Document
from documents.models import Operation as OperationRow
from documents.models import Revision as Row
from documents.ot.revisions import PAUSE, fold
from documents.tests.rest import assert_members_only, refusal, url
from documents.tests.writers import NOON, Writer

pytestmark = pytest.mark.django_db

REVISION = {"from_version", "to_version", "author", "started_at", "ended_at", "inserted", "deleted", "names"}


def write(document: Document, author, *operation, at: datetime) -> None:
    head = services.submit(document.id, Writer(author and author.id).writes(*operation, base=1)).version
    OperationRow.objects.filter(key=logtable.log_key(document.id, head)).update(created_at=at)


@pytest.fixture
def story(document, alice, bob):
    """alice made it at noon and wrote on; bob twice, with a pause; then nobody, then alice again."""
    OperationRow.objects.update(created_at=NOON)
    write(document, alice, "one ", at=NOON + PAUSE)
    write(document, bob, "😀", at=NOON + PAUSE)
    write(document, bob, 4, -3, at=NOON + 3 * PAUSE)
    write(document, bob, at=NOON + 3 * PAUSE)
    write(document, None, "x", at=NOON + 3 * PAUSE)
    write(document, alice, "y", at=NOON + 3 * PAUSE)
    return document


def results(answer) -> list[dict]:
    assert answer.status_code == 200, answer.content
    return answer.json()["results"]


def spans(answer) -> list[tuple[int, int]]:
    return [(each["from_version"], each["to_version"]) for each in results(answer)]


def test_it_works(ask, vera, alice, bob, story):
    body = ask(vera, "get", url(story, "revisions")).json()
    assert (body["count"], body["next"], body["previous"]) == (5, None, None)
    assert all(set(each) == REVISION for each in body["results"])
    shown = [
        (
            each["from_version"],
            each["to_version"],
            each["author"] and each["author"]["username"],
            each["inserted"],
            each["deleted"],
        )
        for each in body["results"]
    ]
    assert shown == [
        (7, 7, "alice", 1, 0),
        (6, 6, None, 1, 0),
        (4, 5, "bob", 0, 3),
        (3, 3, "bob", 1, 0),
        (1, 2, "alice", 11, 0),
    ]
    oldest = body["results"][-1]
    assert datetime.fromisoformat(oldest["started_at"]) == NOON
    assert datetime.fromisoformat(oldest["ended_at"]) == NOON + PAUSE
    assert oldest["author"] == {"id": str(alice.id), "username": "alice"}


def test_who_left_has_no_name(ask, alice, bob, story):
    ask(alice, "get", url(story, "revisions"))
    accounts.erase_user(bob)
    authors = [each["author"] for each in results(ask(alice, "get", url(story, "revisions")))]
    assert [author and author["username"] for author in authors] == ["alice", None, None, None, "alice"]


def test_the_last_one_grows(ask, alice, bob, story):
    before = results(ask(alice, "get", url(story, "revisions")))
    write(story, alice, "more", at=NOON + 4 * PAUSE)
    after = results(ask(alice, "get", url(story, "revisions")))
    assert (after[0]["from_version"], after[0]["to_version"], after[0]["inserted"]) == (7, 8, 5)
    assert after[1:] == before[1:]


def test_an_empty_document_has_none(ask, alice):
    empty = services.create_document(owner=alice)
    body = ask(alice, "get", url(empty, "revisions")).json()
    assert body == {"count": 0, "next": None, "previous": None, "results": []}


def test_pages(ask, alice, story):
    page = ask(alice, "get", url(story, "revisions?limit=2")).json()
    seen = page["results"]
    assert (page["count"], page["previous"]) == (5, None)
    while page["next"]:
        page = ask(alice, "get", page["next"]).json()
        seen += page["results"]
    assert seen == results(ask(alice, "get", url(story, "revisions")))
    assert page["next"] is None
    assert spans(ask(alice, "get", page["previous"])) == [(4, 5), (3, 3)]


def test_the_ends(ask, alice, story):
    for query, expected in (
        ("skip=4", [(1, 2)]),
        ("skip=5", []),
        ("skip=6", []),
        ("skip=9007199254740991", []),
        ("skip=3&limit=1", [(3, 3)]),
        ("skip=3&limit=200", [(3, 3), (1, 2)]),
    ):
        answer = ask(alice, "get", url(story, f"revisions?{query}"))
        assert spans(answer) == expected, query
        assert answer.json()["next"] is None or query == "skip=3&limit=1"


@pytest.mark.parametrize("query", ["skip=-1", "skip=x", "limit=0", "limit=201", "limit=", "skip=%00", "skip=1.0"])
def test_nonsense_is_refused(ask, alice, story, query):
    assert refusal(ask(alice, "get", url(story, f"revisions?{query}"))) == (400, "invalid_request")


def test_a_page_costs_the_same_wherever_it_is(client_for, alice, document, bob):
    """Ranges of keys: no count, no offset, and nothing folded twice."""
    for n in range(40):
        services.submit(document.id, Writer((alice, bob)[n % 2].id).writes("x", base=1))
    client = client_for(alice)
    client.get(url(document, "revisions"))
    for query in ("limit=1", "skip=39&limit=1", "limit=40"):
        with CaptureQueriesContext(connection) as asked:
            assert client.get(url(document, f"revisions?{query}")).json()["results"]
        assert len(asked) == 6  # who asks, the document, the last revision, the page, the names, the people
        for each in asked.captured_queries:
            assert "COUNT" not in each["sql"] and "OFFSET" not in each["sql"]


def test_everybody_with_a_role_may_read(ask, users, story):
    for name in ("alice", "bob", "carol", "vera"):
        assert len(results(ask(users[name], "get", url(story, "revisions")))) == 5


def test_members_only(ask, users, story):
    assert_members_only(ask, users, story, "get", "revisions")


@pytest.mark.parametrize("method", ["post", "put", "patch", "delete"])
def test_revisions_are_not_written(ask, alice, story, method):
    assert ask(alice, method, url(story, "revisions"), {}).status_code == 405


# --- The rows ---


def folded(document: Document) -> list:
    return list(fold(None, logtable.entries(document.id, after=0)))[::-1]


@pytest.mark.parametrize("slice_", [1, 2, 3, 2000])
def test_the_rows_are_the_fold_of_the_log(story, monkeypatch, slice_):
    monkeypatch.setattr(revisions, "SLICE", slice_)
    for head in (1, 2, 4, 4, 7):
        last = revisions.catch_up(story.id, head)
        assert last.to_version == head
    assert revisions.page(story.id, upto=last.number, limit=99) == folded(story)
    revisions.drop_all(story.id)
    assert Row.objects.count() == 0
    revisions.catch_up(story.id, 7)
    assert revisions.page(story.id, upto=5, limit=99) == folded(story)


def test_one_who_trails_takes_nothing_back(story):
    """Somebody folds on while another still writes what he had read before."""
    early = list(fold(None, logtable.entries(story.id, after=0, upto=4)))
    revisions.catch_up(story.id, 7)
    for revision in early:
        revisions._keep(story.id, [revision])
    assert revisions.page(story.id, upto=5, limit=99) == folded(story)
    assert revisions.catch_up(story.id, 4).to_version == 7, "rows are right beyond a head read earlier"


def test_a_long_log_is_folded_while_people_write(story, alice, monkeypatch):
    monkeypatch.setattr(revisions, "EVERY", 4)
    services.submit(story.id, Writer(alice.id).writes("x", base=7))
    assert revisions.page(story.id, upto=99, limit=99) == (at_eight := folded(story))
    services.submit(story.id, Writer(alice.id).writes("x", base=8))
    assert revisions.page(story.id, upto=99, limit=99) == at_eight


def test_nothing_new_writes_nothing(story):
    revisions.catch_up(story.id, 7)
    with CaptureQueriesContext(connection) as asked:
        revisions.catch_up(story.id, 7)
    assert len(asked) == 1


def test_one_document_is_not_another(ask, alice, story):
    other = services.create_document(owner=alice, content="x")
    assert spans(ask(alice, "get", url(other, "revisions"))) == [(1, 1)]
    assert len(results(ask(alice, "get", url(story, "revisions")))) == 5
    revisions.drop_all(other.id)
    assert Row.objects.count() == 5


@pytest.mark.django_db(transaction=True)
def test_many_who_fold_at_once(alice, bob, monkeypatch):
    monkeypatch.setattr(revisions, "SLICE", 3)
    document = services.create_document(owner=alice)
    for n in range(60):
        services.submit(document.id, Writer((alice.id, bob.id, None)[n // 4 % 3]).writes("x", base=n))
    together, failures = threading.Barrier(4), []

    def folds(heads) -> None:
        try:
            together.wait(30)
            for head in heads:
                revisions.catch_up(document.id, head)
        except Exception as error:
            failures.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=folds, args=[range(n, 61, n)]) for n in (1, 3, 7, 60)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert failures == []
    last = revisions.catch_up(document.id, 60)
    found = revisions.page(document.id, upto=last.number, limit=99)
    assert found == folded(document)
    assert all(newer.from_version == older.to_version + 1 for newer, older in pairwise(found))
