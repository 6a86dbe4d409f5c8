"""What an administrator does with documents: by the services, asked about first where it destroys, and on record."""

import logging
import uuid

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Permission
from django.test import Client

from accounts.models import User
from documents import events, history, logtable, permissions, services, sharing, trash
from documents.models import Document, ShareLink
from documents.models import Operation as Row

pytestmark = pytest.mark.django_db

LIST = "/admin/documents/document/"
LINKS = "/admin/documents/sharelink/"


@pytest.fixture
def root(db) -> User:
    return User.objects.create_superuser("root", "root@example.org", "correct horse battery")


@pytest.fixture
def admin(root) -> Client:
    client = Client()
    client.force_login(root)
    return client


@pytest.fixture
def document(alice, bob):
    made = services.create_document(owner=alice, title="Plan", content="one")
    sharing.set_role(made, user=bob, role="editor", actor=alice)
    services.replace_content(made, "one two", author=alice)
    return made


@pytest.fixture
def announced():
    """The events of a test."""
    heard: list[events.Event] = []

    def hear(event, **_):
        heard.append(event)

    events.announced.connect(hear)
    yield heard
    events.announced.disconnect(hear)


def asks(admin, verb, *rows, page=LIST, **given):
    return admin.post(page, {"action": verb, "_selected_action": [str(row.pk) for row in rows], **given})


def does(admin, verb, *rows, page=LIST, **given) -> str:
    """Act and confirm; the messages on the page that follows."""
    answer = asks(admin, verb, *rows, page=page, confirmed="yes", **given)
    assert answer.status_code == 302, answer.content.decode()
    return " ".join(str(message) for message in admin.get(answer["Location"]).context["messages"])


def fresh(document) -> Document:
    return Document.objects.get(pk=document.pk)


def recorded() -> list[tuple[str, str]]:
    return list(LogEntry.objects.order_by("action_time").values_list("object_repr", "change_message"))


def roles(document) -> dict[str, str]:
    return {person.user.username: person.role for person in permissions.collaborators(fresh(document))}


def test_it_works(admin, alice, document):
    assert "done with Plan" in does(admin, "lock", document)
    assert permissions.role_in(alice.id, document.id) == "viewer"
    assert "done with Plan" in does(admin, "unlock", document)
    assert permissions.role_in(alice.id, document.id) == "owner"
    assert recorded() == [(f"document {document.id}", "Locked"), (f"document {document.id}", "Unlocked")]


def test_many_at_once_and_each_on_record(admin, alice, document):
    other = services.create_document(owner=alice, title="Other")
    assert "done with 2" in does(admin, "lock", document, other)
    assert fresh(document).locked_at and fresh(other).locked_at
    assert sorted(repr_ for repr_, _ in recorded()) == sorted(f"document {each.id}" for each in (document, other))


def test_one_that_does_not_fit_keeps_none_of_the_others_from_it(admin, alice, document):
    other = services.create_document(owner=alice, title="Other")
    sharing.lock(other)
    said = does(admin, "lock", document, other)
    assert "done with Plan" in said and "not with Other" in said
    assert len(recorded()) == 1


def test_far_too_many_are_refused(admin, alice, document, monkeypatch):
    from accounts.admin import acting

    monkeypatch.setattr(acting, "MOST_AT_ONCE", 1)
    other = services.create_document(owner=alice)
    assert "at most 1" in does(admin, "lock", document, other)
    assert fresh(document).locked_at is None and not recorded()


@pytest.mark.parametrize("verb", ["close_sessions", "restore", "transfer", "set_role", "trash", "purge"])
def test_it_is_asked_about_first(admin, alice, document, announced, verb):
    if verb == "purge":
        trash.delete_document(document, actor=alice)
    before, heard = fresh(document).__dict__ | {"_state": None}, len(announced)
    answer = asks(admin, verb, document)
    page = answer.content.decode()
    assert answer.status_code == 200 and "Plan" in page and f'value="{document.pk}"' in page
    assert fresh(document).__dict__ | {"_state": None} == before and len(announced) == heard and not recorded()


