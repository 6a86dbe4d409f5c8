"""Documents as HTML and as files over HTTP."""

import io
import json
import zipfile
from uuid import UUID

import pytest
from django.core.cache import caches
from django.core.files.uploadedfile import SimpleUploadedFile
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from documents import history, rendering, services, sharing, trash
from documents.errors import CorruptLog
from documents.models import Document
from documents.tests.nasty_markdown import NASTY
from documents.tests.rest import DOCUMENTS, assert_members_only, refusal, url

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.filterwarnings("ignore:StreamingHttpResponse must consume asynchronous"),  # by the synchronous client
]

MEMBERS = ("alice", "bob", "carol", "vera")
IMPORT, EXPORT = f"{DOCUMENTS}/import", f"{DOCUMENTS}/export"


def a_zip(files: dict[str, bytes | str]) -> bytes:
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return held.getvalue()


@pytest.fixture
def bring(client_for):
    """`bring(alice, ("a.md", b"text"), …)`: an import by somebody."""

    def bring(user, *files: tuple[str, bytes], key: str | None = None):
        uploads = [SimpleUploadedFile(name, data) for name, data in files]
        headers = {"Idempotency-Key": key} if key else {}
        return client_for(user).post(IMPORT, {"file": uploads}, format="multipart", headers=headers)

    return bring


def created(answer) -> dict[str, str]:
    """Text by title, as the log has it."""
    assert answer.status_code == 201, answer.content
    made = answer.json()["created"]
    texts = {each["title"]: history.current_text(UUID(each["doc_id"]))[1] for each in made}
    assert len(texts) == len(made)
    return texts


def skipped(answer) -> dict[str, str]:
    """Code by file."""
    return {each["file"]: each["code"] for each in answer.json()["skipped"]}


def members(answer) -> dict[str, bytes]:
    assert answer.status_code == 200 and answer["Content-Type"] == "application/zip"
    with zipfile.ZipFile(io.BytesIO(b"".join(answer))) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


# --- HTML ---


def test_html(ask, vera, alice):
    document = services.create_document(owner=alice, content="# Hi\n\n<script>alert(1)</script>")
    sharing.set_role(document, user=vera, role="viewer", actor=alice)
    answer = ask(vera, "get", url(document, "html"))
    assert answer.content.decode() == "<h1>Hi</h1>\n<p>&lt;script&gt;alert(1)&lt;/script&gt;</p>\n"
    assert answer["Content-Type"] == "text/html; charset=utf-8"
    assert answer["X-Content-Type-Options"] == "nosniff"
    policy = answer["Content-Security-Policy"].split("; ")
    assert "default-src 'none'" in policy and "sandbox" in policy and "unsafe" not in answer["Content-Security-Policy"]


@pytest.mark.parametrize("accept", ["text/html", "*/*", "application/json", "text/markdown;q=0.5", "image/png"])
@pytest.mark.parametrize("what", ["html", "export"])
def test_whatever_is_accepted(client_for, alice, document, accept, what):
    assert client_for(alice).get(url(document, what), HTTP_ACCEPT=accept).status_code == 200


def test_html_of_a_version(ask, alice, document):
    services.replace_content(document, "*new*", author=alice)
    assert ask(alice, "get", url(document, "html?version=1")).content == b"<p>the cat</p>\n"
    assert ask(alice, "get", url(document, "html?version=0")).content == b""
    assert ask(alice, "get", url(document, "html")).content == b"<p><em>new</em></p>\n"
    assert refusal(ask(alice, "get", url(document, "html?version=3"))) == (404, "not_found")
    assert refusal(ask(alice, "get", url(document, "html?version=-1"))) == (400, "invalid_request")


def test_html_is_not_sent_again(ask, alice, document):
    first = ask(alice, "get", url(document, "html"))
    again = ask(alice, "get", url(document, "html"), if_none_match=first["ETag"])
    assert (again.status_code, again.content, again["ETag"]) == (304, b"", first["ETag"])
    services.replace_content(document, "the dog", author=alice)
    newer = ask(alice, "get", url(document, "html"), if_none_match=first["ETag"])
    assert (newer.status_code, newer.content) == (200, b"<p>the dog</p>\n") and newer["ETag"] != first["ETag"]


def test_html_is_rendered_once(ask, alice, vera, document, monkeypatch):
    rendered = []
    monkeypatch.setattr(
        history, "render_markdown", lambda text: rendered.append(text) or rendering.render_markdown(text)
    )
    answers = {ask(user, "get", url(document, "html")).content for user in (alice, vera, alice)}
    assert answers == {b"<p>the cat</p>\n"} and rendered == ["the cat"]
    caches["texts"].clear()
    assert ask(alice, "get", url(document, "html")).content == b"<p>the cat</p>\n" and len(rendered) == 2


