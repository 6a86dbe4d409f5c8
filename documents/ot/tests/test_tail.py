"""A tail knows the newest entries, and forgets the oldest when they are many or large."""

from datetime import UTC, datetime
from uuid import uuid4

import pytest

from documents.ot import tail
from documents.ot.rebase import Entry
from documents.ot.tail import Tail

CLIENT = uuid4()


def entries(first: int, last: int, text: str = "x") -> list[Entry]:
    now = datetime.now(UTC)
    return [
        Entry(version=v, client_id=CLIENT, seq=v, author=None, operation=(text,), length=v, created_at=now)
        for v in range(first, last + 1)
    ]


def versions(found) -> list[int]:
    return [entry.version for entry in found]


def test_it_works():
    known = Tail(3)
    known.extend(entries(4, 9))
    assert (known.start, len(known), known.newest.version) == (3, 6, 9)
    assert versions(known.after(3)) == [4, 5, 6, 7, 8, 9]
    assert versions(known.after(6)) == [7, 8, 9]
    assert versions(known.after(6, 8)) == [7, 8]
    assert versions(known.after(1, 4)) == [4], "what is older is not here"
    assert known.after(9) == known.after(5, 5) == known.after(1, 3) == []


def test_an_empty_one():
    assert Tail(7).newest is None
    assert Tail(7).after(3) == Tail(7).after(7) == []


@pytest.mark.parametrize("step", [1, 7])
def test_it_forgets_the_oldest_of_many(monkeypatch, step):
    monkeypatch.setattr(tail, "MOST_ENTRIES", 10)
    known = Tail(0)
    for first in range(1, 100, step):
        known.extend(entries(first, first + step - 1))
        assert len(known) <= 20 + step
        assert versions(known.after(known.start)) == list(range(known.start + 1, first + step))


def test_it_forgets_the_oldest_of_large_ones(monkeypatch):
    monkeypatch.setattr(tail, "MOST_TEXT", 100)
    known = Tail(0)
    for version in range(1, 50):
        known.extend(entries(version, version, "x" * 30))
        assert sum(len(entry.operation[0]) for entry in known.after(known.start)) <= 100
        assert known.newest.version == version


def test_the_newest_stays_however_large(monkeypatch):
    monkeypatch.setattr(tail, "MOST_TEXT", 100)
    known = Tail(0)
    known.extend(entries(1, 1, "x" * 500))
    known.extend(entries(2, 2, "y" * 500))
    assert versions(known.after(0)) == [2] and known.start == 1
