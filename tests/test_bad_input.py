"""Bad input of any shape harms nobody but its sender: an error or a close there, and the others type on."""

import asyncio
import uuid
from collections.abc import AsyncIterator
from contextlib import suppress
from typing import Any

import httpx
import pytest
from collabdocs_client import Document
from websockets.exceptions import ConnectionClosed, InvalidStatus

from tests.conftest import Stage
from tests.server import Server
from tests.wire import Wire

pytestmark = pytest.mark.parametrize("module_server", ["uvicorn", "daphne"], indirect=True)

EMOJI = "\U0001f600"
CLIENT = str(uuid.uuid4())


def submit(**fields: Any) -> dict[str, Any]:
    return {"type": "submit", "seq": 1, "base_version": 1, "operation": ["x"]} | fields


def presence(**fields: Any) -> dict[str, Any]:
    return {"type": "presence", "base_version": 1, "selection": [[0, 0]]} | fields


@pytest.fixture
async def doc_id(server: Server, stage: Stage) -> str:
    return await stage.document(server, "base")


@pytest.fixture
async def bystander(server: Server, stage: Stage, doc_id: str) -> AsyncIterator[Document]:
    """Bob, who types undisturbed before and after, on one connection."""
    joins = 0

    def tap(way: str, message: Any) -> None:
        nonlocal joins
        joins += message["type"] == "joined"

    bob = await stage.open(server, "bob", doc_id, tap=tap)
    await bob.insert(len(bob.text), "1")
    yield bob
    await bob.insert(len(bob.text), "2")
    async with asyncio.timeout(10):
        await bob.saved()
    assert "base" in bob.text and bob.text.endswith("2")
    assert joins == 1


async def expect_error(wire: Wire, code: str, seq: int | None = None) -> None:
    error = await wire.receive("error")
    assert (error["code"], error.get("seq")) == (code, seq)


# --- Frames ---

NO_MESSAGE = {
    "nothing": "",
    "no JSON": "{",
    "words": "hello",
    "two values": "{} {}",
    "NaN": '{"type": NaN}',
    "a list": "[]",
    "a number": "1",
    "null": "null",
    "true": "true",
    "a string": '"join"',
    "an empty object": "{}",
    "type null": '{"type": null}',
    "type a number": '{"type": 1}',
    "type a list": '{"type": ["ping"]}',
    "type an object": '{"type": {"ping": 1}}',
    "type unknown": '{"type": "shutdown"}',
    "type of the server's": '{"type": "operations", "operations": []}',
    "nested lists": "[" * 200_000,
    "nested lists, closed": "[" * 200_000 + "]" * 200_000,
    "nested objects": '{"a":' * 100_000,
    "nested in a member": '{"type": "ping", "x": ' + "[" * 200_000 + "]" * 200_000 + "}",
    "a lone surrogate": '{"type": "\\ud83d"}',
    "a lone surrogate as a key": '{"\\ud83d": 1}',
    "a control character": '{"type": "pi\nng"}',
}


@pytest.mark.parametrize("frame", NO_MESSAGE.values(), ids=NO_MESSAGE.keys())
@pytest.mark.parametrize("joined", [True, False], ids=["joined", "not joined"])
async def test_what_is_no_message(
    server: Server, stage: Stage, doc_id: str, bystander: Document, frame: str, joined: bool
) -> None:
    wire = await stage.wire(server, "alice", doc_id)
    if joined:
        await wire.join()
    await wire.send(frame)
    await expect_error(wire, "invalid_message")
    await wire.send({"type": "ping"})
    await wire.receive("pong")


@pytest.mark.parametrize("frame", [b"", b"{}", b'{"type": "ping"}', b"\xff\xfe", bytes(1000)])
async def test_a_binary_frame(server: Server, stage: Stage, doc_id: str, bystander: Document, frame: bytes) -> None:
    wire = await stage.wire(server, "alice", doc_id)
    await wire.join()
    await wire.send(frame)
    await expect_error(wire, "invalid_message")


async def test_text_that_is_no_utf8(server: Server, stage: Stage, doc_id: str, bystander: Document) -> None:
    wire = await stage.wire(server, "alice", doc_id)
    await wire.join()
    await wire.socket.send(b'{"type": "\xff"}', text=True)
    assert await wire.close_code() in (1007, None)  # Daphne drops the line


