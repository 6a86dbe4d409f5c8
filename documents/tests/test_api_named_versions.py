"""Versions that somebody named, and the version that stood at a time."""

from datetime import datetime, timedelta
from urllib.parse import quote

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from accounts import services as accounts
from documents import history, logtable, services
from documents.errors import NoSuchVersion
from documents.models import Document
from documents.models import Operation as Row
from documents.tests.rest import assert_members_only, assert_roles, refusal, url
from documents.tests.writers import NOON, Writer

pytestmark = pytest.mark.django_db

MINUTE = timedelta(minutes=1)


@pytest.fixture
def story(document, bob):
    """Made at noon; a version a minute: the cat -> the black cat -> (nothing)."""
    services.replace_content(document, "the black cat", author=bob)
    services.replace_content(document, "", author=None)
    Document.objects.update(created_at=NOON)
    for version in (1, 2, 3):
        commit_at(document, version, NOON + version * MINUTE)
    return document


def commit_at(document: Document, version: int, time: datetime) -> None:
    Row.objects.filter(key=logtable.log_key(document.id, version)).update(created_at=time)


def name(ask, user, document, version, name="Draft"):
    return ask(user, "post", url(document, "versions", version, "name"), {"name": name})


def named(ask, user, document, query="") -> list[tuple[int, str]]:
    body = ask(user, "get", url(document, f"versions{query}")).json()
    return [(each["version"], each["name"]) for each in body["results"]]


# --- Names ---


def test_it_works(ask, alice, bob, vera, story):
    answer = name(ask, bob, story, 2, "First draft")
    assert answer.status_code == 200
    assert set(answer.json()) == {"version", "name", "author", "created_at"}
    assert answer.json()["author"] == {"id": str(bob.id), "username": "bob"}
    name(ask, alice, story, 0, "Nothing yet")
    body = ask(vera, "get", url(story, "versions")).json()
    assert (body["count"], body["next"], body["previous"]) == (2, None, None)
    assert body["results"][0] == answer.json()
    assert [each["version"] for each in body["results"]] == [2, 0]


def test_without_names_there_are_none(ask, vera, story):
    assert ask(vera, "get", url(story, "versions")).json() == {
        "count": 0,
        "next": None,
        "previous": None,
        "results": [],
    }


def test_another_name_takes_its_place(ask, alice, bob, story):
    name(ask, bob, story, 2, "First")
    name(ask, alice, story, 2, "Second")
    (only,) = ask(bob, "get", url(story, "versions")).json()["results"]
    assert (only["name"], only["author"]["username"]) == ("Second", "alice")


@pytest.mark.parametrize("empty", ["", "  ", "\t"])
def test_an_empty_name_takes_it_away(ask, bob, story, empty):
    name(ask, bob, story, 2)
    name(ask, bob, story, 1, "stays")
    for _ in range(2):
        answer = name(ask, bob, story, 2, empty)
        assert (answer.status_code, answer.content) == (204, b"")
    assert named(ask, bob, story) == [(1, "stays")]


def test_a_name_makes_no_version(ask, bob, story):
    tag = ask(bob, "get", url(story))["ETag"]
    name(ask, bob, story, 2)
    assert ask(bob, "get", url(story))["ETag"] == tag


def test_a_name_is_one_line_of_any_letters(ask, bob, story):
    assert name(ask, bob, story, 1, "  Größe\n漢字 😀 <b>  ").json()["name"] == "Größe 漢字 😀 <b>"
    assert name(ask, bob, story, 1, "x" * 200).json()["name"] == "x" * 200


def test_who_named_it_and_left_has_no_name(ask, alice, bob, story):
    name(ask, bob, story, 2)
    accounts.erase_user(bob)
    (only,) = ask(alice, "get", url(story, "versions")).json()["results"]
    assert (only["author"], only["name"]) == (None, "Draft")


def test_names_are_of_one_document(ask, alice, bob, story):
    other = services.create_document(owner=alice, content="x")
    name(ask, alice, other, 1, "other")
    name(ask, bob, story, 1, "this")
    assert named(ask, bob, story) == [(1, "this")]


def test_pages(ask, bob, story):
    for version in (0, 1, 2, 3):
        name(ask, bob, story, version, f"v{version}")
    page = ask(bob, "get", url(story, "versions?limit=3")).json()
    assert (page["count"], [each["version"] for each in page["results"]]) == (4, [3, 2, 1])
    page = ask(bob, "get", page["next"]).json()
    assert ([each["version"] for each in page["results"]], page["next"]) == ([0], None)
    assert named(ask, bob, story, "?skip=99") == []
    for query in ("?skip=-1", "?limit=0", "?limit=201", "?limit=x"):
        assert refusal(ask(bob, "get", url(story, f"versions{query}"))) == (400, "invalid_request")


def test_revisions_carry_the_names(ask, bob, story):
    """The first version is alice's, the second bob's, the third nobody's."""
    services.submit(story.id, Writer().writes("x", base=3))
    for version in (4, 3, 2, 0):
        name(ask, bob, story, version, f"v{version}")
    results = ask(bob, "get", url(story, "revisions")).json()["results"]
    assert [[(each["version"], each["name"]) for each in revision["names"]] for revision in results][-2:] == [
        [(2, "v2")],
        [],
    ]
    assert {each["name"] for revision in results[:-2] for each in revision["names"]} == {"v4", "v3"}
    assert all(set(each) == {"version", "name"} for revision in results for each in revision["names"])


