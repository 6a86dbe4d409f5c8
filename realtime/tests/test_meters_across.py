"""What the meters say of what processes tell each other, and of what they have to find out by themselves."""

import asyncio

from documents.tests.readings import Readings, level
from realtime import hub as hubs
from realtime import levels, wire
from realtime.tests.clients import eventually
from realtime.tests.processes import Layer

assert levels  # it is imported by whoever is scraped


def announcements(grown: Readings) -> list[float]:
    kinds = ("sent", "dropped", "lost", "heard", "unreadable")
    return [grown("collabdocs_announcements_total", outcome=kind) for kind in kinds]


async def test_announcements_are_sent_and_heard(processes, alice, bob):
    layer = Layer()
    a, b, joins = await processes(layer)
    one, two = await joins(a, alice), await joins(b, bob)
    grown = Readings()
    await one.submits(["x"])
    await two.reaches(2)
    await eventually(lambda: a.waiting_announcements == 0)
    sent, dropped, lost, heard, unreadable = announcements(grown)
    assert sent >= 1 and heard >= 1 and dropped == lost == unreadable == 0
    await b.look_after()
    await b.look_after()
    assert grown("collabdocs_caught_up_operations_total") == 0


async def test_without_a_broker_they_are_lost_and_caught_up_with(processes, alice, bob):
    a, b, joins = await processes(Layer(refuse=1.0))
    one, two = await joins(a, alice), await joins(b, bob)
    grown = Readings()
    for version in (2, 3):
        await one.submits(["x"])
        await one.reaches(version)
    await b.look_after()
    await two.reaches(3)
    assert announcements(grown)[2] >= 1 and announcements(grown)[3] == 0
    assert grown("collabdocs_caught_up_operations_total") == 0  # they may only be late
    await b.look_after()
    assert grown("collabdocs_caught_up_operations_total") == 2
    await b.look_after()
    assert grown("collabdocs_caught_up_operations_total") == 2


async def test_what_is_only_late_is_not_counted_as_caught_up_with(processes, document, alice, bob):
    layer = Layer(hold=1.0)
    a, b, joins = await processes(layer)
    one, two = await joins(a, alice), await joins(b, bob)
    await one.submits(["x"])
    await one.reaches(2)
    await b.look_after()
    await two.reaches(2)
    grown = Readings()
    await eventually(lambda: layer.held)
    layer.hold = 0.0
    for group, message in layer.held[:]:
        await layer.group_send(group, message)
    await eventually(lambda: not b.rooms[document.id]._found)
    await b.look_after()
    assert grown("collabdocs_caught_up_operations_total") == 0


async def test_nonsense_is_unreadable(processes, alice, bob):
    layer = Layer()
    a, _, joins = await processes(layer)
    await joins(a, alice)
    grown = Readings()
    [document_id] = a.rooms
    await layer.group_send(f"document.{document_id.hex}", {"type": "document.event", "body": "nonsense"})
    await eventually(lambda: announcements(grown)[4] == 1)


async def test_too_many_are_dropped(processes, monkeypatch, alice):
    monkeypatch.setattr(wire, "OUTBOX", 1)
    layer = Layer()
    a, _, joins = await processes(layer)
    one = await joins(a, alice)
    stuck = asyncio.Event()
    monkeypatch.setattr(layer, "group_send", lambda *_: stuck.wait())
    grown = Readings()
    for version in (2, 3, 4):
        await one.submits(["x"])
        await one.reaches(version)
    await eventually(lambda: announcements(grown)[1] >= 1)
    assert a.waiting_announcements == 1
    stuck.set()


async def test_the_broker_is_up_or_not_or_there_is_none(processes, joins, alice, monkeypatch):
    assert level("collabdocs_broker_up") is None
    layer = Layer()
    a, b, _ = await processes(layer)
    monkeypatch.setattr(hubs, "everyone", lambda: [a, b])
    for layer.is_connected in (True, False):
        assert level("collabdocs_broker_up") == layer.is_connected
