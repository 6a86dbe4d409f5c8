"""Who wrote what, against an oracle that tags each character by hand."""

import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from itertools import groupby, pairwise
from unittest import mock
from uuid import UUID, uuid4

import pytest
from django.conf import settings as project
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from documents import logtable, services
from documents.copies import blame
from documents.copies.blame import Blame, decode, encode
from documents.errors import CorruptLog
from documents.logtable import Origin
from documents.models import BlameCheckpoint, Document
from documents.models import Operation as Row
from documents.ot import canonical, invert
from documents.ot.rebase import Entry
from documents.ot.tests.strategies import careless, texts
from documents.tests.writers import NOON, Writer

pytestmark = pytest.mark.django_db

AUTHORS = [None, UUID(int=1), UUID(int=2), UUID(int=3)]
Tagged = list[tuple[str, Entry]]
Told = list[tuple[int, UUID | None, int]]


@dataclass
class Story:
    """A document that people write, and each character of each of its versions with the entry that brought it."""

    document: Document
    versions: list[Tagged] = field(default_factory=lambda: [[]])

    @property
    def head(self) -> int:
        return len(self.versions) - 1

    def text(self, version: int) -> str:
        return "".join(char for char, _ in self.versions[version])

    def types(self, author: UUID | None, behind: int, components: Sequence[int | str]) -> None:
        """Somebody edits, having seen all but the newest versions."""
        base = max(0, self.head - behind)
        self.submits(author, base, canonical(fitted(components, len(self.text(base)))))

    def undoes(self, author: UUID | None, behind: int) -> None:
        """Somebody takes back an operation; what it deleted comes back as theirs."""
        if (version := self.head - behind) > 0:
            entry = logtable.entry_at(self.document.id, version)
            self.submits(author, version, invert(entry.operation, self.text(version - 1)))

    def submits(self, author: UUID | None, base: int, operation: tuple[int | str, ...]) -> None:
        services.submit(self.document.id, Writer(author).writes(*operation, base=base))
        self.follow()

    def puts(self, user, behind: int, content: str) -> None:
        base = max(0, self.head - behind)
        services.replace_content(self.document, content, author=user, base_version=base)
        self.follow()

    def restores(self, user, behind: int) -> None:
        self.document.head = self.head
        services.restore_version(self.document, max(0, self.head - behind), author=user)
        self.follow()

    def follow(self) -> None:
        for entry in logtable.entries(self.document.id, after=self.head):
            self.versions.append(edited(self.versions[-1], entry))

    def told(self, version: int) -> Told:
        """What the blame should say: (length, author, version)."""
        runs = groupby(self.versions[version], key=lambda tagged: tagged[1].version)
        counted = [(version, list(run)) for version, run in runs]
        return [(len(run), run[0][1].author, version) for version, run in counted]


def fitted(components: Sequence[int | str], length: int) -> Iterator[int | str]:
    """Components cut to what a text of this length has."""
    for component in components:
        if isinstance(component, int):
            reach = min(abs(component), length)
            length -= reach
            component = reach if component > 0 else -reach
        yield component


def edited(tagged: Tagged, entry: Entry) -> Tagged:
    """One operation, character by character, at a place in a list."""
    tagged, place = list(tagged), 0
    for component in entry.operation:
        if isinstance(component, str):
            for char in component:
                tagged.insert(place, (char, entry))
                place += 1
        elif component > 0:
            place += component
        else:
            for _ in range(-component):
                del tagged[place]
    return tagged


def told_by(found: Blame) -> Told:
    return [(run.length, run.origin.author, run.origin.version) for run in found.runs()]


@pytest.fixture
def story(alice) -> Story:
    return Story(services.create_document(owner=alice))


authors = st.sampled_from(AUTHORS)
people = st.sampled_from(["alice", "bob", None])
few = st.integers(0, 4)
actions = st.one_of(
    st.tuples(st.just("types"), authors, few, careless),
    st.tuples(st.just("types"), authors, st.just(0), st.tuples(st.integers(0, 20), texts)),
    st.tuples(st.just("undoes"), authors, few),
    st.tuples(st.just("puts"), people, few, texts),
    st.tuples(st.just("restores"), people, st.integers(0, 20)),
)