async def test_a_frame_above_a_mebibyte(server: Server, stage: Stage, doc_id: str, bystander: Document) -> None:
    for filling in ("x" * (1 << 20), EMOJI * (1 << 18)):
        wire = await stage.wire(server, "alice", doc_id)
        await wire.join()
        await wire.send({"type": "ping", "x": filling})
        assert await wire.close_code() == 4413


async def test_a_frame_above_everything(server: Server, stage: Stage, doc_id: str, bystander: Document) -> None:
    wire = await stage.wire(server, "alice", doc_id)
    await wire.join()
    with suppress(ConnectionClosed):  # while it is being sent
        await wire.send("x" * (8 << 20))
    assert await wire.close_code() in (1009, 4413, None)  # Daphne drops the line


async def test_one_nonsense_too_many(server: Server, stage: Stage, doc_id: str, bystander: Document) -> None:
    wire = await stage.wire(server, "alice", doc_id)
    await wire.join()
    for _ in range(200):
        await wire.send("nonsense")
    assert await wire.close_code() == 4400


# --- Members ---

NO_WHOLE_NUMBERS = [True, False, 1.0, 1.5, "1", None, [], {}, -1, 2**53, 2**63, 2**64, -(2**63)]
RAW_NUMBERS = ["1e400", "-1e400", "1" * 400, "-" + "1" * 5000, "1e1", "0x1", "01", "+1", "Infinity"]


@pytest.mark.parametrize("value", NO_WHOLE_NUMBERS, ids=repr)
async def test_no_whole_number(server: Server, stage: Stage, doc_id: str, bystander: Document, value: Any) -> None:
    """For seq, base_version and since; zero is one, but no seq."""
    from json import dumps

    wire = await stage.wire(server, "alice", doc_id)
    if value is not None:
        await wire.send(dumps({"type": "join", "client_id": CLIENT, "since": value}))
        await expect_error(wire, "invalid_message")
    await wire.join()
    await wire.send(dumps(submit(seq=value)))
    await expect_error(wire, "invalid_message")
    await wire.send(dumps(submit(base_version=value)))
    assert (await wire.receive("error"))["code"] == "invalid_message"
    await wire.send(dumps(presence(base_version=value)))
    await expect_error(wire, "invalid_message")
    assert (await wire.commit(1, 1, ["fine"]))["seq"] == 1


@pytest.mark.parametrize("number", RAW_NUMBERS, ids=lambda n: n[:12])
async def test_no_json_number(server: Server, stage: Stage, doc_id: str, bystander: Document, number: str) -> None:
    wire = await stage.wire(server, "alice", doc_id)
    await wire.join()
    await wire.send(f'{{"type": "submit", "seq": {number}, "base_version": 1, "operation": ["x"]}}')
    assert (await wire.receive("error"))["code"] == "invalid_message"
    await wire.send(f'{{"type": "submit", "seq": 1, "base_version": {number}, "operation": ["x"]}}')
    assert (await wire.receive("error"))["code"] == "invalid_message"
    await wire.send(f'{{"type": "submit", "seq": 1, "base_version": 1, "operation": [{number}]}}')
    assert (await wire.receive("error"))["code"] in ("invalid_message", "invalid_operation")


async def test_seq_counts_from_one(server: Server, stage: Stage, doc_id: str, bystander: Document) -> None:
    wire = await stage.wire(server, "alice", doc_id)
    await wire.join()
    for seq in (0, -1):
        await wire.send(submit(seq=seq))
        await expect_error(wire, "invalid_message")


NO_OPERATIONS = {
    "missing": None,
    "an object": {},
    "text": "x",
    "a number": 1,
    "true": True,
    "a boolean in it": [1, True],
    "null in it": [None],
    "a list in it": [["x"]],
    "an object in it": [{"d": 1}],
    "a fraction": [1.5],
    "a whole fraction": [1.0],
    "CR": ["a\rb"],
    "CRLF": ["a\r\nb"],
    "NUL": ["a\0b"],
    "beyond the end": [1000, "x"],
    "deletes beyond the end": [-1000],
    "a huge retain": [2**53, "x"],
    "a huge delete": [-(2**53)],
    "a trailing retain too long": ["x", 1000],
}


