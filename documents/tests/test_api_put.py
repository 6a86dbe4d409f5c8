"""PUT and PATCH: a whole text, merged with what came since its base."""

from collections import Counter
from datetime import timedelta

import pytest
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from documents import events, history, oplog, permissions, services, sharing
from documents.api import idempotency
from documents.models import Document, IdempotentRequest, Operation, Role
from documents.ot import apply, diff, transform
from documents.ot.tests.strategies import PIECES, operations
from documents.tests.rest import assert_members_only, assert_roles, crash, refusal, url
from documents.tests.writers import Writer, assert_sound

pytestmark = pytest.mark.django_db


def write(document: Document, *operation, base: int | None = None) -> int:
    """Somebody types; the version that it gets."""
    base = history.head(document.id) if base is None else base
    return services.submit(document.id, Writer().writes(*operation, base=base)).version


# --- The text ---


def test_it_works(ask, bob, document):
    answer = ask(bob, "put", url(document), {"content": "the black cat", "title": "New", "version": 1})
    body = answer.json()
    assert answer.status_code == 200
    assert (body["content"], body["title"], body["version"], body["role"]) == ("the black cat", "New", 2, "editor")
    assert answer["ETag"].startswith('"2-')
    again = ask(bob, "get", url(document))
    assert again.json() == body and again["ETag"] == answer["ETag"]
    entry = oplog.newest(document.id)
    assert (entry.author, entry.seq, entry.operation) == (bob.id, 1, (4, "black "))


@pytest.mark.parametrize("how", ["version", "etag", "number", "weak"])
def test_merged_with_what_came_since(ask, alice, bob, document, how):
    tag = ask(bob, "get", url(document))["ETag"]
    write(document, 7, "!")
    write(document, -4)
    body, headers = {"content": "the black cat"}, {}
    match how:
        case "version":
            body["version"] = 1
        case "etag":
            headers["if_match"] = tag
        case "number":
            headers["if_match"] = '"1"'
        case "weak":
            headers["if_match"] = f"W/{tag}"
    answer = ask(bob, "put", url(document), body, **headers)
    assert (answer.json()["content"], answer.json()["version"]) == ("black cat!", 4)


def test_copies_that_fail_do_not_take_back_what_was_written(ask, bob, document, monkeypatch):
    monkeypatch.setattr(services.rows, "refresh_row", crash)
    answer = ask(bob, "put", url(document), {"content": "the black cat", "version": 1})
    assert (answer.status_code, answer.json()["version"]) == (200, 2)


def test_without_a_base_the_head_on_arrival_is_taken(ask, bob, document):
    write(document, 7, "!")
    assert ask(bob, "put", url(document), {"content": "the dog"}).json()["content"] == "the dog"


def test_any_tag_is_no_base(ask, bob, document):
    write(document, 7, "!")
    assert ask(bob, "put", url(document), {"content": "the dog"}, if_match="*").json()["content"] == "the dog"


def test_from_version_0(ask, bob, document):
    answer = ask(bob, "put", url(document), {"content": "once more: ", "version": 0})
    assert answer.json()["content"] == "once more: the cat"


@pytest.mark.parametrize("method", ["put", "patch"])
def test_nothing_changed_makes_no_version(ask, bob, document, method):
    write(document, 7, "!")
    tag = ask(bob, "get", url(document))["ETag"]
    for body in ({"content": "the cat!"}, {"content": "the cat!", "version": 2}, {"content": "the cat", "version": 1}):
        answer = ask(bob, method, url(document), body)
        assert (answer.status_code, answer.json()["version"], answer["ETag"]) == (200, 2, tag)


def test_line_ends_become_lf(ask, bob, document):
    assert ask(bob, "put", url(document), {"content": "a\r\nb\rc"}).json()["content"] == "a\nb\nc"
    answer = ask(bob, "put", url(document), {"content": "a\nb\r\nc"})
    assert answer.json()["version"] == 2, "the same but for line ends is the same"


def test_everybody_hears_of_it(ask, bob, document):
    heard = []
    listen = lambda event, **_: heard.append(event)  # noqa: E731
    events.announced.connect(listen)
    try:
        ask(bob, "put", url(document), {"content": "the black cat", "title": "New"})
    finally:
        events.announced.disconnect(listen)
    assert heard == [
        events.Committed(document.id, (oplog.newest(document.id),)),
        events.Renamed(document.id, "New"),
    ]


