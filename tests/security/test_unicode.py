"""What no text may hold is refused in every member of every call; all else is kept, and turns nothing (S35)."""

import json
from collections.abc import Callable
from html.parser import HTMLParser
from typing import Any

import pytest
from django.test import Client
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from accounts.models import User
from collabdocs.schema import Generator
from documents import permissions, services
from documents.models import Document

pytestmark = pytest.mark.django_db

NEVER = {"NUL": "\\u0000", "a high half": "\\ud83d", "a low half": "\\ude00", "halves turned": "\\ude00\\ud83d"}
BYTES = {
    "CESU-8": b"\xed\xa0\xbd\xed\xb8\x80",
    "a half in UTF-8": b"\xed\xa0\xbd",
    "overlong": b"\xc0\x80",
    "FF": b"\xff",
}
ODD = {
    "a bidi override": "a\u202egpj.exe",
    "isolates that do not end": "\u2066\u2067\u2068",
    "zero width alone": "\u200b\u200d\u2060\ufeff",
    "tags": "\U000e0041\U000e0042\U000e007f",
    "marks": "a" + "\u0301" * 190,
    "noncharacters": "\ufffe\uffff\U0001ffff",
    "line ends of others": "a\u2028b\u2029c\u0085d",
    "private": "\ue000\U0010fffd",
    "NFD": "e\u0301",
    "half widths": "ｶﾞ",
}


def members() -> list[tuple[str, str, str]]:
    """(method, path, member) of every text in every JSON body that there is."""
    schema = Generator().get_schema()
    shapes = schema["components"]["schemas"]
    found = []
    for path, operations in schema["paths"].items():
        for method, operation in operations.items():
            body = operation.get("requestBody", {}).get("content", {}).get("application/json")
            if body is not None:
                shape = shapes[body["schema"]["$ref"].rpartition("/")[2]]
                found += [(method, path, name) for name in shape["properties"]]
    return found


ALL = members()
VALUES: dict[str, Any] = {
    **dict.fromkeys(("version", "base_version"), 1),
    **{"seq": 1, "operation": ["x"], "range": [0, 1], "role": "viewer", "scope": "read", "resolved": True},
    **{"username": "dora", "email": "dora@example.org", "password": "correct horse battery", "name": "n"},
    **{"title": "t", "content": "c", "body": "b", "secret": "s", "token": "t", "grant_type": "password"},
}


def body_of(method: str, path: str, member: str, text: str) -> bytes:
    """JSON, in which the member's string holds the text as it is written here."""
    rest = {name: VALUES[name] for verb, where, name in ALL if (verb, where) == (method, path) and name in VALUES}
    value = f'["{text}"]' if member == "operation" else f'"{text}"'
    others = json.dumps({name: given for name, given in rest.items() if name != member})
    return f'{{"{member}": {value}, {others[1:]}'.encode().replace(b", }", b"}")


def test_there_are_members() -> None:
    assert {"title", "content", "username", "email", "password", "secret", "name", "body"} <= {name for *_, name in ALL}


@pytest.fixture
def send(client_for: Callable[..., Any], alice: User, bob: User, document: Document) -> Callable[..., Any]:
    client = client_for(alice)
    ids = {"doc_id": document.id, "version": 1, "user_id": bob.id, "comment_id": document.id, "token_id": document.id}

    def ask(method: str, path: str, body: bytes) -> Any:
        return client.generic(method.upper(), path.format(**ids), body, content_type="application/json")

    return ask


@pytest.mark.parametrize(("method", "path", "member"), ALL, ids=str)
def test_no_member_takes_what_no_text_may_hold(
    method: str, path: str, member: str, send: Callable[..., Any], document: Document
) -> None:
    for text in NEVER.values():
        answer = send(method, path, body_of(method, path, member, f"a{text}b"))
        assert answer.status_code == 400 and b"Traceback" not in answer.content, (text, answer.content)
    for raw in BYTES.values():
        answer = send(method, path, body_of(method, path, member, "@@").replace(b"@@", raw))
        assert answer.status_code == 400, (raw, answer.content)