@pytest.mark.parametrize("operation", NO_OPERATIONS.values(), ids=NO_OPERATIONS.keys())
async def test_no_operation(server: Server, stage: Stage, doc_id: str, bystander: Document, operation: Any) -> None:
    wire = await stage.wire(server, "alice", doc_id)
    await wire.join()
    await wire.submit(1, 1, operation)
    await expect_error(wire, "invalid_operation", seq=1)
    assert (await wire.commit(1, 1, ["fine"]))["seq"] == 1


@pytest.mark.parametrize("text", [r"\ud83d", r"\ude00", r"\ude00\ud83d", r"a\udfffb", r"\u0000", r"\r"])
async def test_what_no_text_may_hold(server: Server, stage: Stage, doc_id: str, bystander: Document, text: str) -> None:
    """Written as JSON escapes; half an emoji above all."""
    wire = await stage.wire(server, "alice", doc_id)
    await wire.join()
    await wire.send(f'{{"type": "submit", "seq": 1, "base_version": 1, "operation": ["{text}"]}}')
    assert (await wire.receive("error"))["code"] in ("invalid_operation", "invalid_message")
    await wire.send('{"type": "submit", "seq": 1, "base_version": 1, "operation": ["\\ud83d\\ude00"]}')
    assert (await wire.answer(1))["operation"] == [EMOJI]


@pytest.mark.parametrize(
    "fields",
    [
        {"client_id": None},
        {"client_id": ""},
        {"client_id": 1},
        {"client_id": "me"},
        {"client_id": CLIENT[:-1]},
        {"client_id": CLIENT + "\0"},
        {"client_id": f"{{{CLIENT}}}"},
        {"client_id": CLIENT.replace("-", "\u2010")},
        {"client_id": [CLIENT]},
        {"log": 1},
        {"log": "x" * 100_000},
        {"log": ["x"]},
    ],
    ids=lambda fields: repr(fields)[:40],
)
async def test_no_join(server: Server, stage: Stage, doc_id: str, bystander: Document, fields: dict[str, Any]) -> None:
    wire = await stage.wire(server, "alice", doc_id)
    await wire.send({"type": "join", "client_id": CLIENT} | fields)
    await expect_error(wire, "invalid_message")
    assert (await wire.join())["content"].startswith("base")


SELECTIONS = [None, {}, "0", 0, True, [0, 0], [[0]], [[0, 0, 0]], [[0, True]], [["0", "0"]], [[-1, 0]], [[0, 2**60]]]


@pytest.mark.parametrize(
    "selection", [*SELECTIONS, [[0, 1000]], [[0, 0]] * 1000, [[[0, 0], 0]]], ids=lambda s: repr(s)[:20]
)
async def test_no_selection(server: Server, stage: Stage, doc_id: str, bystander: Document, selection: Any) -> None:
    from json import dumps

    wire = await stage.wire(server, "alice", doc_id)
    joined = await wire.join()
    await wire.send(dumps(presence(selection=selection, base_version=joined["head"])))
    await expect_error(wire, "invalid_message")


async def test_presence_at_a_version_that_is_not_yet(
    server: Server, stage: Stage, doc_id: str, bystander: Document
) -> None:
    wire = await stage.wire(server, "alice", doc_id)
    await wire.join()
    await wire.send(presence(base_version=1000))
    await wire.send({"type": "ping"})
    assert (await wire.receive("error", "pong"))["type"] in ("error", "pong")


# --- Order and sizes ---


@pytest.mark.parametrize("message", [submit(), presence()], ids=["submit", "presence"])
async def test_before_the_join(
    server: Server, stage: Stage, doc_id: str, bystander: Document, message: dict[str, Any]
) -> None:
    wire = await stage.wire(server, "alice", doc_id)
    await wire.send(message)
    assert (await wire.receive("error"))["code"] == "invalid_message"
    await wire.join()


async def test_joining_twice(server: Server, stage: Stage, doc_id: str, bystander: Document) -> None:
    wire = await stage.wire(server, "alice", doc_id)
    await wire.join()
    for client_id in (wire.client_id, str(uuid.uuid4())):
        await wire.send({"type": "join", "client_id": client_id})
        await expect_error(wire, "invalid_message")
    assert (await wire.commit(1, 1, ["fine"]))["client_id"] == wire.client_id