@given(
    plan=st.lists(actions, max_size=20),
    order=st.randoms(use_true_random=False),
    every=st.sampled_from([1, 2, 5, 4000]),
    slice_=st.sampled_from([1, 3, 1000]),
    most=st.sampled_from([1, 2, 7, blame.MOST_TAGS]),
)
@settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_every_character_has_the_one_who_wrote_it(users, plan, order, every, slice_, most):
    """At every version, whatever copies there are, however few tags, and in whatever order it is asked."""
    story = Story(services.create_document(owner=users["alice"]))
    for name, who, *more in plan:
        getattr(story, name)(users.get(who) if isinstance(who, str) else who, *more)
    versions = list(range(story.head + 1)) * 2
    order.shuffle(versions)
    with mock.patch.multiple(blame, EVERY=every, SLICE=slice_, MOST_TAGS=most):
        for version in versions:
            assert_told(story, version)
        assert blame.copied_versions(story.document.id) == list(range(every, story.head + 1, every))
    blame.drop_all(story.document.id)
    for version in versions:
        assert_told(story, version)


def assert_told(story: Story, version: int) -> None:
    found = blame.blame_at(story.document.id, version)
    assert told_by(found) == story.told(version)
    assert sum(run.length for run in found.runs()) == len(story.text(version))
    assert all(one.origin.version != other.origin.version for one, other in pairwise(found.runs()))
    assert decode(version, encode(found)) == found
    found.renumber()
    assert decode(version, encode(found)) == found
    assert told_by(found) == story.told(version)


def test_it_works(story, bob):
    story.types(AUTHORS[1], 0, ["the cat"])
    story.types(AUTHORS[2], 0, [4, "black "])
    story.types(AUTHORS[3], 1, [-3, "a"])
    runs = blame.runs_at(story.document.id, 3)
    assert [(run.length, run.origin.author, run.origin.version) for run in runs] == [
        (1, AUTHORS[3], 3),
        (1, AUTHORS[1], 1),
        (6, AUTHORS[2], 2),
        (3, AUTHORS[1], 1),
    ]
    assert [run.origin.created_at for run in runs] == [
        logtable.entry_at(story.document.id, version).created_at for version in (3, 1, 2, 1)
    ]


def test_a_text_brought_back_is_his_who_brought_it_back(story, alice, bob):
    """But what was never gone stays its writer's."""
    story.types(alice.id, 0, ["one two three"])
    story.types(alice.id, 0, [4, -4])
    story.restores(bob, 1)
    assert told_by(blame.blame_at(story.document.id, 3)) == [(4, alice.id, 1), (4, bob.id, 3), (5, alice.id, 1)]


def test_an_empty_text_has_no_runs(story):
    assert blame.runs_at(story.document.id, 0) == []
    story.types(None, 0, ["x"])
    story.types(None, 0, [-1])
    assert blame.runs_at(story.document.id, 2) == []


# --- Copies ---


