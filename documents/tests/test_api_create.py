from datetime import timedelta
from uuid import UUID

import pytest
from django.utils import timezone

from documents import history, oplog, services, sharing
from documents.api import idempotency
from documents.models import Document, IdempotentRequest
from documents.tests.rest import DOCUMENTS, crash, refusal

pytestmark = pytest.mark.django_db

A_SECOND = timedelta(seconds=1)  # more than a clock that counts milliseconds may be behind


def test_it_works(ask, alice):
    answer = ask(alice, "post", DOCUMENTS, {"title": "A story", "content": "the cat"})
    body = answer.json()
    assert answer.status_code == 201
    assert answer["Location"] == f"{DOCUMENTS}/{body['doc_id']}"
    assert answer["ETag"].startswith('"1-')
    assert set(body) == {
        "doc_id",
        "title",
        "content",
        "version",
        "role",
        "abilities",
        "locked",
        "owner",
        "created_at",
        "updated_at",
    }
    assert (body["title"], body["content"], body["version"], body["role"]) == ("A story", "the cat", 1, "owner")
    assert body["owner"] == {"id": str(alice.id), "username": "alice"}
    again = ask(alice, "get", answer["Location"])
    assert again.json() == body and again["ETag"] == answer["ETag"]


def test_the_text_is_operation_1(ask, alice):
    body = ask(alice, "post", DOCUMENTS, {"content": "the cat"}).json()
    [entry] = oplog.entries(UUID(body["doc_id"]), after=0)
    assert (entry.version, entry.author, entry.seq, entry.operation) == (1, alice.id, 1, ("the cat",))


@pytest.mark.parametrize("given", [{}, {"title": ""}, {"content": ""}, {"title": "x", "content": ""}])
def test_an_empty_one_is_at_version_0(ask, alice, given):
    answer = ask(alice, "post", DOCUMENTS, given)
    assert (answer.status_code, answer.json()["version"], answer.json()["content"]) == (201, 0, "")
    assert answer["ETag"].startswith('"0-')


@pytest.mark.parametrize("address", [DOCUMENTS, f"{DOCUMENTS}/"])
def test_the_slash_is_optional(ask, alice, address):
    answer = ask(alice, "post", address, {"content": "x"})
    assert answer["Location"] == f"{DOCUMENTS}/{answer.json()['doc_id']}"


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("a\r\nb\rc\n", "a\nb\nc\n"),
        ("  spaces \n\n", "  spaces \n\n"),
        ("\ufeff😀e\u0301\u2028\x85\x01", "\ufeff😀e\u0301\u2028\x85\x01"),
        ("<script>a && b</script>", "<script>a && b</script>"),
    ],
)
def test_nothing_is_altered_but_line_ends(ask, alice, given, kept):
    assert ask(alice, "post", DOCUMENTS, {"content": given}).json()["content"] == kept


def test_a_title_is_one_line(ask, alice):
    assert ask(alice, "post", DOCUMENTS, {"title": " a\nb\t\u202e<b> "}).json()["title"] == "a b \u202e<b>"
    assert ask(alice, "post", DOCUMENTS, {"title": "😀" * 200}).status_code == 201


def test_nobody_makes_one_without_a_name(ask):
    assert refusal(ask(None, "post", DOCUMENTS, {"content": "x"})) == (401, "not_authenticated")
    assert not Document.objects.exists()


@pytest.mark.parametrize(
    "body",
    [
        {"title": "x" * 201},
        {"title": None},
        {"title": ["x"]},
        {"content": None},
        {"content": {"$ne": ""}},
        {"content": "a\0b"},
        {"title": "a\0b"},
        [],
        "text",
        5,
    ],
)
def test_bad_input(ask, alice, body):
    answer = ask(alice, "post", DOCUMENTS, body)
    assert answer.status_code == 400 and refusal(answer)[1]
    assert not Document.objects.exists()


@pytest.mark.parametrize(
    "body", [b"", b"{", b'{"content": "\\ud800"}', b"\xff", b'{"content": NaN}', b"[" * 1000 + b"]" * 1000]
)
def test_no_json_at_all(client_for, alice, body):
    answer = client_for(alice).post(DOCUMENTS, body, content_type="application/json")
    assert answer.status_code in ((400, 201) if body == b"" else (400,))
    assert Document.objects.count() == (answer.status_code == 201)


def test_nothing_else_can_be_set(ask, alice, bob):
    given = {"owner": str(bob.id), "version": 9, "role": "viewer", "created_at": "2001-01-01", "doc_id": str(bob.id)}
    body = ask(alice, "post", DOCUMENTS, given | {"content": "x"}).json()
    assert body["owner"]["username"] == "alice" and body["version"] == 1 and body["doc_id"] != str(bob.id)
    assert body["created_at"] > "2002"


