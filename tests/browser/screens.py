"""Pictures of every page, to be looked at: `SCREENS=/tmp/screens python -m pytest tests/browser/screens.py`."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page

from tests.browser.desk import Desk, Person
from tests.browser.guests import comes_as_a_guest, makes_a_link, opens_the_link
from tests.browser.test_lost import is_deleted, kept, leaves_work, opens_what_is_gone

DIRECTORY = Path(os.environ.get("SCREENS", "/tmp/collabdocs-screens"))
SIZES = {"wide": {"width": 1280, "height": 800}, "phone": {"width": 360, "height": 740}}
TEXT = """# Notes for Thursday

Everybody brings **one question** and *no slides*. What was decided last time is in [the minutes](https://example.org/).

## Shopping

- Bread, if the old baker is open
- Butter 🧈 and `oat milk`
- [ ] Tea

> Nobody gets in the way: two people in one sentence both keep their words. This line is long enough to be wrapped.

1. Alice writes the first part.
2. Bob mends the second one.

```python
def hello(name: str) -> str:
    return f"Hello, {name}"
```
"""


def visits(desk: Desk, **options: Any) -> Iterator[tuple[str, Page]]:
    desk.expects("status of|WebSocket|ERR_")
    stranger = desk.stranger(**options)
    for name, path in {"home": "/", "sign-up": "/sign-up/", "log-in": "/log-in/"}.items():
        yield name, stranger.opens_address(path).page
    page = stranger.opens_address("/sign-up/").page
    page.get_by_label("User name").fill("alice")
    page.get_by_label("Password").fill("short")
    page.get_by_role("button", name="Create").click()
    yield "sign-up-refused", page
    yield from account(desk, **options)
    yield "list-empty", desk.person("carol", **options).opens_address("/documents/").page

    alice, bob = desk.person("alice", cable=True, **options), desk.person("bob", **options)
    doc_id = desk.document(TEXT, "Notes for Thursday")
    desk.document("", "A plan with a rather long title that says all there is to say about next year, and then some")
    desk.owner.asks("POST", "/documents", title="")
    of_bob = bob.asks("POST", "/documents", title="From bob")["doc_id"]
    bob.gives(of_bob, "alice", "viewer")
    page = alice.opens_address("/documents/").page
    yield "list", page
    page.get_by_role("button", name="Rename").first.click()
    yield "rename", page
    yield "share", alice.opens_address(f"/documents/{doc_id}/share/").page

    tab, bobs = alice.opens(doc_id), bob.opens(doc_id)
    desk.opens("vera", doc_id)
    bobs.goes_to(200, 215)
    tab.goes_to(60)
    tab.sees_people("bob", "vera")
    tab.until(lambda: tab.carets(), "to see bob")
    yield "editor", tab.page
    bobs.goes_to(5)
    tab.sees_caret("bob", 5)
    yield "editor-caret-in-the-first-line", tab.page
    page = tab.page
    page.get_by_role("link", name="Share").click()
    page.get_by_role("button", name="Make a link").click()
    page.get_by_role("button", name="Copy").wait_for()
    yield "share-dialog", page
    page.get_by_role("button", name="Close", exact=True).click()
    tab.goes_to(60)
    tab.loses_the_line(sockets_only=True).types("typed offline ").says("Offline")
    yield "offline", tab.page
    desk.owner.gives(doc_id, "bob", "viewer")
    yield "read-only", bobs.page
    empty = alice.opens_address(f"/documents/{desk.document(title='Nothing yet')}/")
    empty.until(lambda: empty.text() is not None, "to be there")
    yield "empty", empty.page
    carols = desk.person("bob", cable=True, **options).opens(second := desk.document(TEXT, "Taken back"))
    carols.loses_the_line().goes_to_the_end().types("Words that have nowhere to go.").says("Offline")
    desk.owner.gives(second, "bob", "viewer")
    carols.has_the_line_back().says("Read only — ")
    yield "demoted", carols.page
    desk.owner.asks("DELETE", f"/documents/{second}")
    carols.says("Not saved")
    yield "leftover", carols.page
    yield from shared(desk, **options)
    yield from found_again(desk, **options)
    yield "not-found", alice.opens_address("/nothing").page
    plain = desk.person("alice", java_script_enabled=False, **options)
    yield "without-script", plain.opens_address(f"/documents/{doc_id}/").page
    yield from history(desk, plain, **options)


def account(desk: Desk, **options: Any) -> Iterator[tuple[str, Page]]:
    stranger = desk.stranger(**options)
    page = stranger.opens_address("/password-reset/").page
    yield "password-reset", page
    page.get_by_label("E-mail").fill("nobody@example.org")
    page.get_by_role("button", name="Send").click()
    yield "password-reset-sent", page
    yield "password-reset-made-up", stranger.opens_address("/password-reset/x/y/").page
    page = desk.person("mallory", **options).opens_address("/account/").page
    yield "account", page
    page.get_by_label("Teal").check()
    page.get_by_label("User name").fill("bob")
    page.get_by_role("button", name="Save").click()
    yield "account-refused", page
    page.get_by_label("Name", exact=True).fill("Nightly backup")
    page.get_by_label("Only this document").fill(f"/documents/{desk.document()}/")
    page.get_by_role("button", name="Make the token").click()
    yield "account-token", page


def found_again(desk: Desk, **options: Any) -> Iterator[tuple[str, Page]]:
    bob, doc_id = desk.person("bob", cable=True, **options), desk.document(TEXT, "Gone")
    leaves_work(bob, doc_id, "Words that have nowhere to go, and enough of them to fill a line.", "Two")
    is_deleted(desk, doc_id)
    kept(page := bob.opens_address("/documents/").page)
    yield "list-kept", page
    yield "not-found-kept", opens_what_is_gone(bob, doc_id, notes=2).page


def shared(desk: Desk, **options: Any) -> Iterator[tuple[str, Page]]:
    """Links, guests and the trash."""
    doc_id, page = (
        desk.document(TEXT, "Notes for Thursday"),
        desk.person("alice", **options).opens_address("/documents/").page,
    )
    address = makes_a_link(page, doc_id, "Can comment")
    yield "share-new-link", page
    visitor = desk.stranger("Dora", **options)
    way_in = opens_the_link(visitor, address)
    yield "shared", way_in
    way_in.get_by_label("Your name").fill("...")
    way_in.get_by_role("button", name="Open as a guest").click()
    way_in.get_by_text("at least one letter").wait_for()
    yield "shared-refused", way_in
    dora = comes_as_a_guest(visitor, address, "Dora the Explorer")
    yield "shared-by-oneself", opens_the_link(desk.person("mallory", **options), address)
    page.goto(page.url)
    yield "share-with-a-guest", page
    page.get_by_role("button", name="Revoke the link").click()
    yield "share-revoke", page
    dora.page.goto(f"{visitor.url}/documents/")
    yield "list-of-a-guest", dora.page
    desk.owner.asks(
        "DELETE", f"/documents/{desk.document('', 'Thrown away, with a title that takes more than a line on a phone')}"
    )
    page.goto(f"{desk.server.url}/documents/")
    page.get_by_role("button", name="Delete Notes for Thursday").first.click()
    page.get_by_role("alertdialog").get_by_role("button", name="Delete").click()
    page.get_by_role("button", name="Undo").wait_for()
    yield "list-undo", page
    page.get_by_role("link", name="Trash").click()
    yield "trash", page
    page.get_by_role("button", name="for good").first.click()
    yield "trash-for-good", page
    dora.page.goto(f"{visitor.url}/documents/")
    yield "list-of-a-guest-empty", dora.page
    yield "not-found-guest", visitor.opens_address(f"/documents/{doc_id}/").page
    yield "trash-empty", desk.person("carol", **options).opens_address("/documents/trash/").page
    plain = desk.stranger(java_script_enabled=False, **options)
    yield "shared-without-script", plain.opens_address("/shared#x").page


def history(desk: Desk, plain: Person, **options: Any) -> Iterator[tuple[str, Page]]:
    bob, doc_id = desk.person("bob", **options), desk.document(TEXT, "Notes for Thursday")
    shorter = TEXT.replace("*no slides*", "no slides at all").replace("- Bread, if the old baker is open\n", "")
    bob.asks("PUT", f"/documents/{doc_id}", content=shorter, version=1)
    desk.owner.asks("PUT", f"/documents/{doc_id}", content=shorter + "\nSee you on Thursday 🙂\n", version=2)
    for version, name in ((1, "First draft"), (3, "Sent to everybody, with a name that is rather long")):
        desk.owner.asks("POST", f"/documents/{doc_id}/versions/{version}/name", name=name)
    address = f"/documents/{doc_id}/history/"
    page = desk.person("alice", **options).opens_address(address).page
    for name, query in {"": "", "-changes": "?version=2", "-authors": "?view=authors", "-first": "?version=0"}.items():
        page.goto(page.url.split("?")[0] + query)
        page.locator("#text > div, #paper[data-empty]").first.wait_for(state="attached")
        yield f"history{name}", page
    page.goto(page.url.split("?")[0] + "?version=2")
    page.locator("#text > div ins").first.hover()
    yield "history-who", page
    page.get_by_text("Name", exact=True).click()
    yield "history-name", page
    page.keyboard.press("Escape")
    page.locator("#restore").click()
    page.get_by_role("dialog").locator("del").first.wait_for()
    yield "history-restore", page
    page.keyboard.press("Escape")
    page.get_by_label("Download").click()
    yield "history-download", page
    page.route("**/versions/1", lambda route: route.abort())
    page.goto(page.url.split("?")[0])
    page.get_by_role("slider").press("Home")
    page.get_by_role("slider").press("ArrowRight")
    page.get_by_role("button", name="Try again").wait_for()
    yield "history-trouble", page
    yield "history-without-script", plain.opens_address(f"{address}?version=2").page
    yield "history-restore-without-script", plain.opens_address(f"{address}?version=1&restore=1").page
    yield "history-empty", plain.opens_address(f"/documents/{desk.document()}/history/").page


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", SIZES)
def test_pictures(desk: Desk, size: str, scheme: str) -> None:
    DIRECTORY.mkdir(parents=True, exist_ok=True)
    for name, page in visits(desk, color_scheme=scheme, viewport=SIZES[size]):
        page.screenshot(path=DIRECTORY / f"{name}-{size}-{scheme}.png", animations="disabled")