async def test_a_base_in_the_future(server: Server, stage: Stage, doc_id: str, bystander: Document) -> None:
    wire = await stage.wire(server, "alice", doc_id)
    await wire.join()
    for base in (1000, 2**53 - 1):
        await wire.submit(1, base, ["x"])
        await expect_error(wire, "version_unknown", seq=1)


async def test_sizes_at_the_limit_and_above(server: Server, stage: Stage, doc_id: str, bystander: Document) -> None:
    wire = await stage.wire(server, "alice", doc_id)
    await wire.join()
    await wire.submit(1, 1, ["x" * 250_001])
    await expect_error(wire, "operation_too_large", seq=1)
    entry = await wire.commit(1, 1, ["x" * 250_000])
    await wire.submit(2, entry["version"], [1, "y"] * 500 + [1, -1])
    await expect_error(wire, "operation_too_large", seq=2)
    assert (await wire.commit(2, entry["version"], [1, "y"] * 500))["operation"] == [1, "y"] * 500


async def test_a_text_above_the_limit(server: Server, stage: Stage, bystander: Document) -> None:
    doc_id = await stage.document(server, "x" * 999_999)
    wire = await stage.wire(server, "alice", doc_id)
    await wire.join()
    await wire.submit(1, 1, ["yy"])
    await expect_error(wire, "document_too_large", seq=1)
    assert (await wire.commit(1, 1, ["y"]))["version"] == 2
    await wire.submit(2, 2, ["y"])
    await expect_error(wire, "document_too_large", seq=2)
    assert (await wire.commit(2, 2, ["yy", -2]))["version"] == 3


# --- Who may not ---


@pytest.mark.parametrize(
    "options",
    [
        {"token": None},
        {"token": ""},
        {"token": "garbage"},
        {"token": "a.b.c"},
        {"token": "x" * 8000},
        {"token": "\u00e9"},
        {"token": "expired"},
        {"subprotocols": []},
        {"subprotocols": ["chat"]},
        {"subprotocols": ["collabdocs.v0"]},
        {"headers": {"Origin": "https://evil.example"}},
        {"headers": {"Origin": "null"}},
        {"headers": {"Origin": "http://127.0.0.1.evil.example"}},
        {"token": None, "subprotocols": ["collabdocs.v1", "bearer.garbage"]},
        {"token": None, "subprotocols": ["collabdocs.v1", "bearer."]},
    ],
    ids=lambda options: repr(options)[:60],
)
async def test_refused_before_it_is_accepted(
    server: Server, doc_id: str, bystander: Document, options: dict[str, Any]
) -> None:
    if options.get("token") == "expired":
        options = {"token": server.tokens["expired"]}
    with pytest.raises(InvalidStatus) as refusal:
        async with Wire(server, doc_id, **({"token": server.tokens["alice"]} | options)):
            pass
    assert refusal.value.response.status_code == 403


async def test_let_in_by_a_second_subprotocol(server: Server, doc_id: str, bystander: Document) -> None:
    subprotocols = ["collabdocs.v1", f"bearer.{server.tokens['alice']}"]
    async with Wire(server, doc_id, token=None, subprotocols=subprotocols, headers={"Origin": server.url}) as wire:
        assert wire.socket.subprotocol == "collabdocs.v1"
        await wire.join()


@pytest.mark.parametrize("name", ["stranger", "unknown", "no id", "a long one"])
async def test_no_such_document(server: Server, doc_id: str, bystander: Document, name: str) -> None:
    """All the same to who may not see it."""
    token = server.tokens["mallory"]
    address = {"stranger": doc_id, "unknown": str(uuid.uuid4()), "no id": "nonsense", "a long one": "9" * 60}[name]
    async with Wire(server, address, token=token) as wire:
        assert await wire.close_code() == 4404


async def test_a_stranger_who_goes_on_talking(server: Server, doc_id: str, bystander: Document) -> None:
    async with Wire(server, doc_id, token=server.tokens["mallory"]) as wire:
        with suppress(ConnectionClosed):
            await wire.send({"type": "join", "client_id": CLIENT})
            await wire.send(submit())
        assert await wire.close_code() == 4404


