"""The history page without a script: who sees what, the text in ink, restoring and naming by plain forms."""

import json
import re
import uuid
from datetime import timedelta
from html.parser import HTMLParser
from itertools import pairwise
from pathlib import Path
from unittest.mock import patch
from uuid import UUID

import pytest
from django.conf import settings
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from accounts.models import User
from accounts.services import PRESENCE_COLORS, erase_user, presence_color
from documents import history, permissions, services, sharing
from documents.errors import CorruptLog
from documents.logtable import Origin
from documents.models import NamedVersion, Revision
from documents.ot import apply
from documents.ot.tests.strategies import operations, texts
from documents.pages import ink, people, reading
from documents.pages.ink import Passage, Span
from documents.tests.writers import NOON, Writer, text

pytestmark = pytest.mark.django_db(transaction=True)

FIRST, SECOND, THIRD = "One <b>loaf</b>\n", "One <b>loaf</b>\nTwo 🍞\n", "Two 🍞\nThree"


@pytest.fixture
def document(alice, bob, carol, vera):
    """Version 1 and 3 are alice's, version 2 is bob's."""
    made = services.create_document(owner=alice, title="Plan", content=FIRST)
    for user, role in ((bob, "editor"), (carol, "commenter"), (vera, "viewer")):
        sharing.set_role(made, user=user, role=role, actor=alice)
    services.replace_content(made, SECOND, author=bob)
    services.replace_content(made, THIRD, author=alice)
    return made


