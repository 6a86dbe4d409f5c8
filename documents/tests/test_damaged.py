"""A damaged document says so with a stable code, by every way in; what was before the damage can still be read."""

import pytest

from documents import logtable, services, trash
from documents.errors import CorruptLog
from documents.models import Operation as Row
from documents.tests.rest import DOCUMENTS, refusal, url

pytestmark = pytest.mark.django_db

DAMAGES = {
    "unfit": {"operation": "[999]"},
    "surrogate": {"operation": '["\\ud800"]'},
    "no list": {"operation": "7"},
    "too long": {"length": 99},
}


@pytest.fixture(params=DAMAGES)
def damaged(request, alice, bob, write_text):
    """Version 3 of 4 is bad."""
    document = write_text("one")
    rows = Row.objects.filter(key=logtable.log_key(document.id, 3))
    assert rows.update(**DAMAGES[request.param])
    return document


@pytest.fixture
def write_text(alice):
    def write(first):
        document = services.create_document(owner=alice, title="Fragile", content=first)
        for text in ("one two", "one two three", "one two three four"):
            services.replace_content(document, text, author=alice)
        return document

    return write


@pytest.mark.parametrize("path", ["", "/html", "/export?format=md", "/versions/3"])
def test_it_is_never_an_empty_text(ask, alice, damaged, path):
    assert refusal(ask(alice, "get", url(damaged) + path)) == (500, "document_damaged")


def test_a_write_is_refused_alike(ask, alice, damaged):
    assert refusal(ask(alice, "put", url(damaged), {"content": ""})) == (500, "document_damaged")
    assert Row.objects.filter(key=logtable.log_key(damaged.id, 5)).count() == 0


def test_the_page_is_an_error(client, alice, damaged):
    client.force_login(alice)
    assert client.get(f"/documents/{damaged.id}/").status_code == 500


def test_the_versions_before_are_there(ask, alice, damaged):
    assert ask(alice, "get", url(damaged) + "/versions/2").json()["content"] == "one two"


def test_other_documents_and_lists_do_not_suffer(ask, alice, damaged, document):
    assert ask(alice, "get", url(document)).status_code == 200
    assert len(ask(alice, "get", DOCUMENTS).json()["results"]) == 2
    assert ask(alice, "get", f"{DOCUMENTS}?search=four").json()["results"] == []  # and no error


def test_who_reads_rows_says_which_is_bad(alice, write_text):
    document = write_text("one")
    Row.objects.filter(key=logtable.log_key(document.id, 3)).update(operation='["\\ud800"]')
    for read in (logtable.entries, logtable.steps):
        with pytest.raises(CorruptLog, match="version 3 is unreadable"):
            read(document.id, after=0)


def test_it_can_be_purged_all_the_same(alice, write_text):
    document = write_text("one")
    Row.objects.filter(key=logtable.log_key(document.id, 4)).update(operation='["\\ud800"]')
    trash.delete_document(document, actor=alice)
    trash.purge(document)
    assert not logtable.keyed(Row, document.id).exists()
