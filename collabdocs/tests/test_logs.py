"""A line of JSON says who was served, and nothing that a caller did not mean to say."""

import json
import logging
import sys
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from accounts.asking import asking, note
from collabdocs.logs import FIELDS, JsonLines, OneLine
from documents.errors import CorruptLog

WHO = {"request_id": "0123456789abcdef", "document_id": "d"}


def record(message: str = "It went", *args: object, error: BaseException | None = None, **more: Any) -> Any:
    made = logging.LogRecord("a.b", logging.WARNING, "x.py", 1, message, args, None)
    made.created = 1_700_000_000.25
    vars(made).update(more)
    if error is not None:
        try:
            raise error
        except type(error):
            made.exc_info = sys.exc_info()
    return made


def told(*args: Any, **more: Any) -> dict[str, Any]:
    line = JsonLines().format(record(*args, **more))
    assert len(line.splitlines()) == 1 and line.isascii()
    said: dict[str, Any] = json.loads(line)
    return said


def test_it_works() -> None:
    expected = {"time": "2023-11-14T22:13:20.250+00:00", "level": "WARNING", "logger": "a.b", "message": "It went 7"}
    assert told("It went %s", 7) == expected


def test_who_is_served_stands_in_every_line() -> None:
    with asking(dict(WHO)):
        note(user_id=7)
        assert told().items() >= (WHO | {"user_id": 7}).items()
    assert not told().keys() & set(FIELDS)


def test_what_a_line_says_itself_goes_before() -> None:
    with asking(dict(WHO)):
        assert told(document_id="another", seconds=0.5).items() >= {"document_id": "another", "seconds": 0.5}.items()


def test_of_what_hangs_on_a_record_nothing_else_is_told() -> None:
    """Django's own records carry the request, and queries with what they were asked."""
    said = told(request="GET /?token=secret", sql="SELECT secret", params=("secret",), title="secret")
    assert said.keys() == {"time", "level", "logger", "message"}


def test_a_bug_keeps_its_traceback_and_the_line_stays_one() -> None:
    said = told(error=ValueError("a\nbug"))
    assert said["message"] == "It went"
    assert said["traceback"].startswith("Traceback") and said["traceback"].endswith("ValueError: a\nbug")


def test_what_is_known_has_none() -> None:
    said = told(error=CorruptLog("no version\x1b 3"))
    assert said["message"] == "It went: CorruptLog: no version\\x1b 3" and "traceback" not in said


@given(st.text(alphabet=st.characters(codec=None), min_size=1), st.sampled_from([OneLine, JsonLines]))
def test_no_text_makes_a_second_line_or_moves_a_cursor(text: str, form: type[logging.Formatter]) -> None:
    line = form().format(record("%s", text, path=text))
    assert len(line.splitlines()) <= 1 and line.isprintable()
    if form is JsonLines:
        said = json.loads(line)
        assert said["message"].isprintable() and said["path"].isprintable()


def test_formatting_changes_no_record() -> None:
    """The next handler formats it, too."""
    made = record("a\nb", error=CorruptLog("x"))
    before = dict(vars(made))
    assert JsonLines().format(made) == JsonLines().format(made)
    assert OneLine().format(made) == OneLine().format(made) and vars(made) == before


@pytest.mark.parametrize("form", [OneLine, JsonLines])
def test_two_handlers_say_the_same_of_a_bug(form: type[logging.Formatter]) -> None:
    assert "Traceback" in form().format(record(error=ValueError("x")))