@pytest.mark.parametrize("path", ["/ws/", "/ws", "/ws/a/b", "/elsewhere", f"/ws/{'9' * 3000}"])
async def test_no_such_address(server: Server, stage: Stage, doc_id: str, bystander: Document, path: str) -> None:
    wire = Wire(server, doc_id, token=server.tokens["alice"])
    wire.address = f"{server.socket_url}{path}"
    with pytest.raises(InvalidStatus) as refusal:
        async with wire:
            pass
    assert refusal.value.response.status_code in (403, 404)


async def test_a_viewer_may_not_submit(server: Server, stage: Stage, doc_id: str, bystander: Document) -> None:
    wire = await stage.wire(server, "vera", doc_id)
    assert (await wire.join())["role"] == "viewer"
    await wire.submit(1, 1, ["x"])
    await expect_error(wire, "forbidden", seq=1)
    answer = await (await stage.person(server, "vera")).http.put(f"/api/documents/{doc_id}", json={"content": ""})
    assert (answer.status_code, answer.json()["code"]) == (403, "forbidden")


@pytest.mark.parametrize("token", ["garbage", "", "bob"])
async def test_renewal_with_another_token(
    server: Server, stage: Stage, doc_id: str, bystander: Document, token: str
) -> None:
    wire = await stage.wire(server, "alice", doc_id)
    await wire.join()
    await wire.send({"type": "authenticate", "token": server.tokens.get(token, token)})
    assert await wire.close_code() == 4401


# --- HTTP ---


def assert_problem(answer: httpx.Response, status: int, code: str | None = None) -> None:
    assert answer.status_code == status, answer.text[:500]
    assert answer.headers["Content-Type"] == "application/problem+json"
    body = answer.json()
    assert body["status"] == status and {"type", "title", "detail", "code"} <= body.keys()
    assert code is None or body["code"] == code


@pytest.fixture
async def http(server: Server, stage: Stage) -> httpx.AsyncClient:
    return (await stage.person(server, "alice")).http


BODIES = {
    "nothing": b"",
    "no JSON": b"{",
    "no UTF-8": b'{"content": "\xff"}',
    "a lone surrogate": rb'{"content": "\ud83d"}',
    "a lone surrogate as a key": rb'{"content": "", "\ud83d": 1}',
    "NUL": rb'{"content": "a\u0000b"}',
    "NaN": b'{"content": NaN}',
    "a list": b"[]",
    "null": b"null",
    "a string": b'"content"',
    "content null": b'{"content": null}',
    "content a number": b'{"content": 1}',
    "content true": b'{"content": true}',
    "content a list": b'{"content": ["x"]}',
    "title an object": b'{"content": "", "title": {}}',
    "title too long": b'{"content": "", "title": "' + b"x" * 10_000 + b'"}',
    "deep": b"[" * 200_000,
    "deep, closed": b'{"content": ' + b"[" * 200_000 + b"]" * 200_000 + b"}",
    "version true": b'{"content": "", "version": true}',
    "version a string": b'{"content": "", "version": "1"}',
    "version a fraction": b'{"content": "", "version": 1.0}',
    "version below 0": b'{"content": "", "version": -1}',
    "version huge": b'{"content": "", "version": 1e400}',
    "version many digits": b'{"content": "", "version": ' + b"1" * 5000 + b"}",
}


@pytest.mark.parametrize("body", BODIES.values(), ids=BODIES.keys())
async def test_no_document_body(
    http: httpx.AsyncClient, doc_id: str, bystander: Document, body: bytes, request: pytest.FixtureRequest
) -> None:
    headers = {"Content-Type": "application/json"}
    assert_problem(await http.put(f"/api/documents/{doc_id}", content=body, headers=headers), 400)
    if b"version" not in body:
        answer = await http.post("/api/documents", content=body, headers=headers)
        assert answer.status_code == 400 or body == b"", answer.text
    assert (await http.get(f"/api/documents/{doc_id}")).json()["content"].startswith("base")


async def test_a_version_in_the_future(http: httpx.AsyncClient, doc_id: str, bystander: Document) -> None:
    answer = await http.put(f"/api/documents/{doc_id}", json={"content": "", "version": 1000})
    assert_problem(answer, 409, "version_unknown")


async def test_another_type_of_body(http: httpx.AsyncClient, doc_id: str, bystander: Document) -> None:
    for kind in ("text/plain", "application/xml", "multipart/form-data", "nonsense", ""):
        answer = await http.put(f"/api/documents/{doc_id}", content=b"x", headers={"Content-Type": kind})
        assert answer.status_code in (400, 415), (kind, answer.text)


