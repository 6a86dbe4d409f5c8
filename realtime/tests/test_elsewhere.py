"""One room's ear and mouth: what it tells, how often, and what it makes of what it hears."""

import asyncio
import uuid
from datetime import UTC, datetime
from types import SimpleNamespace

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from documents.ot.operation import base_length, canonical, length_change
from documents.ot.rebase import Entry
from realtime import elsewhere, presence
from realtime.elsewhere import LONELY_ROLL, MOST_TOLD, ROLL, SHARED_FOR, Elsewhere, Here, Person, WhoIsThere
from realtime.presence import UNTOLD_AFTER
from realtime.room import Room
from realtime.seat import Seat
from realtime.tests.clients import eventually

WRITER = uuid.uuid4()
USER = {"id": str(uuid.uuid4()), "name": "bob", "color": "#000000"}


class Told(list):
    """What a room has told."""

    @property
    def people(self) -> list[Person]:
        return [person for telling in self if isinstance(telling, Here) for person in telling.people]


class Stage:
    """A room at version 10, whose text has 10 code points, and a clock of its own."""

    def __init__(self) -> None:
        self.now = 1000.0
        self.room = Room(uuid.uuid4(), SimpleNamespace(head=10, length=10), None)
        self.room.presences.clock = lambda: self.now
        self.told = Told()
        self.room.elsewhere = self.elsewhere = Elsewhere(self.room, self.told.append)
        self.numbers = 0

    def sits(self, *, client_id=None, user_id=None) -> Seat:
        """Somebody here, whose frames stay in their queue."""
        user_id = user_id or uuid.uuid4()
        user = {"id": user_id, "name": "alice", "color": "#000000"}
        seat = Seat(
            None, client_id=client_id or uuid.uuid4(), user_id=user_id, user=user, role="editor",
            session_id=uuid.uuid4(), expires_at=datetime.now(UTC),
        )  # fmt: skip
        self.room.admit(seat, told=[])
        return seat

    def types(self, *operation) -> None:
        """Somebody elsewhere has put something in."""
        version, length = self.room.cursor + 1, self.room.length + length_change(operation)
        entry = Entry(
            version=version, client_id=WRITER, seq=version, author=None, operation=operation, length=length,
            created_at=datetime.now(UTC),
        )  # fmt: skip
        self.room.deliver([entry])

    def hears(self, *people: Person, version=10, told=None, age=0.0) -> None:
        self.numbers += 1
        self.elsewhere.hear(Here(self.room.document_id, version, told or self.numbers, people), age)

    def shown(self) -> dict:
        return {present.client_id: present.selection for present in self.room.presences}


def person(client_id=None, *selection, left=False, since=1, has_joined=False, user=USER) -> Person:
    return Person(client_id or uuid.uuid4(), user, None if left else selection, since, has_joined)


def frames(seat: Seat, kind="presence") -> list[dict]:
    found = [orjson.loads(event["text"]) for event in seat._waiting]
    return [frame for frame in found if frame["type"] == kind]


@pytest.fixture
async def stage() -> Stage:
    return Stage()


# --- Telling ---


async def test_a_join_is_told_at_once_and_as_such(stage):
    seat = stage.sits()
    await eventually(lambda: stage.told)
    [person] = stage.told.people
    assert (person.client_id, person.selection, person.has_joined) == (seat.client_id, (), True)
    assert person.user is seat.user and person.since == stage.room.joins[seat.client_id]


async def test_while_nobody_else_is_heard_of_only_joins_and_leaves_are_told(stage):
    seat = stage.sits()
    await eventually(lambda: stage.told)
    stage.room.show(seat, [(1, 1)])
    await eventually(lambda: not stage.room._to_show)
    stage.elsewhere.tell_now()
    stage.room.leave(seat)
    stage.elsewhere.tell_now()
    assert [(p.selection, p.has_joined) for p in stage.told.people] == [((), True), (None, False)]


async def test_once_somebody_is_heard_of_everything_is_told(stage):
    seat = stage.sits()
    stage.elsewhere.tell_now()
    stage.hears(person())
    stage.elsewhere.tell_now()
    assert [(p.client_id, p.has_joined) for p in stage.told.people[1:]] == [(seat.client_id, False)]
    stage.told.clear()
    stage.room.show(seat, [(1, 1)])
    await eventually(lambda: stage.told)
    stage.room.leave(seat)
    stage.elsewhere.tell_now()
    assert [p.selection for p in stage.told.people] == [((1, 1),), None]
    assert [telling.version for telling in stage.told] == [10, 10]


async def test_who_asks_is_answered_and_who_answers_is_not(stage):
    stage.sits()
    stage.elsewhere.tell_now()
    for telling, answers in ((WhoIsThere(stage.room.document_id), 1), (WhoIsThere(stage.room.document_id), 1)):
        stage.told.clear()
        stage.elsewhere.hear(telling)
        stage.elsewhere.tell_now()
        assert len(stage.told) == answers
    stage.told.clear()
    stage.hears(person())
    stage.elsewhere.tell_now()
    assert stage.told == []


