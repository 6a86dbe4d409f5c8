"""`compact_checkpoints` brings copies to what the rules want, whatever there was, and nobody reads a wrong text."""

import random
from io import StringIO
from uuid import UUID

import pytest
from django.core.management import call_command
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from documents import services, trash
from documents.copies import blame, compact, revisions, texts
from documents.copies.texts import replay
from documents.models import BlameCheckpoint, Checkpoint, Document, Revision
from documents.models import Operation as Row
from documents.oplog import Log
from documents.ot.tests.simulation import random_edit
from documents.tests.test_verify import long_text, verify
from documents.tests.writers import Writer

pytestmark = pytest.mark.django_db

HEAD = 60


@pytest.fixture
def rules(monkeypatch) -> None:
    """The same rules for shorter logs: a text every ten operations or so, blame every sixteen."""
    for name, value in {"LONGEST_TAIL": 10, "LOOK_EVERY": 5, "HEAVY": 4_000}.items():
        monkeypatch.setattr(texts, name, value)
    monkeypatch.setattr(blame, "EVERY", 16)
    monkeypatch.setattr(compact, "SLICE", 7)


@pytest.fixture
def story(alice, rules) -> Document:
    """Sixty versions of a text of 2,000 letters that do not compress, without any copy."""
    rng = random.Random(2)
    document = services.create_document(owner=alice, content=long_text(rng))
    log, tab, text = Log(document.id), Writer(alice.id), texts.text_at(document.id)[1]
    for version in range(1, HEAD):
        log.append([tab.writes(*random_edit(rng, text), base=version)])
        text = replay(version, text, [log.newest])[1]
    return document


def compacted(*arguments) -> list[str]:
    out = StringIO()
    call_command("compact_checkpoints", *map(str, arguments), stdout=out)
    return out.getvalue().splitlines()


def copies() -> list[list[tuple]]:
    """All copies there are, byte for byte."""
    return [
        [
            (key, base, bytes(data))
            for key, base, data in Checkpoint.objects.order_by("key").values_list("key", "base", "data")
        ],
        [(key, bytes(data)) for key, data in BlameCheckpoint.objects.order_by("key").values_list("key", "data")],
        list(Revision.objects.order_by("key").values_list()),
    ]


def log_rows() -> list[tuple]:
    return list(Row.objects.order_by("key").values_list())


def all_texts(document_id: UUID) -> list[str]:
    return [texts.text_at(document_id, version)[1] for version in range(HEAD + 1)]


def test_it_works(story):
    expected, log = all_texts(story.id), log_rows()
    lines = compacted()
    assert texts.copied_versions(story.id) == [10, 20, 30, 40, 50, 60]
    assert list(Checkpoint.objects.order_by("key").values_list("base", flat=True)) == [None] + 5 * [10]
    assert blame.copied_versions(story.id) == [16, 32, 48]
    assert Revision.objects.count() == 1
    after = compact.bytes_of(story.id)
    assert lines == [
        f"{story.id} 0 bytes before, {after:,} after",
        f"1 documents: 0 bytes of copies before, {after:,} after",
    ]
    assert all_texts(story.id) == expected and log_rows() == log and verify()[0] == 0


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    copied=st.lists(st.integers(1, HEAD), max_size=8),
    share=st.sampled_from([0, 8, 10**9]),
    dropped=st.sets(st.integers(1, HEAD), max_size=4),
    blamed=st.booleans(),
)
def test_whatever_there_was_it_ends_the_same(story, copied, share, dropped, blamed):
    """Twice is once, and every text stays."""
    with pytest.MonkeyPatch.context() as patch:
        compacted()
        wanted = copies()
        patch.setattr(texts, "CHANGE_SHARE", share)
        for version in copied:
            texts.checkpoint(story.id, version)
        Checkpoint.objects.filter(version__in=dropped).delete()
        BlameCheckpoint.objects.filter(version=32).delete()
        if blamed:
            blame.keep(story.id, blame.blame_at(story.id, 20))
        revisions.drop_all(story.id)
    compacted()
    assert copies() == wanted
    compacted()
    assert copies() == wanted


def test_a_heavy_operation_is_looked_at_as_by_a_writer(story, alice):
    services.replace_content(story, "x" * 4_100, author=alice)
    assert texts.copied_versions(story.id) == [HEAD + 1]
    compacted()
    assert texts.copied_versions(story.id) == [10, 20, 30, 40, 50, 60, 61]


def test_a_reader_gets_the_right_text_at_every_moment(story, monkeypatch):
    """Between any two things that are written or deleted."""
    expected = all_texts(story.id)
    for version in (3, 4, 10, 17, 18, 33, 50):
        texts.checkpoint(story.id, version)
    looked = []

    def between(work):
        def look_then_work(*arguments):
            look()
            work(*arguments)
            look()

        return look_then_work

    def look():
        looked.append(texts.copied_versions(story.id))
        assert all_texts(story.id) == expected

    monkeypatch.setattr(texts, "_put", between(texts._put))
    monkeypatch.setattr(texts, "drop", between(texts.drop))
    compacted()
    assert len(looked) == 14 and looked[-1] == [10, 20, 30, 40, 50, 60]
    assert set(looked[-2]) > set(looked[-1]), "what is not wanted goes last"


def test_what_is_written_meanwhile_keeps_its_copies(story, alice, monkeypatch):
    """The copies above the head that was looked at are newer than what is known here."""
    save = texts.save

    def save_and_write(*arguments):
        monkeypatch.setattr(texts, "save", save)
        log, tab = Log(story.id), Writer(alice.id)
        for version in range(HEAD, HEAD + 3):
            log.append([tab.writes("!", base=version)])
        texts.checkpoint(story.id, HEAD + 2)
        return save(*arguments)

    monkeypatch.setattr(texts, "save", save_and_write)
    compacted()
    assert texts.copied_versions(story.id)[-2:] == [HEAD, HEAD + 2]
    assert texts.text_at(story.id)[0] == HEAD + 3


def test_of_a_bad_log_nothing_is_deleted(story):
    texts.checkpoint(story.id, 33)
    Row.objects.filter(version=25).delete()
    out = StringIO()
    with pytest.raises(SystemExit) as ended:
        call_command("compact_checkpoints", stdout=out)
    assert ended.value.code == 1 and f"{story.id} is left as it is" in out.getvalue()
    assert texts.copied_versions(story.id) == [10, 20, 33]


def test_only_those_that_are_named_also_deleted_ones(story, alice):
    other = services.create_document(owner=alice, content="x")
    trash.delete_document(story, actor=alice)
    assert compacted(other.id) == ["1 documents: 0 bytes of copies before, 0 after"]
    assert len(compacted(story.id, other.id)) == 2
    assert texts.copied_versions(story.id) == [10, 20, 30, 40, 50, 60]
