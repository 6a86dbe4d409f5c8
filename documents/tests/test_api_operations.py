import json
from uuid import uuid4

import pytest

from documents import history, logtable, oplog, services
from documents.tests.rest import assert_members_only, assert_roles, refusal, url
from documents.tests.writers import Writer

pytestmark = pytest.mark.django_db


def submission(*operation, base: int = 1, seq: int = 1, client_id: str | None = None) -> dict:
    client_id = client_id or str(uuid4())
    return {"client_id": client_id, "seq": seq, "base_version": base, "operation": list(operation)}


@pytest.fixture
def submit(ask, document):
    def submit(user, body, **headers):
        return ask(user, "post", url(document, "operations"), body, **headers)

    return submit


def test_it_works(submit, bob, document):
    answer = submit(bob, submission(4, "black "))
    assert (answer.status_code, answer.json()) == (200, {"version": 2, "operation": [4, "black "]})
    assert history.current_text(document.id) == (2, "the black cat")
    assert oplog.newest(document.id).author == bob.id


def test_the_answer_is_as_committed(submit, alice, bob, document):
    submit(alice, submission("so: "))
    assert submit(bob, submission(7, "!", 0, "?")).json() == {"version": 3, "operation": [11, "!?"]}


def test_a_resend_is_answered_the_same(submit, alice, bob, document):
    body = submission(7, "!")
    first = submit(bob, body)
    submit(alice, submission("so: "))
    assert submit(bob, body).json() == first.json()
    assert history.current_text(document.id) == (3, "so: the cat!")


@pytest.mark.parametrize(
    ("change", "code", "status"),
    [
        ({"operation": ["other"]}, "seq_reused", 409),
        ({"base_version": 2}, "seq_reused", 409),
        ({"seq": 2}, "out_of_order", 409),
        ({"seq": 2, "base_version": 99}, "version_unknown", 409),
        ({"seq": 2, "base_version": 2, "operation": [99]}, "invalid_operation", 400),
    ],
)
def test_refusals_have_their_codes(submit, bob, document, change, code, status):
    body = submission("x")
    submit(bob, body)
    assert refusal(submit(bob, body | change)) == (status, code)
    assert history.current_text(document.id) == (2, "xthe cat")


def test_sizes(submit, bob, settings):
    settings.MAX_INSERTED_LENGTH, settings.MAX_COMPONENTS, settings.MAX_TEXT_LENGTH = 5, 3, 10
    assert refusal(submit(bob, submission("123456"))) == (413, "operation_too_large")
    assert refusal(submit(bob, submission(1, "a", 1, "b"))) == (413, "operation_too_large")
    assert refusal(submit(bob, submission("1234"))) == (413, "document_too_large")


def test_too_far_behind(submit, bob, document, settings):
    settings.MAX_BASE_AGE = 2
    for base in (1, 2, 3):
        services.submit(document.id, Writer().writes("x", base=base))
    body = submission(7, "!")
    assert refusal(submit(bob, body)) == (409, "version_too_old")
    assert submit(bob, body | {"base_version": 4, "operation": [10, "!"]}).json()["version"] == 5


def test_a_client_id_belongs_to_its_user(submit, alice, bob):
    body = submission("x")
    submit(bob, body)
    assert refusal(submit(alice, body)) == (403, "forbidden")
    assert refusal(submit(alice, body | {"seq": 2, "base_version": 2})) == (403, "forbidden")


def test_the_author_is_who_asks(submit, alice, bob, document):
    submit(bob, submission("x") | {"author": str(alice.id), "whole_text": True, "strict": True})
    assert oplog.newest(document.id).author == bob.id


@pytest.mark.parametrize("seq", [0, -1, "1", 1.0, True, None, 2**53, 10**30, [1]])
def test_a_seq_counts_from_1(submit, bob, document, seq):
    assert refusal(submit(bob, submission("x") | {"seq": seq}))[0] == 400


@pytest.mark.parametrize("base", [-1, "1", 1.0, True, None, 2**53, 10**30, {}])
def test_a_base_is_a_whole_number(submit, bob, document, base):
    assert refusal(submit(bob, submission("x") | {"base_version": base}))[0] == 400


@pytest.mark.parametrize(
    "client_id", ["", "x", None, 5, True, {"$ne": None}, [], "00000000-0000-0000-0000-00000000000g"]
)
def test_a_client_id_is_a_uuid(submit, bob, document, client_id):
    assert refusal(submit(bob, submission("x") | {"client_id": client_id}))[0] == 400


