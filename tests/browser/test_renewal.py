"""Access tokens live shortly: the editor renews its own in place, over one socket, and the writer notices nothing."""

from collections.abc import Callable

from playwright.sync_api import Page

from tests.browser.desk import Desk
from tests.browser.guests import comes_as_a_guest, makes_a_link, someone_new
from tests.server import Server

LIFE = 8  # seconds
LIFETIMES = 3
BUSY = ("Saved", "Saving…")


class Ears:
    """What goes over a page's sockets."""

    def __init__(self, page: Page) -> None:
        self.opened = self.closed = self.renewals = 0
        page.on("websocket", self._opened)

    def _opened(self, socket: object) -> None:
        self.opened += 1
        socket.on("close", self._closed)  # type: ignore[attr-defined]
        socket.on("framesent", self._sent)  # type: ignore[attr-defined]

    def _closed(self, _: object) -> None:
        self.closed += 1

    def _sent(self, frame: str | bytes) -> None:
        self.renewals += '"authenticate"' in str(frame)


def test_typing_goes_on_through_many_tokens(
    start_server: Callable[..., Server], desk_at: Callable[[Server], Desk]
) -> None:
    desk = desk_at(start_server(ACCESS_TOKEN_SECONDS=str(LIFE)))
    doc_id = desk.document()
    alice, sharing = desk.person("alice"), desk.person("alice").opens_address("/documents/").page
    dora = comes_as_a_guest(someone_new(desk), makes_a_link(sharing, doc_id), "Dora")
    tabs = {"a": alice.opens_address(f"/documents/{doc_id}/").is_ready(), "d": dora}
    ears = {letter: Ears(tab.page) for letter, tab in tabs.items()}
    for tab in tabs.values():
        tab.reloads().is_ready()  # so that the ears hear its socket opened
    pause, count = 250, LIFETIMES * LIFE * 1000 // 250
    for letter, tab in tabs.items():
        tab.starts_typing(letter * count, pause)
    for letter, tab in tabs.items():
        tab.until(lambda tab=tab: not tab.hands("isTyping"), "to have typed", 3 * LIFETIMES * LIFE)
        assert (ears[letter].opened, ears[letter].closed) == (1, 0)
        assert ears[letter].renewals >= LIFETIMES - 1
        assert set(tab.states()[tab.states().index("Saved") :]) <= set(BUSY), tab.states()
    text = desk.everybody_agrees(doc_id, *tabs.values())
    assert sorted(text) == ["a"] * count + ["d"] * count
