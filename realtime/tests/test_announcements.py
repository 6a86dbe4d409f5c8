"""Events between processes: what is packed is unpacked, nonsense is refused, the large say only the fact."""

import uuid
from datetime import UTC, datetime

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from documents.events import Committed, Deleted, Renamed, RoleChanged
from documents.ot.operation import canonical
from documents.ot.rebase import Entry
from realtime.announcements import KIND, LARGEST, pack, unpack

uuids = st.uuids()
texts = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0\r"), min_size=1, max_size=20)
numbers = st.integers(min_value=1, max_value=2**53 - 1)
entries = st.builds(
    Entry,
    version=numbers,
    client_id=uuids,
    seq=numbers,
    author=st.none() | uuids,
    operation=st.lists(texts | st.integers(min_value=-(2**53), max_value=2**53)).map(canonical),
    length=st.integers(min_value=0, max_value=1_000_000),
    created_at=st.datetimes(min_value=datetime(2000, 1, 1), timezones=st.just(UTC)),
)
events = st.one_of(
    st.builds(Committed, uuids, st.lists(entries, min_size=1, max_size=4).map(tuple)),
    st.builds(Renamed, uuids, texts | st.just("")),
    st.builds(Deleted, uuids),
    st.builds(RoleChanged, uuids, uuids, st.none() | st.sampled_from(["owner", "editor", "viewer"])),
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
        version=1, client_id=uuid.uuid4(), seq=1, author=None, operation=(text,), length=1, created_at=datetime.now(UTC)
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
DOCUMENT = str(uuid.uuid4())


@pytest.mark.parametrize(
    "body",
    [
        "", "x", "[]", "{}", "1", '{"kind": "Deleted"}', {"kind": "Nonsense", "document_id": DOCUMENT},
        {"kind": "Deleted", "document_id": "x"}, {"kind": "Deleted", "document_id": 7},
        {"kind": "Renamed", "document_id": DOCUMENT}, {"kind": "Committed", "document_id": DOCUMENT},
        {"kind": "Committed", "document_id": DOCUMENT, "entries": [{}]},
        {"kind": "Committed", "document_id": DOCUMENT, "entries": [{"version": 1, "created_at": NOW}]},
        {"kind": "RoleChanged", "document_id": DOCUMENT, "user_id": None, "role": "editor"},
    ],
)  # fmt: skip
def test_nonsense_is_refused(body):
    with pytest.raises((ValueError, KeyError, TypeError, AttributeError)):
        unpack({"body": body if isinstance(body, str) else orjson.dumps(body).decode()})


def test_a_message_without_a_body_is_refused():
    with pytest.raises(KeyError):
        unpack({"type": KIND})
