"""Whatever goes on, no label of any metric has an identifier, a name, a title or a text; and there are few of them."""

import re
from uuid import uuid4

from documents import events, history, services
from documents.tests.readings import samples
from documents.tests.rest import url
from realtime import hub as hubs
from realtime.tests.lines import Line
from realtime.tests.streams import Reader

IDENTIFIER = re.compile(r"[0-9a-f]{8}|\d{5}")
OURS = {
    "outcome": r"[a-z]+",
    "what": r"[a-z]+",
    "how": r"fresh|resumed",
    "look": r"[a-z_]+",
    "code": r"[a-z_]+|\d{4}",
    "le": r"[\d.]+|\+Inf",
}


async def test_it_names_nobody(joins, connects, calls, client_for, document, alice, bob, vera, mallory):
    writer = await joins(alice)
    reader, slow = await joins(bob, since=1), await joins(vera, application=Line(work=0.001))
    stranger = await connects(mallory)
    assert await stranger.is_closed() == 4404
    await writer.submits(["geheim"])
    await writer.reaches(2)
    await writer.submits(["geheim"], base=1, seq=1)
    await writer.submits(["x"], base=10**9)
    await slow.submits(["umbrella"])
    await reader.says("umbrella", client_id=str(uuid4()))
    await reader.says("presence", base_version=2, selection=[[1, 2]])
    await calls(services.rename_document, document, title="Merger with Umbrella", actor=alice)
    await calls(over_http, await calls(client_for, alice), document)
    await follows(document, await calls(client_for, bob))
    await hubs.current().tick()
    await joins(bob, client_id=reader.client_id)
    for socket in (writer, slow):
        await socket.heard_all()

    secrets = {
        "alice",
        "bob",
        "vera",
        "mallory",
        "umbrella",
        "geheim",
        "merger",
        "@",
        str(document.id),
        writer.client_id,
    }
    labels = {(name, *label) for name, pairs in samples() for label in pairs}
    assert len(labels) > 100
    for name, label, value in labels:
        if label in ("le", "version") or name == "python_info_info":
            continue
        assert not IDENTIFIER.search(value.lower()), (name, label, value)
        assert not [secret for secret in secrets if secret in value.lower()], (name, label, value)


def over_http(client, document) -> None:
    """Reads, writes, refusals, and what is kept of them."""
    client.put(url(document), {"content": "umbrella", "title": "Geheim"}, format="json")
    client.get(url(document, "diff") + "?from=1&to=2")
    client.get(url(document, "html"))
    client.get(f"{url(document)}?search=umbrella")
    client.get(url(document, "versions", 10**9))
    client.get("/api/nowhere/alice@example.org")
    client.post(url(document, "operations"), {"client_id": str(uuid4()), "seq": 1}, format="json")
    assert history.head(document.id) >= 3
    events.announce(events.SessionsClosed(uuid4()))


async def follows(document, client) -> None:
    """A reader of events, who comes and goes."""
    token = client._credentials["HTTP_AUTHORIZATION"].removeprefix("Bearer ")
    reader = Reader(document.id, token=token)
    await reader.opens()
    await reader.hears("joined")
    await reader.leaves()


async def test_labels_of_ours_are_of_a_few_words(joins, alice):
    socket = await joins(alice)
    await socket.submits(["x"], base=99)
    await socket.heard_all()
    await hubs.current().tick()
    ours = {label for name, pairs in samples() if name.startswith("collabdocs_") for label in pairs}
    assert {name for name, _ in ours} <= OURS.keys()
    assert not [(name, value) for name, value in ours if not re.fullmatch(OURS[name], value)]
    assert len(ours) < 100