@pytest.mark.parametrize("bad", [None, 5, True, ["x"], "x" * 201, "a\0"])
def test_bad_names(ask, bob, story, bad):
    assert refusal(name(ask, bob, story, 1, bad)) == (400, "invalid_request")
    assert named(ask, bob, story) == []


@pytest.mark.parametrize("body", [{}, [], 5, None, "x", {"title": "x"}])
def test_bad_bodies(ask, bob, story, body):
    assert refusal(ask(bob, "post", url(story, "versions/1/name"), body)) == (400, "invalid_request")
    assert named(ask, bob, story) == []


@pytest.mark.parametrize("version", [4, "9" * 15, "9" * 20, "-1", "x", "1.0", "%D9%A1"])
def test_no_such_version(ask, bob, story, version):
    assert refusal(name(ask, bob, story, version)) == (404, "not_found")
    assert named(ask, bob, story) == []


def test_members_only(ask, users, story):
    assert_members_only(ask, users, story, "get", "versions")
    assert_members_only(ask, users, story, "post", "versions/1/name", body={"name": "mine"})
    assert named(ask, users["alice"], story) == []


def test_readers_may_not(ask, users, story):
    assert_roles(ask, users, story, "post", "versions/1/name", refused="carol vera", body={"name": "mine"})
    assert named(ask, users["carol"], story) == []


def test_everybody_with_a_role_may_read(ask, users, story):
    for reader in ("alice", "bob", "carol", "vera"):
        assert ask(users[reader], "get", url(story, "versions")).status_code == 200
        assert ask(users[reader], "get", url(story, "versions?at=2099-01-01")).status_code == 200


@pytest.mark.parametrize("method", ["put", "post", "patch", "delete"])
def test_other_verbs(ask, bob, story, method):
    assert ask(bob, method, url(story, "versions"), {}).status_code == 405
    if method != "post":
        assert ask(bob, method, url(story, "versions/1/name"), {}).status_code == 405


# --- By time ---


def at(ask, user, document, time: str):
    return ask(user, "get", url(document, f"versions?at={time}"))


@pytest.mark.parametrize(
    ("time", "version"),
    [
        ("2026-11-23T12:00:00Z", 0),
        ("2026-11-23T12:00:59.999999Z", 0),
        ("2026-11-23T12:01:00Z", 1),
        ("2026-11-23T12:01:59Z", 1),
        ("2026-11-23T14:02:00%2B02:00", 2),
        ("2026-11-23T14:02:00+02:00", 2),
        ("2026-11-23T12:02:30", 2),
        ("2026-11-23%2012:02", 2),
        ("2026-11-23T12:03:00.000000Z", 3),
        ("2026-11-24", 3),
        ("9999-12-31T23:59:59-23:59", 3),
    ],
)
def test_the_version_that_stood_then(ask, vera, story, time, version):
    answer = at(ask, vera, story, time)
    assert answer.status_code == 200
    assert answer.json() == ask(vera, "get", url(story, "versions", version)).json()


@pytest.mark.parametrize("time", ["2026-11-23T11:59:59.999999Z", "2026-11-23T12:00+00:01", "0001-01-01T00:00%2B23:59"])
def test_before_there_was_a_document(ask, vera, story, time):
    assert refusal(at(ask, vera, story, time)) == (404, "not_found")


def test_a_document_without_text_was_there_too(ask, alice):
    empty = services.create_document(owner=alice)
    assert at(ask, alice, empty, "2099-01-01").json()["version"] == 0
    assert refusal(at(ask, alice, empty, "2001-01-01")) == (404, "not_found")


@pytest.mark.parametrize(
    "time",
    ["", "x", "5", "1700000000", "2026-13-01", "2026-11-23T25:00", "%00", "2026-11-23T12:00%00", "NaN", "%F0%9F"],
)
def test_what_is_no_time(ask, vera, story, time):
    answer = at(ask, vera, story, time)
    assert refusal(answer) == (400, "invalid_request")
    assert answer.json()["errors"][0]["attr"] == "at"


def test_its_members_only(ask, users, story):
    assert_members_only(ask, users, story, "get", f"versions?at={quote('2099-01-01')}")


def test_halving_asks_seldom(ask, client_for, alice, document, django_assert_max_num_queries):
    for n in range(40):
        services.submit(document.id, Writer(alice.id).writes("x", base=n + 1))
    client = client_for(alice)
    with django_assert_max_num_queries(14):  # who asks, the document, six halvings, the version, its text, its author
        assert client.get(url(document, "versions?at=2099-01-01")).json()["version"] == 41


@given(minutes=st.lists(st.integers(0, 9), min_size=1, max_size=9), asked=st.integers(-1, 10))
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_whatever_the_clocks_said(alice, minutes, asked):
    """A version that was committed by then, or none, and the next one was not; with clocks that agree, the only one."""
    document = services.create_document(owner=alice)
    for version, minute in enumerate(minutes, 1):
        services.submit(document.id, Writer().writes("x", base=version - 1))
        commit_at(document, version, NOON + minute * MINUTE)
    document.head, document.created_at = len(minutes), NOON
    if asked < 0:
        with pytest.raises(NoSuchVersion):
            history.version_at(document, NOON + asked * MINUTE)
        return
    found = history.version_at(document, NOON + asked * MINUTE)
    assert found.version == 0 or minutes[found.version - 1] <= asked
    assert found.version == len(minutes) or minutes[found.version] > asked
    assert found.content == "x" * found.version
    if minutes == sorted(minutes):
        assert found.version == sum(minute <= asked for minute in minutes)
