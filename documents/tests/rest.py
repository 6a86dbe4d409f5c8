"""What the tests of the API say again and again."""

from collections.abc import Callable
from typing import Any
from uuid import uuid4

from accounts.models import User
from documents import services, trash
from documents.models import Document

DOCUMENTS = "/api/documents"


def url(document: Document, *rest: object) -> str:
    return "/".join([DOCUMENTS, str(document.id), *map(str, rest)])


def refusal(answer: Any) -> tuple[int, str]:
    """(status, code) of a problem, which has all its members."""
    assert answer["Content-Type"] == "application/problem+json", answer.content
    body = answer.json()
    assert body["status"] == answer.status_code and {"type", "title", "detail", "code"} <= set(body)
    return answer.status_code, body["code"]


def crash(*args: Any, **kwargs: Any) -> Any:
    raise RuntimeError("kill -9")


def assert_members_only(ask: Callable, users: dict[str, User], document: Document, method: str, *rest: str, **more):
    """Anonymous: 401. A stranger: 404, alike for a document that is there, that never was, and that is deleted."""
    body = more.get("body")
    assert refusal(ask(None, method, url(document, *rest), body)) == (401, "not_authenticated")
    gone = services.create_document(owner=users["mallory"], content="x")
    trash.delete_document(gone, actor=users["mallory"])
    nowhere = Document(id=uuid4())
    answers = [ask(users["mallory"], method, url(which, *rest), body) for which in (document, nowhere, gone)]
    assert refusal(answers[0]) == (404, "not_found")
    assert answers[0].json() == answers[1].json() == answers[2].json()
    assert answers[0].headers == answers[1].headers == answers[2].headers


def assert_roles(
    ask: Callable, users: dict[str, User], document: Document, method: str, *rest: str, refused: str, **more
):
    """These, by name, may see the document but not do this."""
    for name in refused.split():
        answer = ask(users[name], method, url(document, *rest), more.get("body"))
        assert refusal(answer) == (403, "forbidden"), name
