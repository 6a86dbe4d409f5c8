"""Copies of the log: checkpoints and the list's row. They trail, they may be missing, and they never lie."""

import random
import zlib
from dataclasses import replace
from datetime import timedelta
from itertools import pairwise
from uuid import UUID, uuid4

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from documents import events, history, logtable, oplog, permissions, services
from documents.copies import rows
from documents.copies import texts as copies
from documents.copies.texts import replay
from documents.errors import CorruptLog, UnknownOutcome
from documents.models import Checkpoint, Document
from documents.oplog import Log
from documents.ot import apply
from documents.ot.tests import strategies
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
    logtable.Row.objects.filter(version__lte=6).delete()
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


# --- Whole, or as a change ---


@pytest.fixture
def edited(doc) -> list[str]:
    """A text of 2,000 letters that do not compress well, and twenty edits; the text at every version."""
    start(doc, "".join(map(chr, random.Random(9).choices(range(0x4E00, 0x9FFF), k=2_000))))
    return write_at_random(doc, 20, seed=10)


def bases() -> dict[int, int | None]:
    return dict(Checkpoint.objects.order_by("version").values_list("version", "base"))


def test_what_changed_little_is_kept_as_a_change_of_the_newest_whole(doc, edited):
    for version in (2, 10, 15):
        copies.checkpoint(doc, version)
    assert bases() == {2: None, 10: 2, 15: 2}
    whole, change = Checkpoint.objects.get(version=2), Checkpoint.objects.get(version=15)
    assert len(change.data) * copies.CHANGE_SHARE <= len(whole.data)
    assert [copies.text_at(doc, version)[1] for version in range(1, 22)] == edited[1:]


def test_what_changed_much_is_kept_whole(doc, edited):
    copies.checkpoint(doc, 1)
    Log(doc).append([Writer().writes("".join(map(chr, range(0x100, 0x300))), base=21)])
    copies.checkpoint(doc, 22)
    copies.checkpoint(doc, 21)
    assert bases() == {1: None, 21: 1, 22: None}


def test_a_change_is_read_with_its_whole_and_no_other_entry(doc, edited, django_assert_num_queries):
    copies.checkpoint(doc, 2)
    copies.checkpoint(doc, 10)
    logtable.Row.objects.filter(version__lte=10).delete()
    with django_assert_num_queries(3):
        assert copies.text_at(doc) == (21, edited[21])


@pytest.mark.parametrize("older", [None, 1])
def test_without_its_whole_a_change_is_of_no_use(doc, edited, older, django_assert_num_queries):
    """An older whole copy is taken then, and the log if there is none; at once, whatever else stands on it."""
    for version in filter(None, (2, 4, 6, 8, older)):
        copies.checkpoint(doc, version)
    Checkpoint.objects.filter(version=2).delete()
    assert bases() == ({older: None} if older else {}) | {4: 2, 6: 2, 8: 2}
    with django_assert_num_queries(3):
        assert copies.text_at(doc, 9) == (9, edited[9])


def test_deleting_a_whole_deletes_its_changes(doc, edited):
    for version in (1, 5, 9):
        copies.checkpoint(doc, version)
    copies.drop(doc, [5])
    assert checkpoints() == [1, 9]
    copies.drop(doc, [1])
    assert checkpoints() == []


def test_a_copy_that_is_unreadable_is_an_error_and_no_text(doc, edited):
    copies.checkpoint(doc, 2)
    copies.checkpoint(doc, 10)
    change = Checkpoint.objects.get(version=10).data
    for damaged in (
        b"",
        change[:-9],
        b"x" + change,
        zlib.compress(b"[10000]"),
        zlib.compress(b"{"),
        zlib.compress(b"7"),
    ):
        Checkpoint.objects.filter(version=10).update(data=damaged)
        with pytest.raises(CorruptLog):
            copies.text_at(doc)
    for damaged in (b"", zlib.compress(b"\xff")):
        Checkpoint.objects.filter(version=2).update(data=damaged)
        with pytest.raises(CorruptLog):
            copies.text_at(doc, 3)


def test_a_whole_that_is_copied_again_stays_whole(doc, edited):
    copies.checkpoint(doc, 10)
    copies.checkpoint(doc, 10)
    assert bases() == {10: None} and copies.text_at(doc, 10) == (10, edited[10])


