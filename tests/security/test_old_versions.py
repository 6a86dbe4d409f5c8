"""Who is let in today reads all that ever stood there; who is out reads nothing, whatever was cached (S38, S39)."""

from collections.abc import Callable
from typing import Any

import pytest

from accounts.models import User
from documents import services, sharing
from documents.models import Document

pytestmark = pytest.mark.django_db

SECRET = "the old password is swordfish"
ROADS = ["/versions/1", "/diff?from=1", "/history", "/operations", "/html?version=1", "/export?version=1&format=txt"]


@pytest.fixture
def reworded(alice: User) -> Document:
    """A secret stood in it once."""
    made = services.create_document(owner=alice, content=SECRET)
    services.replace_content(made, "Nothing to see.", author=alice)
    return made


@pytest.mark.parametrize("road", ROADS)
def test_the_past_is_part_of_a_document(road: str, reworded: Document, client_for: Any, alice: User, bob: User) -> None:
    sharing.set_role(reworded, user=bob, role="viewer", actor=alice)
    said = client_for(bob).get(f"/api/documents/{reworded.id}{road}").content.decode()
    assert SECRET in said or "swordfish" in said


@pytest.mark.parametrize("road", ["", *ROADS, "/blame", "/revisions"])
def test_who_is_out_reads_nothing_more(
    road: str, reworded: Document, client_for: Callable[..., Any], alice: User, bob: User
) -> None:
    sharing.set_role(reworded, user=bob, role="viewer", actor=alice)
    client, url = client_for(bob), f"/api/documents/{reworded.id}{road}"
    first = client.get(url)
    assert first.status_code == 200 and "no-store" in first["Cache-Control"]
    sharing.remove_collaborator(reworded, user=bob, actor=alice)
    tag = {"If-None-Match": first.get("ETag", "*")}
    for headers in ({}, tag, {"If-None-Match": "*"}):
        assert client.get(url, headers=headers).status_code == 404


def test_a_shared_answer_is_kept_by_what_was_read_not_by_who_read_it(
    reworded: Document, client_for: Callable[..., Any], alice: User, bob: User
) -> None:
    """Texts and rendered texts are the same for all who may read them; whether one may is never kept."""
    url = f"/api/documents/{reworded.id}"
    sharing.set_role(reworded, user=bob, role="viewer", actor=alice)
    for path in ("", "/html", "/export?format=html"):
        mine, his = client_for(alice).get(url + path), client_for(bob).get(url + path)
        assert path == "" or mine.content == his.content
    roles = [client_for(user).get(url).json()["role"] for user in (alice, bob)]
    assert roles == ["owner", "viewer"]
    assert client_for(alice).get(url)["ETag"] != client_for(bob).get(url)["ETag"]
