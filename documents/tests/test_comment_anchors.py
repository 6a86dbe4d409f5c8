"""Comments hang on their text whatever becomes of it, over the real log; and no way is gone twice.

COMMENTS_SEED=7 asks for other edits; the seed is printed.
"""

import os
from random import Random
from uuid import uuid4

import pytest

from documents import comments, history, logtable, permissions, services, threads
from documents.copies import anchors
from documents.errors import CorruptLog
from documents.models import Comment
from documents.models import Operation as Row
from documents.ot import anchors as pure
from documents.ot import apply, canonical, diff, invert
from documents.ot.tests.oracle import Tagged
from documents.tests.rest import refusal, url
from documents.tests.writers import Writer

pytestmark = pytest.mark.django_db
PIECES = ["cat", "a", " ", "\n", "😀", "e\u0301", "the black "]
TEXT = "The cat sat on the mat.\nThe dog did not.\n" * 3


@pytest.fixture
def rng() -> Random:
    seed = int(os.environ.get("COMMENTS_SEED") or Random().randrange(2**32))
    print(f"COMMENTS_SEED={seed}")
    return Random(seed)


class Story:
    """A document of alice's with comments on it, and for each of them the oracle."""

    def __init__(self, alice, text=TEXT) -> None:
        self.alice, self.writer = alice, Writer(alice.id)
        self.id = services.create_document(owner=alice, content=text).id
        self.texts = ["", text] if text else [""]
        self.oracles: dict[str, Tagged] = {}

    @property
    def document(self):
        return permissions.get_document(self.alice, self.id)

    def comments_on(self, start: int, end: int, version: int | None = None) -> str:
        """Its id. The oracle goes the whole way from the version that the stretch is meant in."""
        version = len(self.texts) - 1 if version is None else version
        made = comments.add(self.document, author=self.alice, body="?", stretch=(start, end), version=version)
        oracle = self.oracles[made["id"]] = Tagged(self.texts[version], start, end)
        for entry in logtable.entries(self.id, after=version):
            oracle.edit(entry.operation)
        return made["id"]

    def edits(self, operation) -> None:
        """One operation, through the services."""
        services.submit(self.id, self.writer.writes(*canonical(operation), base=len(self.texts) - 1))
        self.follow()

    def restores(self, version: int) -> None:
        services.restore_version(self.document, version, author=self.alice)
        self.follow()

    def undoes(self) -> None:
        """What the last operation did."""
        last = logtable.newest(self.id)
        self.edits(invert(last.operation, self.texts[-2]))

    def follow(self) -> None:
        for entry in logtable.entries(self.id, after=len(self.texts) - 1):
            self.texts.append(apply(self.texts[-1], entry.operation))
            for oracle in self.oracles.values():
                oracle.edit(entry.operation)

    def assert_they_hang_on(self) -> None:
        listed = threads.list_comments(self.document)
        assert {each["version"] for each in listed} <= {len(self.texts) - 1}
        assert {each["id"]: tuple(each["range"]) for each in listed} == {
            name: oracle.stretch() for name, oracle in self.oracles.items()
        }


@pytest.fixture
def story(alice):
    return Story(alice)


def quoted(story, name) -> str:
    [found] = [each for each in threads.list_comments(story.document) if each["id"] == name]
    start, end = found["range"]
    return story.texts[-1][start:end]


def test_it_works(story):
    cat = story.comments_on(4, 7)
    story.edits((4, "black "))
    story.edits((11, "t"))
    assert quoted(story, cat) == "ctat"
    story.edits((0, -20))
    assert quoted(story, cat) == ""
    story.assert_they_hang_on()


def test_undo_and_restore_bring_back_what_was_commented_on(story):
    cat = story.comments_on(4, 7)
    story.edits((2, -10))
    assert quoted(story, cat) == ""
    story.undoes()
    assert quoted(story, cat) == "cat"
    story.edits((-len(TEXT),))
    story.restores(1)
    assert quoted(story, cat) == "cat"
    story.assert_they_hang_on()


@pytest.mark.parametrize("turn", range(3))
def test_they_move_as_the_letters_do(story, rng, turn):
    """Typing, cutting, undo, restores, whole texts; comments made then and now, some in a text long overtaken."""
    for _ in range(60):
        text = story.texts[-1]
        match rng.randrange(8):
            case 0 | 1:
                version = rng.randint(max(0, len(story.texts) - 20), len(story.texts) - 1)
                length = len(story.texts[version])
                story.comments_on(*sorted((rng.randint(0, length), rng.randint(0, length))), version)
            case 2:
                story.undoes()
            case 3:
                story.restores(rng.randint(0, len(story.texts) - 1))
            case 4:
                at = rng.randint(0, len(text))
                story.edits((at, -min(20, len(text) - at)))
            case 5:
                services.replace_content(story.document, text.replace("cat", "dog") or "cat", author=story.alice)
                story.follow()
            case _:
                at = rng.randint(0, len(text))
                story.edits((at, rng.choice(PIECES), -rng.randint(0, min(2, len(text) - at))))
    assert story.oracles
    story.assert_they_hang_on()


# --- A long history -------------------------------------------------------------------------------------------


@pytest.fixture
def moves(monkeypatch):
    """Over how many operations each comment was moved."""
    counts: list[int] = []
    move_over = pure.move_over

    def counted(anchor, operations):
        counts.append(len(operations))
        return move_over(anchor, operations)

    monkeypatch.setattr(anchors, "move_over", counted)
    return counts


