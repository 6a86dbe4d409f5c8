"""What a frame means, and how an answer is written. Whatever comes in, only BadMessage comes out."""

import json
from datetime import UTC, datetime
from uuid import UUID

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from documents.ot.rebase import Entry
from realtime import protocol
from realtime.protocol import Authenticate, BadMessage, Join, Ping, Presence, Submit, parse_message

CLIENT = UUID("8d5f0c3e-1111-4222-8333-444455556666")
MESSAGES = [
    ({"type": "join", "client_id": str(CLIENT)}, Join(CLIENT, None, None)),
    ({"type": "join", "client_id": str(CLIENT).upper(), "since": 0, "log": "x"}, Join(CLIENT, 0, "x")),
    ({"type": "join", "client_id": str(CLIENT), "since": None, "log": None, "more": [1]}, Join(CLIENT, None, None)),
    ({"type": "submit", "seq": 1, "base_version": 0, "operation": [0, "a", "b", -1, 2]}, Submit(1, 0, ("ab", -1, 2))),
    (
        {"type": "submit", "seq": 2**53 - 1, "base_version": 2**53 - 1, "operation": []},
        Submit(2**53 - 1, 2**53 - 1, ()),
    ),
    ({"type": "submit", "seq": 1, "base_version": 0, "operation": ["😀\u0301\n"]}, Submit(1, 0, ("😀\u0301\n",))),
    ({"type": "presence", "base_version": 3, "selection": []}, Presence(3, ())),
    ({"type": "presence", "base_version": 3, "selection": [[1, 2], [9, 4]]}, Presence(3, ((1, 2), (9, 4)))),
    ({"type": "ping"}, Ping()),
    ({"type": "authenticate", "token": "a.b.c"}, Authenticate("a.b.c")),
]


@pytest.mark.parametrize(("fields", "message"), MESSAGES)
def test_it_works(fields, message):
    assert parse_message(orjson.dumps(fields).decode()) == message


BAD_VALUES = [None, True, False, -1, 0.5, 1e400, 2**53, 2**64, "", "1", "x", [], {}, [[]], [1], ["\ud800"]]


def spoilt():
    """Every good message with one field spoilt."""
    for fields, _ in MESSAGES:
        for name in fields.keys() - {"more"}:
            for bad in BAD_VALUES:
                yield fields | {name: bad}


def test_spoilt_fields_mean_nothing_or_something_else_but_never_raise():
    refused = 0
    for fields in spoilt():
        try:
            parse_message(json.dumps(fields))
        except BadMessage as error:
            refused += 1
            orjson.dumps([error.detail, error.code, error.seq])
    assert refused > 250


@pytest.mark.parametrize(
    ("frame", "code", "seq"),
    [
        ('{"type": "submit", "seq": 4, "base_version": 1, "operation": [true]}', "invalid_operation", 4),
        ('{"type": "submit", "seq": 4, "base_version": -1, "operation": []}', "invalid_message", 4),
        ('{"type": "submit", "seq": 0, "base_version": 1, "operation": []}', "invalid_message", None),
        ('{"type": "submit", "seq": "4", "base_version": 1, "operation": []}', "invalid_message", None),
        ('{"type": "nonsense", "seq": 4}', "invalid_message", None),
    ],
)
def test_what_is_wrong_with_a_submission_names_its_seq(frame, code, seq):
    with pytest.raises(BadMessage) as bad:
        parse_message(frame)
    assert (bad.value.code, bad.value.seq) == (code, seq)


@pytest.mark.parametrize(
    "frame",
    ["", "{", "nul", "NaN", '{"type": "ping"} x', "[" * 100_000, '{"a":' * 100_000, '"' + "x" * 10**6, "\ud800",
     '{"type": "ping\ud800"}', '{"type": "\\ud800"}', "\0", '{"type": "join", "client_id": "' + "{" * 36 + '"}'],
)  # fmt: skip
def test_what_is_no_message(frame):
    with pytest.raises(BadMessage):
        parse_message(frame)


def test_selections_are_few():
    ranges = [[0, 0]] * (protocol.MAX_RANGES + 1)
    with pytest.raises(BadMessage):
        parse_message(orjson.dumps({"type": "presence", "base_version": 0, "selection": ranges}).decode())


anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.sampled_from([str(CLIENT), 2**53, "a"]),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=4),
    max_leaves=12,
)
names = ["client_id", "since", "log", "seq", "base_version", "operation", "selection", "token"]


kinds = st.sampled_from(sorted(protocol.READERS))


@settings(deadline=None)
@given(st.fixed_dictionaries({"type": kinds}, optional=dict.fromkeys(names, anything)))
def test_any_fields_mean_something_or_are_a_bad_message(fields):
    try:
        parse_message(json.dumps(fields))
    except BadMessage as error:
        protocol.error(error.code, error.detail, error.seq)


@settings(deadline=None)
@given(st.text(st.characters(codec=None)) | anything.map(repr))
def test_any_string_means_something_or_is_a_bad_message(frame):
    try:
        parse_message(frame)
    except BadMessage as error:
        protocol.error(error.code, error.detail, error.seq)


# --- Answers ---


def test_operations():
    entry = Entry(
        version=2, client_id=CLIENT, seq=1, author=None, operation=(1, "é"), length=9, created_at=datetime.now(UTC)
    )
    assert orjson.loads(protocol.operations([entry])) == {
        "type": "operations",
        "operations": [
            {"version": 2, "client_id": str(CLIENT), "seq": 1, "author": None, "operation": [1, "é"]},
        ],
    }


def test_errors_name_a_seq_only_if_there_is_one():
    assert orjson.loads(protocol.error("forbidden", "No.")) == {"type": "error", "code": "forbidden", "detail": "No."}
    assert orjson.loads(protocol.error("forbidden", "No.", 3))["seq"] == 3


def test_presence():
    shown = orjson.loads(protocol.presence(CLIENT, {"id": CLIENT, "name": "é", "color": "#fff"}, 3, ((1, 2),)))
    assert shown == {
        "type": "presence",
        "client_id": str(CLIENT),
        "user": {"id": str(CLIENT), "name": "é", "color": "#fff"},
        "version": 3,
        "selection": [[1, 2]],
    }
    assert orjson.loads(protocol.presence(CLIENT, {}, 3, None))["selection"] is None


@settings(deadline=None)
@given(st.sampled_from(["pong", "role", "checksum"]), st.dictionaries(st.sampled_from(["a", "b"]), st.text(max_size=9)))
def test_any_answer_is_one_json_object_with_its_type(kind, fields):
    assert orjson.loads(protocol.encode(kind, **fields)) == {"type": kind, **fields}
