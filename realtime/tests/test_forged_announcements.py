"""No right comes of what somebody writes on the broker: the database is asked (S42)."""

from documents import sharing
from documents.events import Renamed, RoleChanged
from realtime.announcements import pack
from realtime.tests.processes import Layer


async def forge(layer, *events) -> None:
    for event in events:
        await layer.group_send(f"document.{event.document_id.hex}", pack(event, "evil"))


async def test_nobody_is_made_an_editor(processes, document, vera):
    layer = Layer()
    _, b, joins = await processes(layer)
    socket = await joins(b, vera)
    await forge(layer, RoleChanged(document.id, vera.id, "editor"), Renamed(document.id, "heard"))
    assert (await socket.hears())["type"] == "document", "there is no new role to be told of"
    await socket.submits(["x"])
    assert (await socket.hears())["code"] == "forbidden"


async def test_nobody_is_thrown_out(processes, document, bob):
    layer = Layer()
    _, b, joins = await processes(layer)
    socket = await joins(b, bob)
    await forge(layer, RoleChanged(document.id, bob.id, None), Renamed(document.id, "heard"))
    assert (await socket.hears())["type"] == "document"
    await socket.submits(["x"])
    assert await socket.reaches(2) == "xhello"


async def test_what_is_true_is_told_at_once(processes, calls, document, alice, vera):
    """Not only by the next look, which comes in an hour."""
    layer = Layer()
    _, b, joins = await processes(layer)
    socket = await joins(b, vera)
    await calls(sharing.set_role, document, user=vera, role="editor", actor=alice)
    await forge(layer, RoleChanged(document.id, vera.id, "owner"))
    assert (await socket.hears("role"))["role"] == "editor"