@st.composite
def games(draw: st.DrawFn) -> tuple[str, list, str]:
    """A base, what is typed live on it (in letters that nothing else has), and another whole text."""
    words = st.lists(st.sampled_from([*PIECES, "the ", "cat ", "line\n"]), max_size=8).map("".join)
    base = draw(words)
    live, text = [], base
    for letter in draw(st.lists(st.sampled_from("①②③④⑤⑥"), max_size=4, unique=True)):
        operation = [c if not isinstance(c, str) else letter * len(c) for c in draw(operations(text))]
        live.append(tuple(operation))
        text = apply(text, live[-1])
    body = draw(st.one_of(words, operations(base).map(lambda operation: apply(base, operation))))
    return base, live, body


@given(game=games())
@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_nothing_is_lost_and_nothing_doubled(alice, game):
    """What was typed live is still there, every insertion of the body is there once, and what it deleted is gone."""
    base, live, body = game
    document = services.create_document(owner=alice, content=base)
    before = history.head(document.id)
    for operation in live:
        write(document, *operation)
    entry = services.replace_content(document, body, author=alice, base_version=before)
    version, merged = history.current_text(document.id)
    assert (entry is None) == (body == base)
    assert version == before + len(live) + (body != base)
    only_live = base
    for operation in live:
        only_live = apply(only_live, operation)
    typed = Counter(c for c in only_live if c in "①②③④⑤⑥")
    assert Counter(c for c in merged if c in "①②③④⑤⑥") == typed, "typed live"
    change = diff(base, body)
    for concurrent in live:
        change = transform(change, concurrent)
    assert merged == apply(only_live, change)
    inserted = "".join(part for part in diff(base, body) if isinstance(part, str))
    assert "".join(part for part in change if isinstance(part, str)) == inserted, "the body's"
    if not live:
        assert merged == body
    assert_sound(document.id)


# --- The base ---


@pytest.mark.parametrize("version", [-1, "1", 1.0, True, None, [1], 2**53])
def test_a_version_is_a_whole_number(ask, bob, document, version):
    assert refusal(ask(bob, "put", url(document), {"content": "x", "version": version}))[0] == 400
    assert history.head(document.id) == 1


@pytest.mark.parametrize(
    "tag", ["1", '"x"', '""', '"-1"', '"1', "nonsense", '"1-zz"', '"1", "2"', '"9999999999999999"']
)
def test_an_if_match_that_is_no_tag(ask, bob, document, tag):
    assert refusal(ask(bob, "put", url(document), {"content": "x"}, if_match=tag)) == (400, "invalid_request")
    assert history.head(document.id) == 1


@pytest.mark.parametrize("version", [2, 99, 2**53 - 1])
def test_a_version_in_the_future(ask, bob, document, version):
    answer = ask(bob, "put", url(document), {"content": "x", "version": version})
    assert refusal(answer) == (409, "version_unknown")
    assert history.head(document.id) == 1


def test_both_must_agree(ask, bob, document):
    write(document, 7, "!")
    answer = ask(bob, "put", url(document), {"content": "x", "version": 1}, if_match='"2"')
    assert refusal(answer) == (400, "invalid_request")
    answer = ask(bob, "put", url(document), {"content": "the cat?", "version": 1}, if_match='"1"')
    assert answer.json()["content"] == "the cat?!"


def test_too_far_behind(ask, bob, document, settings):
    settings.MAX_BASE_AGE = 3
    for _ in range(4):
        write(document, "x")
    answer = ask(bob, "put", url(document), {"content": "y", "version": 1})
    assert refusal(answer) == (409, "version_too_old")


# --- Strict ---


@pytest.mark.parametrize("prefer", ["handling=strict", "Handling=Strict", "respond-async, handling=strict"])
@pytest.mark.parametrize("content", ["the black cat", "the cat"])
@pytest.mark.parametrize("method", ["put", "patch"])
def test_strict_refuses_a_stale_base(ask, bob, document, prefer, content, method):
    write(document, 7, "!")
    answer = ask(bob, method, url(document), {"content": content}, if_match='"1"', prefer=prefer)
    assert refusal(answer) == (412, "stale")
    assert answer.json()["version"] == 2
    assert history.current_text(document.id) == (2, "the cat!")


