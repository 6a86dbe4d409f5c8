"""What the dashboard "One document" tells to type finds what went on in one document, and nothing of another."""

import json
import re
import subprocess
from collections.abc import Callable

from tests.conftest import Stage
from tests.operations.queries import dashboards, panels_of
from tests.server import Server


def command(doc_id: str) -> str:
    """What follows the bar in the line to type."""
    (dashboard,) = [dashboard for dashboard in dashboards() if dashboard["title"] == "One document"]
    text = next(panel for panel in panels_of(dashboard) if panel["type"] == "text")["options"]["content"]
    (typed,) = re.findall(r"^docker compose logs .*? \| (jq .*)$", text, re.MULTILINE)
    return str(typed.replace("${document:percentencode}", doc_id))


def found_in(log: str, doc_id: str) -> str:
    typed = command(doc_id)
    said = subprocess.run(["sh", "-c", typed], input=log, capture_output=True, text=True, timeout=30, check=True)
    return said.stdout


async def test_it_finds_one_documents_lines(stage: Stage, start_server: Callable[..., Server]) -> None:
    server = start_server(LOG_FORMAT="json", LOG_LEVEL="INFO")
    one, other = [await stage.document(server, "Buy bread") for _ in range(2)]
    for doc_id in (one, other):
        alice = await stage.open(server, "alice", doc_id)
        await alice.insert(0, "Now: ")
        await alice.saved()
    log = f"{server.log()}\nno JSON\n"
    found = found_in(log, one)
    lines = [json.loads(line) for line in log.splitlines() if line.startswith("{")]
    expected = [line["time"] for line in lines if line.get("document_id") == one]
    assert expected and [line.split("\t")[0] for line in found.splitlines()] == expected
    assert other not in found
