"""Comments over HTTP: who may say what of which text, and what is refused."""

import json
from datetime import timedelta
from uuid import uuid4

import pytest
from django.utils import timezone

from accounts import services as accounts
from accounts.models import RefreshSession
from documents import comments, events, services, sharing, threads, trash
from documents.models import Comment
from documents.tests.rest import DOCUMENTS, assert_members_only, assert_roles, refusal, url

pytestmark = pytest.mark.django_db
CAT = {"body": "Which cat?", "range": [4, 7], "version": 1}


@pytest.fixture
def says(ask, document):
    """`says(carol, "Which?", parent=…)` is a comment of carol's on "cat", as it was answered."""

    def say(user, body="Which cat?", **more):
        answer = ask(user, "post", url(document, "comments"), CAT | {"body": body} | more)
        assert answer.status_code == 201, answer.content
        return answer.json()

    return say


@pytest.fixture
def listed(ask, document):
    """The comments, as somebody sees them."""

    def see(user, query=""):
        answer = ask(user, "get", url(document, "comments") + query)
        assert answer.status_code == 200, answer.content
        return answer.json()

    return see


@pytest.fixture
def heard():
    """What is announced, but for what concerns no comment."""
    found = []

    def listen(event, **_):
        if isinstance(event, events.Commented):
            found.append(event)

    events.announced.connect(listen)
    yield found
    events.announced.disconnect(listen)


def with_head(document):
    """As when access was checked: it is at version 1."""
    document.head = 1
    return document


def at(document, comment):
    return url(document, "comments", comment["id"])


def test_it_works(ask, says, listed, carol, vera, document):
    made = says(carol)
    expected = {
        "author": {"id": str(carol.id), "username": "carol"},
        "body": "Which cat?",
        "range": [4, 7],
        "version": 1,
        "quote": "cat",
        "resolved": False,
        "parent": None,
        "deleted": False,
    }
    assert {key: made[key] for key in expected} == expected
    assert set(made) - set(expected) == {"id", "created_at", "changed_at"}
    assert listed(vera) == [made]
    services.replace_content(document, "not the cat", author=None)
    assert listed(vera) == [made | {"range": [8, 11], "version": 2}]
    changed = ask(carol, "patch", at(document, made), {"body": "Whose cat?"}).json()
    assert (changed["body"], changed["range"]) == ("Whose cat?", [8, 11])
    assert listed(vera) == [changed] and changed["changed_at"] > made["changed_at"]
    assert ask(carol, "delete", at(document, made)).status_code == 204
    assert listed(vera) == []


def test_a_stretch_is_meant_in_the_text_that_was_seen(says, listed, carol, document):
    services.replace_content(document, "not the cat", author=None)
    assert says(carol)["range"] == [8, 11]
    assert says(carol, range=[4, 7], version=2)["quote"] == "the"


def test_without_a_version_the_head_is_meant(ask, carol, document):
    services.replace_content(document, "not the cat", author=None)
    made = ask(carol, "post", url(document, "comments"), {"body": "?", "range": [0, 3]}).json()
    assert (made["quote"], made["version"]) == ("not", 2)


def test_a_place_alone_may_be_commented_on_and_an_empty_text(ask, alice, says, carol):
    assert says(carol, range=[7, 7])["quote"] == ""
    empty = ask(alice, "post", DOCUMENTS, {}).json()["doc_id"]
    made = ask(alice, "post", f"{DOCUMENTS}/{empty}/comments", {"body": "Nothing here", "range": [0, 0]})
    assert (made.status_code, made.json()["version"]) == (201, 0)


def test_a_long_stretch_is_quoted_by_its_beginning(says, carol, document):
    text = "a😀" * 400
    services.replace_content(document, text, author=None)
    made = says(carol, range=[1, 800], version=2)
    assert (made["range"], made["quote"]) == ([1, 800], text[1:501])


def test_words_are_kept_as_they_are_but_for_line_ends(says, carol):
    assert says(carol, " \u202ee\u0301 <b>\r\n\ufeff\t\r ")["body"] == " \u202ee\u0301 <b>\n\ufeff\t\n "


# --- Threads ---


def test_answers_stand_where_their_thread_does(ask, says, listed, bob, carol, document):
    first, other = says(carol), says(bob, "Elsewhere", range=[0, 3])
    answer = ask(bob, "post", url(document, "comments"), {"body": "Mine", "parent": first["id"]}).json()
    assert (answer["parent"], answer["range"], answer["quote"]) == (first["id"], [4, 7], "cat")
    assert [each["body"] for each in listed(carol)] == ["Which cat?", "Mine", "Elsewhere"]
    services.replace_content(document, "the dog", author=None)
    assert [each["range"] for each in listed(carol)] == [[7, 7], [7, 7], [0, 3]]
    assert other["parent"] is None