async def test_moving_carets_are_told_together_and_at_most_ten_times_a_second(stage):
    loop = asyncio.get_running_loop()
    stage.room.presences.clock = loop.time
    seats = [stage.sits() for _ in range(50)]
    stage.hears(person())
    stage.elsewhere.tell_now()
    stage.told.clear()
    started, moves = loop.time(), 0
    while loop.time() - started < 0.45:
        for seat in seats:
            stage.room.show(seat, [(moves % 10, 0)])
        moves += 1
        await asyncio.sleep(0.001)
    assert len(stage.told) <= 6 and moves > 10
    assert {len(telling.people) for telling in stage.told} == {50}


async def test_a_crowd_is_told_in_parts(stage):
    for _ in range(MOST_TOLD + 1):
        stage.sits()
    await eventually(lambda: stage.told)
    assert [len(telling.people) for telling in stage.told] == [MOST_TOLD, 1]
    assert len({telling.told for telling in stage.told}) == 2


async def test_the_roll_is_called_now_and_then(stage):
    stage.sits()
    stage.elsewhere.tell_now()
    stage.told.clear()
    calls = []
    for second in range(0, int(LONELY_ROLL) + 2, 2):
        stage.elsewhere.call_roll()
        stage.elsewhere.tell_now()
        calls += [second] * len(stage.told)
        stage.told.clear()
        stage.now += 2
    assert calls == [0, LONELY_ROLL]
    stage.hears(person())
    assert stage.elsewhere.is_shared
    times = []
    for second in range(0, int(SHARED_FOR), 2):
        stage.elsewhere.call_roll()
        stage.elsewhere.tell_now()
        times += [second] * bool(stage.told)
        stage.told.clear()
        stage.now += 2
    assert times == [0, ROLL, 2 * ROLL, 3 * ROLL] and 2 * ROLL + 2 < UNTOLD_AFTER  # one may be lost
    assert not stage.elsewhere.is_shared


async def test_nobody_is_told_of_who_is_elsewhere(stage):
    """Or two rooms would keep a third one's dead alive."""
    stage.hears(person(), person())
    stage.elsewhere.call_roll()
    stage.elsewhere.tell_now()
    stage.now += UNTOLD_AFTER + 1
    for gone in stage.room.presences.expire():
        stage.room.show_presence(gone)
    stage.elsewhere.tell_now()
    assert stage.told == [] and stage.elsewhere.roll() is None


async def test_who_gave_no_sign_of_life_here_is_told_to_have_left(stage):
    seat = stage.sits()
    stage.now += 20
    stage.hears(person())
    stage.elsewhere.tell_now()
    stage.told.clear()
    stage.now += 11
    for gone in stage.room.presences.expire():
        stage.room.show_presence(gone)
    stage.elsewhere.tell_now()
    assert [(p.client_id, p.selection) for p in stage.told.people if p.client_id == seat.client_id] == [
        (seat.client_id, None)
    ]


# --- Hearing ---


async def test_who_is_elsewhere_is_shown(stage):
    seat, bob = stage.sits(), uuid.uuid4()
    stage.hears(person(bob, (2, 4)))
    await eventually(lambda: frames(seat))
    assert frames(seat)[-1] == {
        "type": "presence", "client_id": str(bob), "user": USER, "version": 10, "selection": [[2, 4]],
    }  # fmt: skip
    stage.hears(person(bob, left=True))
    await eventually(lambda: frames(seat)[-1]["selection"] is None)


async def test_what_shows_nothing_new_is_not_shown(stage):
    seat, bob = stage.sits(), uuid.uuid4()
    stage.hears(person(bob, (2, 4)))
    await eventually(lambda: frames(seat))
    stage.hears(person(bob, (2, 4)))
    stage.hears(person(uuid.uuid4(), left=True))
    assert stage.room._to_show == set()


async def test_a_selection_is_moved_over_what_its_room_had_not_seen(stage):
    bob = uuid.uuid4()
    stage.types("xx")
    stage.hears(person(bob, (0, 5)), version=10)
    assert stage.shown() == {bob: ((0, 7),)} and stage.room.length == 12


async def test_a_selection_in_a_text_to_come_waits_for_it(stage):
    bob = uuid.uuid4()
    stage.hears(person(bob, (12, 12)), version=11)
    assert stage.shown() == {}
    stage.types(10, "xx")
    assert stage.shown() == {bob: ((12, 12),)}
    stage.types("y")
    assert stage.shown() == {bob: ((13, 13),)}


async def test_what_waited_may_be_stale_by_then(stage):
    bob = uuid.uuid4()
    stage.hears(person(bob, (12, 12)), version=11, told=7)
    stage.hears(person(bob, left=True), version=10, told=8)
    stage.types(10, "xx")
    assert stage.shown() == {}


async def test_what_waits_is_bounded_and_ages(stage):
    people = [uuid.uuid4() for _ in range(elsewhere.MOST_AHEAD + 1)]
    for client_id in people:
        stage.hears(person(client_id), version=11)
    stage.now += UNTOLD_AFTER + 1
    stage.types("x")
    assert stage.shown().keys() == set(people[1:])
    assert len(stage.room.presences.expire()) == elsewhere.MOST_AHEAD


