"""Finding documents by what they say: title and text, by every word, in any case, and only what one may read."""

from urllib.parse import quote

import pytest

from documents import services, sharing, trash
from documents.copies import rows, texts
from documents.models import Document, Operation, SearchCopy
from documents.tests.rest import DOCUMENTS
from documents.tests.writers import Writer

pytestmark = pytest.mark.django_db


@pytest.fixture
def shelf(alice, bob) -> dict[str, Document]:
    made = {
        "Bread": services.create_document(owner=alice, title="Bread", content="flour, water\nand SALT"),
        "Straße": services.create_document(owner=alice, title="Straße", content="Überall Ψυχή 🍞"),
        "Secret": services.create_document(owner=bob, title="Secret", content="bread and salt"),
    }
    return made


@pytest.fixture
def search(ask):
    def find(user, words: str) -> list[str]:
        answer = ask(user, "get", f"{DOCUMENTS}?ordering=title&search={quote(words)}")
        assert answer.status_code == 200, answer.json()
        return [found["title"] for found in answer.json()["results"]]

    return find


@pytest.mark.parametrize(
    ("words", "found"),
    [
        ("water", ["Bread"]),
        ("bread salt", ["Bread"]),  # one in the title, one in the text
        ("bread pepper", []),
        ("salt WATER flour", ["Bread"]),
        ("STRASSE", ["Straße"]),
        ("überall ψυχή", ["Straße"]),
        ("🍞", ["Straße"]),
        ("a", ["Bread", "Straße"]),
        ("  water  ", ["Bread"]),
        ("   ", ["Bread", "Straße"]),
        ("%", []),
        ("_", []),
        ("', '", []),
    ],
)
def test_it_works(search, shelf, alice, words, found):
    assert search(alice, words) == found


def test_what_one_may_not_read_is_not_found(search, shelf, alice, bob, mallory):
    assert search(mallory, "bread") == []
    assert search(alice, "bread and") == ["Bread"]
    sharing.set_role(shelf["Secret"], user=alice, role="viewer", actor=bob)
    assert search(alice, "bread and") == ["Bread", "Secret"]
    sharing.remove_collaborator(shelf["Secret"], user=alice, actor=bob)
    assert search(alice, "bread and") == ["Bread"]


def test_it_follows_every_road_to_the_text(search, shelf, alice):
    document = shelf["Bread"]
    assert search(alice, "olives") == []
    services.submit(document.id, Writer(alice.id).writes("olives ", base=1))
    assert search(alice, "olives") == ["Bread"]
    services.replace_content(document, "nothing", author=alice)
    assert search(alice, "olives") == []
    services.rename_document(document, title="Olives", actor=alice)
    assert search(alice, "olives") == ["Olives"]
    trash.delete_document(document, actor=alice)
    assert search(alice, "olives") == []


def test_only_what_has_changed_is_read_again(search, shelf, alice, monkeypatch):
    search(alice, "salt")
    services.submit(shelf["Straße"].id, Writer(alice.id).writes("salt ", base=1))
    read, text_at = [], texts.text_at
    monkeypatch.setattr(texts, "text_at", lambda document_id: read.append(document_id) or text_at(document_id))
    assert search(alice, "salt") == ["Bread", "Straße"]
    assert read == [shelf["Straße"].id]


def test_very_many_are_brought_up_to_date_bit_by_bit(search, alice, monkeypatch):
    monkeypatch.setattr(rows, "MOST_REFRESHED", 2)
    monkeypatch.setattr(rows, "CHUNK", 2)
    for number in range(5):
        services.create_document(owner=alice, title=str(number), content="salt")
    assert search(alice, "salt") == ["3", "4"]  # the newest first
    assert len(search(alice, "salt")) == 4
    assert len(search(alice, "salt")) == 5


def test_a_copy_made_in_mid_flight_is_made_again(search, shelf, alice):
    """The row trails the log: what was read may be newer than the row says, and is looked at once more."""
    document = shelf["Bread"]
    services.submit(document.id, Writer(alice.id).writes("olives ", base=1))
    Document.objects.filter(pk=document.id).update(version=1)
    assert search(alice, "olives") == ["Bread"]
    assert SearchCopy.objects.get(pk=document.id).version == 1
    Document.objects.filter(pk=document.id).update(version=2)
    search(alice, "olives")
    assert SearchCopy.objects.get(pk=document.id).version == 2


def test_a_broken_document_does_not_spoil_the_search(search, shelf, alice):
    Operation.objects.filter(key__startswith=shelf["Bread"].id.hex).update(length=3)
    assert search(alice, "Straße") == ["Straße"]