def type_on(story, count) -> None:
    """So many operations more, by as many people at once, and no copy is made."""
    log = services.open_log(story.id)
    for start in range(0, count, 50):
        typed = [canonical([(start + n) % 30, "x"]) for n in range(min(50, count - start))]
        outcomes = services.commit([(log, [Writer().writes(*each, base=log.head) for each in typed])])
        assert all(isinstance(outcome, history.Entry) for [*of_one] in outcomes for outcome in of_one)


def test_a_long_way_is_gone_once(story, moves):
    story.comments_on(4, 7)
    story.comments_on(10, 20)
    type_on(story, 3_000)
    moves.clear()
    expected = {name: quick(story, oracle) for name, oracle in story.oracles.items()}
    for _ in range(3):
        listed = threads.list_comments(story.document)
        assert {each["id"]: tuple(each["range"]) for each in listed} == expected
    assert sum(moves) == 2 * 3_000, "each comment over each operation, once"
    assert set(Comment.objects.values_list("version", flat=True)) == {3_001}


def quick(story, oracle) -> tuple[int, int]:
    for entry in logtable.entries(story.id, after=1):
        oracle.edit(entry.operation)
    return oracle.stretch()


def test_copies_are_kept_near_the_head(story, moves):
    """As a room does it every two seconds: nobody reads, and still no reader has far to go."""
    story.comments_on(4, 7)
    before = 1
    for _ in range(30):
        type_on(story, 70)
        newest = logtable.newest(story.id)
        services.keep_copies([(story.id, before, newest)])
        before = newest.version
        behind = newest.version - Comment.objects.get().version
        assert behind < 2 * anchors.EVERY + 70
    assert sum(moves) == Comment.objects.get().version - 1
    assert max(moves) <= anchors.PAGE


def test_where_nobody_comments_keeping_costs_one_query(story, django_assert_num_queries):
    with django_assert_num_queries(1):
        anchors.bring_near_if_due(story.id, 199, 200)
    with django_assert_num_queries(0):
        anchors.bring_near_if_due(story.id, 200, 399)


def test_a_copy_never_goes_back(story):
    """Somebody slow has moved it less far, and writes last."""
    story.comments_on(4, 7)
    slow = Comment.objects.get()
    type_on(story, 300)
    threads.list_comments(story.document)
    kept = Comment.objects.get()
    anchors.bring_to(250, story.id, [slow])
    again = Comment.objects.get()
    assert (again.version, again.start, again.end) == (kept.version, kept.start, kept.end) == (301, *spot(story))


def spot(story) -> list[int]:
    return threads.list_comments(story.document)[0]["range"]


def test_one_that_is_ahead_of_the_reader_is_shown_where_it_is(story):
    """The head was read with the access, and then others wrote and commented."""
    document = story.document
    story.edits((0, "Now: "))
    story.comments_on(0, 4)
    [found] = threads.list_comments(document)
    assert (found["version"], found["range"]) == (2, [0, 4])


def test_many_comments_in_a_long_history(story):
    """Within bounds: as many as there may be, over as many operations as a reader meets."""
    row = Comment.objects.get(pk=story.comments_on(4, 7))
    copies = []
    for n in range(1_000):
        copies.append(Comment(document_id=story.id, start=n % 9, end=9, version=1, quote="x"))
        copies[-1].body, copies[-1].created_at, copies[-1].changed_at = "?", row.created_at, row.changed_at
    Comment.objects.bulk_create(copies)
    type_on(story, 150)
    assert {each["version"] for each in threads.list_comments(story.document)} == {151}


# --- Damage ---------------------------------------------------------------------------------------------------

DAMAGES = {
    "unfit": {"operation": "[9999]"},
    "no list": {"operation": "7"},
    "nonsense": {"operation": "[null]"},
    "too long": {"length": 999},
}


@pytest.mark.parametrize("damage", [*DAMAGES.values(), None], ids=[*DAMAGES, "missing"])
def test_one_that_can_not_be_moved_is_never_shown_anywhere(ask, alice, story, damage):
    story.comments_on(4, 7)
    for _ in range(4):
        story.edits((0, "x"))
    bad = Row.objects.filter(key=logtable.log_key(story.id, 3))
    assert bad.delete()[0] if damage is None else bad.update(**damage)
    before = Comment.objects.values("start", "end", "version").get()
    assert refusal(ask(alice, "get", url(story.document, "comments"))) == (500, "document_damaged")
    with pytest.raises(CorruptLog):
        anchors.bring_to(5, story.id, list(Comment.objects.all()))
    assert Comment.objects.values("start", "end", "version").get() == before


def test_a_comment_outside_its_text_is_damage(story):
    story.comments_on(4, 7)
    Comment.objects.update(end=5_000)
    story.edits((0, "x"))
    with pytest.raises(CorruptLog, match="outside"):
        threads.list_comments(story.document)


def test_one_damaged_document_keeps_no_news_of_others_from_being_told(alice, story):
    story.comments_on(4, 7)
    good = Story(alice)
    name = good.comments_on(4, 7)
    story.edits((0, "x"))
    Row.objects.filter(key=logtable.log_key(story.id, 2)).update(operation="[null]")
    since = Comment.objects.earliest("changed_at").created_at.replace(year=2000)
    [event] = threads.unheard({story.id: {}, good.id: {}, uuid4(): {}}, since, 50)
    assert (event.document_id, event.comment["id"]) == (good.id, name)


def test_the_oracle_reads_the_log(story):
    """So that it does not agree by having looked at nothing."""
    story.edits(diff(TEXT, TEXT.replace("cat", "dog")))
    assert story.texts[-1] == history.current_text(story.id)[1] != TEXT
