"""What happens over HTTP reaches open sockets: texts, titles, roles, the end of a document."""

import pytest

from documents import permissions, services, sharing
from realtime import hub as hubs
from realtime.tests.clients import eventually


@pytest.fixture
def asks(client_for, calls, document):
    """`await asks(alice, "put", {…})` sends a request about the document; the answer."""

    async def ask(user, method, data=None, under=""):
        client = await calls(client_for, user)
        return await calls(getattr(client, method), f"/api/documents/{document.id}{under}", data, format="json")

    return ask


async def test_a_put_reaches_open_editors_merged(joins, asks, alice, bob):
    editor, reader = await joins(bob), await joins(alice)
    await editor.submits([5, "!"])
    await reader.reaches(2)
    answer = await asks(alice, "put", {"content": "Hello", "version": 1})
    assert answer.status_code == 200 and answer.data["content"] == "Hello!"
    assert await editor.reaches(3) == await reader.reaches(3) == "Hello!"


async def test_a_large_put_is_no_reason_to_close_anybody(joins, asks, alice, bob):
    reader = await joins(bob)
    text = "\1" * 900_000  # six characters each, as JSON
    assert (await asks(alice, "put", {"content": text})).status_code == 200
    assert await reader.reaches(2) == text


async def test_a_submission_over_http_acknowledges_like_any(joins, asks, alice, bob):
    socket = await joins(bob)
    given = {"client_id": socket.client_id, "seq": 1, "base_version": 1, "operation": ["x"]}
    assert (await asks(bob, "post", given, "/operations")).data["version"] == 2
    await socket.reaches(2)
    assert socket.acknowledged == [(1, 2)]


async def test_a_rename(joins, asks, alice, bob):
    socket = await joins(bob)
    await asks(alice, "patch", {"title": "New"})
    assert await socket.hears("document") == {"type": "document", "title": "New"}


async def test_deleting_closes_4404_for_good(joins, connects, asks, alice, bob):
    owner, editor = await joins(alice), await joins(bob)
    assert (await asks(alice, "delete")).status_code == 204
    assert await editor.is_closed() == 4404
    assert await owner.is_closed() == 4404
    again = await connects(alice)
    assert await again.is_closed() == 4404


async def test_what_is_sent_after_the_end_is_not_committed(joins, asks, calls, alice, bob, document):
    """Also by one who does not read, and so has not seen the close."""
    editor = await joins(bob)
    await asks(alice, "delete")
    await editor.submits(["x"])
    assert await editor.is_closed() == 4404
    await calls(type(document).objects.filter(pk=document.id).update, deleted_at=None)
    assert (await asks(alice, "get")).data["content"] == "hello"


async def test_a_new_role(joins, asks, alice, bob, vera):
    editor, viewer = await joins(bob), await joins(vera)
    assert (await asks(alice, "patch", {"role": "viewer"}, f"/collaborators/{bob.id}")).status_code == 200
    assert await editor.hears("role") == {"type": "role", "role": "viewer"}
    await editor.submits(["x"])
    assert (await editor.hears("error"))["code"] == "forbidden"
    await asks(alice, "patch", {"role": "editor"}, f"/collaborators/{vera.id}")
    assert (await viewer.hears("role"))["role"] == "editor"
    await viewer.submits(["v"])
    assert await viewer.reaches(2) == "vhello"


async def test_a_new_owner(joins, asks, alice, bob):
    old, new = await joins(alice), await joins(bob)
    await asks(alice, "patch", {"role": "owner"}, f"/collaborators/{bob.id}")
    assert (await new.hears("role"))["role"] == "owner"
    assert (await old.hears("role"))["role"] == "editor"


async def test_who_is_removed_is_closed_4403_and_not_heard(joins, asks, alice, bob):
    removed, other = await joins(bob), await joins(alice)
    assert (await asks(alice, "delete", under=f"/collaborators/{bob.id}")).status_code == 204
    await removed.submits(["x"])
    assert await removed.is_closed() == 4403
    assert [m for m in await other.heard_all() if m["type"] == "operations"] == []


async def test_what_waits_for_a_commit_when_somebody_is_removed_is_dropped(joins, asks, commits, alice, bob, document):
    removed, other = await joins(bob), await joins(alice)
    commits.gate.clear()
    await other.submits(["a"])
    await eventually(lambda: commits.batches == [[1]])
    await removed.submits(["x"])
    await asks(alice, "delete", under=f"/collaborators/{bob.id}")
    commits.gate.set()
    assert await removed.is_closed() == 4403
    await other.reaches(2)
    assert [m for m in await other.heard_all() if m["type"] == "operations"] == []
    assert other.text == "ahello"


# --- What no announcement told ---


@pytest.mark.parametrize(
    ("change", "code"),
    [
        (lambda document, bob: document.collaborators.filter(user=bob).delete(), 4403),
        (lambda document, bob: type(document).objects.update(deleted_at=document.created_at), 4404),
    ],
)
async def test_a_lost_announcement_of_the_end_is_found_by_the_tick(joins, calls, bob, document, change, code):
    socket = await joins(bob)
    await calls(change, document, bob)
    await hubs.current().tick()
    assert await socket.is_closed() == code


async def test_a_lost_announcement_of_a_role_is_found_by_the_tick(joins, calls, bob, document):
    socket = await joins(bob)
    await calls(document.collaborators.filter(user=bob).update, role="viewer")
    await hubs.current().tick()
    assert (await socket.hears("role"))["role"] == "viewer"
    await hubs.current().tick()
    assert await socket.heard_all() == []


async def test_a_role_told_while_the_tick_reads_the_old_one_stands(joins, calls, alice, bob, document, monkeypatch):
    socket = await joins(bob)
    roles_in = permissions.roles_in

    def late(people):
        monkeypatch.setattr(permissions, "roles_in", roles_in)
        read = roles_in(people)
        sharing.set_role(document, user=bob, role="viewer", actor=alice)
        return read

    monkeypatch.setattr(permissions, "roles_in", late)
    await hubs.current().tick()
    assert (await socket.hears("role"))["role"] == "viewer"
    assert [m for m in await socket.heard_all() if m["type"] == "role"] == []


async def test_other_documents_hear_nothing(joins, calls, alice, bob):
    other = await calls(services.create_document, owner=bob, title="Mine", content="mine")
    socket = await joins(alice)
    bystander = await joins(bob, document_id=other.id)
    await socket.submits(["x"])
    await socket.reaches(2)
    assert await bystander.heard_all() == []