# --- Replaying ---


@given(st.data())
@settings(max_examples=100, deadline=None)
def test_replaying_is_applying_one_after_the_other(data):
    """However many are taken at once, and wherever they touch the text."""
    texts, steps = [data.draw(strategies.texts)], []
    for version in range(1, data.draw(st.integers(0, 12)) + 1):
        operation = data.draw(strategies.operations(texts[-1]))
        texts.append(apply(texts[-1], operation))
        steps.append(logtable.Step(version, operation, len(texts[-1])))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(copies, "AT_ONCE", data.draw(st.integers(1, 12)))
        assert replay(0, texts[0], steps) == (len(steps), texts[-1])


@given(st.data())
@settings(max_examples=100, deadline=None)
def test_replaying_names_the_first_entry_that_is_bad(data):
    steps = [logtable.Step(version, (2 + version, "x"), 20 + version) for version in range(1, 10)]
    bad = data.draw(st.integers(1, 9))
    version, operation, length = steps[bad - 1]
    steps[bad - 1] = data.draw(
        st.sampled_from(
            [
                logtable.Step(version, (20 + version, "x"), length),
                logtable.Step(version, (length, -7), length - 7),
                logtable.Step(version, operation, data.draw(st.integers(0, 50).filter(lambda it: it != length))),
                logtable.Step(version, (), length),
            ]
        )
    )
    with pytest.raises(CorruptLog, match=f"version {bad} "):
        replay(0, "a" * 20, steps)


# --- When one is due ---


def test_due_after_500_operations(doc):
    log = start(doc, "x")
    newest = log.newest
    assert not copies.is_due(doc, 0, newest)
    assert not copies.is_due(doc, 1, replace(newest, version=500))
    assert copies.is_due(doc, 1, replace(newest, version=501))


def test_due_when_the_operations_outweigh_the_text(doc, monkeypatch):
    """In a small text they may weigh more: it is replayed quickly all the same."""
    monkeypatch.setattr(copies, "HEAVY", 100)
    log, tab = start(doc, "x" * 300), Writer()
    log.append([tab.writes("y" * 140, base=1)])
    assert not copies.is_due(doc, 1, log.newest)
    log.append([tab.writes(-440, base=2)])
    assert copies.is_due(doc, 1, log.newest), "much was written and nothing is left"
    assert not copies.is_due(doc, 2, log.newest)


def test_copied_when_the_tail_is_long(doc, monkeypatch):
    monkeypatch.setattr(copies, "LONGEST_TAIL", 6)
    monkeypatch.setattr(copies, "LOOK_EVERY", 2)
    log, tab = Log(doc), Writer()
    for head in range(1, 24):
        log.append([tab.writes("x", base=log.head)])
        copies.checkpoint_if_due(doc, head - 1, log.newest)
    assert checkpoints() == [6, 12, 18]
    assert copies.text_at(doc) == (23, "x" * 23)


def test_it_looks_when_a_hundred_is_crossed_or_an_operation_is_heavy(doc, django_assert_num_queries):
    newest = start(doc, "x").newest
    heavy = replace(newest, operation=("x" * (copies.HEAVY + 1),), length=10**6)

    def look(before, entry, version):
        copies.checkpoint_if_due(doc, before, replace(entry, version=version))

    with django_assert_num_queries(0):
        look(100, newest, 199)
        look(0, newest, 99)
        look(7, newest, 7)
    with django_assert_num_queries(2):
        look(99, newest, 100)
    with django_assert_num_queries(2):
        look(6, heavy, 7)


def test_a_large_paste_is_copied_at_once(document):
    """Else whoever opens the document reads all that was pasted and deleted since."""
    tab = Writer()
    services.submit(document.id, tab.writes("x" * 30_000, base=1))
    assert checkpoints() == [2]
    services.submit(document.id, tab.writes("y" * 25_000, base=2))
    assert checkpoints() == [2], "most of the text is older than the tail"
    services.submit(document.id, tab.writes(-50_000, base=3))
    services.submit(document.id, tab.writes("z" * 20_001, base=4))
    assert checkpoints() == [2, 5]


