"""What can't be saved is kept, shown and offered: never merged blindly, never thrown away; and the page never lies."""

import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from os import environ
from pathlib import Path
from random import Random

import pytest
from playwright.sync_api import Route

from conftest import PASSWORD
from tests.browser.desk import Desk, Person
from tests.browser.tab import Tab
from tests.server import ROOT, Server

NO_DATABASE = "Object.defineProperty(window, 'indexedDB', {get() { throw new DOMException('no', 'SecurityError'); }})"


def types_offline(tab: Tab, words: str) -> Tab:
    tab.loses_the_line(sockets_only=True).goes_to_the_end().types(words)
    count = f"{len(words)} change" + "s" * (len(words) > 1)
    tab.says(f"Offline — {count} kept here")
    return tab


@pytest.fixture
def offline_desk(desk: Desk) -> Desk:
    desk.expects_lines_down()
    desk.expects("status of 40[134]")
    return desk


# --- Another history ---


@pytest.fixture
def restored(start_server: Callable[..., Server], desk_at: Callable[[Server], Desk]) -> tuple[Desk, Server]:
    server = start_server()
    desk = desk_at(server)
    desk.expects_lines_down()
    return desk, server


def puts_the_backup_back(server: Server, backup: Path) -> None:
    """As the manual says: stop, put the old data there, name the history anew, start."""
    server.stop()
    shutil.rmtree(server.data_dir)
    shutil.copytree(backup, server.data_dir)
    command = [sys.executable, "manage.py", "new_log_identity"]
    subprocess.run(command, cwd=ROOT, env=environ | server.env, check=True, timeout=60, capture_output=True)
    server.start()


def test_a_restored_backup_is_never_merged_into(restored: tuple[Desk, Server], tmp_path: Path) -> None:
    desk, server = restored
    doc_id = desk.document("old. ")
    alice, bob = desk.opens("alice", doc_id, cable=True), desk.opens("bob", doc_id)
    server.terminate()
    shutil.copytree(server.data_dir, tmp_path / "backup")
    server.start()
    for tab in (alice, bob):
        tab.tries_again().says("Saved")
    alice.goes_to_the_end().types("Saved since. ").says("Saved")
    bob.sees("Saved since. ")
    types_offline(alice, "Pending.")
    puts_the_backup_back(server, tmp_path / "backup")
    alice.has_the_line_back().says("Not saved: the document was restored from a backup")
    bob.tries_again().says("Not saved: the document was restored from a backup")
    for tab, words in ((alice, "Pending."), (bob, "")):
        tab.shows("old. ")
        assert [said for _, said in tab.leftovers()] == [words]
        with tab.page.expect_download() as download:
            tab.page.get_by_role("button", name="Download whole text").click()
        assert Path(download.value.path()).read_text() == "old. Saved since. " + words
    alice.reloads()
    alice.until(lambda: [words for _, words in alice.leftovers()] == ["Pending."], "to offer it still")
    alice.page.get_by_role("button", name="put away").click()
    bob.page.get_by_role("button", name="put away").click()
    assert desk.everybody_agrees(doc_id, alice, bob) == "old. "


def test_a_browser_closed_before_the_backup_came_back(restored: tuple[Desk, Server], tmp_path: Path) -> None:
    desk, server = restored
    doc_id = desk.document("old. ")
    person = desk.person("alice", cable=True)
    types_offline(person.opens(doc_id), "Pending.").closes()
    person.cable.mend()
    server.terminate()
    shutil.copytree(server.data_dir, tmp_path / "backup")
    puts_the_backup_back(server, tmp_path / "backup")
    tab = person.opens_address(f"/documents/{doc_id}/")
    tab.says("Not saved: the document was restored from a backup")
    assert [words for _, words in tab.leftovers()] == ["Pending."]
    assert tab.text() == desk.rest_text(doc_id) == "old. "


# --- Not allowed any more ---


