"""What stands in an address is compared, not run: no look-up, no column and no operator but those named (S32)."""

from collections.abc import Callable
from typing import Any
from urllib.parse import quote

import pytest

from accounts.models import User
from documents import services
from documents.models import Document

pytestmark = pytest.mark.django_db

COLUMNS = ["owner", "owner__password", "owner__email", "-owner__is_staff", "collaborators__role", "deleted_at", "pk"]
ODD = ["title__regex", "title;drop table", "?", "-", "--title", "title,owner__password", "$where", "RANDOM()"]


@pytest.fixture
def titles(client_for: Callable[..., Any], alice: User) -> Callable[[str], list[str]]:
    """`titles("?ordering=title")`: the titles in alice's list, in its order."""
    for title in ("b", "c", "a"):
        services.create_document(owner=alice, title=title, content="x.y")
    client = client_for(alice)

    def ask(query: str) -> list[str]:
        answer = client.get(f"/api/documents{query}")
        assert answer.status_code == 200, answer.content
        return [each["title"] for each in answer.json()["results"]]

    return ask


@pytest.mark.parametrize("column", [*COLUMNS, *ODD])
def test_only_the_named_columns_order(titles: Callable[[str], list[str]], column: str) -> None:
    """Any other is passed over: the order stays the usual one, or what the good names beside it say."""
    plain = titles("?ordering=title" if "title," in column else "")
    assert titles(f"?ordering={quote(column)}") == plain
    assert titles("?ordering=-title") == ["c", "b", "a"]


FILTERS = [
    "owner__password__startswith=p",
    "title__regex=.*",
    "id__gt=0",
    "deleted_at__isnull=0",
    "title[$ne]=x",
    "q=x",
]


@pytest.mark.parametrize("query", FILTERS)
def test_no_other_parameter_filters(titles: Callable[[str], list[str]], query: str) -> None:
    assert titles(f"?{query}") == titles("")


PATTERNS = [
    ".*",
    "x.y.",
    "^x",
    "x%y",
    "x_y",
    "%",
    "[a-z]",
    "(x|y)",
    "{$ne:1}",
    '{"$regex":".*"}',
    "$where",
    "' or 1=1 --",
]


@pytest.mark.parametrize("words", PATTERNS)
def test_words_are_looked_for_as_they_stand(titles: Callable[[str], list[str]], words: str, alice: User) -> None:
    assert titles(f"?search={quote(words)}") == []
    services.create_document(owner=alice, title="found", content=f"before {words} after")
    assert titles(f"?search={quote(words)}") == ["found"]


OPERATORS: list[Any] = [{"$ne": None}, {"$gt": ""}, ["alice"], {"$where": "1"}, True, 1, None]


@pytest.mark.parametrize("value", OPERATORS, ids=repr)
def test_no_member_takes_an_operator(
    value: Any, client_for: Callable[..., Any], alice: User, document: Document, password: str
) -> None:
    client, home = client_for(alice), f"/api/documents/{document.id}"
    anybody = client_for(None)
    answers = [
        anybody.post("/api/token", {"username": value, "password": password}, format="json"),
        anybody.post("/api/token", {"username": "alice", "password": value}, format="json"),
        anybody.post("/api/token", {"grant_type": "refresh_token", "refresh_token": value}, format="json"),
        anybody.post("/api/share-links/redeem", {"secret": value}, format="json"),
        client.post(f"{home}/collaborators", {"email": value, "role": "viewer"}, format="json"),
        client.post(f"{home}/collaborators", {"username": value, "role": "editor"}, format="json"),
        client.post(f"{home}/share-links", {"role": value}, format="json"),
    ]
    assert {answer.status_code for answer in answers} <= {400, 404}, [answer.content for answer in answers]
