"""How much one may have: refused with a stable code, held under a race but for a few, and freed again (S37)."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection

from accounts.models import User
from documents import services, sharing, trash
from documents.errors import TooMany
from documents.models import Document

RACE = 50
AT_ONCE = 8  # as many threads; each may have counted before another has written


@pytest.fixture
def three(settings: Any) -> None:
    settings.MAX_DOCUMENTS = settings.MAX_COLLABORATORS = settings.MAX_SHARE_LINKS = 3


@pytest.mark.django_db
def test_documents(three: None, alice: User, bob: User, client_for: Callable[..., Any]) -> None:
    codes = [client_for(alice).post("/api/documents", {}, format="json") for _ in range(4)]
    assert [answer.status_code for answer in codes] == [201, 201, 201, 409]
    assert codes[3].json()["code"] == "too_many"
    assert client_for(bob).post("/api/documents", {}, format="json").status_code == 201


@pytest.mark.django_db
def test_the_same_write_again_is_no_other_document(three: None, alice: User, client_for: Callable[..., Any]) -> None:
    client, headers = client_for(alice), {"HTTP_IDEMPOTENCY_KEY": "k"}
    made = client.post("/api/documents", {}, format="json", **headers).json()["doc_id"]
    document = services.create_document(owner=alice)
    services.create_document(owner=alice)
    assert client.post("/api/documents", {}, format="json", **headers).json()["doc_id"] == made
    services.create_document(owner=alice, document_id=document.id)


@pytest.mark.django_db
def test_the_trash_counts_until_it_is_emptied(three: None, alice: User) -> None:
    made = [services.create_document(owner=alice) for _ in range(3)]
    trash.delete_document(made[0], actor=alice)
    with pytest.raises(TooMany):
        services.create_document(owner=alice)
    trash.purge(made[0])
    services.create_document(owner=alice)


@pytest.mark.django_db
def test_imports(three: None, alice: User, client_for: Callable[..., Any]) -> None:
    files = [SimpleUploadedFile(f"{n}.md", b"x") for n in range(5)]
    answer = client_for(alice).post("/api/documents/import", {"file": files})
    assert len(answer.json()["created"]) == 3
    assert {each["code"] for each in answer.json()["skipped"]} == {"too_many"}
    refused = client_for(alice).post("/api/documents/import", {"file": SimpleUploadedFile("x.md", b"x")})
    assert (refused.status_code, refused.json()["code"]) == (409, "too_many")


@pytest.mark.django_db
def test_nobody_is_handed_more_than_they_may_have(three: None, alice: User, bob: User) -> None:
    for _ in range(3):
        services.create_document(owner=bob)
    document = services.create_document(owner=alice)
    sharing.set_role(document, user=bob, role="editor", actor=alice)
    with pytest.raises(TooMany):
        sharing.set_role(document, user=bob, role="owner", actor=alice)
    document.refresh_from_db()
    assert document.owner == alice and document.collaborators.get().role == "editor"


def race(work: Callable[[int], object]) -> int:
    """How many of fifty at once got in; the others heard that there are too many."""

    def attempt(n: int) -> bool:
        try:
            work(n)
        except TooMany:
            return False
        finally:
            connection.close()
        return True

    with ThreadPoolExecutor(AT_ONCE) as pool:
        return sum(pool.map(attempt, range(RACE)))


@pytest.mark.django_db(transaction=True)
def test_fifty_documents_at_once(three: None, alice: User) -> None:
    made = race(lambda n: services.create_document(owner=alice))
    assert 3 <= made == Document.objects.count() < 3 + AT_ONCE


@pytest.mark.django_db(transaction=True)
def test_fifty_links_at_once(three: None, alice: User) -> None:
    document = services.create_document(owner=alice)
    made = race(lambda n: sharing.create_link(document, role="viewer", expires_at=None, actor=alice))
    assert 3 <= made == sharing.live_links(document).count() < 3 + AT_ONCE


@pytest.mark.django_db(transaction=True)
def test_fifty_people_at_once(three: None, alice: User) -> None:
    document = services.create_document(owner=alice)
    people = [User.objects.create_user(f"person{n}") for n in range(RACE)]
    made = race(lambda n: sharing.set_role(document, user=people[n], role="viewer", actor=alice))
    assert 3 <= made == document.collaborators.count() < 3 + AT_ONCE
