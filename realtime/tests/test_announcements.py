"""Events between processes: what is packed is unpacked, nonsense is refused, the large say only the fact."""

import uuid
from datetime import UTC, datetime

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from documents.events import Commented, Committed, Deleted, Renamed, RoleChanged, SessionsClosed
from documents.ot.operation import base_length, canonical, length_change
from documents.ot.rebase import Entry
from realtime.announcements import KIND, LARGEST, UnknownKind, pack, unpack
from realtime.elsewhere import Here, Person, WhoIsThere
from realtime.protocol import MAX_RANGES

uuids = st.uuids()
texts = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0\r"), min_size=1, max_size=20)
numbers = st.integers(min_value=1, max_value=2**53 - 9)
operations = st.lists(texts | st.integers(min_value=-(2**40), max_value=2**40)).map(canonical)


@st.composite
def runs(draw):
    """Entries as a log has them: without holes, each operation fitting its text."""
    first = draw(numbers)
    return tuple(
        Entry(
            version=first + n,
            client_id=draw(uuids),
            seq=draw(numbers),
            author=draw(st.none() | uuids),
            operation=operation,
            length=base_length(operation) + length_change(operation) + draw(st.integers(0, 1_000)),
            created_at=draw(st.datetimes(min_value=datetime(2000, 1, 1), timezones=st.just(UTC))),
        )
        for n, operation in enumerate(draw(st.lists(operations, min_size=1, max_size=4)))
    )


users = st.fixed_dictionaries({"id": uuids.map(str), "name": texts, "color": texts})
ranges = st.lists(st.tuples(numbers, numbers), max_size=MAX_RANGES).map(tuple)
people = st.builds(Person, uuids, users, st.none() | ranges, numbers, st.booleans())
shown_comments = st.fixed_dictionaries(
    {"id": uuids.map(str), "changed_at": st.datetimes(timezones=st.just(UTC)).map(datetime.isoformat), "body": texts}
)
events = st.one_of(
    st.builds(Commented, uuids, shown_comments),
    st.builds(Committed, uuids, runs()),
    st.builds(Renamed, uuids, texts | st.just("")),
    st.builds(Deleted, uuids),
    st.builds(SessionsClosed, uuids),
    st.builds(RoleChanged, uuids, uuids, st.none() | st.sampled_from(["owner", "editor", "viewer"])),
    st.builds(Here, uuids, numbers, numbers, st.lists(people, max_size=4).map(tuple)),
    st.builds(WhoIsThere, uuids),
)


@settings(deadline=None)
@given(events)
def test_it_works(event):
    message = pack(event, "me")
    assert unpack(message) == event
    assert (message["type"], message["origin"]) == (KIND, "me")
    assert all(type(value) is str for value in message.values())  # what any layer can carry


def committed(text: str) -> Committed:
    entry = Entry(
        version=1,
        client_id=uuid.uuid4(),
        seq=1,
        author=None,
        operation=(text,),
        length=len(text),
        created_at=datetime.now(UTC),
    )
    return Committed(uuid.uuid4(), (entry,))