@pytest.mark.parametrize("path", ["/api/documents", "/api/documents/{doc_id}/history"])
@pytest.mark.parametrize(
    "query", ["skip=-1", "skip=x", "skip=1e3", "limit=0", "limit=201", "limit=-5", "limit=", "skip=1%00"]
)
async def test_no_page(http: httpx.AsyncClient, doc_id: str, bystander: Document, path: str, query: str) -> None:
    assert_problem(await http.get(f"{path.format(doc_id=doc_id)}?{query}"), 400)


@pytest.mark.parametrize("query", ["since=-1", "since=x", "since=" + "9" * 50, "limit=0", "limit=201", "limit=x"])
async def test_no_operations(http: httpx.AsyncClient, doc_id: str, bystander: Document, query: str) -> None:
    assert_problem(await http.get(f"/api/documents/{doc_id}/operations?{query}"), 400)


@pytest.mark.parametrize("query", ["search=%00", "search=%ff", "ordering=password", "search=" + "x" * 5000])
async def test_odd_searches_are_no_failure(
    http: httpx.AsyncClient, doc_id: str, bystander: Document, query: str
) -> None:
    assert (await http.get(f"/api/documents?{query}")).status_code in (200, 400, 414)


@pytest.mark.parametrize(
    "fields",
    [
        {"seq": 0},
        {"seq": True},
        {"seq": "1"},
        {"seq": 1.0},
        {"base_version": -1},
        {"base_version": None},
        {"client_id": "me"},
        {"client_id": 1},
        {"operation": None},
        {"operation": [True]},
        {"operation": ["a\rb"]},
        {"operation": [1000]},
        {"base_version": 1000},
    ],
    ids=repr,
)
async def test_no_submission(http: httpx.AsyncClient, doc_id: str, bystander: Document, fields: dict[str, Any]) -> None:
    body = {"client_id": CLIENT, "seq": 1, "base_version": 1, "operation": ["x"]} | fields
    answer = await http.post(f"/api/documents/{doc_id}/operations", json=body)
    assert_problem(answer, 409 if fields == {"base_version": 1000} else 400)


async def test_too_large_a_body(http: httpx.AsyncClient, doc_id: str, bystander: Document) -> None:
    path = f"/api/documents/{doc_id}"
    answer = await http.put(path, json={"content": "x" * 1_000_001})
    assert_problem(answer, 413, "document_too_large")
    answer = await http.post("/api/documents", json={"content": "x" * 1_000_001})
    assert_problem(answer, 413, "document_too_large")
    assert (await too_large(http, path)).status_code == 413


async def too_large(http: httpx.AsyncClient, path: str) -> httpx.Response:
    """A body of 17 MiB in chunks, of which the server need not read all."""

    async def chunks() -> AsyncIterator[bytes]:
        yield b'{"content": "'
        for _ in range(17):
            yield b"x" * (1 << 20)
        yield b'"}'

    return await http.put(path, content=chunks(), headers={"Content-Type": "application/json"})


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("PUT", "/api/documents"),
        ("DELETE", "/api/documents"),
        ("POST", "/api/documents/{doc_id}"),
        ("PUT", "/api/documents/{doc_id}/history"),
        ("DELETE", "/api/documents/{doc_id}/operations"),
        ("TRACE", "/api/documents/{doc_id}"),
        ("BREW", "/api/documents/{doc_id}"),
        ("GET", "/api/token"),
    ],
)
async def test_no_such_method(
    http: httpx.AsyncClient, doc_id: str, bystander: Document, method: str, path: str
) -> None:
    assert (await http.request(method, path.format(doc_id=doc_id))).status_code in (
        405,
        400,
    )  # 400: uvicorn knows no BREW


@pytest.mark.parametrize(
    "path", ["nonsense", "{other}", "{doc_id}/nothing", "{doc_id}/versions/x", "{doc_id}/versions/99"]
)
async def test_nothing_there(http: httpx.AsyncClient, doc_id: str, bystander: Document, path: str) -> None:
    answer = await http.get(f"/api/documents/{path.format(doc_id=doc_id, other=uuid.uuid4())}")
    assert_problem(answer, 404, "not_found")


