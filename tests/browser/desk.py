"""People at their browsers around one server, and what all of them must agree on."""

import re
from contextlib import suppress
from functools import cached_property
from pathlib import Path
from typing import Any

import httpx
from collabdocs_client.ot import apply
from playwright.sync_api import Browser, Error, Page

from conftest import PASSWORD
from tests.browser import chromium
from tests.browser.cable import Cable
from tests.browser.tab import QUIET, Tab, until
from tests.server import Server

IN_PAGE = __file__.replace("desk.py", "in_page.js")
LINE_IS_DOWN = r"WebSocket connection to .* failed|Failed to load resource: net::ERR_"


class Person:
    """A browser of one person's own, and the REST API as this person."""

    def __init__(self, desk: "Desk", name: str, profile: Path | None, options: dict[str, Any]) -> None:
        self.desk, self.name, self.profile, self.options = desk, name, profile, options
        self.cookies: list[Any] = []
        self.starts_the_browser()
        self.api = httpx.Client(base_url=f"{desk.server.url}/api", timeout=30)
        self.api.headers["Authorization"] = f"Bearer {desk.server.tokens.get(name)}"
        self.has_cable = False

    def starts_the_browser(self) -> None:
        """Anew, or again: with a profile it still has what it had."""
        if self.profile is None:
            self.context = self.desk.browser.new_context(**self.options)
        else:
            self.context = chromium.with_profile(self.desk.browser, self.profile, **self.options)
        if self.options.get("java_script_enabled", True):
            self.context.add_init_script(path=IN_PAGE)
        self.context.add_cookies(self.cookies)
        self.context.on("console", lambda message: self.desk.heard(self.name, message.type, message.text))
        self.context.on("weberror", lambda error: self.desk.heard(self.name, "error", str(error.error)))

    def closes_the_browser(self) -> None:
        self.context.close()

    def browser_is_killed(self) -> None:
        assert self.profile is not None
        chromium.kill(self.profile)
        self._lets_go_of_the_browser()

    def _lets_go_of_the_browser(self) -> None:
        with suppress(Error):  # it may be gone
            self.context.close()

    @cached_property
    def cable(self) -> Cable:
        self.has_cable = True
        return Cable(self.desk.server.port)

    @property
    def url(self) -> str:
        """Where the server is for this person: at the end of the cable, once there is one."""
        return self.cable.url if self.has_cable else self.desk.server.url

    def opens_address(self, address: str) -> Tab:
        tab = Tab(self, self.context.new_page())
        tab.page.goto(address if "://" in address else self.url + address)
        return tab

    def opens(self, doc_id: str) -> Tab:
        return self.opens_address(f"/documents/{doc_id}/").is_ready()

    # --- By REST ---

    def asks(self, method: str, path: str, **body: Any) -> Any:
        answer = self.api.request(method, path, json=body or None)
        assert answer.is_success, f"{method} {path}: {answer.status_code} {answer.text[:500]}"
        return answer.json() if answer.content else None

    def gives(self, doc_id: str, name: str, role: str) -> None:
        """A role to somebody, who had none or another one."""
        self.asks("POST", f"/documents/{doc_id}/collaborators", username=name, role=role)

    def close(self) -> None:
        self._lets_go_of_the_browser()
        self.api.close()
        if self.has_cable:
            self.cable.close()


