"""Who is present, and where their selections lie after what others wrote: checked against marks kept in a text."""

import random
import uuid
from datetime import UTC, datetime

import pytest

from documents.ot.operation import apply, base_length, canonical
from documents.ot.rebase import Entry
from realtime.presence import EXPIRES_AFTER, Presences, move, within

ALICE, BOB = uuid.uuid4(), uuid.uuid4()
USER = {"id": "1", "name": "somebody", "color": "#000000"}


class Clock:
    now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def presences(clock) -> Presences:
    return Presences(clock)


def entry(*operation, by=BOB, version=1) -> Entry:
    return Entry(
        version=version, client_id=by, seq=1, author=None, operation=operation, length=0, created_at=datetime.now(UTC)
    )


def test_it_works(presences):
    presences.put(ALICE, USER, [(1, 2)])
    [present] = presences
    assert (present.client_id, present.user, present.selection) == (ALICE, USER, ((1, 2),))
    assert presences.get(ALICE) is present and presences.get(BOB) is None
    assert present.shown(7) == {"client_id": ALICE, "user": USER, "version": 7, "selection": ((1, 2),)}
    assert presences.leave(ALICE).selection is None and presences.leave(ALICE) is None
    assert list(presences) == [] and presences.get(ALICE) is None


def test_who_is_not_heard_of_for_thirty_seconds_is_forgotten(presences, clock):
    presences.put(ALICE, USER, [])
    presences.put(BOB, USER, [])
    clock.now += EXPIRES_AFTER
    assert presences.expire() == []
    assert presences.renew(ALICE)
    clock.now += 1
    assert [gone.client_id for gone in presences.expire()] == [BOB]
    assert [present.client_id for present in presences] == [ALICE]
    assert not presences.renew(BOB) and presences.get(BOB) is None


def test_a_new_selection_is_a_sign_of_life_and_an_edit_of_others_is_none(presences, clock):
    presences.put(ALICE, USER, [(0, 0)])
    presences.put(BOB, USER, [(0, 0)])
    clock.now += EXPIRES_AFTER
    presences.put(ALICE, USER, [(1, 1)])
    presences.move([entry("x")])
    clock.now += 1
    assert [gone.client_id for gone in presences.expire()] == [BOB]


@pytest.mark.parametrize(
    ("operation", "by", "expected"),
    [
        ([3, "xy"], BOB, (3, 7)),  # at the anchor: a mark stays before what others insert there
        ([3, "xy"], ALICE, (5, 7)),  # and goes along with what its owner types
        ([5, "xy"], BOB, (3, 5)),
        ([5, "xy"], ALICE, (3, 7)),
        (["xy"], BOB, (5, 7)),
        ([6, "xy"], BOB, (3, 5)),
        ([-9], BOB, (0, 0)),
        ([4, -1], BOB, (3, 4)),
        ([1, -1, 1, "ab", -2], BOB, (2, 4)),  # in a deleted stretch: right of what stands in its stead
        ([], BOB, (3, 5)),
    ],
)
def test_selections_move_with_the_text(presences, operation, by, expected):
    presences.put(ALICE, USER, [(3, 5), (5, 3)])
    presences.move([entry(*operation, by=by)])
    assert presences.get(ALICE).selection == (expected, expected[::-1])


def test_a_batch_moves_as_its_entries_one_by_one(presences):
    entries = [entry("a"), entry("b", by=ALICE), entry(2, -1), entry(1, "cd")]
    presences.put(ALICE, USER, [(0, 2)])
    presences.move(entries)
    one_by_one = ((0, 2),)
    for each in entries:
        one_by_one = move(one_by_one, [each], owner=ALICE)
    assert presences.get(ALICE).selection == one_by_one == move(((0, 2),), entries, owner=ALICE)


def random_operation(rng: random.Random, length: int) -> tuple:
    components, left = [], length
    while left or rng.random() < 0.3:
        kind = rng.choice("rid")
        if kind == "i":
            components.append(rng.choice(["x", "yy", "😀", "\n"]))
        elif left:
            step = rng.randint(1, left)
            components.append(step if kind == "r" else -step)
            left -= step
    return canonical(components)


def marked(length: int, position: int, operation: tuple, *, own: bool) -> list[str]:
    """A text of t's with a mark M in it, after the operation: the mark keeps its neighbours as long as they live.

    What others insert where the mark is comes after it, what its owner inserts comes before.
    """
    text, place = [], 0

    def leave_mark() -> None:
        if place == position and "M" not in text:
            text.append("M")

    for component in (*operation, length - base_length(operation)):
        if isinstance(component, str):
            if not own:
                leave_mark()
            text += "i" * len(component)
            continue
        for _ in range(abs(component)):
            leave_mark()
            text += ["t"] if component > 0 else []
            place += 1
    leave_mark()
    return text


@pytest.mark.parametrize("seed", range(300))
def test_positions_against_a_mark_in_the_text(seed):
    rng = random.Random(seed)
    length = rng.randint(0, 12)
    position, own = rng.randint(0, length), rng.random() < 0.5
    operation = random_operation(rng, length)
    text = marked(length, position, operation, own=own)
    [moved] = move(((position, position),), [entry(*operation, by=ALICE if own else BOB)], owner=ALICE)
    assert moved == (text.index("M"),) * 2, f"seed {seed}: {operation} at {position} of {length}, own {own}"
    assert len(apply("t" * length, operation)) == len(text) - 1


def test_within():
    assert within([(0, 5), (5, 0)], 5) and within([], 0)
    assert not within([(0, 6)], 5) and not within([(6, 0)], 5)