def test_strict_refuses_a_stale_name_too(ask, bob, document):
    write(document, 7, "!")
    answer = ask(bob, "patch", url(document), {"title": "New"}, if_match='"1"', prefer="handling=strict")
    assert (refusal(answer), answer.json()["version"]) == ((412, "stale"), 2)
    assert Document.objects.get().title == "A story"
    answer = ask(bob, "patch", url(document), {"title": "New"}, if_match='"2"', prefer="handling=strict")
    assert answer.json()["title"] == "New"


def test_strict_takes_the_head(ask, bob, document):
    tag = ask(bob, "get", url(document))["ETag"]
    answer = ask(bob, "put", url(document), {"content": "the dog"}, if_match=tag, prefer="handling=strict")
    assert answer.json()["version"] == 2


def test_strict_loses_a_race_that_comes_after_its_look(ask, bob, document, monkeypatch):
    """The log itself decides, at the moment of the commit."""
    diffed = services.diff

    def slow(old: str, new: str):
        write(document, "faster ")
        return diffed(old, new)

    monkeypatch.setattr(services, "diff", slow)
    answer = ask(bob, "put", url(document), {"content": "x", "version": 1}, prefer="handling=strict")
    assert (refusal(answer), answer.json()["version"]) == ((412, "stale"), 2)


def test_lenient_is_merged(ask, bob, document):
    write(document, 7, "!")
    answer = ask(bob, "put", url(document), {"content": "a cat", "version": 1}, prefer="handling=lenient")
    assert answer.json()["content"] == "a cat!"


# --- Title alone, text alone ---


def test_a_new_name_is_no_version(ask, bob, document):
    body = ask(bob, "patch", url(document), {"title": "New"}).json()
    assert (body["title"], body["content"], body["version"]) == ("New", "the cat", 1)
    assert body["updated_at"] > ask(bob, "get", url(document, "versions", 1)).json()["created_at"]


def test_patch_takes_the_text_alone(ask, bob, document):
    write(document, 7, "!")
    body = ask(bob, "patch", url(document), {"content": "a cat", "version": 1}).json()
    assert (body["title"], body["content"]) == ("A story", "a cat!")


def test_patch_takes_nothing(ask, bob, document):
    tag = ask(bob, "get", url(document))["ETag"]
    assert ask(bob, "patch", url(document), {})["ETag"] == tag


def test_put_needs_the_text(ask, bob, document):
    assert refusal(ask(bob, "put", url(document), {"title": "x"})) == (400, "invalid_request")


@pytest.mark.parametrize(
    "body",
    [
        {"content": None},
        {"content": ["x"]},
        {"content": "a\0"},
        {"content": "x", "title": "x" * 201},
        {"content": "x", "title": None},
        [],
        5,
        None,
    ],
)
def test_bad_input(ask, bob, document, body):
    assert ask(bob, "put", url(document), body).status_code == 400
    shown = ask(bob, "get", url(document)).json()
    assert (shown["content"], shown["title"], shown["version"]) == ("the cat", "A story", 1)


def test_a_text_has_an_end(ask, bob, document, settings):
    settings.MAX_TEXT_LENGTH = 10
    answer = ask(bob, "put", url(document), {"content": "x" * 11, "title": "New"})
    assert refusal(answer) == (413, "document_too_large")
    assert ask(bob, "get", url(document)).json()["title"] == "A story", "refused is refused as a whole"


def test_a_merge_has_an_end_too(ask, bob, document, settings):
    settings.MAX_TEXT_LENGTH = 10
    write(document, "abc")
    answer = ask(bob, "put", url(document), {"content": "the cat!", "version": 1})
    assert refusal(answer) == (413, "document_too_large")


def test_a_whole_text_has_no_other_limit(ask, bob, document, settings):
    settings.MAX_INSERTED_LENGTH, settings.MAX_COMPONENTS = 2, 1
    assert ask(bob, "put", url(document), {"content": "A longer text"}).status_code == 200


@pytest.mark.parametrize("field", ["owner", "role", "doc_id", "created_at", "deleted_at", "client_id"])
def test_nothing_else_can_be_set(ask, bob, document, field):
    before = ask(bob, "get", url(document)).json()
    after = ask(bob, "patch", url(document), {field: "00000000-0000-0000-0000-000000000000"}).json()
    assert after == before


# --- Who may ---


@pytest.mark.parametrize("method", ["put", "patch"])
def test_members_only(ask, users, document, method):
    assert_members_only(ask, users, document, method, body={"content": "mine"})
    assert history.current_text(document.id) == (1, "the cat")


