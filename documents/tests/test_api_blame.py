"""Who wrote the text at a version, over HTTP; that it is true is test_blame's."""

from itertools import pairwise

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts import services as accounts
from documents import services
from documents.copies import blame as blames
from documents.tests.rest import assert_members_only, refusal, url
from documents.tests.writers import Writer

pytestmark = pytest.mark.django_db


@pytest.fixture
def story(document, bob):
    """the cat -> the black cat -> the black cat! -> 😀the black ca!"""
    services.replace_content(document, "the black cat", author=bob)
    services.submit(document.id, Writer(bob.id).writes(13, "!", base=2))
    services.submit(document.id, Writer(None).writes("😀", 12, -1, base=3))
    return document


def blame(ask, user, document, query: str = ""):
    return ask(user, "get", url(document, f"blame{query}"))


def runs(answer) -> list[tuple[int, str | None, int]]:
    assert answer.status_code == 200, answer.content
    return [
        (run["length"], run["author"] and run["author"]["username"], run["version"]) for run in answer.json()["runs"]
    ]


def test_it_works(ask, vera, alice, story):
    answer = blame(ask, vera, story)
    assert set(answer.json()) == {"version", "runs"} and answer.json()["version"] == 4
    assert runs(answer) == [(1, None, 4), (4, "alice", 1), (6, "bob", 2), (2, "alice", 1), (1, "bob", 3)]
    run = answer.json()["runs"][1]
    assert set(run) == {"length", "author", "version", "created_at"}
    assert run["author"] == {"id": str(alice.id), "username": "alice"}
    assert run["created_at"] == ask(vera, "get", url(story, "versions", 1)).json()["created_at"]


def test_at_any_version(ask, vera, story):
    expected = {
        0: [],
        1: [(7, "alice", 1)],
        2: [(4, "alice", 1), (6, "bob", 2), (3, "alice", 1)],
        3: [(4, "alice", 1), (6, "bob", 2), (3, "alice", 1), (1, "bob", 3)],
    }
    for version, told in expected.items():
        answer = blame(ask, vera, story, f"?version={version}")
        assert (answer.json()["version"], runs(answer)) == (version, told)
        content = ask(vera, "get", url(story, "versions", version)).json()["content"]
        assert sum(length for length, _, _ in told) == len(content)
        assert all(one[2] != other[2] for one, other in pairwise(told))


def test_an_empty_document_has_none(ask, alice):
    empty = services.create_document(owner=alice)
    assert blame(ask, alice, empty).json() == {"version": 0, "runs": []}


def test_who_left_has_no_name(ask, alice, bob, story):
    accounts.erase_user(bob)
    assert runs(blame(ask, alice, story)) == [
        (1, None, 4),
        (4, "alice", 1),
        (6, None, 2),
        (2, "alice", 1),
        (1, None, 3),
    ]


def test_one_query_for_all_names(client_for, alice, story, monkeypatch):
    client = client_for(alice)
    monkeypatch.setattr(blames, "EVERY", 2)
    client.get(url(story, "blame"))
    with CaptureQueriesContext(connection) as asked:
        assert client.get(url(story, "blame?version=4")).status_code == 200
    assert len(asked) == 4  # who asks, the document and its head, the copy, the names


@pytest.mark.parametrize("version", ["5", "99", "999999999999999"])
def test_outside_there_is_nothing(ask, vera, story, version):
    assert refusal(blame(ask, vera, story, f"?version={version}")) == (404, "not_found")


@pytest.mark.parametrize("version", ["", "x", "-1", "1.0", "%2B1", "1e1", "true", "%D9%A1", "%00", "9" * 20])
def test_nonsense_is_refused(ask, vera, story, version):
    answer = blame(ask, vera, story, f"?version={version}")
    assert refusal(answer) == (400, "invalid_request")
    assert [error["attr"] for error in answer.json()["errors"]] == ["version"]


def test_everybody_with_a_role_may_read(ask, users, story):
    for name in ("alice", "bob", "carol", "vera"):
        assert blame(ask, users[name], story).status_code == 200


def test_members_only(ask, users, story):
    assert_members_only(ask, users, story, "get", "blame")
    assert_members_only(ask, users, story, "get", "blame?version=1")


@pytest.mark.parametrize("method", ["post", "put", "patch", "delete"])
def test_blame_is_not_written(ask, alice, story, method):
    assert ask(alice, method, url(story, "blame"), {}).status_code == 405
