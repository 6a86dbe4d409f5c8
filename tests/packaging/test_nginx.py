"""A document mostly lives in one process; when that one dies it goes on at another, and nothing is sent twice."""

import asyncio
import contextlib
import os
import uuid
from collections.abc import Callable

import httpx
import orjson
import pytest
from collabdocs_client import Backoff, Client

from tests.packaging.mute import Mute
from tests.packaging.nginx import NGINX, Nginx
from tests.server import Server, free_port
from tests.wire import Wire

pytestmark = pytest.mark.skipif(not NGINX and not os.environ.get("CI"), reason="LEFT OUT: nginx is not installed")
LARGEST = 16 << 20  # bytes
ANSWER = b"HTTP/1.1 204 No Content\r\n\r\n"
QUICKLY = Backoff(first=0.05, longest=0.5)


async def make_document(alice: httpx.AsyncClient, content: str = "") -> str:
    answer = await alice.post("/api/documents", json={"title": "Ours", "content": content})
    assert answer.status_code == 201, answer.text
    return str(answer.json()["doc_id"])


async def test_all_that_names_a_document_meets_in_one_process(
    nginx: Nginx, alice: httpx.AsyncClient, servers: list[Server]
) -> None:
    homes = set()
    for doc_id in [await make_document(alice, "Hello") for _ in range(8)]:
        (await alice.get(f"/api/documents/{doc_id}")).raise_for_status()
        (await alice.put(f"/api/documents/{doc_id}", json={"content": "Bye", "version": 1})).raise_for_status()
        await alice.get(f"/documents/{doc_id}/")
        async with Wire(nginx, doc_id, token=servers[0].tokens["alice"]) as wire:
            assert (await wire.join())["content"] == "Bye"
        paths = (f"/api/documents/{doc_id}", f"/documents/{doc_id}", f"/ws/{doc_id}")
        passed = [line for path in paths for line in nginx.passed(path)]
        assert len(passed) == 4
        assert len({line.ports for line in passed}) == 1, f"one document lives in several processes: {passed}"
        homes.add(passed[0].ports)
    assert len(homes) > 1, "all documents live in one process"


async def test_what_names_no_document_goes_anywhere(nginx: Nginx, alice: httpx.AsyncClient) -> None:
    for _ in range(20):
        await alice.get("/healthz")
    assert len({line.ports for line in nginx.passed("/healthz", 20)}) > 1


async def test_a_document_goes_on_elsewhere_when_its_process_dies(
    nginx: Nginx, alice: httpx.AsyncClient, servers: list[Server]
) -> None:
    doc_id = await make_document(alice, "one ")
    (await alice.get(f"/api/documents/{doc_id}")).raise_for_status()
    (home,) = nginx.passed(f"/api/documents/{doc_id}")[0].ports
    tokens = {"access_token": servers[0].tokens["alice"], "expires_in": 36000}
    async with Client.with_tokens(nginx.url, tokens) as client, client.open(doc_id, backoff=QUICKLY) as document:
        await document.insert(4, "two ")
        await document.saved()
        dead = next(server for server in servers if server.port == home)
        dead.kill()
        try:
            assert (await alice.get(f"/api/documents/{doc_id}")).json()["content"] == "one two "
            await document.insert(0, "zero ")
            await document.saved()
            answer = await alice.put(f"/api/documents/{doc_id}", json={"content": "one two four", "version": 2})
            assert answer.status_code == 200, answer.text
            await document.until(lambda: document.version >= answer.json()["version"])
            assert answer.json()["content"] == document.text
        finally:
            dead.start()
    assert document.text == "zero one two four"
    assert nginx.passed(f"/ws/{doc_id}", 2)[-1].ports[-1] != home, "the socket came back to a dead process"


@pytest.mark.parametrize("method", ["PUT", "POST", "PATCH", "DELETE"])
async def test_a_write_that_was_sent_is_not_sent_again(method: str, start_nginx: Callable[[list[int]], Nginx]) -> None:
    """Two servers take a request and hang up: one of them hears of it, once."""
    async with Mute() as one, Mute() as other, httpx.AsyncClient(timeout=30) as client:
        nginx = start_nginx([one.port, other.port])
        answer = await client.request(method, f"{nginx.url}/api/documents/{uuid.uuid4()}", json={})
    assert len(one.heard) + len(other.heard) == 1, "it was sent twice"
    assert (answer.status_code, answer.headers["Content-Type"]) == (503, "application/problem+json")
    assert answer.json()["code"] == "unavailable" and answer.headers["Retry-After"]


@pytest.mark.parametrize("method", ["GET", "POST", "PATCH"])
async def test_a_process_that_is_not_there_is_passed_over(
    method: str, start_nginx: Callable[[list[int]], Nginx]
) -> None:
    async with Mute(ANSWER) as live, httpx.AsyncClient(timeout=30) as client:
        nginx = start_nginx([free_port(), live.port])
        for _ in range(10):
            answer = await client.request(method, f"{nginx.url}/api/documents/{uuid.uuid4()}")
            assert answer.status_code == 204
    assert any(len(line.ports) == 2 for line in nginx.passed("/api", 10)), "no request met the dead one first"


