"""`verify_documents` names what is bad, with its version, and touches nothing but copies, and these only when told."""

import random
import zlib
from io import StringIO

import orjson
import pytest
from django.core.management import CommandError, call_command
from django.db.models import F

from documents import history, logtable, permissions, services, trash
from documents.copies import blame, revisions, rows, texts
from documents.copies import verify as verifying
from documents.models import BlameCheckpoint, Checkpoint, Document, Revision, SearchCopy
from documents.models import Operation as Row
from documents.oplog import Log
from documents.ot.tests.simulation import random_edit
from documents.tests.writers import Writer

pytestmark = pytest.mark.django_db


@pytest.fixture
def story(alice, bob, monkeypatch) -> Document:
    """Forty versions by two people, a whole text copy at 10, changes of it at 20 and 30, and all other copies."""
    monkeypatch.setattr(blame, "EVERY", 16)
    monkeypatch.setattr(verifying, "SLICE", 7)
    rng = random.Random(1)
    document = services.create_document(owner=alice, title="A story", content=long_text(rng))
    log, tabs = Log(document.id), [Writer(alice.id), Writer(bob.id)]
    for version in range(1, 40):
        operation = random_edit(rng, history.current_text(document.id)[1])
        log.append([tabs[version // 9 % 2].writes(*operation, base=version)])
    for version in (10, 20, 30):
        texts.checkpoint(document.id, version)
    services.keep_copies([(document.id, 1, log.newest)])
    revisions.catch_up(document.id, 40)
    rows.refresh_search([rows.Searched(document.id, document.title, 40)])
    assert [texts.copied_versions(document.id), blame.copied_versions(document.id)] == [[10, 20, 30], [16, 32]]
    assert list(Checkpoint.objects.order_by("key").values_list("base", flat=True)) == [None, 10, 10]
    assert Revision.objects.count() == 5 and SearchCopy.objects.count() == 1
    return document


def long_text(rng: random.Random) -> str:
    """Letters that do not compress, so that a change is much less."""
    return "".join(map(chr, rng.choices(range(0x4E00, 0x9FFF), k=2_000)))


def verify(*arguments) -> tuple[int, list[str]]:
    """(exit status, lines) of the command; what it leaves of the log is what was there."""
    before, out = list(Row.objects.order_by("key").values_list()), StringIO()
    try:
        call_command("verify_documents", *map(str, arguments), stdout=out)
        status = 0
    except SystemExit as error:
        status = error.code
    assert list(Row.objects.order_by("key").values_list()) == before
    return status, out.getvalue().splitlines()


def found_bad(document: Document, *arguments) -> list[str]:
    """What the command says is bad in this document."""
    status, lines = verify(*arguments)
    assert status == 1 and lines[-1].endswith("in 1 of them")
    assert all(line.startswith(f"{document.id} ") for line in lines[:-1])
    return [line.partition(" ")[2] for line in lines[:-1]]


# --- All is well ---


def test_it_works(story, alice):
    services.create_document(owner=alice, title="empty")
    assert verify() == (0, ["2 documents: every copy says what its log says"])


def test_copies_may_trail_and_may_be_missing(story, bob):
    Log(story.id).append([Writer(bob.id).writes("!", base=40)])
    Checkpoint.objects.filter(version=20).delete()
    BlameCheckpoint.objects.filter(version=16).delete()
    assert verify()[0] == 0


def test_slices_and_renumbering_change_nothing(story, monkeypatch):
    for size in (1, 39, 40, 1_000):
        monkeypatch.setattr(verifying, "SLICE", size)
        assert verify()[0] == 0


def test_only_those_that_are_named(story, alice):
    other = services.create_document(owner=alice, title="another", content="x")
    Document.objects.filter(pk=story.id).update(version=99)
    assert verify(other.id) == (0, ["1 documents: every copy says what its log says"])
    assert verify(other.id, story.id)[0] == 1
    with pytest.raises(CommandError, match="no document"):
        call_command("verify_documents", "00000000-0000-0000-0000-000000000000")


def test_a_deleted_document_is_verified_too(story, alice):
    trash.delete_document(permissions.get_document(alice, story.id), actor=alice)
    assert verify()[0] == 0
    Row.objects.filter(version=7).delete()
    assert found_bad(story) == ["version 7 is missing"]


# --- The log is bad ---


def damage_log(version: int, **columns) -> None:
    assert Row.objects.filter(version=version).update(**columns) == 1


def test_a_hole(story):
    Row.objects.filter(version__in=(25, 33)).delete()
    assert found_bad(story) == ["version 25 is missing"]


@pytest.mark.parametrize("version", [1, 7, 8, 39, 40])
def test_an_operation_that_does_not_apply(story, version):
    damage_log(version, operation="[5000, -1]")
    [what] = found_bad(story)
    assert what.startswith(f"version {version} does not apply: ")


@pytest.mark.parametrize(
    "operation", ["", "[", "7", '{"a": 1}', "[1.5]", "[true]", "[null]", '["a", "b"]', '["a", 1]', '["\\r"]', '"a"']
)
def test_an_operation_that_is_none(story, operation):
    damage_log(12, operation=operation)
    [what] = found_bad(story)
    assert what.startswith("version 12 ")


def test_a_length_that_is_wrong(story):
    damage_log(12, length=F("length") + 1)
    [what] = found_bad(story)
    assert what.startswith("version 12 has ") and "code points and not" in what


def test_the_first_bad_version_is_named_and_no_copy_behind_it(story):
    """They may be all that is left."""
    damage_log(25, operation='["?"]')
    Checkpoint.objects.filter(version=20).update(data=zlib.compress(b"[]"))
    copy, log = found_bad(story, "--drop-bad-copies")
    assert copy.startswith("text copy of version 20") and log.startswith("version 25 has ")
    assert texts.copied_versions(story.id) == [10, 30] and blame.copied_versions(story.id) == [16, 32]


def test_an_end_that_was_cut_off(story):
    """A log's end can't be missed but by the copies above it."""
    Row.objects.filter(version__gt=28).delete()
    assert found_bad(story) == [
        "text copy of version 30: the log ends at version 28",
        "blame copy of version 32: the log ends at version 28",
        "revision 4 of version 36: the log ends at version 28",
        "row of version 40: the log ends at version 28",
        "revision 5 of version 40: the log ends at version 28",
        "search copy of version 40: the log ends at version 28",
    ]


# --- A copy is bad ---


def whole(text: str) -> bytes:
    return zlib.compress(text.encode())


def damage_text(version: int, data: bytes) -> None:
    assert Checkpoint.objects.filter(version=version).update(data=data) == 1


def test_a_text_that_differs_with_the_changes_that_stand_on_it(story):
    damage_text(10, whole("x" + texts.text_at(story.id, 10)[1][1:]))
    says = "the log says something else"
    assert found_bad(story) == [f"text copy of version {version}: {says}" for version in (10, 20, 30)]


def test_a_change_that_differs(story):
    damage_text(20, zlib.compress(b'["x",-1]'))
    assert found_bad(story) == ["text copy of version 20: the log says something else"]


@pytest.mark.parametrize("data", [b"", b"x", zlib.compress(b"["), zlib.compress(b"[99999]")])
def test_a_change_that_is_unreadable(story, data):
    damage_text(20, data)
    [what] = found_bad(story)
    assert what.startswith("text copy of version 20: the copy of version 20 is unreadable")


def test_a_change_whose_whole_is_missing(story):
    Checkpoint.objects.filter(version=10).delete()
    assert [what.partition(": ")[2] for what in found_bad(story)] == [
        f"the copy of version {version} is a change of one that is missing" for version in (20, 30)
    ]


def altered(column: str) -> bytes:
    """The blame copy of version 16 with one number of a column changed."""
    columns = orjson.loads(zlib.decompress(BlameCheckpoint.objects.get(version=16).data))
    columns[column][2] += 1
    return zlib.compress(orjson.dumps(columns))


@pytest.mark.parametrize("column", ["version", "time", "length", "tag"])
def test_a_blame_copy_that_differs(story, column):
    BlameCheckpoint.objects.filter(version=16).update(data=altered(column))
    [what] = found_bad(story)
    assert what.startswith("blame copy of version 16: ")


@pytest.mark.parametrize("data", [b"", zlib.compress(b"{}"), zlib.compress(b"[1]"), zlib.compress(b"{")])
def test_a_blame_copy_that_is_unreadable(story, data):
    BlameCheckpoint.objects.filter(version=32).update(data=data)
    [what] = found_bad(story)
    assert what.startswith("blame copy of version 32: the copy of version 32 is unreadable")


@pytest.mark.parametrize("column", ["inserted", "deleted", "number"])
def test_a_revision_that_differs(story, column):
    Revision.objects.filter(number=3).update(**{column: F(column) + 1})
    [what] = found_bad(story)
    assert "of version 27: the log says something else" in what and what.startswith("revision")


def test_a_revision_of_somebody_else(story, alice):
    Revision.objects.filter(number=2).update(author_id=alice.id)
    assert found_bad(story) == ["revision 2 of version 18: the log says something else"]


def test_a_revision_that_is_missing_or_too_short(story):
    Revision.objects.filter(number=2).delete()
    assert found_bad(story) == ["revision 3 of version 27: the log says something else"]
    revisions.drop_all(story.id)
    revisions.catch_up(story.id, 15)
    revisions.catch_up(story.id, 40)
    assert verify()[0] == 0
    short = Revision.objects.get(number=2)
    Revision.objects.filter(number=2).update(to_version=17, ended_at=logtable.entry_at(story.id, 17).created_at)
    assert found_bad(story)[-1] == "revision 3 of version 27: the log says something else"
    assert short.to_version == 18


def test_a_row_above_the_head(story):
    Document.objects.filter(pk=story.id).update(version=41)
    assert found_bad(story) == ["row of version 41: the log ends at version 40"]


def test_a_search_copy_that_differs(story):
    SearchCopy.objects.update(text="something else")
    assert found_bad(story) == ["search copy of version 40: the log says something else"]


# --- Dropping ---


def test_what_is_dropped_is_made_again(story):
    damage_text(10, whole("nonsense"))
    BlameCheckpoint.objects.filter(version=16).update(data=altered("time"))
    Revision.objects.filter(number=3).update(inserted=9)
    SearchCopy.objects.update(text="something else")
    Document.objects.filter(pk=story.id).update(version=41)
    kinds = [what.partition(" ")[0] for what in found_bad(story, "--drop-bad-copies")]
    assert kinds == ["text", "blame", "revision", "search", "row"], "changes of a dropped text are dropped with it"
    assert verify()[0] == 0
    assert texts.copied_versions(story.id) == [] and blame.copied_versions(story.id) == [32]
    assert Revision.objects.count() == 0 and SearchCopy.objects.count() == 0
    assert Document.objects.get(pk=story.id).version == 40


def test_nothing_is_dropped_unless_told(story):
    damage_text(30, b"")
    assert found_bad(story) == found_bad(story)
    assert texts.copied_versions(story.id) == [10, 20, 30]


def test_a_text_that_was_cached_from_a_bad_copy_is_forgotten(story, alice):
    document = permissions.get_document(alice, story.id)
    right = history.text_of(document, 30)
    for version in (10, 20, 30):
        Checkpoint.objects.filter(version=version).delete()
    services.new_log_identity()
    texts.checkpoint(story.id, 30)
    damage_text(30, whole("?" * len(right)))
    assert history.text_of(document, 30) == "?" * len(right)
    found_bad(story, "--drop-bad-copies")
    assert history.text_of(document, 30) == right
