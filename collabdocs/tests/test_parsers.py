import time

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from collabdocs.parsers import MAX_DEPTH, loads


def post(api, body: bytes):
    return api.generic("POST", "/api/echo", body, content_type="application/json")


def test_it_works(api):
    body = '{"title": "Größe 𝄞", "n": [1, -2, 3.5, true, null], "deep": {"a": {"b": []}}}'
    assert post(api, body.encode()).json() == orjson.loads(body)


@pytest.mark.parametrize(
    "body",
    [
        b" ",
        b"{",
        b"{]",
        b"[1,]",
        b"{'a': 1}",
        b"NaN",
        b"[NaN]",
        b"[Infinity]",
        b"[-Infinity]",
        b"[1e400]",
        b"[01]",
        b'"\\ud800"',
        b'"\\udc00\\ud800"',
        b'{"\\ud800": 1}',
        b'"\xed\xa0\x80"',
        b'"\xff"',
        b'"\xc0\x80"',
        b'"a\x00b"',
        b'"a\nb"',
        b"\xef\xbb\xbf{}",
        '"é"'.encode("utf-16"),
        b"[" * 100_000,
        b"[" * 500 + b"]" * 500,
        b'{"a":' * 500 + b"1" + b"}" * 500,
        b"[" + b"9" * 5000,
        b"{} {}",
    ],
    ids=lambda body: repr(body[:12]),
)
def test_what_is_no_good_json_is_refused(api, body):
    answer = post(api, body)
    assert (answer.status_code, answer.json()["code"]) == (400, "parse_error")
    assert len(answer.content) < 500


@pytest.mark.parametrize(
    ("body", "attr"),
    [
        (b'{"title": "a\\u0000b"}', "title"),
        (b'{"ok": "a", "list": [1, {"x": ["\\u0000"]}]}', "list"),
        (b'{"o": {"k\\u0000": 1}}', "o"),
        (b'{"k\\u0000": 1}', "k"),
        (b'["\\u0000"]', None),
        (b'"\\u0000"', None),
    ],
)
def test_a_nul_is_refused_in_every_field(api, body, attr):
    answer = post(api, body)
    assert (answer.status_code, answer.json()["code"]) == (400, "invalid_request")
    assert [(error["attr"], error["code"]) for error in answer.json()["errors"]] == [
        (attr, "null_characters_not_allowed")
    ]


def test_a_backslash_and_u0000_is_text(api):
    assert post(api, b'{"a": "\\\\u0000"}').json() == {"a": "\\u0000"}


def test_the_depth_that_is_allowed(api):
    assert post(api, b"[" * MAX_DEPTH + b"]" * MAX_DEPTH).status_code == 200
    assert post(api, b"[" * (MAX_DEPTH + 2) + b"]" * (MAX_DEPTH + 2)).status_code == 400


def test_brackets_in_a_text_are_no_depth(api):
    assert post(api, orjson.dumps({"content": "[{" * 100_000})).status_code == 200


def test_more_than_the_limit_is_not_read(api, settings):
    settings.MIDDLEWARE = []
    settings.MAX_BODY_BYTES = 100
    answer = post(api, orjson.dumps("x" * 99))
    assert (answer.status_code, answer.json()["code"]) == (413, "too_large")
    assert post(api, orjson.dumps("x" * 98)).status_code == 200


@given(st.recursive(st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text("a\U0001d11e[{é\\"), st.lists))
def test_what_it_takes_it_takes_as_it_is(value):
    assert loads(orjson.dumps(value)) == value


@pytest.mark.parametrize(
    "body",
    [b'["\\\\u0000"' + b",1" * 4_000_000 + b"]", b"[" + b"[1]," * 1_000_000 + b"1]", b'["' + b"[" * 8_000_000 + b'"]'],
    ids=["numbers", "lists", "a text"],
)
def test_a_hostile_body_costs_little(body):
    start = time.process_time()
    loads(body)
    assert time.process_time() - start < 5
