"""One tab of one person, and the words in which tests speak of it."""

import json
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from playwright.sync_api import Page

if TYPE_CHECKING:
    from tests.browser.desk import Person

PATIENCE = 15.0  # seconds; for a machine that is busy with something else
QUIET = ("Saved", "Read only", "You can comment")


def until(page: Page, condition: Callable[[], Any], what: Callable[[], str], patience: float = PATIENCE) -> Any:
    """The condition's value once it is true. The page goes on meanwhile."""
    deadline = time.monotonic() + patience
    while not (value := condition()):
        assert time.monotonic() < deadline, f"not within {patience:g} s: {what()}"
        page.wait_for_timeout(20)
    return value


class Tab:
    """`types`, `pastes`, `deletes` …: what the person does. `sees`, `says`, `shows`: what the tab must come to."""

    def __init__(self, person: "Person", page: Page) -> None:
        self.person, self.page = person, page
        self.warnings = 0  # "you have unsaved changes", on leaving
        page.on("dialog", self._leave_anyway)

    def _leave_anyway(self, dialog: Any) -> None:
        self.warnings += dialog.type == "beforeunload"
        dialog.accept()

    def hands(self, call: str, *args: Any) -> Any:
        """A call of `in_page.js`."""
        return self.page.evaluate(f"args => hands.{call}(...args)", list(args))

    def until(self, condition: Callable[[], Any], what: str, patience: float = PATIENCE) -> Any:
        def told() -> str:
            text = self.text() or ""
            return f"{self.person.name}: {what}; state {self.states()}, text ({len(text)}) {text[:500]!r}"

        return until(self.page, condition, told, patience)

    # --- Eyes ---

    def text(self) -> str | None:
        text: str | None = self.hands("text")
        return text

    def state(self) -> str:
        state: str = self.hands("state")
        return state

    def states(self) -> list[str]:
        """All that the state line has said since the page was loaded."""
        states: list[str] = self.page.evaluate("hands.states")
        return states

    def caret(self) -> int:
        caret: int = self.hands("caret")
        return caret

    def carets(self) -> dict[str, int]:
        """The others' carets by name."""
        return dict(self.hands("carets"))

    def people(self) -> list[str]:
        people: list[str] = self.hands("people")
        return people

    def title(self) -> str:
        return self.page.locator("#document-title").input_value()

    # --- What must come ---

    def is_ready(self) -> "Tab":
        """Open, live, and everything saved."""
        self.until(lambda: self.text() is not None and self.state() in QUIET, "to be ready")
        return self

    def sees(self, text: str) -> None:
        self.until(lambda: text in (self.text() or ""), f"to see {text[:80]!r}")

    def shows(self, text: str) -> None:
        """Exactly this text."""
        self.until(lambda: self.text() == text, f"to show {text[:80]!r}")

    def says(self, state: str, patience: float = PATIENCE) -> None:
        """The state line, or its beginning."""
        self.until(lambda: self.state().startswith(state), f"to say {state!r}", patience)

    def sees_caret(self, name: str, at: int | None) -> None:
        self.until(lambda: self.carets().get(name) == at, f"to see {name}'s caret at {at}, not {self.carets()}")

    def sees_people(self, *names: str) -> None:
        self.until(lambda: sorted(self.people()) == sorted(names), f"to see {names}, not {self.people()}")

    def leftovers(self) -> list[tuple[str, str]]:
        """What it says was not saved: reason and words."""
        notes = self.page.locator(".leftover").all()
        words = [note.locator("textarea") for note in notes]
        return [
            (note.locator(".leftover-reason").inner_text(), area.input_value() if area.count() else "")
            for note, area in zip(notes, words, strict=True)
        ]

    # --- Hands ---

    def goes_to(self, position: int, until: int | None = None) -> "Tab":
        """Puts the caret, or selects."""
        self.hands("select", position, position if until is None else until)
        return self

    def goes_to_the_end(self) -> "Tab":
        self.page.locator(".cm-content").focus()
        return self.presses("Control+End")

    def types(self, text: str) -> "Tab":
        self.page.keyboard.type(text)
        return self

    def presses(self, *keys: str) -> "Tab":
        for key in keys:
            self.page.keyboard.press(key)
        return self

    def undoes(self) -> "Tab":
        return self.presses("Control+z")

    def redoes(self) -> "Tab":
        return self.presses("Control+Shift+Z")

    def starts_typing(self, text: str, pause: float = 15) -> "Tab":
        """Goes on typing by itself, a letter every `pause` ms, until `has_typed`."""
        self.page.locator(".cm-content").focus()
        self.hands("startTyping", text, pause)
        return self

    def has_typed(self) -> "Tab":
        self.until(lambda: not self.hands("isTyping"), "to have typed")
        return self

    def inputs(self, text: str) -> "Tab":
        """By an input event, halves of surrogate pairs too."""
        self.page.locator(".cm-content").focus()
        self.hands("input", json.dumps(text))
        return self

    def pastes(self, text: str) -> "Tab":
        """From the system's clipboard."""
        self.hands("copyToClipboard", json.dumps(text))
        return self.presses("Control+v")

    def pastes_raw(self, text: str) -> "Tab":
        """By a paste event, with characters that a clipboard would have mended."""
        self.hands("paste", json.dumps(text))
        return self

    # --- The tab and its line ---

    def reloads(self) -> "Tab":
        self.page.reload(wait_until="domcontentloaded")
        return self

    def closes(self) -> None:
        self.page.close()

    def duplicates(self) -> "Tab":
        return self.person.opens_address(self.page.url)

    def loses_the_line(self, *, sockets_only: bool = False) -> "Tab":
        self.person.cable.cut(sockets_only=sockets_only)
        return self

    def has_the_line_back(self) -> "Tab":
        self.person.cable.mend()
        return self.tries_again()

    def tries_again(self) -> "Tab":
        """At once, as when the browser has noticed that the network is back."""
        self.page.evaluate("dispatchEvent(new Event('online'))")
        return self
