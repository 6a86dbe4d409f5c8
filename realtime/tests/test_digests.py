"""What a text hashes to is told to who comes back, and made once for all of them."""

import asyncio

import pytest
from django.db import DatabaseError

from documents.copies import texts
from documents.errors import CorruptLog
from realtime.digests import digest


@pytest.fixture
def readings(monkeypatch):
    """The versions that were read, and an exception for the next reading, if any is put there."""
    read, text_at = [], texts.text_at

    def counted(document_id, version=None):
        read.append(version)
        if read.error:
            raise read.error
        return text_at(document_id, version)

    class Readings(list):
        error = None

    read = Readings()
    monkeypatch.setattr(texts, "text_at", counted)
    return read


async def test_who_comes_back_is_told_and_who_is_new_is_not(connects, edits, alice, bob):
    assert "sha256" not in await (await connects(alice)).joins()
    await edits("x")
    for since in (0, 1, 2):
        back = await connects(bob)
        back.version = since
        assert (await back.joins(since=since))["sha256"] == digest("xhello")


async def test_it_is_made_once_for_all(joins, connects, alice, readings):
    await joins(alice)
    sockets = [await connects(alice) for _ in range(5)]
    readings.clear()
    answers = await asyncio.gather(*(socket.joins(since=1) for socket in sockets))
    assert [answer["sha256"] for answer in answers] == [digest("hello")] * 5
    assert readings == [1]


async def test_a_failure_is_not_kept_and_what_can_not_be_read_is_not_told(joins, connects, alice, readings):
    await joins(alice)
    readings.error = DatabaseError("away")
    assert await (await closed_by_joining(connects, alice)).is_closed() == 1012
    readings.error = None
    assert (await (await connects(alice)).joins(since=1))["sha256"] == digest("hello")


async def test_a_text_that_can_not_be_read_keeps_nobody_out(joins, connects, alice, readings):
    await joins(alice)
    readings.error = CorruptLog("a hole")
    assert "sha256" not in await (await connects(alice)).joins(since=1)


async def closed_by_joining(connects, user):
    socket = await connects(user)
    await socket.says("join", client_id=socket.client_id, since=1)
    return socket
