"""Copies of the log: checkpoints and the list's row. They trail, they may be missing, and they never lie."""

import random
from datetime import timedelta
from uuid import UUID, uuid4

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from documents import copies, events, history, logtable, oplog, services
from documents.copies import replay
from documents.errors import CorruptLog
from documents.models import Checkpoint, Document
from documents.oplog import Log, UnknownOutcome
from documents.ot.tests.simulation import random_edit
from documents.tests.writers import Writer, start, text

pytestmark = pytest.mark.django_db


@pytest.fixture
def doc() -> UUID:
    return uuid4()


@pytest.fixture
def document(alice) -> Document:
    return services.create_document(owner=alice, title="a title", content="the cat")


def write_at_random(doc: UUID, count: int, *, seed: int) -> list[str]:
    """Commit `count` edits; the text at every version."""
    rng, log, tab = random.Random(seed), Log(doc), Writer()
    texts = [""] * (log.head + 1)
    texts[-1] = text(doc)
    for _ in range(count):
        log.append([tab.writes(*random_edit(rng, texts[-1]), base=log.head)])
        texts.append(replay(log.head - 1, texts[-1], [log.newest])[1])
    return texts


def checkpoints() -> list[int]:
    return sorted(Checkpoint.objects.values_list("version", flat=True))


# --- Texts ---


def test_it_works(doc):
    texts = write_at_random(doc, 30, seed=1)
    copies.checkpoint(doc, 12)
    assert checkpoints() == [12]
    assert copies.text_at(doc) == (30, texts[30])


@pytest.mark.parametrize("copied", [[], [1], [30], [7, 19], range(1, 31)])
def test_every_version_is_the_fold_of_the_log(doc, copied):
    texts = write_at_random(doc, 30, seed=2)
    for version in copied:
        copies.checkpoint(doc, version)
    for version, expected in enumerate(texts):
        assert copies.text_at(doc, version) == (version, expected)


@given(copied=st.sets(st.integers(0, 20)), deleted=st.sets(st.integers(0, 20)), version=st.integers(0, 20))
@settings(max_examples=40, deadline=None)
def test_any_copies_in_any_order_and_any_of_them_deleted(copied, deleted, version):
    doc = uuid4()
    texts = write_at_random(doc, 20, seed=3)
    for each in copied:
        copies.checkpoint(doc, each)
    Checkpoint.objects.filter(version__in=deleted).delete()
    assert copies.text_at(doc, version) == (version, texts[version])
    assert copies.text_at(doc) == (20, texts[20])


def test_a_copy_is_read_instead_of_what_is_before_it(doc, django_assert_num_queries):
    texts = write_at_random(doc, 10, seed=4)
    copies.checkpoint(doc, 6)
    oplog.Row.objects.filter(version__lte=6).delete()
    with django_assert_num_queries(2):
        assert copies.text_at(doc) == (10, texts[10])
    assert copies.text_at(doc, 6) == (6, texts[6])
    with pytest.raises(CorruptLog):
        copies.text_at(doc, 5)


def test_copies_of_other_documents_are_not_taken(doc):
    for neighbour in (UUID(int=doc.int - 1), UUID(int=doc.int + 1)):
        write_at_random(neighbour, 9, seed=5)
        copies.checkpoint(neighbour, 9)
    texts = write_at_random(doc, 3, seed=6)
    assert copies.text_at(doc) == (3, texts[3])


def test_a_copy_holds_every_code_point(doc):
    content = "".join(map(chr, [1, 0x85, 0x2028, 0xFEFF, 0xFFFE, 0x1F600, 0x10FFFF])) + "e\u0301"
    start(doc, content)
    copies.checkpoint(doc, 1)
    assert copies.text_at(doc) == (1, content)


def test_the_same_copy_twice_is_one(doc):
    write_at_random(doc, 5, seed=7)
    copies.checkpoint(doc, 5)
    copies.checkpoint(doc, 5)
    assert checkpoints() == [5]


def test_an_empty_log_is_an_empty_text(doc):
    assert copies.text_at(doc) == copies.text_at(doc, 0) == (0, "")
    with pytest.raises(CorruptLog):
        copies.text_at(doc, 1)


def test_a_copy_that_disagrees_with_the_log_is_noticed(doc):
    """Where the lengths tell; never an answer that nobody can trust."""
    write_at_random(doc, 9, seed=8)
    copies.checkpoint(doc, 5)
    other = uuid4()
    start(other, "x" * 99)
    copies.checkpoint(other, 1)
    wrong = Checkpoint.objects.get(key=logtable.log_key(other, 1)).data
    Checkpoint.objects.filter(key=logtable.log_key(doc, 5)).update(data=wrong)
    with pytest.raises(CorruptLog):
        copies.text_at(doc)


# --- When one is due ---


@pytest.mark.parametrize(
    ("length", "due"), [(0, 500), (10_000, 500), (10_020, 501), (60_000, 3_000), (100_000, 5_000), (10**6, 5_000)]
)
def test_due_after(length, due):
    assert copies._due_after(length) == due


def test_copied_when_the_tail_is_long(doc, monkeypatch):
    monkeypatch.setattr(copies, "FEWEST", 6)
    monkeypatch.setattr(copies, "LOOK_EVERY", 2)
    log, tab = Log(doc), Writer()
    for head in range(1, 24):
        log.append([tab.writes("x", base=log.head)])
        copies.checkpoint_if_due(doc, head - 1, head)
    assert checkpoints() == [6, 12, 18]
    assert copies.text_at(doc) == (23, "x" * 23)