def test_a_copy_spares_the_way(story, monkeypatch):
    monkeypatch.setattr(blame, "EVERY", 3)
    for n in range(10):
        story.types(AUTHORS[n % 4], 0, [n // 2, "ab"])
    assert told_by(blame.blame_at(story.document.id, 9)) == story.told(9)
    Row.objects.filter(key__lte=logtable.log_key(story.document.id, 6)).delete()
    for version in (6, 7, 8, 9, 10):
        assert told_by(blame.blame_at(story.document.id, version)) == story.told(version)


def test_copies_come_due_while_people_write(story, monkeypatch):
    monkeypatch.setattr(blame, "EVERY", 4)
    for _ in range(9):
        story.types(None, 0, ["x"])
    assert blame.copied_versions(story.document.id) == [4, 8]


def test_two_who_copy_at_once_write_the_same(story):
    story.types(None, 0, ["x"])
    found = blame.blame_at(story.document.id, 1)
    blame.keep(story.document.id, found)
    blame.keep(story.document.id, found)
    assert BlameCheckpoint.objects.count() == 1


def test_one_document_is_not_another(story, alice, monkeypatch):
    monkeypatch.setattr(blame, "EVERY", 1)
    other = Story(services.create_document(owner=alice))
    story.types(AUTHORS[1], 0, ["mine"])
    other.types(AUTHORS[2], 0, ["yours"])
    blame.drop_all(other.document.id)
    assert blame.copied_versions(story.document.id) == [1]
    assert told_by(blame.blame_at(other.document.id, 1)) == [(5, AUTHORS[2], 1)]


@pytest.mark.parametrize("gone", [1, 2, 3])
@pytest.mark.parametrize("slice_", [1, 2, 1000])
def test_a_hole_is_never_papered_over(story, gone, slice_, monkeypatch):
    monkeypatch.setattr(blame, "SLICE", slice_)
    for _ in range(3):
        story.types(None, 0, ["x"])
    Row.objects.filter(key=logtable.log_key(story.document.id, gone)).delete()
    with pytest.raises(CorruptLog):
        blame.runs_at(story.document.id, 3)


def test_an_operation_that_does_not_fit_is_an_error(story):
    story.types(None, 0, ["x"])
    Row.objects.update(operation='[5,"y"]')
    with pytest.raises(CorruptLog, match="version 1 does not apply"):
        blame.runs_at(story.document.id, 1)


def test_beyond_the_head_is_an_error(story):
    with pytest.raises(CorruptLog):
        blame.runs_at(story.document.id, 1)


# --- Tags: any code point of Python's str, lone surrogates too ---


def origin(version: int, author: UUID | None = None) -> Origin:
    return Origin(version, author, NOON + timedelta(microseconds=version))


def after(used: int) -> Blame:
    """A blame that has used so many tags."""
    return Blame(used, "", [origin(version + 1) for version in range(used)])


@pytest.mark.parametrize("used", [0, 0x7F, 0xFF, 0xD7FD, 0xDBFD, 0xDFFD, 0xFFFD, 0x10FFFE])
def test_every_tag_is_as_good_as_another(used):
    """Half a surrogate pair beside the other half stays two; and after the last tag, the first is used again."""
    found, start = after(used), used + 1
    for version in range(start, start + 6):
        found.extend(origin(version), (version - start, "x"))
    assert [(run.length, run.origin) for run in found.runs()] == [(1, origin(start + n)) for n in range(6)]
    again = decode(found.version, encode(found))
    assert again == found and [run.origin for run in again.runs()] == [run.origin for run in found.runs()]


def test_surrogates_are_kept_in_copies_too(story):
    found = after(0xDBFF)
    for n in range(3):
        found.extend(origin(0xDC00 + n), (n, "x"))
    assert found.tags == "\udbff\udc00\udc01"
    BlameCheckpoint.objects.create(
        key=logtable.log_key(story.document.id, 0xDC02), version=0xDC02, data=zlib.compress(encode(found))
    )
    assert blame.blame_at(story.document.id, 0xDC02) == found


def test_no_text_has_more_writers_than_there_are_tags():
    assert project.MAX_TEXT_LENGTH < blame.MOST_TAGS


@given(
    rows=st.lists(st.tuples(authors, st.integers(1, 10**12), st.datetimes(timezones=st.just(NOON.tzinfo)))),
    lengths=st.lists(st.integers(1, 5)),
    data=st.data(),
)
@settings(max_examples=200, deadline=None)
def test_decoding_takes_back_encoding(rows, lengths, data):
    origins = [Origin(version, author, time) for author, version, time in rows]
    numbers = st.integers(0, len(origins) - 1)
    tags = "".join(chr(data.draw(numbers)) * length for length in lengths) if origins else ""
    found = Blame(7, tags, origins)
    assert decode(7, encode(found)) == found


def test_an_origin_is_forgotten_with_its_text():
    found = Blame(0, "", [])
    for version in range(1, 5):
        found.extend(origin(version, uuid4()), ("ab",))
    found.extend(origin(5), (-7,))
    found.renumber()
    assert (found.tags, found.origins[0].version) == ("\0", 1)