@pytest.mark.parametrize("body", [{"content": "mine"}, {"content": "the cat", "title": "mine"}])
@pytest.mark.parametrize("method", ["put", "patch"])
def test_readers_may_not(ask, users, document, method, body):
    assert_roles(ask, users, document, method, refused="carol vera", body=body)
    assert ask(users["vera"], "get", url(document)).json()["title"] == "A story"


@pytest.mark.parametrize("doc_id", ["1", "nonsense", "00000000-0000-0000-0000-00000000000g", "%00", "$ne", "null"])
@pytest.mark.parametrize("method", ["get", "put", "patch", "delete"])
def test_no_such_id(ask, bob, document, method, doc_id):
    answer = ask(bob, method, f"/api/documents/{doc_id}", {"content": "x"} if method in ("put", "patch") else None)
    assert refusal(answer) == (404, "not_found")


@pytest.mark.parametrize("method", ["get", "put", "patch"])
def test_the_slash_is_optional(ask, bob, document, method):
    body = None if method == "get" else {"content": "x"}
    assert ask(bob, method, f"{url(document)}/", body).status_code == 200


# --- The same key ---


@pytest.mark.parametrize("method", ["put", "patch"])
def test_the_same_key_writes_once(ask, bob, document, method):
    body = {"content": "the black cat", "title": "New", "version": 1}
    first = ask(bob, method, url(document), body, idempotency_key="k")
    write(document, "so: ")
    again = ask(bob, method, url(document), body, idempotency_key="k")
    assert (again.status_code, again.json(), again["ETag"]) == (200, first.json(), first["ETag"])
    assert history.current_text(document.id) == (3, "so: the black cat")


def test_a_forgotten_key_is_a_new_write(ask, bob, document):
    for day in ("monday", "tuesday"):
        answer = ask(bob, "put", url(document), {"content": day}, idempotency_key="nightly")
        assert answer.json()["content"] == day
        IdempotentRequest.objects.update(created_at=timezone.now() - idempotency.KEPT_FOR - timedelta(seconds=1))
        assert idempotency.forget_old() == 1


def test_a_long_way_to_the_head_is_gone_before_the_commit(bob, document, monkeypatch):
    """So that a stale write, which loses its first race, does not rebase it all again while others wait."""
    monkeypatch.setattr(services, "LONG_REBASE", 10)
    for _ in range(12):
        write(document, "x")
    bases, append = [], oplog.Log.append
    monkeypatch.setattr(
        oplog.Log, "append", lambda log, given: bases.append(given[0].base_version) or append(log, given)
    )
    services.replace_content(document, "the black cat", author=bob, base_version=1)
    assert bases == [13]
    assert history.current_text(document.id)[1] == "x" * 12 + "the black cat"


def test_without_a_base_the_same_key_takes_nothing_back(ask, bob, document):
    """Done again it would delete what was typed since."""
    body = {"content": "the dog"}
    ask(bob, "put", url(document), body, idempotency_key="k")
    write(document, "see ")
    ask(bob, "put", url(document), body, idempotency_key="k")
    assert history.current_text(document.id) == (3, "see the dog")


def test_another_body_method_or_document_under_the_same_key(ask, alice, bob, document):
    ask(alice, "put", url(document), {"content": "x"}, idempotency_key="k")
    other = services.create_document(owner=alice)
    for method, where, body in (
        ("put", document, {"content": "y"}),
        ("put", document, {"content": "x", "version": 1}),
        ("patch", document, {"content": "x"}),
        ("put", other, {"content": "x"}),
    ):
        answer = ask(alice, method, url(where), body, idempotency_key="k")
        assert refusal(answer) == (422, "idempotency_key_reused")
    assert history.current_text(document.id) == (2, "x") and history.head(other.id) == 0


@pytest.mark.parametrize("where", [(services, "rename_document"), (IdempotentRequest.objects, "filter")])
@pytest.mark.parametrize("version", [1, None])
def test_a_crash_in_the_middle_is_finished_by_the_same_request(client_for, bob, document, monkeypatch, where, version):
    """Between the text and the name, or between the effect and keeping the answer; others type on meanwhile."""
    client = client_for(bob)
    client.raise_request_exception = False
    body = {"content": "the dog", "title": "New"} | ({"version": version} if version else {})

    def put():
        return client.put(url(document), body, format="json", headers={"Idempotency-Key": "k"})

    with monkeypatch.context() as patch:
        patch.setattr(*where, crash)
        assert put().status_code == 500
    write(document, "see ")
    answers = [put(), put()]
    assert [answer.status_code for answer in answers] == [200, 200]
    assert answers[0].json() == answers[1].json()
    assert (answers[0].json()["content"], answers[0].json()["title"]) == ("see the dog", "New")
    assert history.head(document.id) == 3


