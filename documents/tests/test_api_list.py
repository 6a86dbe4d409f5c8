from datetime import timedelta

import pytest

from documents import services, sharing
from documents.models import Document, Role
from documents.tests.rest import DOCUMENTS, refusal, url

pytestmark = pytest.mark.django_db


def titles(answer) -> list[str]:
    assert answer.status_code == 200, answer.content
    return [found["title"] for found in answer.json()["results"]]


@pytest.fixture
def shelf(alice):
    """Alice's five documents, made in this order, a minute apart."""
    made = [
        services.create_document(owner=alice, title=title) for title in ("delta", "alpha", "echo", "bravo", "Carol")
    ]
    for minutes, document in enumerate(reversed(made), start=1):
        then = document.created_at - timedelta(minutes=minutes)
        Document.objects.filter(pk=document.pk).update(created_at=then, updated_at=then)
    return made


def test_it_works(ask, alice, document):
    answer = ask(alice, "get", DOCUMENTS)
    shown = ask(alice, "get", url(document)).json()
    del shown["content"]
    assert answer.json() == {"count": 1, "next": None, "previous": None, "results": [shown]}


def test_newest_first(ask, alice, shelf):
    assert titles(ask(alice, "get", DOCUMENTS)) == ["Carol", "bravo", "echo", "alpha", "delta"]
    services.replace_content(shelf[1], "touched", author=alice)
    assert titles(ask(alice, "get", DOCUMENTS))[0] == "alpha"


def test_ones_own_and_what_is_shared(ask, users, document):
    services.create_document(owner=users["mallory"], title="secret")
    roles = {name: [found["role"] for found in ask(users[name], "get", DOCUMENTS).json()["results"]] for name in users}
    assert roles == {
        "alice": ["owner"],
        "bob": ["editor"],
        "carol": ["commenter"],
        "vera": ["viewer"],
        "mallory": ["owner"],
    }
    assert titles(ask(users["mallory"], "get", DOCUMENTS)) == ["secret"]


def test_owned_and_shared_with_oneself_is_listed_once(ask, alice, bob, document):
    sharing.set_role(document, user=bob, role=Role.OWNER, actor=alice)
    for user, role in ((alice, "editor"), (bob, "owner")):
        assert [found["role"] for found in ask(user, "get", DOCUMENTS).json()["results"]] == [role]


def test_nobody_has_a_list(ask):
    assert refusal(ask(None, "get", DOCUMENTS)) == (401, "not_authenticated")


@pytest.mark.parametrize("address", [DOCUMENTS, f"{DOCUMENTS}/"])
def test_the_slash_is_optional(ask, alice, shelf, address):
    assert ask(alice, "get", address).json()["count"] == 5


def test_pages(ask, alice, shelf):
    first = ask(alice, "get", f"{DOCUMENTS}?limit=2&ordering=created_at").json()
    assert (first["count"], first["previous"]) == (5, None)
    seen, page = [found["title"] for found in first["results"]], first
    while page["next"]:
        page = ask(alice, "get", page["next"]).json()
        seen += [found["title"] for found in page["results"]]
    assert seen == ["delta", "alpha", "echo", "bravo", "Carol"]
    assert "skip=2" in page["previous"]


def test_pages_do_not_overlap_where_the_order_is_equal(ask, alice):
    """Twenty untitled ones, in pages by title."""
    for _ in range(20):
        services.create_document(owner=alice)
    seen = []
    for skip in range(0, 20, 3):
        page = ask(alice, "get", f"{DOCUMENTS}?ordering=title&limit=3&skip={skip}").json()
        seen += [found["doc_id"] for found in page["results"]]
    assert len(set(seen)) == len(seen) == 20


def test_beyond_the_end_is_empty(ask, alice, shelf):
    answer = ask(alice, "get", f"{DOCUMENTS}?skip=99").json()
    assert (answer["count"], answer["results"], answer["next"]) == (5, [], None)


@pytest.mark.parametrize(
    "query",
    [
        *("skip=-1", "skip=x", "skip=1.5", "skip=", "skip=99999999999999999999", "skip=%D9%A1", "search=%00"),
        *("limit=0", "limit=201", "limit=-5", "limit=x", "limit=", "limit=1e1", "limit=true", "limit=%00"),
    ],
)
def test_nonsense_is_refused(ask, alice, query):
    assert refusal(ask(alice, "get", f"{DOCUMENTS}?{query}")) == (400, "invalid_request")


def test_limits_at_their_ends(ask, alice, shelf):
    assert len(titles(ask(alice, "get", f"{DOCUMENTS}?limit=1"))) == 1
    assert len(titles(ask(alice, "get", f"{DOCUMENTS}?limit=200&skip=0"))) == 5


@pytest.mark.parametrize(
    ("ordering", "first"),
    [
        ("title", "Carol"),
        ("-title", "echo"),
        ("created_at", "delta"),
        ("-created_at", "Carol"),
        ("updated_at", "delta"),
    ],
)
def test_ordering(ask, alice, shelf, ordering, first):
    assert titles(ask(alice, "get", f"{DOCUMENTS}?ordering={ordering}"))[0] == first


@pytest.mark.parametrize("ordering", ["owner__password", "id", "deleted_at", "?", "--title", "owner__email"])
def test_no_other_field_orders(ask, alice, shelf, ordering):
    assert titles(ask(alice, "get", f"{DOCUMENTS}?ordering={ordering}"))[0] == "Carol"


@pytest.mark.parametrize(
    ("search", "found"),
    [("alpha", ["alpha"]), ("A", ["Carol", "bravo", "alpha", "delta"]), ("zz", []), ("", ["Carol", "bravo", "echo"])],
)
def test_search(ask, alice, shelf, search, found):
    assert titles(ask(alice, "get", f"{DOCUMENTS}?search={search}"))[: len(found)] == found
    if search == "zz":
        assert ask(alice, "get", f"{DOCUMENTS}?search=zz").json()["count"] == 0


@pytest.mark.parametrize("search", ["%25", "_", ".*", "%5B", "%5C", "%27", "%ED%A0%80"])
def test_a_search_is_taken_literally(ask, alice, shelf, search):
    assert titles(ask(alice, "get", f"{DOCUMENTS}?search={search}")) == []


def test_a_search_finds_nobody_elses(ask, mallory, shelf):
    assert titles(ask(mallory, "get", f"{DOCUMENTS}?search=alpha")) == []