@pytest.mark.parametrize("where", ["skip", "search", "ordering", "format", "at"])
def test_nor_does_an_address(where: str, client_for: Callable[..., Any], alice: User, document: Document) -> None:
    for raw in ("%00", "%ff", "%ed%a0%bd", "%c0%80", "%u0000"):
        for path in ("", f"/{document.id}/history", f"/{document.id}/export", f"/{document.id}/versions"):
            answer = client_for(alice).get(f"/api/documents{path}?{where}=a{raw}b")
            assert answer.status_code in (200, 400), answer.content


@pytest.mark.parametrize("name", ["title", "name", "username", "secret", "password"])
def test_nor_does_a_form(name: str, alice: User, document: Document) -> None:
    browser = Client()
    browser.force_login(alice)
    before = document.title
    for raw in (b"%00", b"%ed%a0%bd", b"%ff"):
        body = name.encode() + b"=a" + raw + b"b&action=add&role=viewer"
        for path in ("/documents/new", f"/documents/{document.id}/share/", "/shared", "/log-in/", "/sign-up/"):
            answer = browser.post(path, body, content_type="application/x-www-form-urlencoded")
            assert answer.status_code < 500, path
    titles = Document.objects.values_list("title", flat=True)
    assert before in titles and not any("\0" in title or "\ud83d" in title for title in titles)


@pytest.mark.parametrize("text", ODD.values(), ids=ODD.keys())
def test_a_title_and_a_text_keep_all_else(text: str, client_for: Callable[..., Any], alice: User) -> None:
    client = client_for(alice)
    made = client.post("/api/documents", {"title": f"x{text}x", "content": text}, format="json").json()
    assert (made["title"], made["content"]) == (f"x{text}x", text)
    assert client.get(f"/api/documents/{made['doc_id']}").json()["content"] == text


@pytest.mark.parametrize(
    "text", [*list(ODD.values())[:4], "\u3164", "\u2800", "\u115f", "alice\u200b", "al\u0456ce\u202e"]
)
def test_no_name_hides(text: str, client_for: Callable[..., Any]) -> None:
    """Letters of other scripts that look alike are let in: names of all scripts are, and an id stands behind each."""
    body = {"username": text, "password": "correct horse battery"}
    answer = client_for(None).post("/api/users", body, format="json")
    assert answer.status_code == 400 and answer.json()["errors"][0]["attr"] == "username"


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(title=st.text(max_size=40), content=st.text(max_size=60))
def test_what_is_let_in_comes_back(title: str, content: str, client_for: Any, alice: User) -> None:
    client = client_for(alice)
    answer = client.post("/api/documents", {"title": title, "content": content}, format="json")
    if "\0" in title + content:
        assert answer.status_code == 400
        return
    made = answer.json()
    assert made["content"] == content.replace("\r\n", "\n").replace("\r", "\n")
    assert made["title"] == "".join(" " if c in "\r\n\t" else c for c in title.strip())


class Turning(HTMLParser):
    """The elements that hold a character which turns what comes after it, where nothing isolates them."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.inside: list[str] = []
        self.found: list[str] = []
        self.isolated = 0
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.inside.append(tag)

    def handle_endtag(self, tag: str) -> None:
        while self.inside and self.inside.pop() != tag:
            pass

    def handle_data(self, data: str) -> None:
        alone = self.inside[-1:] in (["bdi"], ["option"], ["title"])
        if "\u202e" in data and not alone:
            self.found.append(self.inside[-1])
        self.isolated += "\u202e" in data and alone


@pytest.mark.parametrize("page", ["/documents/", "/documents/{id}/share/", "/documents/{id}/history/"])
def test_a_title_turns_nothing_beside_it(page: str, alice: User) -> None:
    made = services.create_document(owner=alice, title="a\u202egpj.exe", content="x")
    document = permissions.get_document(alice, made.id)
    services.name_version(document, 1, "v\u202e1", actor=alice)
    browser = Client()
    browser.force_login(alice)
    shown = Turning(browser.get(page.format(id=document.id)).content.decode())
    assert shown.found == [] and shown.isolated