@pytest.mark.parametrize("text", NASTY[::7])
def test_nasty_text_is_stored_as_it_is(ask, alice, text):
    made = ask(alice, "post", DOCUMENTS, {"content": text}).json()
    document = Document.objects.get(pk=made["doc_id"])
    assert ask(alice, "get", url(document, "html")).status_code == 200
    assert ask(alice, "get", url(document)).json()["content"] == text
    assert ask(alice, "get", url(document, "export")).getvalue().decode() == text
    assert ask(alice, "get", url(document, "history")).json()["count"] == 1


# --- One document out ---


@pytest.mark.parametrize(
    ("extension", "content_type"),
    [
        ("md", "text/markdown; charset=utf-8"),
        ("txt", "text/plain; charset=utf-8"),
        ("html", "text/html; charset=utf-8"),
    ],
)
def test_every_reader_may_take_it_away(ask, users, document, extension, content_type):
    for name in MEMBERS:
        answer = ask(users[name], "get", url(document, f"export?format={extension}"))
        assert answer.status_code == 200 and answer["Content-Type"] == content_type
        assert answer["Content-Disposition"] == f'attachment; filename="A story.{extension}"'
        assert answer["X-Content-Type-Options"] == "nosniff"
        assert b"the cat" in answer.content


def test_a_text_goes_out_byte_for_byte(ask, alice):
    text = "\n  🙂 <b> & \u2028\n\n"
    document = services.create_document(owner=alice, content=text)
    for extension in ("md", "txt"):
        assert ask(alice, "get", url(document, f"export?format={extension}")).content == text.encode()
    assert ask(alice, "get", url(document, "export")).content == text.encode()


def test_a_page_stands_alone(ask, alice):
    title = "</title><script>alert(1)</script>"
    document = services.create_document(owner=alice, title=title, content="*a* <script>")
    page = ask(alice, "get", url(document, "export?format=html")).content.decode()
    assert page.startswith("<!doctype html>") and '<meta charset="utf-8">' in page and "<script" not in page
    assert "<title>&lt;/title&gt;&lt;script&gt;" in page and "<p><em>a</em> &lt;script&gt;</p>" in page


def test_an_older_version_goes_out(ask, alice, document):
    services.replace_content(document, "new", author=alice)
    assert ask(alice, "get", url(document, "export?version=1")).content == b"the cat"
    assert refusal(ask(alice, "get", url(document, "export?version=3"))) == (404, "not_found")


@pytest.mark.parametrize("given", ["pdf", "", "MD", "../md", "md%00", "json", "api"])
def test_another_format_is_refused(ask, alice, document, given):
    assert refusal(ask(alice, "get", url(document, f"export?format={given}"))) == (400, "invalid_request")


@pytest.mark.parametrize(
    ("title", "header"),
    [
        ("../../etc/passwd", 'attachment; filename="_.._etc_passwd.md"'),
        ('a"; filename="evil.exe', 'attachment; filename="a_; filename=_evil.exe.md"'),
        ("a\\b\u202efdp.exe", 'attachment; filename="a_bfdp.exe.md"'),
        ("Größe 🙂", "attachment; filename*=utf-8''Gr%C3%B6%C3%9Fe%20%F0%9F%99%82.md"),
        ("", 'attachment; filename="Untitled.md"'),
    ],
)
def test_a_title_does_no_harm_as_a_name(ask, alice, title, header):
    document = services.create_document(owner=alice, title=title, content="x")
    assert ask(alice, "get", url(document, "export"))["Content-Disposition"] == header


@pytest.mark.parametrize("what", ["html", "export", "export?format=html"])
def test_members_only(ask, users, document, what):
    assert_members_only(ask, users, document, "get", what)


@pytest.mark.parametrize("what", ["html", "export"])
def test_a_text_that_can_not_be_read_is_no_empty_text(ask, client_for, alice, document, monkeypatch, what):
    def lost(*args):
        raise CorruptLog("a hole")

    monkeypatch.setattr("documents.copies.texts.text_at", lost)
    client = client_for(alice)
    client.raise_request_exception = False
    assert client.get(url(document, what)).status_code == 500


# --- All documents out ---


def test_all_that_i_may_see(ask, alice, bob, mallory, document):
    services.create_document(owner=bob, title="Mine", content="bob's")
    services.create_document(owner=bob, title="A STORY", content="another")
    services.create_document(owner=mallory, title="Hers", content="x")
    gone = services.create_document(owner=bob, title="Gone", content="x")
    trash.delete_document(gone, actor=bob)
    answer = ask(bob, "get", EXPORT)
    assert answer["Content-Disposition"].startswith('attachment; filename="documents-20')
    found = members(answer)
    listed = json.loads(found.pop("manifest.json"))["documents"]
    assert found == {"A story.md": b"the cat", "Mine.md": b"bob's", "A STORY (2).md": b"another"}
    assert listed[0] | {"updated_at": ""} == {
        "file": "A story.md",
        "doc_id": str(document.id),
        "title": "A story",
        "version": 1,
        "updated_at": "",
        "role": "editor",
    }


