"""All that is kept of a person, as one zip."""

import io
import json
import zipfile

import pytest
from django.test import Client
from rest_framework.test import APIClient

from accounts import services as accounts
from accounts import tokens
from documents import comments, export, history, permissions, services, sharing, trash
from documents.api.files import readable
from documents.files import outgoing

EXPORT = "/api/users/me/export"
pytestmark = [
    pytest.mark.django_db,
    pytest.mark.filterwarnings("ignore:StreamingHttpResponse must consume asynchronous"),  # by the synchronous client
]


def members(answer) -> dict[str, bytes]:
    assert answer.status_code == 200 and answer["Content-Type"] == "application/zip"
    assert answer["Content-Disposition"].startswith('attachment; filename="my-data-')
    with zipfile.ZipFile(io.BytesIO(b"".join(answer))) as archive:
        assert archive.testzip() is None and len(set(archive.namelist())) == len(archive.namelist())
        return {name: archive.read(name) for name in archive.namelist()}


def test_it_works(ask, alice, bob, document):
    accounts.change_user(bob, color=accounts.PRESENCE_COLORS[2])
    tokens.create_api_token(bob, "a program", tokens.WHOLE, None)
    services.create_document(owner=bob, title="Mine", content="one\n\ttwo 🐈\n")
    for author in (alice, bob):
        comments.add(
            permissions.get_document(author, document.id), author=author, body=f"{author.username}'s", stretch=(0, 3)
        )
    found = members(ask(bob, "get", EXPORT))
    assert set(found) == {"A story.md", "Mine.md", "manifest.json", "profile.json", "comments.json"}
    assert found["A story.md"] == b"the cat" and found["Mine.md"].decode() == "one\n\ttwo 🐈\n"
    listed = json.loads(found["manifest.json"])["documents"]
    assert [(each["file"], each["title"], each["version"]) for each in listed] == [
        ("A story.md", "A story", 1),
        ("Mine.md", "Mine", 1),
    ]
    profile = json.loads(found["profile.json"])
    assert (profile["username"], profile["email"], profile["color"]) == (
        "bob",
        "bob@example.org",
        accounts.PRESENCE_COLORS[2],
    )
    assert [token["name"] for token in profile["api_tokens"]] == ["a program"] and len(profile["sessions"]) == 1
    [comment] = json.loads(found["comments.json"])["comments"]
    assert (comment["body"], comment["quote"], comment["doc_id"]) == ("bob's", "the", str(document.id))


def test_nothing_that_lets_anybody_in_is_in_it(ask, alice, document):
    _, secret = tokens.create_api_token(alice, "a program", tokens.WHOLE, None)
    alice.refresh_from_db()
    told = b"".join(members(ask(alice, "get", EXPORT)).values()).decode()
    assert alice.password not in told and secret not in told
    assert not any(word in told for word in ("password", "digest", "token_id", "bob@", "is_staff"))


def test_only_what_one_may_see_is_in_it(ask, alice, bob, mallory, document):
    hidden = services.create_document(owner=alice, title="Hidden", content="x")
    gone = services.create_document(owner=bob, title="Gone", content="x")
    trash.delete_document(gone, actor=bob)
    sharing.set_role(hidden, user=bob, role="viewer", actor=alice)
    sharing.remove_collaborator(hidden, user=bob, actor=alice)
    assert "Hidden.md" not in members(ask(bob, "get", EXPORT)) and "Gone.md" not in members(ask(bob, "get", EXPORT))
    assert set(members(ask(mallory, "get", EXPORT))) == {"manifest.json", "profile.json", "comments.json"}


@pytest.mark.parametrize("title", ["manifest", "profile", "comments", "../../etc/passwd", "", "CON"])
def test_no_title_takes_the_place_of_another_file(ask, mallory, title):
    services.create_document(owner=mallory, title=title, content="text")
    found = members(ask(mallory, "get", EXPORT))
    assert len(found) == 4 and json.loads(found["profile.json"])["username"] == "mallory"
    assert not any("/" in name or name.startswith(".") for name in found)


def test_a_browser_may_ask_by_its_cookie(alice, document):
    browser = Client()
    browser.force_login(alice)
    assert "A story.md" in members(browser.get(EXPORT))


def test_it_takes_somebody_logged_in(ask, alice, document):
    assert ask(None, "get", EXPORT).status_code == 401
    _, narrow = tokens.create_api_token(alice, "reads", tokens.Scope(is_read_only=True), None)
    assert APIClient(HTTP_AUTHORIZATION=f"Bearer {narrow}").get(EXPORT).status_code == 403
    guest = sharing.let_guest_in(
        sharing.create_link(document, role="editor", expires_at=None, actor=alice).link, "Dora"
    )
    assert ask(guest, "get", EXPORT).status_code == 403


def test_one_text_at_a_time_is_read(alice, document, monkeypatch):
    """What is sent first is made before the last text is read."""
    second = services.create_document(owner=alice, title="Second", content="x" * 100_000)
    read, real = [], history.current_text
    monkeypatch.setattr(history, "current_text", lambda which: read.append(which) or real(which))
    ids = [document.id, second.id]
    chunks = outgoing.zip_chunks(readable(alice, ids), export.papers(alice, ids))
    assert next(chunks) and read == ids[:1]
    assert b"".join(chunks) and read == ids