@pytest.mark.parametrize(
    "operation",
    [None, "x", {}, 5, [None], [True], [1.0], [[1]], [{"d": 1}], ["a\r"], ["a\0"], [10**400], [2**53, 1], [-(2**53)]],
)
def test_bad_operations(client_for, bob, document, operation):
    body = json.dumps(submission() | {"operation": operation})
    answer = client_for(bob).post(url(document, "operations"), body, content_type="application/json")
    assert refusal(answer)[0] == 400
    assert history.head(document.id) == 1


@pytest.mark.parametrize("missing", ["client_id", "seq", "base_version", "operation"])
def test_everything_is_needed(submit, bob, missing):
    body = submission("x")
    del body[missing]
    answer = submit(bob, body)
    assert refusal(answer) == (400, "invalid_request")
    assert [error["attr"] for error in answer.json()["errors"]] == [missing]


def test_submitting_members_only(ask, users, document):
    assert_members_only(ask, users, document, "post", "operations", body=submission("x"))


def test_readers_do_not_submit(ask, users, document):
    assert_roles(ask, users, document, "post", "operations", refused="carol vera", body=submission("x"))
    assert history.head(document.id) == 1


# --- Reading ---


@pytest.fixture
def read(ask, document):
    def read(user, query=""):
        return ask(user, "get", url(document, f"operations{query}"))

    return read


def test_reading_works(read, vera, bob, document):
    tab = Writer(bob.id)
    services.submit(document.id, tab.writes(7, "!", base=1))
    body = read(vera).json()
    assert body["version"] == 2
    assert [entry["version"] for entry in body["operations"]] == [1, 2]
    newest = body["operations"][1]
    assert newest.pop("created_at")
    assert newest == {
        "version": 2,
        "client_id": str(tab.client_id),
        "seq": 1,
        "author": str(bob.id),
        "operation": [7, "!"],
    }


def test_since_and_limit(read, alice, document):
    for base in range(1, 6):
        services.submit(document.id, Writer().writes("x", base=base))
    for query, expected in (
        ("?since=0", [1, 2, 3, 4, 5, 6]),
        ("?since=4", [5, 6]),
        ("?since=2&limit=2", [3, 4]),
        ("?limit=1", [1]),
        ("?since=6", []),
        ("?since=999999999999999", []),
        ("?limit=200", [1, 2, 3, 4, 5, 6]),
    ):
        body = read(alice, query).json()
        assert ([entry["version"] for entry in body["operations"]], body["version"]) == (expected, 6), query


@pytest.mark.parametrize(
    "query",
    ["since=-1", "since=x", "since=", "since=1.0", f"since={'9' * 17}", "limit=0", "limit=201", "limit=x", "limit=-1"],
)
def test_nonsense_is_refused(read, alice, query):
    assert refusal(read(alice, f"?{query}")) == (400, "invalid_request")


def test_reading_members_only(ask, users, document):
    assert_members_only(ask, users, document, "get", "operations")


def test_the_slash_is_optional(ask, bob, document):
    assert ask(bob, "post", url(document, "operations/"), submission("x")).json()["version"] == 2
    assert ask(bob, "get", url(document, "operations/?since=1")).json()["version"] == 2


def test_a_page_of_heavy_operations_is_shorter(ask, alice, document, monkeypatch):
    monkeypatch.setattr(logtable, "MUCH", 30)
    tab = Writer(alice.id)
    for version in range(1, 6):
        services.submit(document.id, tab.writes("x" * 20, base=version))
    read, pages = [], []
    while len(read) < 6:
        body = ask(alice, "get", url(document, f"operations?since={len(read)}")).json()
        assert body["version"] == 6
        pages.append(len(body["operations"]))
        read += [entry["version"] for entry in body["operations"]]
    assert read == [1, 2, 3, 4, 5, 6]
    assert pages == [2, 2, 2]


def test_one_operation_comes_however_heavy(ask, alice, document, monkeypatch):
    monkeypatch.setattr(logtable, "MUCH", 1)
    body = ask(alice, "get", url(document, "operations")).json()
    assert [entry["version"] for entry in body["operations"]] == [1]


def test_a_page_of_history_too_heavy_to_answer_says_so(ask, alice, document, monkeypatch):
    for letter in "xy":
        services.replace_content(document, letter * 100, author=alice)
    monkeypatch.setattr(logtable, "MUCH", 50)
    assert refusal(ask(alice, "get", url(document, "history"))) == (413, "too_large")
    assert ask(alice, "get", url(document, "history?limit=1")).json()["results"][0]["version"] == 3