def test_none_is_an_empty_zip(ask, mallory):
    assert set(members(ask(mallory, "get", EXPORT))) == {"manifest.json"}
    assert refusal(ask(None, "get", EXPORT)) == (401, "not_authenticated")


def test_one_that_is_corrupt_is_named(ask, alice, document, monkeypatch):
    other = services.create_document(owner=alice, title="Other", content="fine")
    text_of = history.current_text

    def current_text(document_id):
        if document_id == document.id:
            raise CorruptLog("a hole")
        return text_of(document_id)

    monkeypatch.setattr(history, "current_text", current_text)
    found = members(ask(alice, "get", EXPORT))
    assert str(document.id) in found["ERRORS.txt"].decode() and str(other.id) not in found["ERRORS.txt"].decode()
    assert set(found) == {"Other.md", "manifest.json", "ERRORS.txt"}


# --- In ---


def test_a_file_becomes_a_document(ask, bring, alice):
    answer = bring(alice, ("My notes.md", b"# Heading\r\n\r\ntext\r"))
    (made,) = answer.json()["created"]
    assert answer.status_code == 201 and answer.json()["skipped"] == []
    assert made == {"doc_id": made["doc_id"], "title": "My notes", "version": 1, "file": "My notes.md"}
    shown = ask(alice, "get", f"{DOCUMENTS}/{made['doc_id']}").json()
    assert (shown["content"], shown["role"], shown["version"]) == ("# Heading\n\ntext\n", "owner", 1)
    (entry,) = ask(alice, "get", f"{DOCUMENTS}/{made['doc_id']}/history").json()["results"]
    assert entry["author"]["username"] == "alice" and entry["operation"] == ["# Heading\n\ntext\n"]


def test_several_and_zips_of_them(bring, alice):
    packed = a_zip({"dir/b.md": "b", "../c.txt": "c", "d.png": b"\x89PNG", "__MACOSX/._b.md": "x"})
    answer = bring(
        alice, ("a.md", "\ufeffa".encode()), ("all.ZIP", packed), ("e.exe", b"MZ"), ("f.txt", "f🙂".encode("utf-16"))
    )
    assert created(answer) == {"a": "a", "b": "b", "c": "c", "f": "f🙂"}
    assert skipped(answer) == {"all.ZIP/d.png": "unreadable_file", "e.exe": "unreadable_file"}
    assert [each["file"] for each in answer.json()["created"]][1:3] == ["all.ZIP/dir/b.md", "all.ZIP/../c.txt"]


def test_an_empty_file_is_an_empty_document(bring, alice):
    answer = bring(alice, ("empty.md", b""))
    assert created(answer) == {"empty": ""} and answer.json()["created"][0]["version"] == 0


@pytest.mark.parametrize(
    ("name", "data", "status", "code"),
    [
        ("a.md", b"\xff\xfe\xff", 400, "not_unicode"),
        ("a.md", b"a\0b", 400, "invalid_request"),
        ("a.md", b"a" * 1_000_001, 413, "document_too_large"),
        ("a.md", b"a" * 4_000_001, 413, "document_too_large"),
        ("a.exe", b"a", 400, "unreadable_file"),
        ("a.zip", b"a", 400, "broken_zip"),
        ("a.zip", a_zip({}), 400, "unreadable_file"),
        ("a.zip", a_zip({"a.zip": a_zip({"a.md": "x"})}), 400, "unreadable_file"),
        ("a.zip", a_zip({"a.md": b"\xff"}), 400, "not_unicode"),
        ("a.zip", a_zip({f"{n}.md": "" for n in range(201)}), 413, "too_many_files"),
        ("a.zip", a_zip({f"{n}.md": "a" * 3_900_000 for n in range(20)}), 413, "too_large"),
    ],
)
def test_nothing_comes_of_it(bring, alice, name, data, status, code):
    answer = bring(alice, (name, data))
    assert refusal(answer) == (status, code)
    assert not Document.objects.exists()


def test_a_refusal_names_the_file(bring, alice):
    answer = bring(alice, ("good.md", b"x"), ("bad.md", b"\xff"), ("nul.md", b"a\0"), ("long.md", b"a" * 1_000_001))
    assert created(answer) == {"good": "x"}
    assert skipped(answer) == {"bad.md": "not_unicode", "nul.md": "invalid_request", "long.md": "document_too_large"}