def test_there_is_one_level(ask, says, carol, document):
    answer = says(carol, parent=says(carol)["id"])
    refused = ask(carol, "post", url(document, "comments"), CAT | {"parent": answer["id"]})
    assert refusal(refused) == (400, "invalid_request")


def test_a_thread_is_resolved_and_reopened_by_whoever_may_comment(ask, says, listed, bob, carol, document):
    first = says(carol)
    answer = says(carol, "Mine", parent=first["id"])
    says(carol, "Another")
    for is_resolved in (True, False):
        shown = ask(bob, "patch", at(document, first), {"resolved": is_resolved})
        assert (shown.status_code, shown.json()["resolved"]) == (200, is_resolved)
        words = {"true": [], "false": ["Another"]}
        words["true" if is_resolved else "false"][:0] = ["Which cat?", "Mine"]
        assert {name: [each["body"] for each in listed(bob, f"?resolved={name}")] for name in words} == words
    refused = ask(bob, "patch", at(document, answer), {"resolved": True})
    assert refusal(refused) == (400, "invalid_request")


def test_what_is_answered_stays_as_an_empty_place(ask, says, listed, bob, carol, document):
    first = says(carol)
    answer = says(bob, "Mine", parent=first["id"])
    assert ask(carol, "delete", at(document, first)).status_code == 204
    place, still = listed(carol)
    assert still == answer
    assert place | {"changed_at": ""} == first | {"body": "", "author": None, "deleted": True, "changed_at": ""}
    assert refusal(ask(carol, "delete", at(document, first))) == (404, "not_found")
    assert says(bob, "Go on", parent=first["id"])["parent"] == first["id"]
    for each in listed(bob)[1:]:
        assert ask(bob, "delete", at(document, each)).status_code == 204
    assert listed(bob) == []
    assert refusal(ask(bob, "patch", at(document, first), {"resolved": True})) == (404, "not_found")
    gone = ask(bob, "post", url(document, "comments"), CAT | {"parent": first["id"]})
    assert refusal(gone) == (400, "invalid_request")


# --- Who ---


def test_roles(ask, users, says, document):
    mine = says(users["carol"])["id"]
    for method, rest, body, refused in [
        ("get", ["comments"], None, ""),
        ("post", ["comments"], CAT, "vera"),
        ("patch", ["comments", mine], {"resolved": True}, "vera"),
        ("patch", ["comments", mine], {"body": "x"}, "alice bob vera"),
        ("delete", ["comments", mine], None, "bob vera"),
    ]:
        assert_members_only(ask, users, document, method, *rest, body=body)
        assert_roles(ask, users, document, method, *rest, refused=refused, body=body)
    assert Comment.objects.get().body == CAT["body"]


@pytest.mark.parametrize("name", ["alice", "bob", "carol"])
def test_whoever_may_comment_does(ask, users, says, document, name):
    made = says(users[name])
    assert ask(users[name], "patch", at(document, made), {"body": "x", "resolved": True}).json()["resolved"]
    assert ask(users[name], "delete", at(document, made)).status_code == 204


def test_a_refused_change_changes_nothing(ask, says, listed, bob, carol, document):
    made = says(carol)
    for user, body in ((bob, {"body": "x", "resolved": True}), (carol, {"body": "", "resolved": True})):
        assert ask(user, "patch", at(document, made), body).status_code in (400, 403)
    assert listed(carol) == [made]


def test_the_owner_takes_away_anybodys(ask, says, listed, alice, carol, document):
    assert ask(alice, "delete", at(document, says(carol))).status_code == 204
    assert listed(carol) == []


def test_a_locked_document_takes_none(ask, says, listed, alice, carol, document):
    made = says(carol)
    sharing.lock(document)
    for method, where, body in [
        ("post", url(document, "comments"), CAT),
        ("patch", at(document, made), {"resolved": True}),
        ("delete", at(document, made), None),
    ]:
        for user in (alice, carol):
            assert refusal(ask(user, method, where, body)) == (403, "forbidden")
    assert listed(alice) == [made]


def test_a_guest_comments_as_one(client_for, listed, alice, document):
    link = sharing.create_link(document, role="commenter", expires_at=None, actor=alice)
    dora = sharing.let_guest_in(link.link, "Dora")
    assert client_for(dora).post(url(document, "comments"), CAT, format="json").status_code == 201
    assert listed(alice)[0]["author"]["username"] == "Dora (guest)"


