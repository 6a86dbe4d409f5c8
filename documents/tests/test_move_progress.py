"""How far a move is: a bar for whoever looks, lines for a log file."""

import sys
from io import StringIO

import pytest

from documents.moving import progress
from documents.moving.progress import Progress


class Terminal(StringIO):
    def isatty(self) -> bool:
        return True


def told(monkeypatch: pytest.MonkeyPatch, stream: StringIO) -> str:
    monkeypatch.setattr(sys, "stderr", stream)
    with Progress("carried", 3_000) as bar:
        for _ in range(3):
            bar.advance(1_000)
    return stream.getvalue()


def test_a_bar_on_a_terminal(monkeypatch):
    said = told(monkeypatch, Terminal())
    assert "100%" in said and "3000/3000" in said and "\r" in said


def test_one_line_at_the_end_elsewhere(monkeypatch):
    assert told(monkeypatch, StringIO()) == "carried: 3,000 of 3,000 rows\n"


def test_a_line_now_and_then_while_it_takes_long(monkeypatch):
    monkeypatch.setattr(progress, "EVERY", -1)
    assert [line.split()[1] for line in told(monkeypatch, StringIO()).splitlines()] == [
        "1,000",
        "2,000",
        "3,000",
        "3,000",
    ]


def test_nothing_is_called_done_that_failed(monkeypatch):
    stream = StringIO()
    monkeypatch.setattr(sys, "stderr", stream)
    with pytest.raises(RuntimeError), Progress("carried", 3_000):
        raise RuntimeError
    assert stream.getvalue() == ""