@pytest.mark.parametrize("body", [{}, {"other": SimpleUploadedFile("a.md", b"x")}, {"file": "no file"}])
def test_a_file_must_be_there(client_for, alice, body):
    answer = client_for(alice).post(IMPORT, body, format="multipart")
    assert refusal(answer) == (400, "invalid_request")
    assert answer.json()["errors"][0]["attr"] == "file"


def test_what_is_no_form_is_refused(ask, client_for, alice):
    assert refusal(ask(alice, "post", IMPORT, {"file": "x"})) == (415, "unsupported_media_type")
    broken = client_for(alice).post(IMPORT, b"--x\r\n", content_type="multipart/form-data")
    assert refusal(broken) == (400, "parse_error")


def test_a_body_that_is_too_large_is_refused(bring, alice, settings):
    settings.MAX_BODY_BYTES = 1000
    assert refusal(bring(alice, ("a.md", b"a" * 1000))) == (413, "too_large")
    assert bring(alice, ("a.md", b"a")).status_code == 201


def test_strangers_bring_nothing(bring, alice):
    assert refusal(bring(None, ("a.md", b"x"))) == (401, "not_authenticated")
    assert not Document.objects.exists()


@pytest.mark.parametrize(
    ("method", "address"), [("get", IMPORT), ("put", IMPORT), ("post", EXPORT), ("delete", EXPORT)]
)
def test_import_and_export_are_no_documents(ask, alice, method, address):
    assert refusal(ask(alice, method, address, {} if method != "get" else None)) == (405, "method_not_allowed")


@pytest.mark.parametrize("slash", ["", "/"])
def test_the_slash_is_optional(client_for, alice, document, slash):
    client = client_for(alice)
    assert client.get(EXPORT + slash).status_code == 200
    assert client.get(url(document, "html") + slash).status_code == 200
    assert client.get(url(document, "export") + slash + "?format=txt").status_code == 200
    answer = client.post(IMPORT + slash, {"file": SimpleUploadedFile("a.md", b"x")}, format="multipart")
    assert answer.status_code == 201


# --- The same key ---


def test_given_again_it_makes_nothing_twice(bring, alice):
    files = ("a.md", b"one"), ("b.zip", a_zip({"c.md": "two", "d.md": "three"}))
    first = bring(alice, *files, key="monday")
    assert sorted(created(first)) == ["a", "c", "d"]
    assert bring(alice, *files, key="monday").json() == first.json()
    assert Document.objects.count() == 3
    assert len(created(bring(alice, *files, key="tuesday"))) == 3


@pytest.mark.parametrize("other", [("a.md", b"two"), ("b.md", b"one")])
def test_other_files_under_the_same_key_are_refused(bring, alice, other):
    bring(alice, ("a.md", b"one"), key="monday")
    assert refusal(bring(alice, other, key="monday")) == (422, "idempotency_key_reused")


def test_what_a_crash_cut_short_is_finished_by_the_same_request(bring, client_for, alice, monkeypatch):
    made, create = [], services.create_document

    def crashes(**given):
        if len(made) == 1:
            raise SystemExit("kill -9")
        made.append(create(**given))
        return made[-1]

    files = ("a.md", b"one"), ("b.md", b"two")
    monkeypatch.setattr(services, "create_document", crashes)
    with pytest.raises(SystemExit):
        bring(alice, *files, key="monday")
    monkeypatch.undo()
    assert created(bring(alice, *files, key="monday")) == {"a": "one", "b": "two"}
    assert Document.objects.count() == 2


def test_what_was_refused_may_be_tried_again(bring, alice):
    for _ in range(2):
        assert refusal(bring(alice, ("a.md", b"\xff"), key="monday"))[0] == 400


# --- There and back ---

CHARACTERS = st.characters(exclude_characters="\0\r", exclude_categories=["Cs"])
TITLES = st.text(CHARACTERS, max_size=60).map(lambda title: " ".join(title.split())) | st.sampled_from(
    ["a/b", "..", "a"]
)


@given(st.lists(st.tuples(TITLES, st.text(CHARACTERS, max_size=30)), max_size=4))
@hypothesis_settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
def test_what_goes_out_comes_in_the_same(ask, bring, alice, documents):
    Document.objects.all().delete()
    for title, text in documents:
        services.create_document(owner=alice, title=title, content=text)
    packed = b"".join(ask(alice, "get", EXPORT))
    Document.objects.all().delete()
    answer = bring(alice, ("all.zip", packed))
    assert answer.status_code == (201 if documents else 400)
    found = Document.objects.filter(owner=alice)
    assert sorted((each.title, history.current_text(each.id)[1]) for each in found) == sorted(documents)