def test_a_session_for_reading_only_says_nothing(client_for, carol, document):
    client = client_for(carol)
    RefreshSession.objects.update(is_read_only=True)
    assert client.get(url(document, "comments")).status_code == 200
    assert refusal(client.post(url(document, "comments"), CAT, format="json")) == (403, "forbidden")


def test_of_an_erased_person_the_words_stay(says, listed, alice, carol):
    made = says(carol)
    accounts.erase_user(carol)
    assert listed(alice) == [made | {"author": None}]


# --- Nonsense ---


@pytest.mark.parametrize(
    "change",
    [
        {"body": ""}, {"body": "\0"}, {"body": "a\ud800"}, {"body": "x" * 10_001}, {"body": 7}, {"body": None},
        {"body": ["x"]}, {"range": None}, {"range": [4]}, {"range": [4, 5, 6]}, {"range": [7, 4]}, {"range": [4, 8]},
        {"range": [-1, 4]}, {"range": [False, True]}, {"range": [1.0, 2]}, {"range": ["1", 2]}, {"range": "ab"},
        {"range": [0, 10**30]}, {"range": [2**53, 2**53]}, {"range": {"0": 1, "1": 2}}, {"range": [8, 8]},
        {"version": True}, {"version": -1}, {"version": "1"}, {"version": 10**30}, {"version": 0},
        {"parent": "x"}, {"parent": 7}, {"parent": str(uuid4())}, {"parent": {"$ne": ""}},
    ],
    ids=str,
)  # fmt: skip
def test_nonsense_is_refused(client_for, carol, document, change):
    body = json.dumps(CAT | change)
    answer = client_for(carol).post(url(document, "comments"), body, content_type="application/json")
    assert answer.status_code == 400, answer.content
    assert not Comment.objects.exists()


def test_a_range_is_needed(ask, carol, document):
    assert refusal(ask(carol, "post", url(document, "comments"), {"body": "x"})) == (400, "invalid_request")


def test_a_version_to_come_is_unknown(ask, carol, document):
    assert refusal(ask(carol, "post", url(document, "comments"), CAT | {"version": 2})) == (409, "version_unknown")


def test_a_version_far_behind_is_too_old(ask, carol, document, settings):
    settings.MAX_BASE_AGE = 1
    services.replace_content(document, "the cat sat", author=None)
    assert ask(carol, "post", url(document, "comments"), CAT).status_code == 201
    services.replace_content(document, "the cat sat down", author=None)
    assert refusal(ask(carol, "post", url(document, "comments"), CAT)) == (409, "version_too_old")


@pytest.mark.parametrize("change", [{"body": ""}, {"body": "\0"}, {"body": 7}, {"resolved": 1}, {"resolved": "true"}])
def test_nonsense_changes_nothing(ask, says, listed, carol, document, change):
    made = says(carol)
    assert refusal(ask(carol, "patch", at(document, made), change)) == (400, "invalid_request")
    assert listed(carol) == [made]


def test_nothing_to_change_is_nothing(ask, says, carol, document, heard):
    made = says(carol)
    heard.clear()
    for body in ({}, {"body": "Which cat?"}, {"resolved": False}):
        assert ask(carol, "patch", at(document, made), body).json() == made
    assert heard == []


@pytest.mark.parametrize("query", ["?resolved=1", "?resolved=", "?resolved=True"])
def test_a_filter_is_true_or_false(ask, carol, document, query):
    assert refusal(ask(carol, "get", url(document, "comments") + query)) == (400, "invalid_request")


def test_a_comment_of_another_document_is_not_here(ask, says, alice, document):
    made = says(alice)
    other = ask(alice, "post", DOCUMENTS, {"content": "the cat"}).json()["doc_id"]
    there = f"{DOCUMENTS}/{other}/comments/{made['id']}"
    assert refusal(ask(alice, "patch", there, {"body": "x"})) == (404, "not_found")
    assert refusal(ask(alice, "delete", there)) == (404, "not_found")
    answer = ask(alice, "post", f"{DOCUMENTS}/{other}/comments", CAT | {"parent": made["id"]})
    assert refusal(answer) == (400, "invalid_request")
    assert Comment.objects.get().body == made["body"]


@pytest.mark.parametrize("name", [str(uuid4()), "-" * 36, "0" * 36])
def test_there_is_no_such_comment(ask, alice, document, name):
    for method in ("patch", "delete"):
        assert refusal(ask(alice, method, url(document, "comments", name), {})) == (404, "not_found")


