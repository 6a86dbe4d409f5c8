"""Bringing back what was, as one new operation, while people go on typing."""

import threading
from unittest.mock import patch
from uuid import uuid4

import pytest
from django.db import connection
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from documents import events, history, oplog, services
from documents.copies import texts as copies
from documents.models import Document
from documents.ot import apply
from documents.ot.tests.strategies import operations, texts
from documents.tests.rest import assert_members_only, assert_roles, crash, refusal, url
from documents.tests.writers import Writer, assert_sound

pytestmark = pytest.mark.django_db


@pytest.fixture
def story(document, bob):
    """(nothing) -> the cat -> the black cat -> the black dog"""
    services.replace_content(document, "the black cat", author=bob)
    services.replace_content(document, "the black dog", author=bob)
    return document


def write(document: Document, *operation, base: int | None = None) -> None:
    base = history.head(document.id) if base is None else base
    services.submit(document.id, Writer().writes(*operation, base=base))


def restore(ask, user, document, version, **headers):
    return ask(user, "post", url(document, "restore"), {"version": version}, **headers)


def test_it_works(ask, alice, bob, story):
    answer = restore(ask, bob, story, 1)
    assert answer.status_code == 200
    body = answer.json()
    assert (body["content"], body["version"], body["title"], body["role"]) == ("the cat", 4, "A story", "editor")
    assert answer["ETag"].startswith('"4-')
    again = ask(bob, "get", url(story))
    assert again.json() == body and again["ETag"] == answer["ETag"]
    entry = oplog.newest(story.id)
    assert (entry.author, entry.seq, entry.operation) == (bob.id, 1, (4, "cat", -9))


def test_history_never_rewinds(ask, alice, bob, story):
    before = ask(alice, "get", url(story, "history")).json()["results"]
    restore(ask, bob, story, 0)
    after = ask(alice, "get", url(story, "history")).json()["results"]
    assert after[1:] == before and after[0]["deleted"] == 13
    assert [history.text_of(restored(story), version) for version in range(5)] == [
        "",
        "the cat",
        "the black cat",
        "the black dog",
        "",
    ]


def restored(document: Document) -> Document:
    document.head = history.head(document.id)
    return document


def test_a_restore_of_a_restore(ask, bob, story):
    restore(ask, bob, story, 1)
    assert restore(ask, bob, story, 3).json()["content"] == "the black dog"
    body = restore(ask, bob, story, 4).json()
    assert (body["content"], body["version"]) == ("the cat", 6)
    assert_sound(story.id)


def test_what_changes_nothing_is_no_version(ask, bob, story):
    restore(ask, bob, story, 1)
    for version in (4, 1):
        body = restore(ask, bob, story, version).json()
        assert (body["content"], body["version"]) == ("the cat", 4)


def test_everybody_hears_of_it(ask, bob, story):
    heard = []
    listen = lambda event, **_: heard.append(event)  # noqa: E731
    events.announced.connect(listen)
    try:
        restore(ask, bob, story, 1)
    finally:
        events.announced.disconnect(listen)
    assert heard == [events.Committed(story.id, (oplog.newest(story.id),))]


# --- While people type ---


def test_what_is_typed_meanwhile_stays(bob, story):
    """After the look at who may do it, before the commit."""
    story.head = 3
    write(story, "Look: ", base=3)
    write(story, 19, "!", base=4)
    services.restore_version(story, 1, author=bob)
    assert history.current_text(story.id) == (6, "Look: the cat!")


def test_what_is_typed_at_the_last_moment_stays(ask, bob, story, monkeypatch):
    diffed = services.diff

    def slow(old: str, new: str):
        write(story, "Look: ")
        return diffed(old, new)

    monkeypatch.setattr(services, "diff", slow)
    assert restore(ask, bob, story, 1).json()["content"] == "Look: the cat"


@pytest.mark.parametrize("how", ["etag", "number"])
def test_what_was_typed_since_the_page_was_shown_stays(ask, bob, story, how):
    tag = ask(bob, "get", url(story))["ETag"] if how == "etag" else '"3"'
    write(story, "Look: ")
    answer = restore(ask, bob, story, 1, if_match=tag)
    assert (answer.json()["content"], answer.json()["version"]) == ("Look: the cat", 5)
    assert restore(ask, bob, story, 1).json()["content"] == "the cat", "without a base, what is there is replaced"