def test_a_text_has_an_end(ask, alice, settings):
    settings.MAX_TEXT_LENGTH = 10
    assert ask(alice, "post", DOCUMENTS, {"content": "😀" * 10}).status_code == 201
    answer = ask(alice, "post", DOCUMENTS, {"content": "x" * 11})
    assert refusal(answer) == (413, "document_too_large")
    assert Document.objects.count() == 1


# --- The same key ---


def test_an_answer_is_kept_for_two_days(ask, alice):
    for key in ("old", "new"):
        ask(alice, "post", DOCUMENTS, {"content": "x"}, idempotency_key=key)
    oldest = IdempotentRequest.objects.order_by("created_at").first()
    IdempotentRequest.objects.filter(pk=oldest.pk).update(created_at=timezone.now() - idempotency.KEPT_FOR - A_SECOND)
    assert idempotency.forget_old() == 1
    assert IdempotentRequest.objects.exclude(pk=oldest.pk).count() == 1


def test_a_forgotten_key_is_a_new_write(ask, alice):
    ask(alice, "post", DOCUMENTS, {"content": "monday"}, idempotency_key="nightly")
    IdempotentRequest.objects.update(created_at=timezone.now() - idempotency.KEPT_FOR - A_SECOND)
    idempotency.forget_old()
    answer = ask(alice, "post", DOCUMENTS, {"content": "tuesday"}, idempotency_key="nightly")
    assert answer.json()["content"] == "tuesday"
    assert Document.objects.count() == 2


def test_resent_after_a_crash_and_a_transfer(ask, alice, bob):
    made = ask(alice, "post", DOCUMENTS, {"content": "x"}, idempotency_key="k").json()
    document = Document.objects.get()
    sharing.set_role(document, user=bob, role="owner", actor=alice)
    IdempotentRequest.objects.update(status=None)
    again = ask(alice, "post", DOCUMENTS, {"content": "x"}, idempotency_key="k")
    assert (again.status_code, again.json()["doc_id"], again.json()["role"]) == (201, made["doc_id"], "editor")
    sharing.remove_collaborator(document, user=alice, actor=bob)
    IdempotentRequest.objects.update(status=None)
    assert ask(alice, "post", DOCUMENTS, {"content": "x"}, idempotency_key="k").status_code == 404


def test_the_same_key_makes_one_document(ask, alice):
    """And the same answer, the headers too."""
    answers = [ask(alice, "post", DOCUMENTS, {"content": "x"}, idempotency_key="k") for _ in range(3)]
    assert Document.objects.count() == 1
    for answer in answers:
        assert (answer.status_code, answer.json()) == (201, answers[0].json())
        assert (answer["Location"], answer["ETag"]) == (answers[0]["Location"], answers[0]["ETag"])


def test_another_key_or_none_makes_another(ask, alice):
    for headers in ({}, {}, {"idempotency_key": "a"}, {"idempotency_key": "b"}):
        assert ask(alice, "post", DOCUMENTS, {"content": "x"}, **headers).status_code == 201
    assert Document.objects.count() == 4


def test_a_key_is_ones_own(ask, alice, bob):
    for user in (alice, bob):
        assert ask(user, "post", DOCUMENTS, {"content": "x"}, idempotency_key="k").status_code == 201
    assert Document.objects.count() == 2


def test_the_same_key_with_another_body(ask, alice):
    ask(alice, "post", DOCUMENTS, {"content": "x"}, idempotency_key="k")
    answer = ask(alice, "post", DOCUMENTS, {"content": "y"}, idempotency_key="k")
    assert refusal(answer) == (422, "idempotency_key_reused")


def test_a_refused_request_keeps_its_key_free(ask, alice, settings):
    settings.MAX_TEXT_LENGTH = 3
    assert ask(alice, "post", DOCUMENTS, {"content": "four"}, idempotency_key="k").status_code == 413
    settings.MAX_TEXT_LENGTH = 4
    assert ask(alice, "post", DOCUMENTS, {"content": "four"}, idempotency_key="k").status_code == 201


@pytest.mark.parametrize("key", ["", "x" * 256])
def test_a_key_has_a_length(ask, alice, key):
    assert ask(alice, "post", DOCUMENTS, {}, idempotency_key=key).status_code == 400


@pytest.mark.parametrize("where", [(services, "replace_content"), (IdempotentRequest.objects, "filter")])
def test_a_crash_in_the_middle_is_finished_by_the_same_request(client_for, alice, monkeypatch, where):
    """Between the document and its text, or between the effect and keeping the answer."""
    client = client_for(alice)
    client.raise_request_exception = False
    body, headers = {"content": "x", "title": "t"}, {"Idempotency-Key": "k"}
    with monkeypatch.context() as patch:
        patch.setattr(*where, crash)
        assert client.post(DOCUMENTS, body, format="json", headers=headers).status_code == 500
    assert Document.objects.get().title == "t"
    answers = [client.post(DOCUMENTS, body, format="json", headers=headers) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [201, 201]
    made = Document.objects.get()
    assert history.current_text(made.id) == (1, "x")
    assert answers[0].json() == answers[1].json()