async def test_a_stranger_sees_what_is_not_there(
    server: Server, stage: Stage, doc_id: str, bystander: Document
) -> None:
    mallory = (await stage.person(server, "mallory")).http
    hidden, unknown = f"/api/documents/{doc_id}", f"/api/documents/{uuid.uuid4()}"
    for method in ("GET", "PUT", "PATCH", "DELETE"):
        body = None if method in ("GET", "DELETE") else {"content": ""}
        answers = [await mallory.request(method, path, json=body) for path in (hidden, unknown)]
        assert_problem(answers[0], 404, "not_found")
        assert answers[0].json() == answers[1].json()


async def test_no_token(server: Server, doc_id: str, bystander: Document) -> None:
    async with httpx.AsyncClient(base_url=server.url) as nobody:
        for value in (None, "Bearer", "Bearer garbage", "Basic YTpi", f"Bearer {server.tokens['expired']}"):
            headers = {} if value is None else {"Authorization": value}
            assert_problem(await nobody.get(f"/api/documents/{doc_id}", headers=headers), 401)


# --- Preconditions ---


@pytest.mark.parametrize("value", ["x", '"', '"x"', '"-1"', "1", '"1e3"', '"1", "2"', '"' + "9" * 100 + '"', '""'])
async def test_no_if_match(http: httpx.AsyncClient, doc_id: str, bystander: Document, value: str) -> None:
    answer = await http.put(f"/api/documents/{doc_id}", json={"content": "x"}, headers={"If-Match": value})
    assert answer.status_code in (400, 412), answer.text
    assert_problem(answer, answer.status_code)
    assert (await http.get(f"/api/documents/{doc_id}")).json()["content"].startswith("base")


async def test_strict_writes_meet_412(http: httpx.AsyncClient, doc_id: str, bystander: Document) -> None:
    await bystander.saved()
    path, strict = f"/api/documents/{doc_id}", {"Prefer": "handling=strict"}
    stale = await http.put(path, json={"content": "other"}, headers=strict | {"If-Match": '"1"'})
    assert_problem(stale, 412)
    assert stale.json()["version"] == 2
    head = await http.get(path)
    body = {"content": head.json()["content"] + "!"}
    fresh = await http.put(path, json=body, headers=strict | {"If-Match": head.headers["ETag"]})
    assert (fresh.status_code, fresh.json()["version"]) == (200, 3)


async def test_etags(http: httpx.AsyncClient, doc_id: str, bystander: Document) -> None:
    await bystander.saved()
    path = f"/api/documents/{doc_id}"
    first = await http.get(path)
    etag = first.headers["ETag"]
    assert etag.startswith('"2-')
    for value in (etag, f"W/{etag}", f'"x", {etag}', "*"):
        answer = await http.get(path, headers={"If-None-Match": value})
        assert (answer.status_code, answer.content, answer.headers["ETag"]) == (304, b"", etag)
    for value in ("", '"x"', "nonsense", '"2"'):
        assert (await http.get(path, headers={"If-None-Match": value})).status_code == 200
    renamed = await http.patch(path, json={"title": "Another"})
    assert renamed.headers["ETag"] != etag
    assert (await http.get(path, headers={"If-None-Match": etag})).status_code == 200


async def test_idempotency_keys(http: httpx.AsyncClient, doc_id: str, bystander: Document) -> None:
    await bystander.saved()
    path, key = f"/api/documents/{doc_id}", {"Idempotency-Key": str(uuid.uuid4())}
    first = await http.put(path, json={"content": "> base1", "version": 2}, headers=key)
    again = await http.put(path, json={"content": "> base1", "version": 2}, headers=key)
    assert (again.status_code, again.json()) == (200, first.json())
    other = await http.put(path, json={"content": "other", "version": 2}, headers=key)
    assert_problem(other, 422, "idempotency_key_reused")
    assert (await http.get(path)).json()["version"] == 3
    made = [await http.post("/api/documents", json={"title": "One"}, headers={"Idempotency-Key": doc_id}) for _ in "12"]
    assert made[0].json()["doc_id"] == made[1].json()["doc_id"]
    for nonsense in ("", "x" * 1000):
        answer = await http.put(path, json={"content": "x"}, headers={"Idempotency-Key": nonsense})
        assert_problem(answer, 400)
