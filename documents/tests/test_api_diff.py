"""What changed between two versions, as an operation and as a unified diff."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from documents import history, services
from documents.ot import apply, canonical
from documents.ot.tests.strategies import texts
from documents.ot.tests.test_unified import patch
from documents.tests.rest import assert_members_only, refusal, url

pytestmark = pytest.mark.django_db


@pytest.fixture
def story(document, bob):
    """(nothing) -> the cat -> the black cat -> the black dog, with a line -> (nothing)"""
    services.replace_content(document, "the black cat", author=bob)
    services.replace_content(document, "the black dog\n\nand 😀", author=bob)
    services.replace_content(document, "", author=None)
    return document


def diff(ask, user, document, query: str):
    return ask(user, "get", url(document, f"diff?{query}"))


def test_it_works(ask, vera, story):
    assert diff(ask, vera, story, "from=1&to=3").json() == {
        "from": 1,
        "to": 3,
        "operation": [4, "black dog\n\nand 😀", -3],
        "unified": (
            "--- version 1\n+++ version 3\n@@ -1,1 +1,3 @@\n-the cat\n\\ No newline at end of file\n"
            "+the black dog\n+\n+and 😀\n\\ No newline at end of file\n"
        ),
    }


def test_up_to_the_head_if_not_said(ask, vera, story):
    answer = diff(ask, vera, story, "from=1").json()
    assert answer == diff(ask, vera, story, "from=1&to=4").json()
    assert answer["to"] == 4 and answer["operation"] == [-7]


def test_the_same_is_nothing(ask, vera, story):
    for query, version in (("from=2&to=2", 2), ("from=4", 4), ("from=0&to=0", 0)):
        expected = {"from": version, "to": version, "operation": [], "unified": ""}
        assert diff(ask, vera, story, query).json() == expected


@given(contents=st.lists(texts, min_size=1, max_size=4))
@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_both_forms_lead_from_one_text_to_the_other(alice, client_for, contents):
    document = services.create_document(owner=alice)
    for content in contents:
        services.replace_content(document, content, author=alice)
    client, head = client_for(alice), history.head(document.id)
    shown = [client.get(url(document, "versions", version)).json()["content"] for version in range(head + 1)]
    for start in range(head + 1):
        for end in range(start, head + 1):
            body = client.get(url(document, f"diff?from={start}&to={end}")).json()
            assert apply(shown[start], canonical(body["operation"])) == shown[end]
            renamed = body["unified"].replace(f"--- version {start}\n+++ version {end}\n", "--- old\n+++ new\n", 1)
            assert patch(shown[start], renamed) == shown[end]


@pytest.mark.parametrize("query", ["from=3&to=1", "from=4&to=0", "from=1&to=0"])
def test_backwards(ask, vera, story, query):
    assert refusal(diff(ask, vera, story, query)) == (400, "invalid_request")


@pytest.mark.parametrize("query", ["from=5", "from=0&to=5", "from=99&to=1", "from=5&to=5", "from=0&to=999999999999999"])
def test_outside_there_is_nothing(ask, vera, story, query):
    assert refusal(diff(ask, vera, story, query)) == (404, "not_found")


@pytest.mark.parametrize(
    ("query", "attr"),
    [
        ("", "from"),
        ("to=1", "from"),
        ("from=", "from"),
        ("from=x", "from"),
        ("from=-1", "from"),
        ("from=1.0", "from"),
        ("from=%2B1", "from"),
        ("from=%D9%A1", "from"),
        ("from=true", "from"),
        ("from=%00", "from"),
        ("from=0&to=", "to"),
        ("from=0&to=x", "to"),
        ("from=0&to=1e1", "to"),
        ("from=0&to=99999999999999999999", "to"),
    ],
)
def test_nonsense_is_refused(ask, vera, story, query, attr):
    answer = diff(ask, vera, story, query)
    assert refusal(answer) == (400, "invalid_request")
    assert [error["attr"] for error in answer.json()["errors"]] == [attr]


def test_everybody_with_a_role_may_read(ask, users, story):
    for name in ("alice", "bob", "carol", "vera"):
        assert diff(ask, users[name], story, "from=0").status_code == 200


def test_members_only(ask, users, story):
    assert_members_only(ask, users, story, "get", "diff?from=0")


def test_a_stranger_learns_nothing_by_bad_questions(ask, mallory, story):
    assert refusal(diff(ask, mallory, story, "from=x")) == (404, "not_found")


@pytest.mark.parametrize("method", ["post", "put", "patch", "delete"])
def test_a_difference_is_not_written(ask, alice, story, method):
    assert ask(alice, method, url(story, "diff"), {}).status_code == 405