def test_strict_refuses_a_stale_base(ask, bob, story):
    write(story, "Look: ")
    answer = restore(ask, bob, story, 1, if_match='"3"', prefer="handling=strict")
    assert (refusal(answer), answer.json()["version"]) == ((412, "stale"), 4)
    assert history.head(story.id) == 4
    answer = restore(ask, bob, story, 1, if_match='"4"', prefer="handling=strict")
    assert answer.json()["content"] == "the cat"


@given(data=st.data(), written=st.lists(texts, min_size=1, max_size=4), letters=st.text("①②③④", max_size=4))
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_nothing_typed_is_lost(alice, data, written, letters):
    """Each letter typed since the head that was seen is still there; what nobody touched is as it was."""
    document = services.create_document(owner=alice)
    for content in written:
        services.replace_content(document, content, author=alice)
    seen = restored(document).head
    version = data.draw(st.integers(0, seen))
    text = history.text_of(document)
    for letter in letters:
        operation = [letter * len(part) if isinstance(part, str) else part for part in data.draw(operations(text))]
        write(document, *operation)
        text = apply(text, tuple(operation))
    services.restore_version(document, version, author=alice)
    _, after = history.current_text(document.id)
    assert sorted(c for c in after if c in "①②③④") == sorted(c for c in text if c in "①②③④")
    if not letters:
        assert after == history.text_of(document, version)
    assert_sound(document.id)


