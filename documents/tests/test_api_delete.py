import pytest

from documents import events, history
from documents.models import Document
from documents.tests.rest import DOCUMENTS, assert_members_only, assert_roles, refusal, url

pytestmark = pytest.mark.django_db


def test_it_works(ask, alice, bob, document):
    answer = ask(alice, "delete", url(document))
    assert (answer.status_code, answer.content) == (204, b"")
    for user in (alice, bob):
        assert refusal(ask(user, "get", url(document))) == (404, "not_found")


@pytest.mark.parametrize(
    ("method", "rest", "body"),
    [
        ("get", "", None),
        ("put", "", {"content": "x"}),
        ("patch", "", {"title": "x"}),
        ("delete", "", None),
        ("get", "history", None),
        ("get", "versions/1", None),
        ("get", "operations", None),
        ("get", "collaborators", None),
        ("post", "collaborators", {"username": "mallory", "role": "editor"}),
    ],
)
def test_nothing_is_left_of_it(ask, alice, document, method, rest, body):
    ask(alice, "delete", url(document))
    assert refusal(ask(alice, method, url(document, *rest.split()), body)) == (404, "not_found")


def test_it_leaves_every_list(ask, alice, bob, document):
    ask(alice, "delete", url(document))
    for user in (alice, bob):
        assert ask(user, "get", DOCUMENTS).json()["count"] == 0


def test_its_log_stays(ask, alice, document):
    """For whoever may bring it back."""
    ask(alice, "delete", url(document))
    assert Document.objects.get().deleted_at is not None
    assert history.current_text(document.id) == (1, "the cat")


def test_listeners_hear_of_it(ask, alice, document):
    heard = []
    listen = lambda event, **_: heard.append(event)  # noqa: E731
    events.announced.connect(listen)
    try:
        ask(alice, "delete", url(document))
    finally:
        events.announced.disconnect(listen)
    assert heard == [events.Deleted(document.id)]


def test_members_only(ask, users, document):
    assert_members_only(ask, users, document, "delete")
    assert ask(users["alice"], "get", url(document)).status_code == 200


def test_only_the_owner(ask, users, document):
    assert_roles(ask, users, document, "delete", refused="bob carol vera")
    assert ask(users["alice"], "get", url(document)).status_code == 200


def test_the_slash_is_optional(ask, alice, document):
    assert ask(alice, "delete", f"{url(document)}/").status_code == 204
