"""The pages: what they show, to whom, and what they refuse."""

import re
import uuid
from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from documents import history, services, sharing
from documents.errors import Busy, CorruptLog
from documents.models import Document
from documents.pages import editor, lists
from documents.pages.sharers import who_may_what
from documents.permissions import Person
from documents.tests.pages import Browser, roles, title_of

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def document(alice, bob, vera):
    made = services.create_document(owner=alice, title="Plan", content="Buy <b>bread</b> 🍞\n")
    sharing.set_role(made, user=bob, role="editor", actor=alice)
    sharing.set_role(made, user=vera, role="viewer", actor=alice)
    return made


# --- Who comes in -------------------------------------------------------------------------------------------

OF_A_DOCUMENT = ["document-editor", "document-share"]
CHANGES = ["document-rename", "document-delete", "document-share"]


@pytest.mark.parametrize("name", ["document-list", *OF_A_DOCUMENT])
def test_anonymous_is_asked_to_log_in(name, document):
    about = document if name in OF_A_DOCUMENT else None
    answer = Browser().opens(name, about)
    assert answer.status_code == 302
    assert answer.url == f"{reverse('login')}?next={Browser.address(name, about)}"


@pytest.mark.parametrize("name", CHANGES)
def test_anonymous_changes_nothing(name, document):
    answer = Browser().posts(name, document, title="Mine", action="remove", user=document.owner_id)
    assert answer.status_code == 302 and answer.url.startswith(reverse("login"))
    assert title_of(document) == "Plan" and len(roles(document)) == 3


@pytest.mark.parametrize("name", OF_A_DOCUMENT)
def test_a_stranger_gets_the_same_404_as_for_no_document(name, document, mallory):
    stranger, nothing = Browser(mallory), Document(id=uuid.uuid4())
    hidden, missing = stranger.opens(name, document), stranger.opens(name, nothing)
    assert hidden.status_code == missing.status_code == 404
    assert without_csrf(hidden).replace(str(document.id), str(nothing.id)) == without_csrf(missing)
    assert "Plan" not in hidden.content.decode()


def test_the_404_of_a_document_can_offer_what_the_browser_keeps_of_it(document, mallory):
    html = Browser(mallory).opens("document-editor", document).content.decode()
    assert f'data-document-id="{document.id}" data-user="{mallory.pk}"' in html and "editor/lost.js" in html


def test_other_404s_speak_of_no_document(document, alice, client):
    reader = Browser(alice)
    later = reader.client.get(f"{reverse('document-history', args=[document.id])}?version=99")
    for answer in (later, reader.client.get("/nothing"), client.get("/nothing")):
        assert answer.status_code == 404
        assert "lost.js" not in answer.content.decode() and "data-document-id" not in answer.content.decode()


@pytest.mark.parametrize("name", CHANGES)
def test_a_stranger_changes_nothing(name, document, mallory):
    answer = Browser(mallory).posts(name, document, title="Mine", action="add", name="mallory", role="editor")
    assert answer.status_code == 404
    assert title_of(document) == "Plan" and len(roles(document)) == 3


@pytest.mark.parametrize("name", ["document-create", "document-rename", "document-delete"])
def test_looking_never_changes(name, document, alice):
    about = None if name == "document-create" else document
    assert Browser(alice).opens(name, about).status_code == 405


@pytest.mark.parametrize("name", ["document-create", *CHANGES])
def test_a_form_of_another_site_is_refused(name, document, alice):
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(alice)
    about = None if name == "document-create" else document
    answer = strict.post(Browser.address(name, about), {"title": "Forged"})
    assert answer.status_code == 403
    assert "Please try that again" in answer.content.decode()
    assert title_of(document) == "Plan" and Document.objects.filter(deleted_at=None).count() == 1


@pytest.mark.parametrize("name", ["document-list", *OF_A_DOCUMENT])
def test_private_pages_are_stored_nowhere(name, document, alice):
    answer = Browser(alice).opens(name, document if name in OF_A_DOCUMENT else None)
    assert answer.status_code == 200
    assert answer["Cache-Control"] == "private, no-store"