def test_nothing_is_done_without_what_is_asked_for(admin, alice, document):
    trash.delete_document(document, actor=alice)
    for verb, given in (("purge", {}), ("transfer", {"who": ""}), ("set_role", {"role": "editor"})):
        assert asks(admin, verb, document, confirmed="yes", **given).status_code == 200
    assert Document.objects.filter(pk=document.pk).exists() and not recorded()


# --- Text ------------------------------------------------------------------------------------------------------


def test_restoring_a_version_is_a_new_one_of_the_administrators(admin, root, document):
    assert "done with Plan" in does(admin, "restore", document, version=1)
    assert history.current_text(document.id) == (3, "one")
    assert logtable.entry_at(document.id, 3).author == root.id
    assert recorded()[0][1] == "Restored version 1 as version 3"
    assert "done" in does(admin, "restore", document, version=0)
    assert history.current_text(document.id) == (4, "")


def test_a_version_that_is_not_there_can_not_be_restored(admin, alice, document):
    assert "There is no such version" in does(admin, "restore", document, version=99)
    assert asks(admin, "restore", document, confirmed="yes", version=-1).status_code == 200
    other = services.create_document(owner=alice)
    assert "at most 1" in does(admin, "restore", document, other, version=1)
    assert history.current_text(document.id) == (2, "one two") and not recorded()


def test_a_damaged_one_is_refused_and_stays_as_it_is(admin, document):
    Row.objects.filter(key=logtable.log_key(document.id, 1)).update(operation="7")
    assert "not with Plan" in does(admin, "restore", document, version=1)
    assert history.head(document.id) == 2 and not recorded()


# --- People ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("who", ["Carol", "carol@example.org", "id"])
def test_transfer(admin, carol, document, announced, who):
    assert "done" in does(admin, "transfer", document, who=str(carol.id) if who == "id" else who)
    assert roles(document) == {"carol": "owner", "alice": "editor", "bob": "editor"}
    assert events.RoleChanged(document.id, carol.id, "owner") in announced
    assert recorded() == [(f"document {document.id}", f"Made user {carol.id} owner")]


def test_roles(admin, bob, carol, document):
    does(admin, "set_role", document, who="carol", role="commenter")
    does(admin, "set_role", document, who="bob", role="viewer")
    assert roles(document) == {"alice": "owner", "bob": "viewer", "carol": "commenter"}
    does(admin, "set_role", document, who="bob", role="")
    assert roles(document) == {"alice": "owner", "carol": "commenter"}
    assert recorded()[-1][1] == f"Removed user {bob.id}"
    assert not any(name in said for _, said in recorded() for name in ("bob", "carol"))


def test_nobody_strange_is_made_anything(admin, alice, carol, document):
    User.objects.filter(pk=carol.pk).update(is_active=False)
    guest = sharing.let_guest_in(
        sharing.create_link(document, role="viewer", expires_at=None, actor=alice).link, "Dora"
    )
    for who in ("carol", "nobody", str(uuid.uuid4()), str(guest.pk)):
        assert "not with Plan" in does(admin, "transfer", document, who=who), who
    assert fresh(document).owner_id == alice.id and not recorded()
    does(admin, "set_role", document, who=str(guest.pk), role="")
    assert set(roles(document)) == {"alice", "bob"}


# --- Sessions, trash -------------------------------------------------------------------------------------------


def test_closing_sessions_is_announced(admin, document, announced):
    assert "done" in does(admin, "close_sessions", document)
    assert announced == [events.SessionsClosed(document.id)]


def test_into_the_trash_and_out_of_it_and_gone(admin, alice, document, announced):
    does(admin, "trash", document)
    assert fresh(document).deleted_at and announced == [events.Deleted(document.id)]
    does(admin, "bring_back", document)
    assert fresh(document).deleted_at is None
    assert "not with Plan" in does(admin, "purge", document, sure="on")
    does(admin, "trash", document)
    does(admin, "purge", document, sure="on", back="row")
    assert not Document.objects.filter(pk=document.pk).exists()
    assert not Row.objects.filter(key__startswith=document.id.hex).exists()
    assert [said for _, said in recorded()] == ["Moved to the trash", "Brought back", "Moved to the trash", "Purged"]
    assert f"document {document.id}" in admin.get("/admin/admin/logentry/").content.decode()