@pytest.mark.parametrize("version", [1, None])
def test_the_same_request_twice_at_once(ask, bob, document, monkeypatch, version):
    """The second looks before the first has written, and reads the text after somebody else has."""
    body = {"content": "the dog"} | ({"version": version} if version else {})
    text_at = services.texts.text_at

    def slow(*args):
        monkeypatch.setattr(services.texts, "text_at", text_at)
        write(document, "x")
        ask(bob, "put", url(document), body, idempotency_key="k")
        write(document, "y")
        return text_at(*args)

    monkeypatch.setattr(services.texts, "text_at", slow)
    answer = ask(bob, "put", url(document), body, idempotency_key="k")
    assert answer.status_code == 200
    pairs = [(entry.client_id, entry.seq) for entry in assert_sound(document.id)]
    assert len(pairs) == 4
    assert history.current_text(document.id)[1] == ("yxthe dog" if version else "ythe dog")


def test_a_failing_database_is_503_and_may_be_asked_again(ask, bob, document, monkeypatch):
    def fails(news):
        raise oplog.UnknownOutcome("disk full")

    with monkeypatch.context() as patch:
        patch.setattr(oplog, "_land", fails)
        answer = ask(bob, "put", url(document), {"content": "x"}, idempotency_key="k")
        assert refusal(answer) == (503, "unavailable")
    assert ask(bob, "put", url(document), {"content": "x"}, idempotency_key="k").json()["version"] == 2


def test_a_write_that_has_waited_long_is_not_tried_again(ask, bob, document, monkeypatch):
    tries = []

    def fails(news):
        tries.append(news)
        raise oplog.UnknownOutcome("it hangs")

    monkeypatch.setattr(oplog, "_land", fails)
    monkeypatch.setattr(services, "PATIENCE", 0.0)
    assert refusal(ask(bob, "put", url(document), {"content": "x"})) == (503, "unavailable")
    assert len(tries) == 1


# --- ETag ---


def test_the_tag_changes_with_everything_that_is_shown(ask, alice, bob, vera, document):
    def tag(user):
        return ask(user, "get", url(document))["ETag"]

    seen = [tag(bob)]
    assert tag(bob) == seen[0]
    write(document, "x")
    seen.append(tag(bob))
    services.rename_document(document, title="New", actor=alice)
    seen.append(tag(bob))
    sharing.set_role(document, user=bob, role=Role.VIEWER, actor=alice)
    seen.append(tag(bob))
    sharing.set_role(permissions.get_document(alice, document.id), user=vera, role=Role.OWNER, actor=alice)
    seen.append(tag(bob))
    vera.username = "Vera II"
    vera.save()
    seen.append(tag(bob))
    assert len(set(seen)) == len(seen), seen
    assert [each.split("-")[0] for each in seen] == ['"1'] + ['"2'] * 5
    assert tag(alice) != tag(bob) != tag(vera)


def test_not_modified(ask, bob, document):
    tag = ask(bob, "get", url(document))["ETag"]
    for header in (tag, f"W/{tag}", f'"9-ff", {tag}', "*"):
        answer = ask(bob, "get", url(document), if_none_match=header)
        assert (answer.status_code, answer.content, answer["ETag"]) == (304, b"", tag)
    write(document, "x")
    for header in (tag, '"1"', '"2"', "", "nonsense"):
        assert ask(bob, "get", url(document), if_none_match=header).status_code == 200


def test_a_stale_row_shows_no_stale_document(ask, bob, document):
    """The list's copy trails; what is shown comes from the log."""
    tag = ask(bob, "get", url(document))["ETag"]
    oplog.Log(document.id).append([Writer().writes("x", base=1)])
    answer = ask(bob, "get", url(document), if_none_match=tag)
    assert (answer.status_code, answer.json()["content"], answer.json()["version"]) == (200, "xthe cat", 2)


def test_a_broken_log_is_never_an_empty_text(client_for, bob, document):
    client = client_for(bob)
    client.raise_request_exception = False
    for _ in range(3):
        write(document, "x")
    Operation.objects.filter(version=2).delete()
    assert client.get(url(document)).status_code == 500
    assert client.put(url(document), {"content": "all gone"}, format="json").status_code == 500
    assert history.head(document.id) == 4