@pytest.mark.django_db(transaction=True)
def test_threads_that_type_and_threads_that_restore(alice):
    document = services.create_document(owner=alice, content="the cat\n" * 20)
    together, failures = threading.Barrier(4), []

    def in_thread(work) -> threading.Thread:
        def run() -> None:
            try:
                together.wait(30)
                work()
            except Exception as error:
                failures.append(error)
            finally:
                connection.close()

        thread = threading.Thread(target=run)
        thread.start()
        return thread

    def types(letter: str) -> None:
        for _ in range(25):
            tab = Writer(alice.id)
            version, text = copies.text_at(document.id)
            services.submit(document.id, tab.writes(len(text) // 2, letter, base=version))

    def restores() -> None:
        for _ in range(8):
            mine = Document.objects.get(pk=document.id)
            mine.head = 1  # they all saw the first version, and nothing of what is typed
            services.restore_version(mine, 0, author=alice)
            services.restore_version(mine, 1, author=alice)

    threads = [in_thread(lambda: types("①")), in_thread(lambda: types("②")), in_thread(restores), in_thread(restores)]
    for thread in threads:
        thread.join(100)
    assert failures == []
    _, text = history.current_text(document.id)
    assert (text.count("①"), text.count("②")) == (25, 25)
    assert_sound(document.id)


# --- Idempotency-Key ---


def test_the_same_key_is_one_restore(ask, bob, story):
    key = str(uuid4())
    first = restore(ask, bob, story, 1, idempotency_key=key)
    write(story, "More: ")
    again = restore(ask, bob, story, 1, idempotency_key=key)
    assert (again.status_code, again.json(), again["ETag"]) == (200, first.json(), first["ETag"])
    assert history.current_text(story.id) == (5, "More: the cat")


def test_the_same_key_for_another_version(ask, bob, story):
    key = str(uuid4())
    restore(ask, bob, story, 1, idempotency_key=key)
    assert refusal(restore(ask, bob, story, 2, idempotency_key=key)) == (422, "idempotency_key_reused")
    assert history.head(story.id) == 4


def test_a_crash_before_the_answer_was_kept(ask, bob, story, monkeypatch):
    key = str(uuid4())
    monkeypatch.setattr("documents.api.history.HistoryViewSet.shown", crash)
    with pytest.raises(RuntimeError):
        restore(ask, bob, story, 1, idempotency_key=key)
    monkeypatch.undo()
    write(story, "More: ")
    assert restore(ask, bob, story, 1, idempotency_key=key).json()["content"] == "More: the cat"
    assert history.head(story.id) == 5


# --- Two who restore at once ---

OLD, NEW = "A long old text that matters.", "Etwas ganz anderes: 0123456789"


@pytest.fixture
def replaced(document, bob):
    """(nothing) -> the cat -> OLD -> NEW, which share hardly a letter"""
    services.replace_content(document, OLD, author=bob)
    services.replace_content(document, NEW, author=bob)
    return document


def test_who_saw_the_same_brings_it_back_once(ask, alice, bob, replaced):
    for user in (alice, bob, alice):
        assert restore(ask, user, replaced, 2, if_match='"3"').json()["content"] == OLD
    assert history.head(replaced.id) == 4


def test_what_is_typed_between_two_restores_stays(ask, alice, bob, replaced):
    restore(ask, alice, replaced, 2, if_match='"3"')
    write(replaced, "More. ")
    assert restore(ask, bob, replaced, 2, if_match='"3"').json()["content"] == "More. " + OLD


@pytest.mark.parametrize("rivals", [1, services.TRIES + 2])
def test_overtaken_at_the_last_moment(bob, replaced, rivals):
    """The other one commits between this one's look and its own commit, once or whenever it tries."""
    left, submit, document_id = [rivals], services.submit, replaced.id
    replaced.head = 3

    def submit_second(which, submission):
        if left[0]:
            left[0] -= 1
            if left[0] == rivals - 1:
                submit(document_id, Writer().writes(OLD, -len(NEW), base=3))
            else:
                write_by(submit)
        return submit(which, submission)

    def write_by(submit):
        submit(document_id, Writer().writes("!", base=history.head(document_id)))

    with patch.object(services, "submit", submit_second):
        services.restore_version(replaced, 2, author=bob)
    assert history.current_text(document_id)[1].count(OLD) == 1


def test_threads_that_restore_the_same(alice, transactional_db):
    document = services.create_document(owner=alice, content=OLD)
    for _ in range(5):
        services.replace_content(document, NEW, author=alice)
        document.head = history.head(document.id)
        barrier = threading.Barrier(3)
        threads = [threading.Thread(target=_restores, args=(document, alice, barrier)) for _ in range(3)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(30)
        assert history.current_text(document.id)[1] == OLD
    assert_sound(document.id)


def _restores(document, user, barrier):
    try:
        barrier.wait(30)
        services.restore_version(document, 1, author=user)
    finally:
        connection.close()


# --- Bad input ---


@pytest.mark.parametrize("version", [True, False, "1", 1.0, -1, 2**63, 2**53, None, [1], {}, "", 1e300])
def test_a_version_is_a_whole_number(ask, bob, story, version):
    answer = restore(ask, bob, story, version)
    assert refusal(answer) == (400, "invalid_request")
    assert [error["attr"] for error in answer.json()["errors"]] == ["version"]
    assert history.head(story.id) == 3


@pytest.mark.parametrize("body", [{}, [], 5, None, "1", {"versions": 1}])
def test_bad_bodies(ask, bob, story, body):
    assert refusal(ask(bob, "post", url(story, "restore"), body)) == (400, "invalid_request")
    assert history.head(story.id) == 3


@pytest.mark.parametrize("version", [4, 99, 10**12, 2**53 - 1])
def test_no_such_version(ask, bob, story, version):
    assert refusal(restore(ask, bob, story, version)) == (404, "not_found")
    assert history.head(story.id) == 3


@pytest.mark.parametrize(("tag", "status", "code"), [("x", 400, "invalid_request"), ('"99"', 409, "version_unknown")])
def test_a_base_that_is_none(ask, bob, story, tag, status, code):
    assert refusal(restore(ask, bob, story, 1, if_match=tag)) == (status, code)
    assert history.head(story.id) == 3


def test_a_text_that_is_too_large_by_now(ask, bob, story, settings):
    settings.MAX_TEXT_LENGTH = 10
    assert refusal(restore(ask, bob, story, 2)) == (413, "document_too_large")
    assert history.current_text(story.id) == (3, "the black dog")


# --- Who may ---


def test_members_only(ask, users, story):
    assert_members_only(ask, users, story, "post", "restore", body={"version": 1})
    assert history.head(story.id) == 3


def test_readers_may_not(ask, users, story):
    assert_roles(ask, users, story, "post", "restore", refused="carol vera", body={"version": 1})
    assert history.head(story.id) == 3


@pytest.mark.parametrize("method", ["get", "put", "patch", "delete"])
def test_other_verbs(ask, bob, story, method):
    assert ask(bob, method, url(story, "restore"), {"version": 1}).status_code == 405
    assert history.head(story.id) == 3
