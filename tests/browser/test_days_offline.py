"""Work that the server has not got outlives the tab, the browser and its death, and days without a line."""

import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from random import Random
from uuid import UUID

import pytest

from tests.browser.desk import Desk, Person
from tests.browser.tab import Tab
from tests.browser.test_nothing_lost import DIGITS, LETTERS, only
from tests.server import ROOT, Server

EDITS = 20_000
BATCH = 25
BOUND = 15.0  # seconds from opening to saved, on a busy machine; alone it takes less than three
PLACES = 10
TEXT = "".join(f"{'.' * 299}§\n" for _ in range(PLACES))  # § marks what is deleted offline

EDIT_AWAY = """
import random, uuid
from accounts.models import User
from documents import history, services
from documents.oplog import Log
from documents.ot.rebase import Submission
bob, rng = User.objects.get(username="bob"), random.Random(SEED)
document = uuid.UUID("DOCUMENT")
log = Log(document, services.limits())
version, text = history.current_text(document)
for _ in range(EDITS // BATCH):
    batch = []
    for _ in range(BATCH):
        at, digit = rng.randrange(len(text) - 5), rng.choice("0123456789")
        gone = rng.choice((0, 0, 1, 2)) if len(text) > 3000 and "§" not in text[at : at + 3] else 0
        operation = tuple(part for part in (at, digit, -gone) if part)
        batch.append(
            Submission(client_id=uuid.uuid4(), seq=1, base_version=version, operation=operation, author=bob.id)
        )
    log.append(batch)
    version, text = history.current_text(document)
"""


def others_edit(server: Server, doc_id: str, seed: int) -> None:
    """20,000 edits of bob's, by another process on the same data."""
    code = f"SEED, EDITS, BATCH = {seed}, {EDITS}, {BATCH}\n" + EDIT_AWAY.replace("DOCUMENT", str(UUID(doc_id)))
    command = [sys.executable, "manage.py", "shell", "-v0", "-c", code]
    subprocess.run(command, cwd=ROOT, env=os.environ | server.env, check=True, timeout=240)


def writes_offline(alice: Tab, rng: Random) -> str:
    """5,000 letters in ten places, and every § away; what was typed, in the text's order."""
    typed = ""
    for _ in range(PLACES):
        alice.goes_to((alice.text() or "").index("§")).presses("Delete")
        letters = "".join(rng.choices(LETTERS, k=500))
        alice.starts_typing(letters[:100], pause=0).has_typed()
        for start in range(100, 500, 40):
            alice.inputs(letters[start : start + 40])
        typed += letters
    alice.says(f"Offline — {PLACES * (1 + 100 + 10):,} changes kept here")  # the §, the letters, the chunks of 40
    return typed


def reopened(person: Person, doc_id: str) -> float:
    """Seconds from opening the document to all being saved."""
    since = time.monotonic()
    tab = person.opens_address(f"/documents/{doc_id}/")
    tab.until(lambda: tab.text() is not None and tab.state() == "Saved", "to be saved", BOUND)
    return time.monotonic() - since


@pytest.mark.parametrize("ending", [Person.closes_the_browser, Person.browser_is_killed])
def test_5000_letters_offline_meet_20000_edits(
    start_server: Callable[..., Server],
    desk_at: Callable[[Server], Desk],
    tmp_path: Path,
    rng: Random,
    ending: Callable[[Person], None],
) -> None:
    server = start_server()
    desk = desk_at(server)
    desk.expects_lines_down()
    doc_id = desk.document(TEXT)
    alice = desk.person("alice", profile=tmp_path / "profile", cable=True)
    typed = writes_offline(alice.opens(doc_id).loses_the_line(sockets_only=True), rng)
    ending(alice)
    others_edit(server, doc_id, rng.randrange(2**32))
    assert server.terminate() == 0
    server.start()

    alice.cable.mend()
    alice.starts_the_browser()
    took = reopened(alice, doc_id)
    print(f"from opening to saved: {took:.2f} s")
    tab = alice.opens(doc_id)
    text = desk.everybody_agrees(doc_id, tab)
    assert only(LETTERS, text) == typed
    assert "§" not in text
    assert len(only(DIGITS, text)) > 100
    assert tab.leftovers() == []