class Desk:
    """Opens browsers, and closes them after the test. What they complain of fails the test, unless expected."""

    def __init__(self, browser: Browser, server: Server, cookies: dict[tuple[str, str], list[Any]]) -> None:
        self.browser, self.server = browser, server
        self.people: list[Person] = []
        self._cookies = cookies
        self._expected: list[str] = []
        self._complaints: list[str] = []

    # --- People ---

    def stranger(self, name: str = "somebody", *, profile: Path | None = None, **options: Any) -> Person:
        """A browser that nobody has logged in with; with `profile`, one that keeps its storage there."""
        person = Person(self, name, profile, {"permissions": ["clipboard-read", "clipboard-write"]} | options)
        self.people.append(person)
        return person

    def person(self, name: str, *, cable: bool = False, **options: Any) -> Person:
        """One of the cast, logged in; with `cable`, on a line that can be cut."""
        person = self.stranger(name, **options)
        person.cookies = self._logged_in(name)
        person.context.add_cookies(person.cookies)
        if cable:
            assert person.cable.port
        return person

    def _logged_in(self, name: str) -> list[Any]:
        key = (str(self.server.data_dir), name)
        if key not in self._cookies:
            with httpx.Client(base_url=self.server.url, timeout=30) as visitor:
                visitor.get("/log-in/").raise_for_status()
                form = {"username": name, "password": PASSWORD, "csrfmiddlewaretoken": visitor.cookies["csrftoken"]}
                assert visitor.post("/log-in/", data=form).status_code == 302
                self._cookies[key] = [
                    {"name": cookie.name, "value": cookie.value, "domain": "127.0.0.1", "path": "/"}
                    for cookie in visitor.cookies.jar
                ]
        return self._cookies[key]

    @cached_property
    def owner(self) -> Person:
        """Alice by REST, at a browser that stays empty."""
        return self.person("alice")

    def document(self, content: str = "", title: str = "A test") -> str:
        """A document of alice's: bob may edit, vera may read."""
        doc_id: str = self.owner.asks("POST", "/documents", title=title, content=content)["doc_id"]
        self.owner.gives(doc_id, "bob", "editor")
        self.owner.gives(doc_id, "vera", "viewer")
        return doc_id

    def opens(self, name: str, doc_id: str, **options: Any) -> Tab:
        return self.person(name, **options).opens(doc_id)

    # --- What must be true in the end ---

    def everybody_agrees(self, doc_id: str, *tabs: Tab) -> str:
        """The text, once every tab says it is saved and all show what REST answers and the log replays to."""

        def copies() -> list[str | None]:
            return [tab.text() for tab in tabs]

        def agreed() -> bool:
            if not all(tab.state() in QUIET for tab in tabs):
                return False
            return set(copies()) == {self.rest_text(doc_id)} and all(tab.state() in QUIET for tab in tabs)

        def told() -> str:
            told = [(tab.person.name, tab.state(), (tab.text() or "")[:300]) for tab in tabs]
            return f"to agree: {told}, REST {self.rest_text(doc_id)[:300]!r}"

        until(tabs[0].page, agreed, told)
        text = self.rest_text(doc_id)
        assert self.replayed(doc_id) == text
        return text

    def rest_text(self, doc_id: str) -> str:
        content: str = self.owner.asks("GET", f"/documents/{doc_id}")["content"]
        return content

    def log(self, doc_id: str) -> list[dict[str, Any]]:
        entries: list[dict[str, Any]] = []
        while True:
            page = self.owner.asks("GET", f"/documents/{doc_id}/operations?since={len(entries)}")
            entries += page["operations"]
            if len(entries) >= page["version"]:
                return entries

    def replayed(self, doc_id: str) -> str:
        """The text as the log makes it; nothing that a log must not hold is in it."""
        text = ""
        for entry in self.log(doc_id):
            inserted = "".join(part for part in entry["operation"] if isinstance(part, str))
            assert not re.search("[\r\0\ud800-\udfff]", inserted), entry
            text = apply(text, tuple(entry["operation"]))
        return text

    # --- Complaints ---

    def expects(self, complaint: str) -> None:
        """Complaints of this pattern are part of the test."""
        self._expected.append(complaint)

    def expects_lines_down(self) -> None:
        self.expects(LINE_IS_DOWN)

    def heard(self, name: str, kind: str, text: str) -> None:
        print(f"{name}'s console, {kind}: {text[:500]}")
        if kind in ("error", "warning") and not any(re.search(pattern, text) for pattern in self._expected):
            self._complaints.append(f"{name}: {text}")

    def close(self) -> None:
        violations = [f"{person.name}: {each}" for person in self.people for each in self._violations(person)]
        for person in self.people:
            person.close()
        assert not self._complaints, "a page complained:\n" + "\n".join(self._complaints)
        assert not violations, f"against the Content-Security-Policy: {violations}"

    def _violations(self, person: Person) -> list[str]:
        return [each for page in person.context.pages for each in _refused(page)]


def _refused(page: Page) -> list[str]:
    refused: list[str] = page.evaluate("globalThis.hands?.refused ?? []")
    return refused