def test_it_looks_only_when_a_hundred_is_crossed(doc, django_assert_num_queries):
    with django_assert_num_queries(0):
        copies.checkpoint_if_due(doc, 100, 199)
        copies.checkpoint_if_due(doc, 0, 99)
        copies.checkpoint_if_due(doc, 7, 7)
    with django_assert_num_queries(1):
        copies.checkpoint_if_due(doc, 99, 100)


def test_writing_makes_them_by_itself(document, monkeypatch):
    """By REST; a room calls `keep_copies` for the same."""
    monkeypatch.setattr(copies, "FEWEST", 100)
    log, tab = services.open_log(document.id), Writer()
    for _ in range(4):
        log.append([tab.writes("x", base=log.head)])
        services.submit(document.id, Writer().writes("y", base=log.head))
        log.read_on()
    assert checkpoints() == []
    log.append([Writer().writes("z", base=0) for _ in range(200)])
    services.keep_copies([(document.id, 9, log.newest)])
    assert checkpoints() == [209]


# --- The row ---


def row(document: Document) -> Document:
    return Document.objects.get(pk=document.pk)


def test_the_row_follows_every_way_to_write(document, alice):
    assert row(document).version == 1
    services.replace_content(document, "the black cat", author=alice)
    assert row(document).version == 2
    entry = services.submit(document.id, Writer(alice.id).writes("!", base=2))
    assert (row(document).version, row(document).updated_at) == (3, entry.created_at)


def test_the_row_never_goes_back(document, alice):
    entries = [services.submit(document.id, Writer(alice.id).writes("!", base=1)) for _ in range(3)]
    for entry in entries:
        copies.refresh_row(document.id, entry)
    assert (row(document).version, row(document).updated_at) == (4, entries[2].created_at)


def test_a_later_name_keeps_its_time(document, alice):
    """A trailing copy brings the version, and no older time."""
    [entry] = Log(document.id).append([Writer(alice.id).writes("!", base=1)])
    services.rename_document(document, title="new", actor=alice)
    renamed = row(document).updated_at
    assert renamed > entry.created_at
    copies.refresh_row(document.id, entry)
    assert (row(document).version, row(document).updated_at) == (2, renamed)


def test_what_is_read_does_not_wait_for_the_row(document, alice):
    """A crash between the log's insert and the copies: the log wins."""
    [entry] = Log(document.id).append([Writer(alice.id).writes(3, "!", base=1)])
    stale = row(document)
    assert stale.version == 1
    history.load_head(stale)
    assert (stale.version, stale.content, stale.updated_at) == (2, "the! cat", entry.created_at)


def test_a_crash_before_the_copies_heals_when_it_is_opened(document, alice, monkeypatch):
    monkeypatch.setattr(copies, "refresh_row", lambda *_: (_ for _ in ()).throw(SystemExit("kill -9")))
    with pytest.raises(SystemExit):
        services.submit(document.id, Writer(alice.id).writes("!", base=1))
    monkeypatch.undo()
    assert row(document).version == 1 and history.head(document.id) == 2
    services.open_log(document.id)
    assert row(document).version == 2


def test_a_row_that_lies_is_not_believed(document):
    Document.objects.filter(pk=document.pk).update(version=99)
    lying = row(document)
    history.load_head(lying)
    assert (lying.version, lying.content) == (1, "the cat")


def test_reading_takes_the_later_of_both_times(document, alice):
    later = document.updated_at + timedelta(hours=1)
    Document.objects.filter(pk=document.pk).update(updated_at=later)
    found = row(document)
    history.load_head(found)
    assert found.updated_at == later


# --- What is announced ---


@pytest.fixture
def heard():
    found = []

    def hear(event, **_):
        if isinstance(event, events.Committed):
            found.append((event.document_id, [entry.version for entry in event.entries]))

    events.announced.connect(hear)
    yield found
    events.announced.disconnect(hear)


def test_every_commit_is_announced_once(document, alice, heard):
    log = services.open_log(document.id)
    services.commit([(log, [Writer().writes("a", base=1), Writer().writes("b", base=1)])])
    services.replace_content(document, "another text", author=alice)
    services.commit([(log, [])])
    assert heard == [(document.id, [2, 3]), (document.id, [4])]


def test_what_a_loser_read_on_the_way_is_announced_too(document, heard):
    log = services.open_log(document.id)
    Log(document.id).append([Writer().writes("b", base=1)])
    services.commit([(log, [Writer().writes("a", base=1)])])
    assert heard == [(document.id, [2, 3])]


def test_what_landed_is_announced_though_the_rest_failed(document, alice, heard, monkeypatch):
    """One document's failure keeps nobody else waiting for an acknowledgement."""
    other = services.create_document(owner=alice, content="x")
    heard.clear()
    jobs = [(services.open_log(d.id), [Writer().writes("a", base=1)]) for d in (document, other)]
    Log(document.id).append([Writer().writes("faster", base=1)])  # so that each is committed by itself
    insert_rows = oplog._insert_rows

    def failing(rows):
        if len(rows) == 1 and rows[0].key.startswith(other.id.hex):
            raise UnknownOutcome("disk full")
        return insert_rows(rows)

    with monkeypatch.context() as patch:
        patch.setattr(oplog, "_insert_rows", failing)
        with pytest.raises(UnknownOutcome):
            services.commit(jobs)
    assert heard == [(document.id, [2, 3])]
    outcomes = services.commit(jobs)
    assert [each[0].version for each in outcomes] == [3, 2]
    assert heard == [(document.id, [2, 3]), (other.id, [2])]