def loses_the_role(desk: Desk, doc_id: str) -> None:
    desk.owner.gives(doc_id, "bob", "viewer")


def loses_the_document(desk: Desk, doc_id: str) -> None:
    desk.owner.asks("DELETE", f"/documents/{doc_id}")


def test_pending_work_on_what_is_gone(offline_desk: Desk) -> None:
    """What becomes of it where it can still be read: `test_demoted.py`."""
    reason = "this document was deleted, or is not shared with you any more"
    doc_id = offline_desk.document("text ")
    bob = types_offline(offline_desk.opens("bob", doc_id, cable=True), "pending")
    loses_the_document(offline_desk, doc_id)
    bob.has_the_line_back().says(f"Not saved: {reason}")
    assert bob.leftovers() == [(f"Not saved: {reason}.", "pending")]
    bob.page.get_by_role("button", name="Copy text").click()
    assert bob.page.evaluate("navigator.clipboard.readText()") == "pending"


def test_a_viewer_who_comes_back_is_offered_what_an_editor_left(offline_desk: Desk) -> None:
    doc_id = offline_desk.document("text ")
    person = offline_desk.person("bob", cable=True)
    types_offline(person.opens(doc_id), "pending").closes()
    loses_the_role(offline_desk, doc_id)
    person.cable.mend()
    tab = person.opens_address(f"/documents/{doc_id}/")
    tab.says("Read only — 7 changes not saved")
    assert [words for _, words in tab.leftovers()] == ["pending"]
    tab.page.get_by_role("button", name="put away").click()
    tab.says("Read only")
    assert tab.reloads().is_ready().leftovers() == []


# --- Who is here ---


def logs_in(person: Person, name: str) -> None:
    page = person.opens_address("/log-in/").page
    page.get_by_label("User name").fill(name)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Log in").click()
    page.wait_for_url("**/documents/")


def test_signed_out_for_days_and_in_again(offline_desk: Desk) -> None:
    doc_id = offline_desk.document("text ")
    person = offline_desk.person("alice", cable=True)
    alice = types_offline(person.opens(doc_id), "pending")
    person.context.clear_cookies()
    alice.says("Not saved: you are signed out")
    assert alice.page.get_by_role("button", name="Sign in").is_visible()
    logs_in(person, "alice")
    alice.has_the_line_back().says("Saved")
    assert offline_desk.everybody_agrees(doc_id, alice) == "text pending"


def test_somebody_else_at_the_same_browser_sends_nothing(offline_desk: Desk) -> None:
    doc_id = offline_desk.document("text ")
    person = offline_desk.person("alice", cable=True)
    alice = types_offline(person.opens(doc_id), "pending")
    person.context.clear_cookies()
    logs_in(person, "bob")
    alice.has_the_line_back().says("Not saved: somebody else has signed in here")
    assert person.opens(doc_id).text() == offline_desk.rest_text(doc_id) == "text "
    person.context.clear_cookies()
    logs_in(person, "alice")
    alice.page.get_by_role("button", name="Reload").click()
    alice.until(lambda: alice.text() is not None and alice.state() == "Saved", "to be saved")
    assert offline_desk.everybody_agrees(doc_id, alice) == "text pending"


# --- Releases ---


def test_a_server_that_speaks_another_protocol(offline_desk: Desk) -> None:
    """The page is of a release that the server has left behind."""
    doc_id = offline_desk.document("text ")
    person = offline_desk.person("alice")

    def as_another(route: Route) -> None:
        body = route.fetch().text().replace("collabdocs.v1", "collabdocs.v0")
        route.fulfill(body=body, content_type="text/javascript", headers={"Cache-Control": "no-store"})

    person.context.route("**/editor/editor*.js", as_another)
    tab = person.opens_address(f"/documents/{doc_id}/")
    tab.until(lambda: tab.text() is not None, "to be there")
    tab.goes_to_the_end().types("kept").says("CollabDocs was updated: reload this page, 4 changes kept here", 40)
    person.context.unroute_all()
    tab.page.get_by_role("button", name="Reload").click()
    tab.until(lambda: tab.text() is not None and tab.state() == "Saved", "to be saved")
    assert offline_desk.everybody_agrees(doc_id, tab) == "text kept"