class Sheet(HTMLParser):
    """What a page shows: the text in ink, the links to versions, the forms."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.ink: list[tuple[str, str]] = []
        self.links: list[str] = []
        self.forms: list[dict[str, str]] = []
        self.tags: list[str] = []
        self._kind: str | None = None
        self.feed(html.replace('<pre id="text">\n', '<pre id="text">'))  # as browsers do

    def handle_starttag(self, tag, attrs):
        known = dict(attrs)
        self.tags.append(tag)
        if tag == "pre" and known.get("id") == "text":
            self._kind = "same"
        elif self._kind is not None:
            self._kind = {"ins": "insert", "del": "delete", "span": f"by {known.get('title', '')}"}[tag]
        if tag == "a" and "href" in known:
            self.links.append(known["href"])
        if tag == "form":
            self.forms.append({"method": known.get("method", "get")})
        if tag == "input" and "name" in known and self.forms:
            self.forms[-1][known["name"]] = known.get("value", "")

    def handle_endtag(self, tag):
        if tag == "pre":
            self._kind = None
        elif self._kind is not None:
            self._kind = "same"

    def handle_data(self, data):
        if self._kind is not None:
            self.ink.append((self._kind, data))

    def without(self, kind: str) -> str:
        return "".join(part for each, part in self.ink if each != kind)

    def of_kind(self, kind: str) -> list[str]:
        return [part for each, part in self.ink if each == kind]


class Reader:
    """Somebody at the history of a document."""

    def __init__(self, user, document, **options) -> None:
        self.client = Client(**options)
        self.client.force_login(user)
        self.address = reverse("document-history", args=[document.id])

    def opens(self, **query):
        return self.client.get(self.address, query)

    def sees(self, **query) -> Sheet:
        answer = self.opens(**query)
        assert answer.status_code == 200
        return Sheet(answer.content.decode())

    def posts(self, **data):
        return self.client.post(self.address, data)

    def hears_after(self, answer) -> list[str]:
        assert answer.status_code == 302
        return [str(message) for message in self.client.get(answer.url).context["messages"]]


def head_of(document):
    return history.head(document.id)


# --- Who comes in -------------------------------------------------------------------------------------------


def test_anonymous_is_asked_to_log_in(document):
    address = reverse("document-history", args=[document.id])
    for answer in (Client().get(address), Client().post(address, {"action": "restore", "version": 1})):
        assert answer.status_code == 302 and answer.url == f"{reverse('login')}?next={address}"
    assert head_of(document) == 3


def test_a_stranger_gets_the_404_of_no_document(document, mallory):
    stranger = Reader(mallory, document)
    missing = stranger.client.get(reverse("document-history", args=[uuid.uuid4()]))
    assert stranger.opens().status_code == missing.status_code == 404
    assert stranger.posts(action="restore", version=1).status_code == 404
    assert "Plan" not in stranger.opens().content.decode()
    assert head_of(document) == 3


@pytest.mark.parametrize("name", ["alice", "bob"])
def test_who_may_edit_is_offered_to_restore_and_to_name(name, document, request):
    sheet = Reader(request.getfixturevalue(name), document).sees(version=1)
    assert "?version=1&restore=1" in sheet.links
    assert any(form.get("action") == "name" for form in sheet.forms)


@pytest.mark.parametrize("name", ["carol", "vera"])
def test_who_may_not_edit_reads(name, document, request):
    reader = Reader(request.getfixturevalue(name), document)
    sheet = reader.sees(version=1, restore=1)
    assert sheet.without("delete") == FIRST
    assert not any("restore" in link for link in sheet.links)
    assert all(form["method"] == "get" for form in sheet.forms)
    for action in ("restore", "name"):
        answer = reader.posts(action=action, version=1, name="Mine")
        assert reader.hears_after(answer) == ["You may not do this with this document."]
    assert head_of(document) == 3 and not NamedVersion.objects.exists()


def test_a_form_of_another_site_is_refused(document, alice):
    assert Reader(alice, document, enforce_csrf_checks=True).posts(action="restore", version=1).status_code == 403
    assert head_of(document) == 3


def test_the_page_is_private_and_keeps_to_the_content_policy(document, alice):
    answer = Reader(alice, document).opens(version=2)
    assert answer["Cache-Control"] == "private, no-store"
    assert not re.search(r"<style|\sstyle=|\son\w+=|<script(?![^>]*\ssrc=)", answer.content.decode())


# --- What is shown ------------------------------------------------------------------------------------------


def test_the_newest_version_with_what_its_author_changed(document, vera):
    sheet = Reader(vera, document).sees()
    assert sheet.without("insert") == SECOND and sheet.without("delete") == THIRD
    assert sheet.of_kind("insert") == ["Three"]
    assert "".join(sheet.of_kind("delete")) == "One <b>loaf</b>\n"


@pytest.mark.parametrize(("version", "content"), [(0, ""), (1, FIRST), (2, SECOND), (3, THIRD)])
@pytest.mark.parametrize("view", ["changes", "authors", "text"])
def test_every_version_to_the_letter(version, content, view, document, vera):
    assert Reader(vera, document).sees(version=version, view=view).without("delete") == content


def test_changes_since_any_version_are_tinted_by_their_authors(document, vera, alice, bob):
    answer = Reader(vera, document).opens(version=3, since=0)
    spans = [(span.text, span.author.name) for span in answer.context["spans"]]
    assert spans == [("Two 🍞\n", "bob"), ("Three", "alice")]
    inks = people.inks_of(document)
    assert json.loads(answer.context["inks"]) == {str(user_id): ink for user_id, ink in inks.items()}
    for user in (alice, bob):
        assert f'class="author-{inks[user.id]}"' in answer.content.decode()


def test_of_twelve_people_no_two_have_the_same_ink(alice):
    document = services.create_document(owner=alice)
    for number in range(15):
        same = UUID(int=alice.id.int + 12 * (number + 1))  # the same colour as alice, each of them
        user = User.objects.create(pk=same, username=f"user{number:02}", email=f"{number}@example.org")
        sharing.set_role(document, user=user, role="viewer", actor=alice)
        inks = people.inks_of(document)
        assert len(set(inks.values())) == min(12, len(inks))
    own = PRESENCE_COLORS.index(presence_color(alice.id))
    assert inks[alice.id] == own, "the owner comes first"


def test_authors_with_a_legend(document, vera):
    answer = Reader(vera, document).opens(version=2, view="authors")
    assert [(span.text, span.author.name) for span in answer.context["spans"]] == [
        (FIRST, "alice"),
        ("Two 🍞\n", "bob"),
    ]
    assert [(author.name, length) for author, length in answer.context["legend"]] == [("alice", 16), ("bob", 6)]
    assert Sheet(answer.content.decode()).ink[0] == ("by alice, just now", FIRST)


def test_who_was_erased_has_no_name(document, alice, bob):
    erase_user(bob)
    html = Reader(alice, document).opens(version=2).content.decode()
    assert "Somebody" in html and str(bob.id) not in html and "bob" not in html


def test_texts_names_and_titles_are_no_markup(alice):
    evil = "</pre></script><script>alert(1)</script>\n<img src=x onerror=alert(1)>"
    document = services.create_document(owner=alice, title=evil.replace("\n", ""), content=evil)
    reader = Reader(alice, document)
    reader.posts(action="name", version=1, name="</script><script>alert(2)</script>")
    for view in ("changes", "authors", "text"):
        sheet = reader.sees(view=view)
        assert sheet.without("delete") == evil
        assert sheet.tags.count("script") == 1 and sheet.tags.count("pre") == 2  # ours
        assert "img" not in sheet.tags
    services.replace_content(document, "gone", author=alice)
    sheet = reader.sees(version=2, since=1)
    assert sheet.without("insert") == evil and sheet.tags.count("script") == 1


@pytest.mark.parametrize("content", ["\n\nfirst lines are empty", "ends so\n\n", "\n", "  two  spaces\t&amp; &lt; "])
def test_white_space_and_entities_stay(content, alice):
    document = services.create_document(owner=alice, content=content)
    for view in ("changes", "authors", "text"):
        assert Reader(alice, document).sees(view=view).without("delete") == content


def test_an_empty_document_says_so(alice):
    document = services.create_document(owner=alice)
    html = Reader(alice, document).opens().content.decode()
    assert "Nothing has been written yet." in html and "data-empty" in html


@pytest.mark.parametrize(
    "query",
    [
        *({"version": version} for version in ("4", "-1", "x", "٣", "9" * 30)),
        *({"since": since} for since in ("4", "-1", "x")),
        *({"skip": skip} for skip in ("-1", "1e3")),
        {"version": "1", "since": "2"},
    ],
)
def test_what_is_not_there_is_a_404(query, document, alice):
    assert Reader(alice, document).opens(**query).status_code == 404


def test_a_text_that_cannot_be_loaded_is_an_error_and_not_an_empty_sheet(document, alice, monkeypatch):
    def broken(*args):
        raise CorruptLog("version 2 is missing")

    monkeypatch.setattr(history.cached, "text", broken)
    reader = Reader(alice, document, raise_request_exception=False)
    answer = reader.opens(version=2)
    assert answer.status_code == 500 and 'id="text"' not in answer.content.decode()


# --- The list -----------------------------------------------------------------------------------------------


def test_the_list_says_who_when_and_how_much(document, alice, vera):
    services.name_version(permissions.get_document(alice, document.id), 2, "First draft", actor=alice)
    answer = Reader(vera, document).opens(version=2)
    rows = answer.context["rows"]
    assert [(row.author.name, row.revision.to_version, row.when) for row in rows] == [
        ("alice", 3, "just now"),
        ("bob", 2, "just now"),
        ("alice", 1, "just now"),
    ]
    assert [[named.name for named in row.names] for row in rows] == [[], ["First draft"], []]
    assert [row.is_shown for row in rows] == [False, True, False]
    html = answer.content.decode()
    assert re.search(r'<time datetime="20\d\d-\d\d-\d\dT[^"]+"', html) and "First draft" in html


def long_history(alice, bob, revisions):
    """Each revision two versions long, alice's and bob's in turn."""
    document = services.create_document(owner=alice)
    sharing.set_role(document, user=bob, role="editor", actor=alice)
    log = services.open_log(document.id)
    writers = Writer(alice.id), Writer(bob.id)
    for number in range(2 * revisions):
        log.append([writers[number // 2 % 2].writes(f"{number} ", base=number)])
    return document


@pytest.mark.parametrize("version", [1, 2, 3, 40, 41, 42, 77, 78, 99, 130])
def test_the_list_opens_where_the_version_is(version, alice, bob):
    document = long_history(alice, bob, 65)
    context = Reader(alice, document).opens(version=version).context
    shown = [row.revision for row in context["rows"] if row.is_shown]
    assert [(each.from_version, each.to_version) for each in shown] == [
        ((version + 1) // 2 * 2 - 1, (version + 1) // 2 * 2)
    ]


def test_pages_of_the_list_hold_every_revision_once(alice, bob):
    reader = Reader(alice, long_history(alice, bob, 65))
    address, numbers = "?version=7&view=text&skip=0", []
    while address:
        context = reader.client.get(f"{reader.address}{address}").context
        numbers += [row.revision.number for row in context["rows"]]
        assert context["shown"].version == 7 and context["view"] == "text"
        address = context["older"]
    assert numbers == list(range(65, 0, -1))
    assert reader.opens(skip=10**9).context["rows"][-1].revision.number == 1


def test_the_cost_does_not_grow_with_the_log(alice, bob, django_assert_max_num_queries):
    reader = Reader(alice, long_history(alice, bob, 65))
    reader.opens()
    with django_assert_max_num_queries(23):  # 7 of them to halve 65 revisions
        reader.opens(version=3)


def test_old_times_are_told_in_words(document, vera):
    Reader(vera, document).opens()
    Revision.objects.update(ended_at=timezone.now() - timedelta(hours=3, minutes=20))
    assert Reader(vera, document).opens().context["rows"][0].when == "3\xa0hours ago"


# --- Restoring and naming -----------------------------------------------------------------------------------


def test_restoring_shows_first_what_will_change(document, bob):
    reader = Reader(bob, document)
    sheet = reader.sees(version=1, restore=1)
    assert sheet.without("insert") == THIRD and sheet.without("delete") == FIRST
    assert head_of(document) == 3  # nothing is done by looking
    [form] = [form for form in sheet.forms if form.get("action") == "restore"]
    answer = reader.posts(**form)
    assert reader.hears_after(answer) == ["Version 1 is restored, as version 4. What stood before stays here."]
    assert answer.url.endswith("?version=4")
    assert text(document.id) == FIRST
    assert reader.sees(version=3).without("delete") == THIRD


def test_a_form_sent_twice_restores_once(document, bob):
    reader = Reader(bob, document)
    [form] = [form for form in reader.sees(version=1, restore=1).forms if form.get("action") == "restore"]
    reader.posts(**form)
    services.replace_content(document, FIRST + "and on", author=bob)
    reader.posts(**form)
    assert head_of(document) == 5 and text(document.id) == FIRST + "and on"


def test_restoring_while_others_type_keeps_all_of_it(document, alice, bob):
    """What was typed since the form was shown, and what is based on a text of before, is merged into it."""
    reader = Reader(alice, document)
    [form] = [form for form in reader.sees(version=1, restore=1).forms if form.get("action") == "restore"]
    tab = Writer(bob.id)
    services.submit(document.id, tab.writes("early ", base=3))
    late = tab.writes("late ", base=4)
    reader.posts(**form)
    services.submit(document.id, late)
    assert text(document.id) == "late " + FIRST + "early "
    assert reader.sees(version=4).without("delete") == "early " + THIRD


def test_what_is_there_already_makes_no_version(document, alice):
    reader = Reader(alice, document)
    assert "nothing would change" in reader.opens(version=3, restore=1).content.decode()
    answer = reader.posts(action="restore", version=3)
    assert reader.hears_after(answer) == ["The text is what it was at version 3 already."]
    assert head_of(document) == 3


@pytest.mark.parametrize("action", ["restore", "name"])
@pytest.mark.parametrize("version", ["", "4", "-1", "x"])
def test_no_such_version_can_be_restored_or_named(action, version, document, alice):
    assert Reader(alice, document).posts(action=action, version=version, name="x").status_code == 404
    assert head_of(document) == 3 and not NamedVersion.objects.exists()


def test_a_name_is_given_changed_and_taken_away(document, bob):
    reader = Reader(bob, document)
    answer = reader.posts(action="name", version=2, name=" First draft ")
    assert reader.hears_after(answer) == ["Version 2 is called “First draft” now."]
    assert reader.opens(version=2).context["name"] == "First draft"
    reader.posts(action="name", version=2, name="Sent to carol")
    assert [named.name for named in reader.opens().context["names"]] == ["Sent to carol"]
    answer = reader.posts(action="name", version=2, name="")
    assert reader.hears_after(answer) == ["Version 2 has no name any more."]
    answer = reader.posts(action="name", version=2, name="x" * 201)
    assert reader.hears_after(answer) == ["A title has at most 200 characters."]
    assert not NamedVersion.objects.exists()


def test_the_editor_and_the_list_lead_here(document, vera):
    client = Client()
    client.force_login(vera)
    address = reverse("document-history", args=[document.id])
    for page in (reverse("document-editor", args=[document.id]), reverse("document-list")):
        assert f'href="{address}"' in client.get(page).content.decode()


# --- Ink, as values -----------------------------------------------------------------------------------------


@given(st.data())
def test_ink_rebuilds_both_texts(data):
    old = data.draw(texts)
    operation = data.draw(operations(old))
    spans = list(ink.changes(old, operation))
    assert "".join(span.text for span in spans if span.kind != "insert") == old
    assert "".join(span.text for span in spans if span.kind != "delete") == apply(old, operation)
    assert all(span.text for span in spans)


RUNS = st.lists(st.tuples(st.integers(1, 4), st.sampled_from([uuid.UUID(int=1), uuid.UUID(int=2), None])))


@given(RUNS)
def test_merged_runs_say_of_each_letter_what_the_runs_say(runs):
    given_runs = [history.Run(length, Origin(1, author, NOON)) for length, author in runs]
    merged = list(ink.passages(given_runs))
    assert letters((p.length, p.author) for p in merged) == letters(runs)
    assert all(one.author != two.author for one, two in pairwise(merged))
    content = "🍞" * sum(length for length, _ in runs)
    spans = list(ink.authored([Span("same", content)] if content else [], merged, ("same",)))
    assert letters((len(span.text), span.passage.author) for span in spans) == letters(runs)


@given(st.data())
def test_tinting_alters_no_change(data):
    old = data.draw(texts)
    operation = data.draw(operations(old))
    before = list(ink.changes(old, operation))
    written = [Passage(1, uuid.UUID(int=n % 3), NOON, NOON) for n in range(len(apply(old, operation)))]
    after = list(ink.authored(before, written, ("insert",)))
    assert joined(after) == joined(before)
    assert all((span.kind == "insert") == (span.passage is not None) for span in after)


def letters(runs):
    return [author for length, author in runs for _ in range(length)]


def joined(spans):
    parts: list[list[str]] = []
    for span in spans:
        if parts and parts[-1][0] == span.kind:
            parts[-1][1] += span.text
        else:
            parts.append([span.kind, span.text])
    return parts


def test_the_inks_are_the_colours_of_the_carets():
    css = (Path(settings.BASE_DIR) / "static/css/tokens.css").read_text()
    assert re.findall(r"--author-\d+: (#\w{6});", css) == list(PRESENCE_COLORS)


def test_times_in_words():
    assert reading.ago(timezone.now() - timedelta(seconds=50)) == "just now"


def test_what_the_log_refuses_is_told(document, alice, settings):
    """Merged with what was typed since the form was sent, the text would be too long."""
    settings.MAX_TEXT_LENGTH = len(FIRST)
    reader = Reader(alice, document)
    restored = services._restore

    def typed_meanwhile(*args, **given):
        settings.MAX_TEXT_LENGTH += 1
        services.submit(document.id, Writer(alice.id).writes("x", base=history.head(document.id)))
        settings.MAX_TEXT_LENGTH -= 1
        return restored(*args, **given)

    with patch.object(services, "_restore", typed_meanwhile):
        answer = reader.posts(action="restore", version=1)
    assert answer.status_code == 302
    assert "can’t be done" in reader.opens().content.decode()
