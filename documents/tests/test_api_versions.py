import pytest

from accounts import services as accounts
from documents import services
from documents.tests.rest import assert_members_only, url

pytestmark = pytest.mark.django_db


@pytest.fixture
def story(document, alice, bob):
    services.replace_content(document, "the black cat", author=bob)
    services.replace_content(document, "", author=None)
    return document


def test_it_works(ask, vera, story):
    answers = [ask(vera, "get", url(story, "versions", version)).json() for version in range(4)]
    assert [answer["version"] for answer in answers] == [0, 1, 2, 3]
    assert [answer["content"] for answer in answers] == ["", "the cat", "the black cat", ""]
    names = [answer["author"] and answer["author"]["username"] for answer in answers]
    assert names == [None, "alice", "bob", None]
    times = [answer["created_at"] for answer in answers]
    assert times == sorted(times)
    assert set(answers[1]) == {"version", "content", "created_at", "author"}


@pytest.mark.parametrize(
    "version", ["4", "99", "999999999999999", "-1", "x", "1.0", "1e1", "9" * 30, "0x1", "+1", "%31x"]
)
def test_outside_there_is_nothing(ask, alice, story, version):
    answer = ask(alice, "get", url(story, "versions", version))
    assert (answer.status_code, answer.json()["code"]) == (404, "not_found")


def test_an_author_who_left_has_no_name(ask, alice, bob, story):
    accounts.erase_user(bob)
    answer = ask(alice, "get", url(story, "versions", 2)).json()
    assert answer["author"] is None and answer["content"] == "the black cat"


def test_everybody_with_a_role_may_read(ask, users, story):
    for name in ("alice", "bob", "carol", "vera"):
        assert ask(users[name], "get", url(story, "versions", 1)).status_code == 200


def test_members_only(ask, users, story):
    assert_members_only(ask, users, story, "get", "versions", "1")


def test_the_slash_is_optional(ask, alice, story):
    assert ask(alice, "get", url(story, "versions", "1/")).json()["content"] == "the cat"


@pytest.mark.parametrize("method", ["put", "post", "patch", "delete"])
def test_a_version_can_not_be_changed(ask, alice, story, method):
    assert ask(alice, method, url(story, "versions", 1), {}).status_code == 405