@pytest.mark.parametrize("name", ["document-list", *OF_A_DOCUMENT])
def test_pages_keep_to_the_content_policy(name, document, alice):
    answer = Browser(alice).opens(name, document if name in OF_A_DOCUMENT else None)
    html = answer.content.decode()
    assert not re.search(r"<style|\sstyle=|\son\w+=|<script(?![^>]*\ssrc=)(?![^>]*application/json)", html)
    nonce = re.search(r'name="csp-nonce" content="([^"]+)"', html)
    assert nonce and f"'nonce-{nonce[1]}'" in answer["Content-Security-Policy"]


def without_csrf(answer):
    html = re.sub(r'(csrf-token" content|csrfmiddlewaretoken" value)="[^"]*"', "", answer.content.decode())
    return re.sub(r'csp-nonce" content="[^"]*"', "", html)


# --- The list -----------------------------------------------------------------------------------------------


def test_the_list_shows_what_one_may_see_newest_first(document, alice, bob, mallory):
    older = services.create_document(owner=alice, title="Older")
    Document.objects.filter(pk=older.pk).update(updated_at=timezone.now() - timedelta(hours=3))
    theirs = services.create_document(owner=bob, title="Of bob alone")
    rows = Browser(alice).opens("document-list").context["rows"]
    assert [(row.title, row.standing) for row in rows] == [
        ("Plan", "Owned by you"),
        ("Older", "Owned by you"),
    ]
    assert [row.edited for row in rows] == ["just now", "3\xa0hours ago"]
    rows = {row.title: row for row in Browser(bob).opens("document-list").context["rows"]}
    assert set(rows) == {"Plan", theirs.title}
    assert rows["Plan"].standing == "Shared by alice, can edit"
    assert rows["Plan"].can_rename and not rows["Plan"].can_delete
    assert "No documents yet" in Browser(mallory).opens("document-list").content.decode()


def test_the_list_tells_of_a_lock(alice, bob, document):
    sharing.lock(document)
    for user, standing in ((alice, "Owned by you"), (bob, "Shared by alice, can read")):
        page = Browser(user).opens("document-list")
        [row] = [row for row in page.context["rows"] if row.document.id == document.id]
        assert (row.standing, row.locked) == (standing, True) and f"{standing} · locked" in page.content.decode()
    assert (
        "An administrator has locked this document"
        in Browser(alice).opens("document-editor", document).content.decode()
    )


def test_the_list_has_room_for_what_the_browser_keeps(document, alice, mallory):
    for reader in (alice, mallory):  # with rows, and without
        html = Browser(reader).opens("document-list").content.decode()
        assert re.search(f'<section[^>]* id="kept" data-user="{reader.pk}"[^>]* hidden>', html)


def test_a_title_is_text_not_markup(alice):
    services.create_document(owner=alice, title="<img src=x onerror=alert(1)>")
    html = Browser(alice).opens("document-list").content.decode()
    assert "<img src=x" not in html and "&lt;img src=x" in html


def test_the_list_has_pages(alice):
    for number in range(lists.PER_PAGE + 1):
        document = services.create_document(owner=alice, title=f"Text {number}")
        Document.objects.filter(pk=document.pk).update(updated_at=timezone.now() + timedelta(seconds=number))
    reader = Browser(alice)
    first, second = reader.opens("document-list"), reader.opens("document-list", page=2)
    titles = [row.title for answer in (first, second) for row in answer.context["rows"]]
    assert titles == [f"Text {number}" for number in reversed(range(lists.PER_PAGE + 1))]
    assert 'href="?page=2"' in first.content.decode() and 'href="?page=1"' in second.content.decode()


@pytest.mark.parametrize(("asked", "given"), [("0", 1), ("-1", 1), ("x", 1), ("9" * 40, 1), ("", 1)])
def test_nonsense_pages_show_one_that_there_is(asked, given, document, alice):
    assert Browser(alice).opens("document-list", page=asked).context["page"].number == given


def test_create_opens_the_new_document(alice):
    answer = Browser(alice).posts("document-create")
    made = Document.objects.get()
    assert (made.owner, made.title) == (alice, "")
    assert answer.status_code == 302 and answer.url == Browser.address("document-editor", made)


@pytest.mark.parametrize("who", ["alice", "bob"])
def test_rename(who, document, request):
    answer = Browser(request.getfixturevalue(who)).posts("document-rename", document, title="New name", page="1")
    assert answer.url == reverse("document-list")
    assert title_of(document) == "New name"