async def test_a_selection_from_long_ago_is_nowhere_but_its_owner_is_there(stage):
    bob = uuid.uuid4()
    stage.hears(person(bob, (0, 5)), version=9)
    assert stage.shown() == {bob: ()}


async def test_what_is_much_work_to_move_is_nowhere(stage, monkeypatch):
    people = [uuid.uuid4(), uuid.uuid4()]
    stage.types(1, "a", 1, "b")
    monkeypatch.setattr(presence, "MOST_EFFORT", 8)
    stage.hears(person(people[0], (2, 2)))
    assert stage.shown() == {people[0]: ((3, 3),)}
    stage.hears(person(people[0], (2, 2)), person(people[1], (2, 2)))  # together
    assert stage.shown() == dict.fromkeys(people, ())


async def test_a_position_beyond_the_text_is_nowhere(stage):
    bob = uuid.uuid4()
    stage.hears(person(bob, (0, 11)))
    assert stage.shown() == {bob: ()}


components = st.lists(st.integers(-5, 5) | st.text("ab😀", max_size=3), max_size=6)


@given(st.lists(components.map(canonical), max_size=5), st.lists(st.tuples(*[st.integers(0, 60)] * 2), max_size=3))
def test_no_position_ever_lies_beyond_the_text(operations, ranges):
    """Whatever is told of whatever version, and whatever is written then."""

    async def run():
        stage, bob = Stage(), uuid.uuid4()
        for n, operation in enumerate(operations):
            if base_length(operation) <= stage.room.length:
                stage.types(*operation)
            stage.hears(person(bob, *ranges), version=9 + n)
            for selection in stage.shown().values():
                assert all(0 <= position <= stage.room.length for pair in selection for position in pair)

    asyncio.run(run())


async def test_what_was_remembered_is_as_old_as_it_is(stage):
    bob = uuid.uuid4()
    stage.hears(person(bob), age=UNTOLD_AFTER - 1)
    stage.now += 2
    assert [gone.client_id for gone in stage.room.presences.expire()] == [bob]


# --- One client, one seat ---


async def test_a_later_join_elsewhere_closes_the_seat_here(stage):
    seat = stage.sits()
    other = stage.sits()
    user = USER | {"id": str(seat.user_id)}
    later = person(seat.client_id, since=stage.room.joins[seat.client_id] + 1, has_joined=True, user=user)
    stage.hears(later)
    assert (seat.closing, other.closing) == (4409, None)
    stage.room.leave(seat)
    await eventually(lambda: not stage.room._to_show)
    assert stage.shown().keys() == {seat.client_id, other.client_id}  # it is present, elsewhere
    assert [f["selection"] for f in frames(other) if f["client_id"] == str(seat.client_id)] == [[]]


async def test_who_was_overtaken_by_a_join_elsewhere_is_not_told_of(stage):
    """Or that process would hear of its own client as somebody here."""
    seat = stage.sits()
    user, since = USER | {"id": str(seat.user_id)}, stage.room.joins[seat.client_id] + 1
    stage.hears(person(seat.client_id, since=since, user=user))
    stage.elsewhere.tell_now()
    assert stage.told == []


@pytest.mark.parametrize("earlier", [0, 1, 10_000])
async def test_an_earlier_join_elsewhere_or_one_at_the_same_time_closes_nothing(stage, earlier):
    """Late or doubled hints, and two at once: were both closed, nobody would be left."""
    seat = stage.sits()
    user, since = USER | {"id": str(seat.user_id)}, stage.room.joins[seat.client_id]
    stage.hears(person(seat.client_id, since=since - earlier, has_joined=True, user=user))
    assert seat.closing is None


async def test_that_somebody_is_there_closes_nothing(stage):
    """Only a join does: the older socket is told of, too, until somebody notices that it is dead."""
    seat = stage.sits()
    user, since = USER | {"id": str(seat.user_id)}, stage.room.joins[seat.client_id] + 1
    stage.hears(person(seat.client_id, since=since, user=user))
    assert seat.closing is None


async def test_nobody_closes_or_hides_somebody_elses_seat(stage):
    seat = stage.sits()
    stage.room.show(seat, [(3, 3)])
    later = stage.room.joins[seat.client_id] + 1
    stage.hears(person(seat.client_id, (1, 1), since=later, has_joined=True))
    assert seat.closing is None and stage.shown()[seat.client_id] == ((3, 3),)


async def test_a_join_here_is_later_than_all_that_was_heard_of_that_client(stage):
    """Though the other process's clock is far ahead."""
    bob, future = uuid.uuid4(), 2**50
    stage.hears(person(bob, since=future, has_joined=True))
    seat = stage.sits(client_id=bob, user_id=uuid.UUID(USER["id"]))
    assert stage.room.joins[bob] == future + 1
    stage.hears(person(bob, since=future, has_joined=True))
    assert seat.closing is None
    stage.elsewhere.tell_now()
    assert stage.told.people[-1].since == future + 1