def test_a_record_of_another_release_is_offered(offline_desk: Desk) -> None:
    doc_id = offline_desk.document("text ")
    person = offline_desk.person("alice")
    tab = person.opens(doc_id)
    user = tab.page.locator("#editor").get_attribute("data-user")
    record = {"format": 9, "user": user, "pending": {"pieces": [{"put": "words of tomorrow"}]}}
    tab.page.evaluate(
        """([key, record]) => new Promise((done) => {
            indexedDB.open("collabdocs").onsuccess = ({ target }) => {
                const transaction = target.result.transaction("unacknowledged", "readwrite");
                transaction.objectStore("unacknowledged").put(JSON.parse(record), key);
                transaction.oncomplete = done;
            };
        })""",
        [f"collabdocs:pending:{doc_id}:x", json.dumps(record)],
    )
    tab.reloads()
    tab.until(lambda: [words for _, words in tab.leftovers()] == ["words of tomorrow"], "to offer it")
    assert offline_desk.rest_text(doc_id) == "text "


# --- The browser itself ---


def test_a_browser_that_keeps_nothing_is_told_so(offline_desk: Desk) -> None:
    doc_id = offline_desk.document("text ")
    person = offline_desk.person("alice", cable=True)
    person.context.add_init_script(NO_DATABASE)
    alice = person.opens(doc_id).goes_to_the_end().types("saved ")
    alice.says("Saved")
    alice.loses_the_line(sockets_only=True).types("!").says("Offline — 1 change not kept: leave this page open")
    alice.has_the_line_back().says("Saved")
    assert offline_desk.everybody_agrees(doc_id, alice) == "text saved !"


def test_a_frozen_tab_catches_up(offline_desk: Desk) -> None:
    doc_id = offline_desk.document("text ")
    alice, bob = offline_desk.opens("alice", doc_id), offline_desk.opens("bob", doc_id)
    session = alice.person.context.new_cdp_session(alice.page)
    session.send("Page.setWebLifecycleState", {"state": "frozen"})
    bob.goes_to_the_end().types("while it was frozen").says("Saved")
    session.send("Page.setWebLifecycleState", {"state": "active"})
    assert offline_desk.everybody_agrees(doc_id, alice, bob) == "text while it was frozen"


NOTE_WHAT_IS_CALLED_SAVED = """
    globalThis.saved = "";
    const line = document.getElementById("state");
    const note = () => { if (line.textContent === "Saved") saved = hands.text(); };
    new MutationObserver(note).observe(line, { childList: true, characterData: true, subtree: true });
"""


def test_what_was_called_saved_needs_no_browser(offline_desk: Desk, rng: Random) -> None:
    """K9: the browser is thrown away with all it kept, at any moment, on a line that stalls."""
    doc_id = offline_desk.document()
    for _ in range(4):
        person = offline_desk.person("alice", cable=True)
        alice = person.opens(doc_id).goes_to_the_end()
        alice.page.evaluate(NOTE_WHAT_IS_CALLED_SAVED)
        alice.starts_typing("".join(rng.choices("abcdefgh", k=400)), pause=10)
        for _ in range(rng.randrange(1, 4)):
            person.cable.stall(to_the_server=rng.random() < 0.5)
            alice.page.wait_for_timeout(rng.randrange(300))
            person.cable.mend()
            alice.page.wait_for_timeout(rng.randrange(300))
        saved = alice.page.evaluate("saved")
        person.context.close()
        text = offline_desk.rest_text(doc_id)
        assert text.startswith(saved)
    assert len(text) > 20