@pytest.mark.parametrize("method", ["PUT", "DELETE"])
async def test_of_its_writes_the_one_that_finds_a_process_dead_is_refused(
    method: str, start_nginx: Callable[[list[int]], Nginx]
) -> None:
    async with Mute(ANSWER) as live, httpx.AsyncClient(timeout=30) as client:
        nginx = start_nginx([free_port(), live.port])
        paths = [f"{nginx.url}/api/documents/{uuid.uuid4()}" for _ in range(20)]
        statuses = [(await client.request(method, path)).status_code for path in paths]
    assert statuses.count(503) == 1 and statuses.count(204) == 19


async def test_events_come_while_they_happen(alice: httpx.AsyncClient) -> None:
    doc_id = await make_document(alice)
    async with (
        asyncio.timeout(30),
        alice.stream("GET", f"/api/documents/{doc_id}/events") as events,
        contextlib.aclosing(events.aiter_lines()) as lines,
    ):
        async for line in lines:
            if line.startswith("data:"):
                break
        await alice.put(f"/api/documents/{doc_id}", json={"content": "news", "version": 0})
        async for line in lines:
            if line.startswith("data:") and "operations" in (said := orjson.loads(line.removeprefix("data:"))):
                assert said["operations"][0]["operation"] == ["news"]
                return
    raise AssertionError("the stream ended")


async def test_a_body_that_is_too_large_is_refused_in_our_words(alice: httpx.AsyncClient, nginx: Nginx) -> None:
    headers = {"Content-Type": "application/json"}
    fits, too_large = [
        await alice.post("/api/documents", content=b" " * size, headers=headers) for size in (LARGEST, LARGEST + 1)
    ]
    assert (fits.status_code, fits.json()["code"]) == (400, "parse_error"), "blanks are no JSON, and they came"
    assert (too_large.status_code, too_large.json()["code"]) == (413, "too_large")
    assert too_large.headers["Content-Type"] == "application/problem+json"
    assert [bool(line.ports) for line in nginx.passed("/api/documents", 2)] == [True, False]


@pytest.mark.parametrize(
    "path", ["/metrics", "/metrics/", "//metrics", "/%6detrics", "/x/../metrics?y", "/readyz", "/./readyz"]
)
async def test_what_is_for_those_inside_is_not_shown_outside(path: str, nginx: Nginx) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", nginx.port)
    writer.write(f"GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n".encode())
    answer = (await reader.read()).decode()
    writer.close()
    assert answer.startswith("HTTP/1.1 404 ") and "\r\nServer: nginx\r\n" in answer
    assert not [line for line in nginx.passed("/") if line.ports]


async def test_an_address_that_the_client_made_up_is_not_believed(nginx: Nginx, servers: list[Server]) -> None:
    """Sign-ups are counted by address and process: one address is refused in the end, another one is not."""

    async def statuses(own: str, count: int) -> list[int]:
        async with httpx.AsyncClient(
            base_url=nginx.url, transport=httpx.AsyncHTTPTransport(local_address=own)
        ) as client:
            made_up = [{"X-Forwarded-For": f"203.0.113.{n}, 198.51.100.{n}"} for n in range(count)]
            return [(await client.post("/api/users", json={}, headers=headers)).status_code for headers in made_up]

    assert 429 in await statuses("127.0.0.2", count=20 * len(servers) + 1)
    assert set(await statuses("127.0.0.3", count=3)) == {400}


@pytest.mark.parametrize("path", ["/password-reset/MTIz/{}/", "//password-reset/x/{}?y", "/account/prove-email/{}/"])
async def test_no_secret_of_a_letter_stands_in_the_log(path: str, nginx: Nginx) -> None:
    """A link that was mailed holds one; whoever reads the log could be there first."""
    secret = "c8xk2-0123456789abcdef"
    async with httpx.AsyncClient(timeout=30) as client:
        await client.get(nginx.url + path.format(secret))
        await client.get(f"{nginx.url}/password-reset/sent/")
    nginx.passed("/password-reset", 1)
    log = (nginx.directory / "access.log").read_text()
    assert secret not in log and "... " in log


async def test_text_is_compressed(alice: httpx.AsyncClient) -> None:
    doc_id = await make_document(alice, "a line of text\n" * 1000)
    answer = await alice.get(f"/api/documents/{doc_id}")
    assert answer.headers["Content-Encoding"] == "gzip" and len(answer.json()["content"]) == 15_000
    kept = {"If-Match": answer.headers["ETag"]}
    assert (await alice.put(f"/api/documents/{doc_id}", json={"content": "short"}, headers=kept)).status_code == 200
