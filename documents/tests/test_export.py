"""All that is kept of a person, as one zip."""

import io
import json
import zipfile

import pytest
from django.test import Client
from rest_framework.test import APIClient

from accounts import services as accounts
from accounts import tokens
from documents import comments, export, history, logtable, permissions, services, sharing, trash
from documents.files import outgoing
from documents.models import Operation

EXPORT = "/api/users/me/export"
PAPERS = {"manifest.json", "profile.json", "comments.json", "share-links.json"}
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
    assert set(found) == {"A story.md", "Mine.md", *PAPERS}
    assert found["A story.md"] == b"the cat" and found["Mine.md"].decode() == "one\n\ttwo 🐈\n"
    listed = json.loads(found["manifest.json"])["documents"]
    assert [(each["file"], each["title"], each["version"], each["role"]) for each in listed] == [
        ("A story.md", "A story", 1, "editor"),
        ("Mine.md", "Mine", 1, "owner"),
    ]
    profile = json.loads(found["profile.json"])
    assert (profile["username"], profile["email"], profile["color"]) == (
        "bob",
        "bob@example.org",
        accounts.PRESENCE_COLORS[2],
    )
    [token] = profile["api_tokens"]
    assert (token["name"], token["scope"], token["doc_id"], token["last_used_at"]) == ("a program", "write", None, None)
    assert len(profile["sessions"]) == 1
    [comment] = json.loads(found["comments.json"])["comments"]
    assert (comment["body"], comment["quote"], comment["doc_id"]) == ("bob's", "the", str(document.id))


def test_nothing_that_lets_anybody_in_is_in_it(ask, alice, document):
    _, secret = tokens.create_api_token(alice, "a program", tokens.WHOLE, None)
    alice.refresh_from_db()
    told = b"".join(members(ask(alice, "get", EXPORT)).values()).decode()
    assert alice.password not in told and secret not in told
    assert not any(word in told for word in ("password", "digest", "token_id", "bob@", "is_staff"))


def test_only_what_one_may_see_is_in_it(ask, alice, bob, mallory, document):
    hidden, gone = (services.create_document(owner=alice, title=title, content="x") for title in ("Hidden", "Gone"))
    for document in (hidden, gone):
        sharing.set_role(document, user=bob, role="viewer", actor=alice)
    trash.delete_document(gone, actor=alice)
    sharing.remove_collaborator(hidden, user=bob, actor=alice)
    assert set(members(ask(bob, "get", EXPORT))) == {"A story.md", *PAPERS}
    assert set(members(ask(mallory, "get", EXPORT))) == PAPERS


def test_what_lies_in_ones_trash_is_in_it(ask, alice, bob, document):
    for content in ("kept", "gone", "gone, too"):
        mine = services.create_document(owner=bob, title="A story", content=content)
        if content != "kept":
            trash.delete_document(mine, actor=bob)
    trash.delete_document(document, actor=alice)
    found = members(ask(bob, "get", EXPORT))
    assert set(found) == {"A story.md", "trash/A story.md", "trash/A story (2).md", *PAPERS}
    assert [found[f"{name}.md"] for name in ("A story", "trash/A story")] == [b"kept", b"gone"]
    listed = {each["file"]: each for each in json.loads(found["manifest.json"])["documents"]}
    assert {each["role"] for each in listed.values()} == {"owner"}
    assert [name for name, each in listed.items() if "deleted_at" in each] == [name for name in found if "/" in name]


def test_what_is_purged_on_the_way_is_left_out_and_not_empty(alice, monkeypatch):
    doomed = services.create_document(owner=alice, title="Doomed", content="text")
    trash.delete_document(doomed, actor=alice)
    real = history.current_text
    monkeypatch.setattr(history, "current_text", lambda which: trash.purge(doomed) or real(which))
    assert list(export.texts(alice)) == []


def test_a_damaged_text_of_the_trash_is_told(ask, alice, monkeypatch):
    doomed = services.create_document(owner=alice, title="Damaged", content="text")
    trash.delete_document(doomed, actor=alice)
    assert Operation.objects.filter(key=logtable.log_key(doomed.id, 1)).update(operation="nonsense")
    found = members(ask(alice, "get", EXPORT))
    assert set(found) == {"ERRORS.txt", *PAPERS} and str(doomed.id) in found["ERRORS.txt"].decode()


def test_ones_own_words_are_in_it_wherever_they_were_said(ask, alice, bob, document):
    """Of a text that one may not see any more, there are one's own words and none of it."""
    places = [services.create_document(owner=alice, title=f"No {n}", content="secret words") for n in range(3)]
    for place in places:
        sharing.set_role(place, user=bob, role="commenter", actor=alice)
        for author in (alice, bob):
            seen = permissions.get_document(author, place.id)
            comments.add(seen, author=author, body=f"{author.username} of {place.title}", stretch=(0, 6))
    sharing.remove_collaborator(places[1], user=bob, actor=alice)
    trash.delete_document(places[2], actor=alice)
    said = json.loads(members(ask(bob, "get", EXPORT))["comments.json"])["comments"]
    assert [(each["doc_id"], each["body"], each["quote"]) for each in said] == [
        (str(places[0].id), "bob of No 0", "secret"),
        (str(places[1].id), "bob of No 1", None),
        (str(places[2].id), "bob of No 2", None),
    ]


def test_many_comments_are_read_some_at_a_time(alice, document, monkeypatch, django_assert_num_queries):
    monkeypatch.setattr(export, "MANY", 4)
    seen = permissions.get_document(alice, document.id)
    for number in range(10):
        comments.add(seen, author=alice, body=f"No {number}", stretch=(0, 3))
    pieces = dict(export.papers(alice))[export.COMMENTS]
    with django_assert_num_queries(1 + 3 * 3):  # the ids; then rows, documents and roles of each four
        said = json.loads(b"".join(pieces))["comments"]
    assert [each["body"] for each in said] == [f"No {number}" for number in range(10)]


def test_the_links_that_one_made_are_in_it_without_their_secrets(ask, alice, bob, document):
    made = sharing.create_link(document, role="viewer", expires_at=None, actor=alice)
    [link] = json.loads(members(ask(alice, "get", EXPORT))["share-links.json"])["share_links"]
    assert (link["doc_id"], link["role"], link["ended_at"]) == (str(document.id), "viewer", None)
    assert made.secret not in str(link) and made.link.digest not in str(link)
    assert json.loads(members(ask(bob, "get", EXPORT))["share-links.json"]) == {"share_links": []}


@pytest.mark.parametrize("title", ["manifest", "profile", "comments", "share-links", "trash/x", "../x", "", "CON"])
def test_no_title_takes_the_place_of_another_file(ask, mallory, title):
    services.create_document(owner=mallory, title=title, content="text")
    found = members(ask(mallory, "get", EXPORT))
    assert len(found) == 5 and json.loads(found["profile.json"])["username"] == "mallory"
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
    chunks = outgoing.zip_chunks(export.texts(alice), export.papers(alice))
    assert next(chunks) and read == ids[:1]
    assert b"".join(chunks) and read == ids