def test_a_viewer_cannot_rename_and_is_told(document, vera):
    viewer = Browser(vera)
    answer = viewer.posts("document-rename", document, title="Vera was here")
    assert title_of(document) == "Plan"
    assert viewer.messages_after(answer) == ["You may not do this with this document."]


@pytest.mark.parametrize("title", ["x" * 201, "a\0b"])
def test_a_title_that_cannot_be_is_refused_in_words(title, document, alice):
    owner = Browser(alice)
    answer = owner.posts("document-rename", document, title=title)
    assert len(owner.messages_after(answer)) == 1
    assert title_of(document) == "Plan"


def test_one_comes_back_to_the_same_page_of_the_list(document, alice):
    owner = Browser(alice)
    assert owner.posts("document-rename", document, title="A", page="2").url == "/documents/?page=2"
    assert owner.posts("document-rename", document, title="B", page="//evil.test").url == "/documents/"


def test_delete(document, alice, bob):
    owner = Browser(alice)
    answer = owner.posts("document-delete", document)
    [said] = owner.messages_after(answer)
    assert said.startswith("“Plan” is in the trash.")
    assert Browser(bob).opens("document-editor", document).status_code == 404
    assert owner.posts("document-delete", document).status_code == 404


def test_only_the_owner_deletes(document, bob):
    editor = Browser(bob)
    answer = editor.posts("document-delete", document)
    assert editor.messages_after(answer) == ["You may not do this with this document."]
    assert editor.opens("document-editor", document).status_code == 200


# --- The editor ---------------------------------------------------------------------------------------------


def test_the_text_is_in_the_page_before_any_script(document, alice):
    answer = Browser(alice).opens("document-editor", document)
    assert "Buy &lt;b&gt;bread&lt;/b&gt; 🍞" in answer.content.decode()
    assert answer.context["document"] == editor.Opened(document.id, "Plan", 1)
    assert answer.context["log"] == services.log_identity()


@pytest.mark.parametrize(("who", "role"), [("alice", "owner"), ("bob", "editor"), ("vera", "viewer")])
def test_the_editor_knows_the_readers_role(who, role, document, request):
    page = Browser(request.getfixturevalue(who)).opens("document-editor", document)
    assert f'data-role="{role}"' in page.content.decode()


@pytest.mark.parametrize(("failure", "status"), [(CorruptLog("entry 7 is missing"), 500), (Busy(), 503)])
def test_a_text_that_cannot_be_loaded_is_an_error_page(failure, status, document, alice, monkeypatch):
    def fail(document_id):
        raise failure

    monkeypatch.setattr(history, "current_text", fail)
    reader = Browser(alice)
    reader.client.raise_request_exception = False
    answer = reader.opens("document-editor", document)
    assert answer.status_code == status
    assert "Something broke on our side" in answer.content.decode()


# --- Sharing ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["mallory", " mallory ", "Mallory@Example.org"])
def test_share_with_a_person_by_name_or_address(name, document, alice, mallory):
    User.objects.filter(pk=mallory.pk).update(email="mallory@example.org")
    owner = Browser(alice)
    answer = owner.posts("document-share", document, action="add", name=name, role="commenter")
    assert roles(document)["mallory"] == "commenter"
    assert owner.messages_after(answer) == ["mallory can comment now."]
    assert Browser(mallory).opens("document-editor", document).status_code == 200


@pytest.mark.parametrize("name", ["nobody-of-this-name", "nobody@example.org", "a\0b", "<b>"])
def test_a_name_that_nobody_has_is_said_plainly_beside_the_field(name, document, alice):
    answer = Browser(alice).posts("document-share", document, action="add", name=name, role="viewer")
    html = answer.content.decode()
    assert answer.status_code == 400
    assert answer.context["problem"].startswith(f"There is no “{name}” here.")
    assert 'aria-invalid="true"' in html and "<b>" not in html
    assert (answer.context["name"], answer.context["chosen"]) == (name, "viewer")
    assert len(roles(document)) == 3


@pytest.mark.parametrize("name", ["", "  "])
def test_no_name_is_nobody(name, document, alice, mallory):
    answer = Browser(alice).posts("document-share", document, action="add", name=name, role="viewer")
    assert answer.context["problem"] == "Say who: a user name or an e-mail address."
    assert len(roles(document)) == 3


