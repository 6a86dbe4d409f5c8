import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts import services as accounts
from documents import services
from documents.tests.rest import assert_members_only, refusal, url
from documents.tests.writers import Writer

pytestmark = pytest.mark.django_db

ENTRY = {"version", "author", "client_id", "seq", "created_at", "operation", "inserted", "deleted"}


@pytest.fixture
def story(document, bob):
    """the cat -> the black cat -> the black cat! -> the black dog!"""
    services.replace_content(document, "the black cat", author=bob)
    services.submit(document.id, Writer(bob.id).writes(13, "!", base=2))
    services.replace_content(document, "the black dog!", author=None)
    return document


def versions(answer) -> list[int]:
    assert answer.status_code == 200, answer.content
    return [entry["version"] for entry in answer.json()["results"]]


def test_it_works(ask, vera, story):
    body = ask(vera, "get", url(story, "history")).json()
    assert (body["count"], body["next"], body["previous"]) == (4, None, None)
    newest = body["results"][0]
    assert set(newest) == ENTRY
    assert [entry["version"] for entry in body["results"]] == [4, 3, 2, 1]
    assert [entry["operation"] for entry in body["results"]] == [[10, "dog", -3], [13, "!"], [4, "black "], ["the cat"]]
    assert [(entry["inserted"], entry["deleted"]) for entry in body["results"]] == [(3, 3), (1, 0), (6, 0), (7, 0)]


def test_who_wrote_it(ask, alice, bob, story):
    authors = [entry["author"] for entry in ask(alice, "get", url(story, "history")).json()["results"]]
    shown = {"id": str(bob.id), "username": "bob"}
    assert authors == [None, shown, shown, {"id": str(alice.id), "username": "alice"}]


def test_who_left_has_no_name(ask, alice, bob, story):
    accounts.erase_user(bob)
    authors = [entry["author"] for entry in ask(alice, "get", url(story, "history")).json()["results"]]
    assert authors == [None, None, None, {"id": str(alice.id), "username": "alice"}]


def test_a_whole_text_has_a_client_of_its_own(ask, alice, story):
    entries = ask(alice, "get", url(story, "history")).json()["results"]
    assert len({entry["client_id"] for entry in entries}) == 4
    assert {entry["seq"] for entry in entries} == {1}


def test_what_it_inserts_and_deletes_is_counted_in_code_points(ask, alice, document):
    services.submit(document.id, Writer().writes("😀e\u0301", -4, base=1))
    newest = ask(alice, "get", url(document, "history")).json()["results"][0]
    assert (newest["inserted"], newest["deleted"]) == (3, 4)


def test_what_did_nothing_is_there(ask, alice, document):
    services.submit(document.id, Writer().writes(base=1))
    assert ask(alice, "get", url(document, "history")).json()["results"][0]["operation"] == []


def test_pages(ask, alice, story):
    page = ask(alice, "get", url(story, "history?limit=3")).json()
    assert (page["count"], page["previous"]) == (4, None)
    assert [entry["version"] for entry in page["results"]] == [4, 3, 2]
    page = ask(alice, "get", page["next"]).json()
    assert [entry["version"] for entry in page["results"]] == [1] and page["next"] is None
    assert versions(ask(alice, "get", page["previous"])) == [4, 3, 2]


def test_the_ends(ask, alice, story):
    for query, expected in (
        ("skip=3", [1]),
        ("skip=4", []),
        ("skip=9007199254740991", []),
        ("skip=1&limit=1", [3]),
        ("limit=200", [4, 3, 2, 1]),
    ):
        assert versions(ask(alice, "get", url(story, f"history?{query}"))) == expected, query


def test_an_empty_document_has_none(ask, alice):
    empty = services.create_document(owner=alice)
    body = ask(alice, "get", url(empty, "history")).json()
    assert body == {"count": 0, "next": None, "previous": None, "results": []}


def test_a_page_costs_the_same_wherever_it_is(client_for, alice, document):
    """A range of keys: no count, no offset, and one query for all names."""
    for n in range(30):
        services.submit(document.id, Writer(alice.id).writes("x", base=n + 1))
    client = client_for(alice)
    client.get(url(document, "history"))
    for query in ("limit=1", "skip=29&limit=1", "limit=30"):
        with CaptureQueriesContext(connection) as asked:
            assert client.get(url(document, f"history?{query}")).json()["results"]
        assert len(asked) == 4  # who asks, the document and its head, the page, the names
        for each in asked.captured_queries:
            assert "COUNT" not in each["sql"] and "OFFSET" not in each["sql"]


def test_a_page_beyond_the_end_leads_back(ask, alice, story):
    page = ask(alice, "get", url(story, "history?skip=6&limit=3")).json()
    assert (page["count"], page["results"], page["next"]) == (4, [], None)
    assert versions(ask(alice, "get", page["previous"])) == [1]


def test_what_is_written_meanwhile_leaves_no_hole(ask, alice, story):
    """Pages are counted from the newest: it may show an entry twice, and leaves none out."""
    page = ask(alice, "get", url(story, "history?limit=2")).json()
    services.submit(story.id, Writer(alice.id).writes("x", base=4))
    assert versions(ask(alice, "get", page["next"])) == [3, 2]


@pytest.mark.parametrize(
    "query", ["skip=-1", "skip=x", "limit=0", "limit=201", "limit=x", "skip=1e1", "limit=", "skip=%00"]
)
def test_nonsense_is_refused(ask, alice, story, query):
    assert refusal(ask(alice, "get", url(story, f"history?{query}"))) == (400, "invalid_request")


def test_everybody_with_a_role_may_read(ask, users, story):
    for name in ("alice", "bob", "carol", "vera"):
        assert ask(users[name], "get", url(story, "history")).status_code == 200


def test_members_only(ask, users, story):
    assert_members_only(ask, users, story, "get", "history")


def test_the_slash_is_optional(ask, alice, story):
    assert versions(ask(alice, "get", url(story, "history/"))) == [4, 3, 2, 1]


@pytest.mark.parametrize("method", ["post", "put", "patch", "delete"])
def test_history_is_not_written(ask, alice, story, method):
    assert ask(alice, method, url(story, "history"), {}).status_code == 405