@settings(max_examples=40, deadline=None)
@given(
    seed=st.integers(0, 10**6),
    batches=st.lists(st.integers(1, 9), min_size=1, max_size=12),
    share=st.sampled_from([0, 1, 8]),
    heavy=st.sampled_from([20, 10**6]),
    deleted=st.sets(st.integers(0, 80)),
)
def test_every_version_is_the_fold_of_the_log_whatever_copies_were_due(seed, batches, share, heavy, deleted):
    doc, texts = uuid4(), [""]
    with pytest.MonkeyPatch.context() as patch:
        for name, value in {"LONGEST_TAIL": 10, "LOOK_EVERY": 4, "CHANGE_SHARE": share, "HEAVY": heavy}.items():
            patch.setattr(copies, name, value)
        for count in batches:
            before = len(texts) - 1
            texts += write_at_random(doc, count, seed=seed + before)[before + 1 :]
            copies.checkpoint_if_due(doc, before, logtable.newest(doc))
        assert_no_long_tail(copies.copied_versions(doc), len(texts) - 1, longest=10 + 4 + 9)
        Checkpoint.objects.filter(key__startswith=doc.hex, version__in=deleted).delete()
        for version, expected in enumerate(texts):
            assert copies.text_at(doc, version) == (version, expected)


def assert_no_long_tail(copied: list[int], head: int, *, longest: int) -> None:
    assert all(after - before <= longest for before, after in pairwise([0, *copied, head]))


def test_writing_makes_them_by_itself(document, monkeypatch):
    """By REST; a room calls `keep_copies` for the same."""
    monkeypatch.setattr(copies, "LONGEST_TAIL", 100)
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
        rows.refresh_row(document.id, entry)
    assert (row(document).version, row(document).updated_at) == (4, entries[2].created_at)


def test_a_later_name_keeps_its_time(document, alice):
    """A trailing copy brings the version, and no older time."""
    [entry] = Log(document.id).append([Writer(alice.id).writes("!", base=1)])
    services.rename_document(document, title="new", actor=alice)
    renamed = row(document).updated_at
    assert renamed > entry.created_at
    rows.refresh_row(document.id, entry)
    assert (row(document).version, row(document).updated_at) == (2, renamed)


def seen(user, document: Document) -> Document:
    """The document as somebody reads it."""
    found = permissions.get_document(user, document.id)
    history.load_text(found)
    return found


def test_what_is_read_does_not_wait_for_the_row(document, alice):
    """A crash between the log's insert and the copies: the log wins."""
    [entry] = Log(document.id).append([Writer(alice.id).writes(3, "!", base=1)])
    assert row(document).version == 1
    found = seen(alice, document)
    assert (found.version, found.content, found.updated_at) == (2, "the! cat", entry.created_at)


def test_a_crash_before_the_copies_heals_when_it_is_opened(document, alice, monkeypatch):
    monkeypatch.setattr(rows, "refresh_row", lambda *_: (_ for _ in ()).throw(SystemExit("kill -9")))
    with pytest.raises(SystemExit):
        services.submit(document.id, Writer(alice.id).writes("!", base=1))
    monkeypatch.undo()
    assert row(document).version == 1 and history.head(document.id) == 2
    services.open_log(document.id)
    assert row(document).version == 2


def test_a_row_that_lies_is_not_believed(document, alice):
    Document.objects.filter(pk=document.pk).update(version=99)
    found = seen(alice, document)
    assert (found.version, found.content) == (1, "the cat")


def test_reading_takes_the_later_of_both_times(document, alice):
    later = (document.updated_at + timedelta(hours=1)).replace(microsecond=0)
    Document.objects.filter(pk=document.pk).update(updated_at=later)
    assert seen(alice, document).updated_at == later


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
    land = oplog._land

    def failing(news):
        if len(news) == 1 and news[0][0] == other.id:
            raise UnknownOutcome("disk full")
        return land(news)

    with monkeypatch.context() as patch:
        patch.setattr(oplog, "_land", failing)
        with pytest.raises(UnknownOutcome):
            services.commit(jobs)
    assert heard == [(document.id, [2, 3])]
    outcomes = services.commit(jobs)
    assert [each[0].version for each in outcomes] == [3, 2]
    assert heard == [(document.id, [2, 3]), (other.id, [2])]