def test_change_a_role(document, alice, vera):
    Browser(alice).posts("document-share", document, action="change", user=vera.pk, role="editor")
    assert roles(document)["vera"] == "editor"


@pytest.mark.parametrize("role", ["owner", "god", ""])
@pytest.mark.parametrize("action", ["add", "change"])
def test_a_role_that_is_not_given_this_way(action, role, document, alice, vera):
    owner = Browser(alice)
    answer = owner.posts("document-share", document, action=action, name="vera", user=vera.pk, role=role)
    assert owner.messages_after(answer) == ["Choose what this person may do."]
    assert roles(document) == {"alice": "owner", "bob": "editor", "vera": "viewer"}


def test_remove_a_person(document, alice, vera):
    owner = Browser(alice)
    answer = owner.posts("document-share", document, action="remove", user=vera.pk)
    assert owner.messages_after(answer) == ["vera can’t open the document any more."]
    assert Browser(vera).opens("document-editor", document).status_code == 404
    again = owner.posts("document-share", document, action="remove", user=vera.pk)
    assert owner.messages_after(again) == ["There is no such collaborator."]


def test_hand_the_document_over(document, alice, bob):
    Browser(alice).posts("document-share", document, action="transfer", user=bob.pk)
    assert roles(document) == {"alice": "editor", "bob": "owner", "vera": "viewer"}


def test_the_owner_stays(document, alice):
    owner = Browser(alice)
    for data in (
        {"action": "remove", "user": alice.pk},
        {"action": "add", "name": "alice", "role": "viewer"},
    ):
        assert len(owner.messages_after(owner.posts("document-share", document, **data))) == 1
    assert roles(document)["alice"] == "owner"


@pytest.mark.parametrize("who", ["bob", "vera"])
def test_others_see_who_is_there_but_change_nothing(who, document, mallory, vera, bob, request):
    user = request.getfixturevalue(who)
    other = bob if who == "vera" else vera
    reader = Browser(user)
    page = reader.opens("document-share", document)
    assert page.status_code == 200 and not page.context["can_manage"]
    assert b"Add a person" not in page.content
    for data in (
        {"action": "add", "name": "mallory", "role": "editor"},
        {"action": "change", "user": user.pk, "role": "editor"},
        {"action": "transfer", "user": user.pk},
        {"action": "remove", "user": other.pk},
    ):
        answer = reader.posts("document-share", document, **data)
        assert reader.messages_after(answer) == ["You may not do this with this document."]
    assert roles(document) == {"alice": "owner", "bob": "editor", "vera": "viewer"}


def test_anybody_but_the_owner_may_leave(document, vera):
    leaver = Browser(vera)
    answer = leaver.posts("document-share", document, action="remove", user=vera.pk)
    assert leaver.messages_after(answer) == ["You have left “Plan”."]
    assert "vera" not in roles(document)


@pytest.mark.parametrize("action", ["", "explode"])
def test_an_unknown_action_does_nothing(action, document, alice):
    assert Browser(alice).posts("document-share", document, action=action).status_code == 302
    assert len(roles(document)) == 3


def test_who_may_what_is_a_plain_sentence():
    alice, bob, vera = (User(username=name) for name in ("alice", "bob", "vera"))
    people = [Person(alice, "owner"), Person(bob, "editor"), Person(vera, "viewer")]
    assert who_may_what(people[:1], alice) == "Only you can see this document."
    assert who_may_what(people, alice) == (
        "You own this document; bob can edit, vera can read. Nobody else can see it."
    )
    assert who_may_what(people, vera) == (
        "alice owns this document; bob can edit, you can read. Nobody else can see it."
    )
    crowd = [Person(User(username=f"reader{number}"), "viewer") for number in range(4)]
    assert "bob can edit, 4 people can read" in who_may_what([*people[:2], *crowd], alice)
    assert "you and 4 other people can read" in who_may_what([*people, *crowd], vera)


# --- Errors -------------------------------------------------------------------------------------------------


def test_the_500_page_needs_nothing(client):
    from django.template.loader import get_template

    html = get_template("500.html").render()
    assert "Something broke on our side" in html and "{" not in html