# --- Once, and not too many ---


def test_a_key_makes_one(ask, listed, carol, document):
    answers = [ask(carol, "post", url(document, "comments"), CAT, idempotency_key="k") for _ in range(2)]
    assert answers[0].json() == answers[1].json() and len(listed(carol)) == 1
    other = ask(carol, "post", url(document, "comments"), CAT | {"body": "x"}, idempotency_key="k")
    assert refusal(other) == (422, "idempotency_key_reused")


def test_a_key_makes_one_also_where_the_answer_was_not_kept(ask, listed, carol, document, monkeypatch):
    with monkeypatch.context() as crash:
        crash.setattr(events, "announce", lambda _: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            ask(carol, "post", url(document, "comments"), CAT, idempotency_key="k")
    answer = ask(carol, "post", url(document, "comments"), CAT, idempotency_key="k")
    assert answer.status_code == 201 and listed(carol) == [answer.json()]


def test_there_are_only_so_many(ask, says, carol, document, settings, monkeypatch):
    settings.MAX_COMMENTS = 2
    made = [says(carol), says(carol)]
    assert refusal(ask(carol, "post", url(document, "comments"), CAT)) == (409, "too_many")
    ask(carol, "delete", at(document, made[0]))
    assert refusal(ask(carol, "post", url(document, "comments"), CAT)) == (409, "too_many")  # it is remembered for now
    later = timezone.now() + comments.REMEMBERED + timedelta(seconds=1)
    monkeypatch.setattr(comments.timezone, "now", lambda: later)
    assert ask(carol, "post", url(document, "comments"), CAT).status_code == 201
    assert Comment.objects.count() == 2


def test_a_place_with_answers_is_not_forgotten(ask, says, listed, carol, document, monkeypatch):
    first = says(carol)
    says(carol, parent=first["id"])
    ask(carol, "delete", at(document, first))
    later = timezone.now() + timedelta(days=1)
    monkeypatch.setattr(comments.timezone, "now", lambda: later)
    says(carol)
    assert [each["deleted"] for each in listed(carol)] == [True, False, False]


def test_listing_costs_two_queries_for_many(says, carol, bob, document, django_assert_num_queries):
    for user in (bob, carol, bob):
        says(user, parent=says(carol)["id"])
    with django_assert_num_queries(2):
        assert len(threads.list_comments(with_head(document))) == 6


# --- What is announced ---


def test_each_change_is_announced_as_it_is_shown(ask, says, heard, carol, document):
    made = says(carol)
    changed = ask(carol, "patch", at(document, made), {"resolved": True}).json()
    ask(carol, "delete", at(document, made))
    assert [event.document_id for event in heard] == [document.id] * 3
    assert [event.comment for event in heard[:2]] == [made, changed]
    gone = heard[2].comment
    assert (gone["id"], gone["deleted"], gone["body"], gone["author"]) == (made["id"], True, "", None)
    times = [event.comment["changed_at"] for event in heard]
    assert times == sorted(set(times))


def test_two_changes_at_once_lose_nothing(ask, says, listed, carol, bob, document, monkeypatch):
    """The one that comes second has read before the first was written."""
    made = says(carol)
    put, others = comments._put, [{"is_resolved": True}]

    def late(comment, columns):
        if others:
            comments.change(with_head(document), made["id"], actor=bob, **others.pop())
        return put(comment, columns)

    monkeypatch.setattr(comments, "_put", late)
    ask(carol, "patch", at(document, made), {"body": "Mine"})
    [found] = listed(carol)
    assert (found["body"], found["resolved"]) == ("Mine", True)


def test_a_clock_that_goes_back_makes_no_change_older(ask, says, carol, document, monkeypatch):
    made = says(carol)
    earlier = timezone.now() - timedelta(hours=1)
    monkeypatch.setattr(comments.timezone, "now", lambda: earlier)
    changed = comments.change(with_head(document), made["id"], actor=carol, body="x")
    assert changed["changed_at"] > made["changed_at"]


# --- The end ---


def test_purging_a_document_takes_its_comments(ask, says, alice, carol, document):
    says(carol)
    other = ask(alice, "post", DOCUMENTS, {"content": "the cat"}).json()["doc_id"]
    ask(alice, "post", f"{DOCUMENTS}/{other}/comments", CAT)
    trash.delete_document(document, actor=alice)
    assert Comment.objects.count() == 2
    trash.purge(document)
    assert [str(each.document_id) for each in Comment.objects.all()] == [other]