@pytest.mark.parametrize("text", ["x" * LARGEST, "é" * (LARGEST // 2), "\x01" * (LARGEST // 6)])
def test_a_large_one_carries_only_the_fact(text):
    event = committed(text)
    message = pack(event, "me")
    assert len(message["body"]) < 200
    assert unpack(message) == Committed(event.document_id, ())


def test_one_just_small_enough_is_carried():
    event = committed("x" * (LARGEST - 1_000))
    assert unpack(pack(event, "me")) == event


NOW = datetime.now(UTC).isoformat()
DOCUMENT, CLIENT = str(uuid.uuid4()), str(uuid.uuid4())
ENTRY = {
    "version": 3, "client_id": CLIENT, "seq": 1, "author": None, "operation": [2, "x"], "length": 3, "created_at": NOW,
}  # fmt: skip
COMMENT = {"id": CLIENT, "changed_at": NOW}
PERSON = {
    "client_id": CLIENT, "user": {"id": "1", "name": "bob", "color": "#000"}, "selection": [[0, 1]], "since": 1,
    "has_joined": False,
}  # fmt: skip


def said(kind: str, **fields) -> dict:
    return {"body": orjson.dumps({"kind": kind, "document_id": DOCUMENT, **fields}).decode()}


def entries_said(*changes: dict) -> dict:
    return said("Committed", entries=[ENTRY | change for change in changes])


def people_said(change: dict) -> dict:
    return said("Here", version=1, told=1, people=[PERSON | change])


@pytest.mark.parametrize(
    "message",
    [
        *({"body": body} for body in ("", "x", "[]", "{}", "1", '{"kind": "Deleted"}')),
        {"body": '{"kind": "Deleted", "document_id": "x"}'}, {"body": '{"kind": "Deleted", "document_id": 7}'},
        {"type": KIND}, said("Renamed"), said("Committed"), said("Committed", entries=[{}]),
        said("RoleChanged", user_id=None, role="editor"),
        said("Commented"), said("Commented", comment={}), said("Commented", comment=7),
        *(said("Commented", comment=COMMENT | change) for change in (
            {"id": 7}, {"id": "x"}, {"changed_at": "x"}, {"changed_at": 7}, {"changed_at": NOW.removesuffix("+00:00")},
        )),
        said("Here", version=1, told=1), said("Here", version="1", told=1, people=[]),
    ],
)  # fmt: skip
def test_nonsense_is_refused(message):
    with pytest.raises((ValueError, KeyError, TypeError, AttributeError)):
        unpack(message)


@pytest.mark.parametrize(
    "change",
    [
        {"version": "3"}, {"version": -1}, {"version": 2**53}, {"version": True}, {"seq": 1.5}, {"length": None},
        {"operation": "x"}, {"operation": [None]}, {"operation": [1.5]}, {"operation": [True]}, {"operation": ["\r"]},
        {"operation": [4, "x"]}, {"operation": {"0": "x"}}, {"client_id": "x"}, {"created_at": "x"}, {"author": "x"},
    ],
)  # fmt: skip
def test_no_entry_that_no_log_could_hold_comes_through(change):
    assert unpack(entries_said({})).entries[0].operation == (2, "x")
    with pytest.raises((ValueError, KeyError, TypeError, AttributeError)):
        unpack(entries_said(change))


def test_entries_come_through_in_canonical_form():
    [entry] = unpack(entries_said({"operation": [1, 1, "", -1, "x", 1], "length": 4})).entries
    assert entry.operation == (2, "x", -1)


def test_entries_with_a_hole_between_them_are_refused():
    assert len(unpack(entries_said({}, {"version": 4, "length": 4})).entries) == 2
    with pytest.raises(ValueError, match="hole"):
        unpack(entries_said({}, {"version": 5, "length": 4}))


@pytest.mark.parametrize(
    "change",
    [
        {"selection": [[0]]}, {"selection": [[0, 1, 2]]}, {"selection": [[0, -1]]}, {"selection": [[0, "1"]]},
        {"selection": [[0, True]]}, {"selection": 7}, {"selection": [[0, 0]] * (MAX_RANGES + 1)}, {"since": "1"},
        {"user": {}}, {"user": None}, {"user": {"id": 1, "name": "bob", "color": "#000"}}, {"client_id": None},
    ],
)  # fmt: skip
def test_nobody_strange_is_present(change):
    assert unpack(people_said({})).people[0].selection == ((0, 1),)
    with pytest.raises((ValueError, KeyError, TypeError, AttributeError)):
        unpack(people_said(change))


def test_what_another_release_says_is_told_from_nonsense():
    with pytest.raises(UnknownKind):
        unpack(said("Nonsense"))