def test_one_that_is_being_purged_can_not_be_brought_back(admin, alice, document):
    trash.delete_document(document, actor=alice)
    Document.objects.filter(pk=document.pk).update(purged_at=document.created_at)
    assert "not with Plan" in does(admin, "bring_back", document)
    assert fresh(document).deleted_at
    does(admin, "purge", document, sure="on")  # who stopped in between does it again
    assert not Document.objects.filter(pk=document.pk).exists()


def test_a_share_link_is_revoked_with_what_it_gave(admin, alice, carol, document):
    link = sharing.create_link(document, role="editor", expires_at=None, actor=alice).link
    sharing.redeem(link, carol)
    assert asks(admin, "revoke", link, page=LINKS).status_code == 200
    assert ShareLink.objects.get(pk=link.pk).ended_at is None
    does(admin, "revoke", link, page=LINKS)
    assert ShareLink.objects.get(pk=link.pk).ended_at and "carol" not in roles(document)
    assert recorded() == [(f"share link {link.pk}", f"Revoked; it led into document {document.id}")]
    assert "not with" in does(admin, "revoke", link, page=LINKS)


# --- From its own page ------------------------------------------------------------------------------------------


def test_a_page_offers_what_fits_and_is_come_back_to(admin, alice, document):
    page = f"{LIST}{document.pk}/change/"

    def offered() -> set[str]:
        html = admin.get(page).content.decode()
        return {part.split('"')[0] for part in html.split('name="action" value="')[1:]}

    live = {"lock", "close_sessions", "restore", "transfer", "set_role", "trash"}
    assert offered() == live
    answer = asks(admin, "lock", document, back="row")
    assert answer["Location"] == page
    assert offered() == live - {"lock"} | {"unlock"}
    asked = asks(admin, "trash", document, back="row")
    assert 'name="back" value="row"' in asked.content.decode()
    assert asks(admin, "trash", document, back="row", confirmed="yes")["Location"] == page
    assert offered() == {"unlock", "transfer", "set_role", "bring_back", "purge"}
    assert "Moved to the trash" in admin.get(f"{LIST}{document.pk}/history/").content.decode()


def test_each_verb_takes_its_right(users, document):
    carol = users["carol"]
    User.objects.filter(pk=carol.pk).update(is_staff=True)

    def browser(*rights: str) -> Client:
        carol.user_permissions.set(Permission.objects.filter(codename__in=rights))
        client = Client()
        client.force_login(User.objects.get(pk=carol.pk))
        return client

    asks(browser("view_document", "delete_document"), "lock", document)
    assert fresh(document).locked_at is None
    changing = browser("change_document")
    does(changing, "lock", document)
    does(changing, "trash", document)
    asks(changing, "purge", document, confirmed="yes", sure="on")
    assert fresh(document).deleted_at and fresh(document).locked_at
    does(browser("change_document", "delete_document"), "purge", document, sure="on")
    assert not Document.objects.filter(pk=document.pk).exists()


def test_the_log_has_a_line_for_each_without_texts_or_names(admin, root, bob, document, caplog):
    with caplog.at_level(logging.INFO, "collabdocs.audit"):
        does(admin, "lock", document)
        does(admin, "set_role", document, who="bob", role="viewer")
    lines = [record.getMessage() for record in caplog.records if record.name == "collabdocs.audit"]
    assert lines == [
        f"user {root.pk}, document {document.pk}: Locked",
        f"user {root.pk}, document {document.pk}: Made user {bob.pk} viewer",
    ]


def test_no_verb_writes_over_what_happened_meanwhile(admin, alice, document):
    """Nothing is saved as a whole row: what is not the verb's own stays as it became."""
    Document.objects.filter(pk=document.pk).update(title="Renamed", version=7)
    does(admin, "lock", document)
    assert (fresh(document).title, fresh(document).version) == ("Renamed", 7)


def test_what_was_asked_by_a_foreign_page_is_refused(root, document):
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(root)
    assert asks(strict, "lock", document).status_code == 403
    assert fresh(document).locked_at is None
